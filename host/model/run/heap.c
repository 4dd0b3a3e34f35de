/* heap.c -- see heap.h. */
#include "model/run/heap.h"

#include "base/mem.h"

#include <assert.h>
#include <stddef.h>

void heap_init(struct heap *h, uint32_t items)
{
    *h = (struct heap){
        .entries = mem_array(items, struct heap_entry),
        .places = mem_array(items, uint32_t),
        .items = items,
    };
}

void heap_done(struct heap *h)
{
    free(h->entries);
    free(h->places);
    *h = (struct heap){0};
}

static bool before(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->key != b->key ? a->key < b->key : a->item < b->item;
}

static void put(struct heap *h, uint32_t at, struct heap_entry entry)
{
    h->entries[at] = entry;
    h->places[entry.item] = at + 1;
}

/* Finds the place for an entry, beginning with the hole `at`. */
static void sift(struct heap *h, uint32_t at, struct heap_entry entry)
{
    while (at > 0 && before(&entry, &h->entries[(at - 1) / 2])) {
        put(h, at, h->entries[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (uint32_t child = 2 * at + 1; child < h->count; child = 2 * at + 1) {
        if (child + 1 < h->count && before(&h->entries[child + 1], &h->entries[child]))
            child++;
        if (!before(&h->entries[child], &entry))
            break;
        put(h, at, h->entries[child]);
        at = child;
    }
    put(h, at, entry);
}

void heap_set(struct heap *h, uint32_t item, int64_t key)
{
    assert(item < h->items);
    uint32_t at = h->places[item] != 0 ? h->places[item] - 1 : h->count++;

    sift(h, at, (struct heap_entry){key, item});
}

void heap_remove(struct heap *h, uint32_t item)
{
    assert(item < h->items);
    if (h->places[item] == 0)
        return;
    uint32_t at = h->places[item] - 1;
    struct heap_entry last = h->entries[--h->count];

    h->places[item] = 0;
    if (last.item != item)
        sift(h, at, last);
}

const struct heap_entry *heap_first(const struct heap *h)
{
    return h->count > 0 ? &h->entries[0] : NULL;
}
