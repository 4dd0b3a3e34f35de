/* history.c -- see history.h. */
#include "history.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PRINTED = 30 };

static const char *const texts[] = {
    [FACT_OPENED] = "opened",
    [FACT_CLOSED] = "closed",
    [FACT_FENCED] = "fenced",
    [FACT_OWNER] = "owner",
    [FACT_JOB] = "job",
    [FACT_INSERTED] = "inserted",
    [FACT_WRITTEN] = "written",
    [FACT_REOPENED] = "reopened",
    [FACT_BEGUN] = "begun",
    [FACT_COMPLETED] = "completed",
    [FACT_ENDED] = "ended",
    [FACT_EVENT] = "event",
    [FACT_STATEMENT] = "statement",
    [FACT_ORDERED] = "ordered",
    [FACT_ORDER_GONE] = "order gone",
    [FACT_ORDER_DROPPED] = "order dropped",
    [FACT_STARTED] = "started",
    [FACT_GONE] = "gone",
    [FACT_HALTED] = "halted",
    [FACT_STREAMED] = "streamed",
    [FACT_READ] = "read",
    [FACT_ADMITTED] = "admitted",
    [FACT_CANCELLED] = "cancelled",
    [FACT_CALM] = "calm",
    [FACT_OVER] = "over",
};

void history_add(struct history *h, const struct history_fact *fact)
{
    if (h->count == h->cap) {
        h->cap = h->cap * 2 + 1024;
        h->facts = mem_resize(h->facts, h->cap, sizeof *h->facts);
    }
    h->facts[h->count++] = *fact;
}

void history_done(struct history *h)
{
    free(h->facts);
    *h = (struct history){0};
}

static bool same(const struct history_fact *a, const struct history_fact *b)
{
    return a->at_ns == b->at_ns && a->kind == b->kind && a->host == b->host &&
           a->epoch == b->epoch && a->run == b->run && a->chain == b->chain &&
           a->number == b->number && a->seq == b->seq && a->hash == b->hash && a->prev == b->prev;
}

size_t history_same(const struct history *a, const struct history *b)
{
    size_t i = 0;

    while (i < a->count && i < b->count && same(&a->facts[i], &b->facts[i]))
        i++;
    return i;
}

uint64_t history_text(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
    return hash;
}

void history_print(const struct history *h, size_t at)
{
    size_t i = at > PRINTED ? at - PRINTED : 0;

    for (; i <= at && i < h->count; i++) {
        const struct history_fact *f = &h->facts[i];

        fprintf(stderr,
                "%9.3f s  %-13s host %u epoch %" PRId64 " run %u chain %u number %" PRId64
                " seq %" PRId64 " hash %016" PRIx64 "\n",
                (double)f->at_ns / 1e9, texts[f->kind], f->host, f->epoch, f->run, f->chain,
                f->number, f->seq, f->hash);
    }
}
