/* steady.c -- see steady.h. */
#include "store/postgres/steady.h"

#include <stdlib.h>

static bool goes_on(const struct steady *s, int64_t sent_us, int64_t database_us)
{
    int64_t here = sent_us - s->sent_us, there = database_us - s->database_us;

    return s->sent_us != 0 && here <= s->gap_us && llabs(here - there) <= s->gap_us;
}

void steady_note(struct steady *s, int64_t sent_us, int64_t database_us)
{
    if (!goes_on(s, sent_us, database_us))
        s->since_us = sent_us;
    s->sent_us = sent_us;
    s->database_us = database_us;
}

bool steady_for(const struct steady *s, int64_t us)
{
    return s->sent_us != 0 && s->sent_us - s->since_us >= us;
}
