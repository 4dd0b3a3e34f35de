/* ring.h -- the ring of recently committed events that all stream clients read from. Pure.
 *
 * A message is made once and shared by every client. One rule gives "nothing lost, nothing twice":
 * a client's cursor is the seq of the last event it was given or that did not concern it, and its
 * next event is the first with a greater seq. The ring holds every event above its floor; what a
 * client needs at or below the floor is read from the store (client.c).
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
    STREAM_HEADROOM = 64,                     /* free bytes before each message, for its carrier */
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
    char *room; /* STREAM_HEADROOM bytes, then len bytes of JSON, then "\n" */
    size_t len;
    struct stream_filter about; /* the event's own values */
};
static inline char *stream_message_text(const struct stream_message *m)
{
    return m->room + STREAM_HEADROOM;
}
void stream_message_done(struct stream_message *m);
void stream_message_make(const struct api_event *event, struct stream_message *ret);
bool stream_filter_fits(const struct stream_filter *filter, const struct stream_filter *about);

struct ring;

/* floor: the newest seq in the store when the host started. */
struct ring *ring_new(uint32_t events_max, int64_t floor) must_check;
/* Accepts NULL. */
void ring_free(struct ring *s);
DEFINE_AUTO(ring)

int64_t ring_floor(const struct ring *s); /* greatest seq that is not in the ring any more */
int64_t ring_head(const struct ring *s);  /* greatest seq that was published */

/* False for a seq that was there already. */
bool ring_push(struct ring *s, const struct api_event *event);

/* The first event above *cursor that fits; moves *cursor to it, or to the head when there is none
 * (NULL). The cursor must not be below the floor. Valid until the next push. */
const struct stream_message *ring_next(const struct ring *s, const struct stream_filter *filter,
                                       int64_t *cursor);

#endif
