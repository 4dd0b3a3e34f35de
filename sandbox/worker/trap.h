/* trap.h -- the handler behind the calls that the filter answers with a trap.
 *
 * The dynamic loader opens a plugin by a path and knows no other way. No path is ever opened here:
 * openat is given the plugin's sealed descriptor, once, and that descriptor is the loader's, which
 * closes it before the plugin's first instruction. Every other openat is EACCES. Where the root is
 * the host's, newfstatat is fstat of its descriptor, whatever its path says. A mapping of a file as
 * code is given the plugin's, once, which was mapped before the filter stood (code.c). pread64 is
 * done for the loader by lseek and read, which all may; of anybody else it is the end.
 *
 * A plugin may put a handler of its own in this one's place. It gains nothing: a trapped call is
 * never made. */
#ifndef ORCH_SANDBOX_WORKER_TRAP_H
#define ORCH_SANDBOX_WORKER_TRAP_H

#include <stdbool.h>

bool trap_install(void);
/* The next openat gets it, and it is the loader's until it is -1. */
void trap_give(int plugin_fd);

#endif
