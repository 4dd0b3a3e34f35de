/* append.c -- see append.h. */
#include "engine/env/append.h"

#include "base/clock.h"

void ledger_append(struct store_batch *batch, struct event_chain *chain, struct store_event event)
{
    char timestamp[CLOCK_TEXT_BYTES];
    struct sha256_hex prev;

    clock_text(event.at_us, timestamp);
    event_chain_add(chain,
                    &(struct ledger_event){event.run_id, event.type, timestamp, event.payload},
                    &prev);
    event.n = (int64_t)chain->n;
    event.prev_hash = prev.text;
    event.hash = chain->prev.text;
    store_batch_event_append(batch, &event);
}
