/* out_file.h -- a file that the person named for a verb's result (--out, --statement).
 *
 * A new or regular file is written under a name of its own and replaces the old one as a whole,
 * with the old one's mode: whoever reads it never sees half of it. Whatever else has the name (a
 * device, a FIFO, a symbolic link) stays what it is and is written through, as a shell's `>` would.
 */
#ifndef ORCH_CLI_OUT_FILE_H
#define ORCH_CLI_OUT_FILE_H

#include "base/err.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct out_file {
    FILE *stream;
    const char *path; /* borrowed */
    char *temp;       /* NULL: written through */
};

bool out_file_open(const char *path, mode_t mode, struct out_file *ret, struct err *e) must_check;
/* All of it is on disk under its name. */
bool out_file_keep(struct out_file *file, struct err *e) must_check;
/* What was not kept leaves no file. */
void out_file_done(struct out_file *file);
DEFINE_AUTO_DONE(out_file)

bool out_file_write(const char *path, const void *bytes, size_t len, mode_t mode,
                    struct err *e) must_check;

#endif
