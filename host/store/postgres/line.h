/* line.h -- the herald's connection: it notifies, it hears what others notify, and is given up at
 * once when the herald has to end. Its thread's. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_LINE_H
#define ORCH_STORE_POSTGRES_LINE_H

#include "base/auto.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct line_options {
    const char *url;
    const char *schema; /* see link_schema */
    int wake_fd;        /* eventfd: ends line_wait, which makes it quiet */
    int end_fd;         /* readable: nothing takes longer than LINE_LAST_MS any more */
    /* Own: this connection notified it. Called within the calls below. */
    void (*heard)(void *arg, const char *payload, bool own);
    void *arg;
};
enum { LINE_ANSWER_MS = 10000, LINE_CONNECT_MS = 3000, LINE_LAST_MS = 1000 };

struct line;

/* Connects, and hears from then on. options: its texts are borrowed. */
bool line_open(const struct line_options *options, struct line **ret, struct err *e) must_check;
void line_free(struct line *l); /* accepts NULL */
DEFINE_AUTO(line)

/* Whatever fails, the connection is of no more use. */
bool line_tell(struct line *l, const char *payload, struct err *e) must_check;
/* Is another host of the schema heard of? */
bool line_has_others(struct line *l, bool *ret, struct err *e) must_check;
/* Hears until then, or until wake_fd or end_fd can be read. */
bool line_wait(struct line *l, int64_t until_ns, struct err *e) must_check;

#endif
