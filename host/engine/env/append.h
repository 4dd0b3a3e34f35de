/* append.h -- one event into the ledger: behind its chain, in a batch. Every event that the engine
 * writes goes through here, so the number, link and hash of a row are those of its chain. */
#ifndef ORCH_ENGINE_ENV_APPEND_H
#define ORCH_ENGINE_ENV_APPEND_H

#include "model/ledger/event.h"
#include "store/batch.h"

/* Moves the chain on. event: everything but n, prev_hash and hash; its payload is canonical JSON.
 */
void ledger_append(struct store_batch *batch, struct event_chain *chain, struct store_event event);

#endif
