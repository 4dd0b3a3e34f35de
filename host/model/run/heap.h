/* heap.h -- a binary heap of small numbers, each at most once, smallest key first; equal keys by
 * number. Used for deadlines (key: when) and for ready nodes (key: level and id).
 *
 * Embedded in a run. Every operation is O(log n); a number's key can be changed in place. */
#ifndef ORCH_MODEL_RUN_HEAP_H
#define ORCH_MODEL_RUN_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct heap_entry {
    int64_t key;
    uint32_t item;
};

struct heap {
    struct heap_entry *entries;
    uint32_t *places; /* by item: index in entries + 1; 0: absent */
    uint32_t count;
    uint32_t items; /* numbers are below this */
};

void heap_init(struct heap *h, uint32_t items);
void heap_done(struct heap *h);

void heap_set(struct heap *h, uint32_t item, int64_t key); /* adds or moves */
void heap_remove(struct heap *h, uint32_t item);           /* absent: nothing */

/* NULL when empty; valid until the next change. */
const struct heap_entry *heap_first(const struct heap *h);

#endif
