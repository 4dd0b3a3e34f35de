/* load.h -- whether a host has too much to take anything new (LANES.md 3, "Load shedding"). Pure.
 *
 * More than a mark of one thing is too much, until there is no more than three quarters of each
 * mark: whoever is let in again does not make it too much at once. */
#ifndef ORCH_LANES_LOAD_H
#define ORCH_LANES_LOAD_H

#include <stdint.h>

#define LOAD_MAP(XX)                                                                               \
    XX(STORE, "store_queue")                                                                       \
    XX(MEMORY, "memory")                                                                           \
    XX(DEPTH, "depth")

enum load_thing {
#define XX(id, word) LOAD_##id,
    LOAD_MAP(XX)
#undef XX
        LOAD_THINGS, /* as an answer: none */
};

struct load {
    int64_t of[LOAD_THINGS]; /* batches, bytes, runs and attempts; as a mark 0: not looked at */
};

const char *load_word(enum load_thing thing);
/* Of what there is too much, after there was too much of `was`. */
enum load_thing load_over(const struct load *marks, const struct load *now, enum load_thing was);

#endif
