/* arena.c -- see arena.h. Chunks double up to a limit; a piece larger than that has its own. */
#include "store/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

enum { CHUNK_BYTES_MIN = 4096, CHUNK_BYTES_MAX = 256 * 1024 };

struct chunk {
    struct chunk *older;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct chunk *newest;
    size_t used; /* of the newest chunk */
    size_t room;
    size_t next_room;
    size_t total;
};

struct arena *arena_new(void)
{
    struct arena *a = mem_new(struct arena);

    a->next_room = CHUNK_BYTES_MIN;
    return a;
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct chunk *c = a->newest; c != NULL;) {
        struct chunk *older = c->older;

        free(c);
        c = older;
    }
    free(a);
}

static void chunk_add(struct arena *a, size_t room)
{
    struct chunk *c = mem_alloc(sizeof *c + room);

    c->older = a->newest;
    a->newest = c;
    a->used = 0;
    a->room = room;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    size_t rounded = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    void *piece;

    if (a->room - a->used < rounded) {
        chunk_add(a, rounded > a->next_room ? rounded : a->next_room);
        if (a->next_room < CHUNK_BYTES_MAX)
            a->next_room *= 2;
    }
    piece = a->newest->bytes + a->used;
    a->used += rounded;
    a->total += rounded;
    return piece;
}

char *arena_copy(struct arena *a, const void *bytes, size_t len)
{
    char *copy = arena_alloc(a, len + 1);

    if (len > 0)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

size_t arena_bytes(const struct arena *a)
{
    return a->total;
}
