/* event.h -- the append-only events of one run and the hash chain over them (DESIGN 6).
 *
 *   hash = SHA-256 of JCS {data, n, prev, run_id, timestamp, type}
 *
 * n counts from 1 within the run; prev is the hash of event n-1, EVENT_GENESIS for the first. An
 * event is never changed or deleted; a cancellation is an event of its own. Pure. */
#ifndef ORCH_MODEL_LEDGER_EVENT_H
#define ORCH_MODEL_LEDGER_EVENT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

#include <stdint.h>

#define EVENT_GENESIS "0000000000000000000000000000000000000000000000000000000000000000"

/* What the type of an event begins with that is of no run: a chain of one, under an id of its own
 * (engine/env/audit.h). */
#define EVENT_ENTRY "audit."

/* The position of a run's chain: what the next event links to. */
struct event_chain {
    uint64_t n; /* of the last event; 0 before the first */
    struct sha256_hex prev;
};

struct ledger_event {
    const char *run_id;
    const char *type;      /* "run.started", "step.updated", ... */
    const char *timestamp; /* RFC 3339 UTC */
    const char *data;      /* canonical JSON (RFC 8785) of an object */
};

/* Appends {data, hash, n, prev, run_id, timestamp, type} in canonical form; without hash (NULL) it
 * is what the hash is made of. */
void event_add_json(struct buf *b, const struct ledger_event *event, uint64_t n, const char *prev,
                    const char *hash);

void event_chain_begin(struct event_chain *chain);
/* Moves the chain on by one event; chain->n and chain->prev are then the event's own number and
 * hash. The hash before it is written to ret_prev. */
void event_chain_add(struct event_chain *chain, const struct ledger_event *event,
                     struct sha256_hex *ret_prev);
/* Moves the chain on by a stored event and compares its number, link and hash; the error names the
 * event and the first difference. */
bool event_chain_check(struct event_chain *chain, const struct ledger_event *event, uint64_t n,
                       const char *prev, const char *hash, struct err *e) must_check;

#endif
