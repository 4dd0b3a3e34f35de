/* lines.h -- a file of lines that only grows, for what must be remembered before somebody is told:
 * one line more costs one line and one sync, however long the file is.
 *
 * A crash may cut the last line short: it was never told, and the next open drops it. After a write
 * that failed nothing more is added until the next open, or a half line would be taken for a whole
 * one. The file is 0600. One thread. */
#ifndef ORCH_BASE_LINES_H
#define ORCH_BASE_LINES_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

struct lines;

/* Makes the file where there is none. Appends its whole lines to text. */
bool lines_open(const char *path, size_t bytes_max, struct lines **ret, struct buf *text,
                struct err *e) must_check;
void lines_free(struct lines *l); /* accepts NULL */
DEFINE_AUTO(lines)

/* text: whole lines, count of them. On the disk when it returns true. */
bool lines_add(struct lines *l, const char *text, size_t len, size_t count,
               struct err *e) must_check;
/* In place of all that is there: whole or not at all. */
bool lines_replace(struct lines *l, const char *text, size_t len, size_t count,
                   struct err *e) must_check;
/* How many the file has: to know when it is worth to replace it. */
size_t lines_count(const struct lines *l);

#endif
