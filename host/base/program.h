/* program.h -- where the files of this installation lie, seen from the running program. No path is
 * compiled in, so a build folder and an installed tree both work wherever they are put. */
#ifndef ORCH_BASE_PROGRAM_H
#define ORCH_BASE_PROGRAM_H

#include "base/auto.h"

/* The folder of the running program; release with free. */
char *program_dir(void) must_check;

/* The folder of orch-supervisor, orch-worker, orch-authority and orch-bridge: set, unless it is
 * NULL or empty; else where the supervisor is, beside this program (a build folder) or in
 * ../libexec/orch (installed); else beside this program, so that the error names a place. Release
 * with free. */
char *program_libexec(const char *set) must_check;

#endif
