/* pidfd.h -- process descriptors. Their ioctl is newer than Debian 12's headers: layout and
 * numbers from linux/pidfd.h of Linux 6.15. */
#ifndef ORCH_SANDBOX_KERNEL_PIDFD_H
#define ORCH_SANDBOX_KERNEL_PIDFD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

int pidfd_of(pid_t pid); /* close-on-exec; -1 with errno */
int pidfd_signal(int pidfd, int signal);

/* pid and parent as this process's namespace sees them; 0 for a parent outside of it. Works for a
 * process that has not been reaped. Falls back to /proc/self/fdinfo and /proc/PID/status. */
bool pidfd_ids(int pidfd, pid_t *ret_pid, pid_t *ret_parent);

enum pidfd_exit { PIDFD_RUNNING, PIDFD_EXITED, PIDFD_NO_INFO };

/* The wait status of a process that was reaped, whoever its parent was (Linux 6.15).
 * PIDFD_RUNNING: not reaped yet. PIDFD_NO_INFO: this kernel does not say. */
enum pidfd_exit pidfd_exit_status(int pidfd, int *ret_status);
/* Tries it on a child of ours. */
bool pidfd_exit_works(void);

#endif
