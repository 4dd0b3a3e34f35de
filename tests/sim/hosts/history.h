/* history.h -- what happened in a world of several hosts, in order: what the database took, what
 * hosts began and told, what clients were answered. The judge (judge.h) reads nothing else. */
#ifndef ORCH_TESTS_SIM_HOSTS_HISTORY_H
#define ORCH_TESTS_SIM_HOSTS_HISTORY_H

#include "base/auto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOSTS_MAX = 4, RUNS_MAX = 16, CHAINS_MAX = 48, JOBS_MAX = 4 };

/* An opening is (host, epoch); epoch 0: none. A chain is a node's, or its handler's. */
enum fact_kind {
    /* Who is alive. */
    FACT_OPENED, /* what the host had open before is not alive from here on */
    FACT_CLOSED,
    FACT_FENCED,
    /* What became durable, in the order of the database: first whose the run or job is now. */
    FACT_OWNER,         /* run: (host, epoch) has it */
    FACT_JOB,           /* number: (host, epoch) has it */
    FACT_INSERTED,      /* run; hash: of what tells one start from another */
    FACT_WRITTEN,       /* (host, epoch) wrote rows of the run */
    FACT_REOPENED,      /* run */
    FACT_BEGUN,         /* run, chain: attempt number */
    FACT_COMPLETED,     /* run, chain */
    FACT_ENDED,         /* run; number: an enum store_run_status */
    FACT_EVENT,         /* run: its nth, hash behind prev; nth 0: of no run. seq in the ledger */
    FACT_STATEMENT,     /* run */
    FACT_ORDERED,       /* run: order number */
    FACT_ORDER_GONE,    /* run: order number; 0: all */
    FACT_ORDER_DROPPED, /* the same: not carried out, for the run would not */
    /* What was done and told. */
    FACT_STARTED,   /* (host, epoch) gave run, chain, attempt number to its sandbox */
    FACT_GONE,      /* that attempt runs no more */
    FACT_HALTED,    /* the host does nothing for a while, and its attempts may go on */
    FACT_STREAMED,  /* (host, epoch) told its clients of seq */
    FACT_READ,      /* a reader of host saw seq next */
    FACT_ADMITTED,  /* a client was told that the run is there; hash as INSERTED has it */
    FACT_CANCELLED, /* a client was told that the run will be cancelled */
    /* When. */
    FACT_CALM, /* no fault from here on */
    FACT_OVER,
};

struct history_fact {
    int64_t at_ns;
    enum fact_kind kind;
    unsigned host;
    int64_t epoch;
    unsigned run, chain;
    int64_t number, seq;
    uint64_t hash, prev;
};

struct history {
    struct history_fact *facts;
    size_t count, cap;
};

void history_add(struct history *h, const struct history_fact *fact);
void history_done(struct history *h);
DEFINE_AUTO_DONE(history)
/* So many of their facts are the same, from the first one on. */
size_t history_same(const struct history *a, const struct history *b);
/* FNV-1a: texts in facts. */
uint64_t history_text(const char *text);
/* Facts up to this one, the last of them, to stderr. */
void history_print(const struct history *h, size_t at);

#endif
