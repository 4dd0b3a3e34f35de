/* event.c -- see event.h. */
#include "model/ledger/event.h"

#include "base/jcs_object.h"

#include <string.h>

enum { EVENT_BYTES_USUAL = 384 }; /* beside its data */

void event_add_json(struct buf *b, const struct ledger_event *event, uint64_t n, const char *prev,
                    const char *hash)
{
    size_t data_bytes = strlen(event->data);
    struct jcs_object o;

    buf_reserve(b, data_bytes + EVENT_BYTES_USUAL);
    o = jcs_object_begin(b);
    jcs_object_key(&o, "data");
    buf_add(b, event->data, data_bytes);
    if (hash != NULL)
        jcs_object_str(&o, "hash", hash);
    jcs_object_int(&o, "n", (int64_t)n);
    jcs_object_str(&o, "prev", prev);
    jcs_object_str(&o, "run_id", event->run_id);
    jcs_object_str(&o, "timestamp", event->timestamp);
    jcs_object_str(&o, "type", event->type);
    jcs_object_end(&o);
}

void event_chain_begin(struct event_chain *chain)
{
    chain->n = 0;
    memcpy(chain->prev.text, EVENT_GENESIS, sizeof EVENT_GENESIS);
}

void event_chain_add(struct event_chain *chain, const struct ledger_event *event,
                     struct sha256_hex *ret_prev)
{
    auto_done(buf) text = {0};

    *ret_prev = chain->prev;
    chain->n++;
    event_add_json(&text, event, chain->n, chain->prev.text, NULL);
    chain->prev = sha256_hex(buf_text(&text), text.len);
}

bool event_chain_check(struct event_chain *chain, const struct ledger_event *event, uint64_t n,
                       const char *prev, const char *hash, struct err *e)
{
    struct sha256_hex before;

    if (n != chain->n + 1)
        return err_set(e, ERR_CORRUPT, "run %s: event %llu follows event %llu", event->run_id,
                       (unsigned long long)n, (unsigned long long)chain->n);
    if (strcmp(prev, chain->prev.text) != 0)
        return err_set(e, ERR_CORRUPT, "run %s: event %llu links to %s, the event before it is %s",
                       event->run_id, (unsigned long long)n, prev, chain->prev.text);
    event_chain_add(chain, event, &before);
    if (strcmp(hash, chain->prev.text) != 0)
        return err_set(e, ERR_CORRUPT, "run %s: event %llu says hash %s, its content hashes to %s",
                       event->run_id, (unsigned long long)n, hash, chain->prev.text);
    return true;
}
