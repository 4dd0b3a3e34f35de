/* json_thread.h -- JSON of others, read beside the loop: a thread that scans, builds and writes
 * anew one text after the other, so that a text of 4 MiB holds nobody but those behind it.
 *
 * Two threads meet here: the loop's, which calls everything below, and this one's. An order is one
 * side's at any time: the loop gives it (json_thread_read), the thread fills in what it read, the
 * loop is told in json_thread_turn, in the order in which the orders were given. What bounds it:
 * the orders are as many as the caller gives; each tree has the values of its limits; the thread
 * waits while READ_AHEAD_MAX trees are not fetched. */
#ifndef ORCH_BASE_JSON_THREAD_H
#define ORCH_BASE_JSON_THREAD_H

#include "base/json.h"

enum { JSON_AT_ONCE_BYTES_MAX = 4096 };

/* What became of a text; done may take the parts (and leave NULL or an empty buffer). */
struct json_read {
    json_t *value;           /* NULL: refused */
    struct buf canonical;    /* only where texts were wanted: jcs_write of value, */
    struct buf compact;      /* and json_add_compact */
    struct json_place place; /* of refused */
    struct err err;          /* of refused */
};

void json_read_done(struct json_read *read);

struct json_order {
    const char *text; /* stays until done was called or the thread was freed */
    size_t len;
    struct json_limits limits;
    bool texts;
    void (*done)(void *arg, struct json_read *read);
    void *arg;
};

struct json_thread;

bool json_thread_start(struct json_thread **ret, struct err *e) must_check;
/* Waits for the text that is being read. What was not told is dropped without done. */
void json_thread_free(struct json_thread *t); /* accepts NULL */
DEFINE_AUTO(json_thread)

/* done comes once: inside of this call for a text of at most JSON_AT_ONCE_BYTES_MAX, which costs
 * less than the way to the thread; else in json_thread_turn. */
void json_thread_read(struct json_thread *t, const struct json_order *order);

/* Readable when json_thread_turn has something to tell. */
int json_thread_fd(const struct json_thread *t);
/* done may give new orders. */
void json_thread_turn(struct json_thread *t);

#endif
