/* calls.h -- leads the system calls of this process that are for files of one folder, SQLite's and
 * the store's own, to a disk in memory. The program that is linked with libc.c has open, pwrite,
 * fdatasync and their neighbours from there; what is for other files goes on to the kernel. */
#ifndef ORCH_TESTS_SIM_POWER_CALLS_H
#define ORCH_TESTS_SIM_POWER_CALLS_H

#include "disk.h"

#define CALLS_STORE "/power-loss/orch.db"

/* All calls are of this disk from now on; NULL: there is none. No file of the one before is open.
 */
void calls_use(struct disk *d);

/* Where in the log something was told: told_fd (-1: none) becomes readable by a thread whose next
 * change of the disk, if there is any, is behind that place. calls_told: the place, once it was
 * readable; then it waits for the next. */
void calls_watch(int told_fd);
size_t calls_told(void);

#endif
