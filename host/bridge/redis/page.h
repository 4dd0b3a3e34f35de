/* page.h -- what Redis answers when it is asked for entries. Pure: whoever writes to a stream may
 * have written anything. */
#ifndef ORCH_BRIDGE_REDIS_PAGE_H
#define ORCH_BRIDGE_REDIS_PAGE_H

#include "bridge/redis/entries.h"
#include "bridge/wire/tasks.h"

#include <hiredis/hiredis.h>

/* Entries as XRANGE tells them; NULL: it tells none. */
struct page {
    const char *key; /* of XREAD: whose; NULL: of XRANGE */
    size_t key_bytes;
    redisReply *const *entries; /* borrowed of the reply */
    size_t count;
};
/* False: the reply is none. */
bool page_of_range(const redisReply *reply, struct page *ret) must_check;
/* XREAD's, by its streams; how many it has: 0, too, when it is no answer of XREAD. */
size_t page_streams(const redisReply *reply);
bool page_of_stream(const redisReply *reply, size_t i, struct page *ret) must_check;

/* An entry: its id, and as a task what wire/tasks.h says of a stranger's; ret->entry is not
 * touched. The payload is borrowed of the reply. False: it is no entry, and nothing is written. */
bool page_entry(const redisReply *reply, struct stream_id *ret_id,
                struct bridge_task *ret) must_check;

/* What is pending of one id, as XPENDING KEY GROUP ID ID 1 answers. */
struct page_pending {
    bool is; /* the others are of one that is */
    char consumer[BRIDGE_TEXT_BYTES_MAX];
    uint64_t idle_ms;
    uint32_t deliveries;
};
bool page_pending(const redisReply *reply, struct page_pending *ret) must_check;

bool page_is_error(const redisReply *reply, const char *code);

#endif
