/* behind.c -- see behind.h. */
#include "engine/evidence/behind.h"

#include "base/mem.h"

#include <string.h>

struct behind *behind_find(struct behind *table, const char *tenant)
{
    struct behind *b;

    HASH_FIND_STR(table, tenant, b);
    return b;
}

void behind_note(struct behind **table, const char *tenant, int64_t sealed, int64_t newest)
{
    struct behind *b = behind_find(*table, tenant);
    size_t bytes = strlen(tenant) + 1;

    if (b == NULL) {
        b = mem_zero(1, sizeof *b + bytes);
        b->sealed = sealed;
        memcpy(b->tenant, tenant, bytes);
        HASH_ADD_STR(*table, tenant, b);
    }
    if (newest > b->newest)
        b->newest = newest;
}

void behind_drop(struct behind **table, struct behind *b)
{
    HASH_DEL(*table, b);
    free(b);
}

int64_t behind_events(const struct behind *table)
{
    int64_t events = 0;

    for (const struct behind *b = table; b != NULL; b = b->hh.next)
        events += b->newest - b->sealed;
    return events;
}
