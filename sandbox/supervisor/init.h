/* init.h -- PID 1 of a zygote's namespaces. Trusted code that never runs a byte of a plugin, so a
 * plugin is never PID 1, whose signals behave differently.
 *
 *   supervisor                 init                                zygote
 *   init_start: clone   ->     waits for GO
 *   ids, group          ..     (end of file instead of GO: exits)
 *   one byte to go_fd   ->     forks                         ->    one byte on its socket, exec
 *                              born record                         (either is seen first)
 *                              gives up all, reaps
 *                       <-     one record for each child it reaped
 *   pidfd readable      <-     ends when nobody is left to reap, or killed: with it the kernel ends
 *                              all of its namespace
 */
#ifndef ORCH_SANDBOX_SUPERVISOR_INIT_H
#define ORCH_SANDBOX_SUPERVISOR_INIT_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct init_start {
    uint64_t clone_flags;
    int worker_fd;
    int control, status, log; /* the child's ends */
    uint32_t init_uid;        /* 0: stays */
};

/* Clones init, which forks and execs a zygote once go_fd is written to (one byte). */
bool init_start(const struct init_start *start, pid_t *ret_pid, int *ret_pidfd, int *ret_go_fd,
                struct err *e) must_check;

#endif
