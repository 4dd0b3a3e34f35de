/* title.c -- what ps shows of this process: its arguments, of which the second is room that the
 * supervisor's init left. They are memory of this process and were its zygote's, so that another
 * title takes no system call and no right; and none that says anything once a plugin runs, which
 * may write it too. See worker.h. */
#include "sandbox/worker/worker.h"

#include <string.h>

static struct {
    char *at;
    size_t bytes; /* with the end of the last */
} room;

void title_keep(int argc, char **argv)
{
    size_t more = argc == 2 ? strlen(argv[1]) : 0;

    if (more == 0)
        return;
    memset(argv[1], 0, more);
    room.at = argv[0];
    room.bytes = strlen(argv[0]) + 1 + more + 1;
}

void title_set(const struct attempt_text *title)
{
    if (title->bytes == 0 || title->bytes >= room.bytes)
        return;
    memset(room.at, 0, room.bytes);
    memcpy(room.at, title->text, title->bytes);
}
