/* arena.h -- memory that dies at once: a batch and a result of a read each own one.
 *
 * Nothing in an arena is released by itself and nothing moves, so pointers stay valid until
 * arena_free. Not thread-safe: one owner at a time. */
#ifndef ORCH_STORE_ARENA_H
#define ORCH_STORE_ARENA_H

#include "base/auto.h"

#include <stddef.h>

struct arena;

struct arena *arena_new(void) must_check;
void arena_free(struct arena *a); /* accepts NULL */
DEFINE_AUTO(arena)

/* Aligned for any type; not zeroed. */
void *arena_alloc(struct arena *a, size_t bytes) must_check;
/* A copy with a NUL behind it. */
char *arena_copy(struct arena *a, const void *bytes, size_t len) must_check;
/* Bytes handed out so far. */
size_t arena_bytes(const struct arena *a);

#endif
