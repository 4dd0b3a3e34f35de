/* ring.h -- the rings of recently committed events that all stream clients read from: one for each
 * tenant that somebody follows, in one bound of memory together. Pure.
 *
 * A message is made once and shared by every client of its tenant. One rule gives "nothing lost,
 * nothing twice": a client's cursor is the seq of the last event it was given or that did not
 * concern it, and its next event is the first with a greater seq. A ring holds every event of its
 * tenant between its floor and its head that streams are told; what a client needs at or below the
 * floor is read from the store (next.c).
 *
 * So a ring takes the event behind its head and no other. Of one further on it keeps the number
 * alone: what it lacks, other hosts' events and its own behind them, is read from the store by who
 * asks ring_wants (fill.c). Numbers that streams are not told, entries of the ledger, are passed.
 *
 * Messages: contract/stellaops.md 3.1, flat, with type, seq, cursor, stepId and attempt. */
#ifndef ORCH_API_STREAM_RING_H
#define ORCH_API_STREAM_RING_H

#include "api/stream/event.h"
#include "base/auto.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    STREAM_RING_BYTES_MAX = 32 * 1024 * 1024, /* whatever the number of events */
    STREAM_MESSAGE_BYTES_MAX = 64 * 1024,     /* a larger event goes out without its data */
};

/* What a client wants; "" takes all. The tenant is never empty. */
struct stream_filter {
    char tenant[129];
    char dag_id[129];
    char run_id[129];
    char status[33];
};

struct stream_message {
    int64_t seq;
    char *text; /* len bytes of JSON, then "\n" */
    size_t len;
    struct stream_filter about; /* the event's own values */
};
void stream_message_done(struct stream_message *m);
void stream_message_make(const struct api_event *event, struct stream_message *ret);
bool stream_filter_fits(const struct stream_filter *filter, const struct stream_filter *about);

struct rings;
struct ring;

/* events_max: of all tenants together. */
struct rings *rings_new(uint32_t events_max) must_check;
/* Accepts NULL; nobody holds a ring. */
void rings_free(struct rings *all);
DEFINE_AUTO(rings)

/* The tenant's ring; an empty one with this floor, where there is none: the newest seq in the
 * store. Its messages go with the last who holds it. */
struct ring *rings_hold(struct rings *all, const char *tenant, int64_t newest) must_check;
void ring_release(struct ring *r); /* accepts NULL */
/* NULL: nobody holds it. */
struct ring *rings_find(const struct rings *all, const char *tenant);
/* fn may begin to fill the ring, and nothing else. */
void rings_each(struct rings *all, void (*fn)(void *arg, struct ring *r), void *arg);

/* False: it was there already, or is not the next. */
bool ring_push(struct ring *r, const struct api_event *event);
/* These numbers are committed, and no events of streams. */
void ring_pass(struct ring *r, int64_t first, int64_t last);
/* The tenant's ledger is said to go so far. */
void ring_heard(struct ring *r, int64_t number);

/* True once, when the store has to be read above *ret_after: the caller holds the ring until it
 * releases it, and tells with ring_filled what came of it. Meanwhile it is false. */
bool ring_wants(struct ring *r, int64_t *ret_after) must_check;
/* An event of the page: in their order, before ring_filled; false: it was there already. */
bool ring_fill(struct ring *r, const struct api_event *event);
/* Everything up to upto was given. As far as it began: there is nothing more, whatever was said. */
void ring_filled(struct ring *r, int64_t upto);
/* The store could not be read: it is still wanted. */
void ring_not_filled(struct ring *r);

const char *ring_tenant(const struct ring *r);
int64_t ring_floor(const struct ring *r); /* greatest seq that is not in the ring any more */
int64_t ring_head(const struct ring *r);  /* greatest seq up to which nothing is lacking */

/* The first event above *cursor that fits; moves *cursor to it, or to the head when there is none
 * (NULL). The cursor must not be below the floor. Valid until the next push. */
const struct stream_message *ring_next(const struct ring *r, const struct stream_filter *filter,
                                       int64_t *cursor);

#endif
