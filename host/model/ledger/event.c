/* event.c -- see event.h. */
#include "model/ledger/event.h"

#include <string.h>

/* The member names stand in JCS order. */
void event_add_json(struct buf *b, const struct ledger_event *event, uint64_t n, const char *prev,
                    const char *hash)
{
    buf_addf(b, "{\"data\":%s", event->data);
    if (hash != NULL)
        buf_addf(b, ",\"hash\":\"%s\"", hash);
    buf_addf(b, ",\"n\":%llu,\"prev\":\"%s\",\"run_id\":", (unsigned long long)n, prev);
    buf_add_json_str(b, event->run_id, strlen(event->run_id));
    buf_adds(b, ",\"timestamp\":");
    buf_add_json_str(b, event->timestamp, strlen(event->timestamp));
    buf_adds(b, ",\"type\":");
    buf_add_json_str(b, event->type, strlen(event->type));
    buf_addc(b, '}');
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
