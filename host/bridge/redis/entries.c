/* entries.c -- see entries.h. */
#include "bridge/redis/entries.h"

#include "base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct stream_id_text stream_id_text(struct stream_id id)
{
    struct stream_id_text t;

    snprintf(t.text, sizeof t.text, "%" PRIu64 "-%" PRIu64, id.ms, id.seq);
    return t;
}

/* Digits without a zero before them. */
static bool take_number(const char **at, const char *end, uint64_t *ret)
{
    const char *start = *at;
    uint64_t number = 0;

    for (; *at < end && **at >= '0' && **at <= '9'; ++*at)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(**at - '0'), &number))
            return false;
    *ret = number;
    return *at > start && (*start != '0' || *at == start + 1);
}

bool stream_id_parse(const char *text, size_t len, struct stream_id *ret)
{
    const char *at = text, *end = text + len;
    struct stream_id id;

    if (!take_number(&at, end, &id.ms) || at == end || *at++ != '-' ||
        !take_number(&at, end, &id.seq) || at != end)
        return false;
    *ret = id;
    return true;
}

bool stream_id_after(struct stream_id id, struct stream_id other)
{
    return id.ms != other.ms ? id.ms > other.ms : id.seq > other.seq;
}

void entries_init(struct entries *entries)
{
    *entries = (struct entries){0};
    for (size_t i = 0; i < ENTRY_STATES; i++)
        LIST_INIT(&entries->of[i]);
}

uint32_t entries_count(const struct entries *entries)
{
    return HASH_COUNT(entries->all);
}

struct entry *entries_find(const struct entries *entries, struct stream_id id)
{
    struct entry *found;

    HASH_FIND(hh, entries->all, &id, sizeof id, found);
    return found;
}

static void list(struct entries *entries, struct entry *entry, enum entry_state in)
{
    entry->state = in;
    LIST_INSERT_HEAD(&entries->of[in], entry, link);
    entries->count[in]++;
}

static void unlist(struct entries *entries, struct entry *entry)
{
    LIST_REMOVE(entry, link);
    entries->count[entry->state]--;
}

struct entry *entries_add(struct entries *entries, struct stream_id id, enum entry_state state,
                          uint32_t pass)
{
    struct entry *entry = mem_new(struct entry);

    entry->id = id;
    entry->pass = pass;
    list(entries, entry, state);
    HASH_ADD(hh, entries->all, id, sizeof id, entry);
    return entry;
}

void entries_move(struct entries *entries, struct entry *entry, enum entry_state to)
{
    unlist(entries, entry);
    list(entries, entry, to);
}

void entries_drop(struct entries *entries, struct entry *entry)
{
    assert(entry->ack == NULL);
    unlist(entries, entry);
    HASH_DEL(entries->all, entry);
    free(entry->consumer);
    free(entry);
}
