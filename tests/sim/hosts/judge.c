/* judge.c -- see judge.h. One pass over the facts, with what they leave behind. */
#include "judge.h"

#include "base/mem.h"
#include "model/words/states.h"
#include "store/rows.h"

#include <stdlib.h>
#include <string.h>

/* A run may be at its last commit when an order is written down elsewhere; without faults its
 * owner, or who follows it, hears of it by then. */
#define CARRIED_NS (15LL * 1000 * 1000 * 1000)

struct opening {
    unsigned host;
    int64_t epoch;
};

struct chain {
    bool completed;
    int64_t begun, started; /* the last attempts; 0: none */
};

struct run {
    bool inserted, admitted, ended, cancelled;
    uint64_t start;
    int64_t cancelled_ns;
    struct opening owner;
    struct chain chains[CHAINS_MAX];
    int64_t events; /* so many, the last one's hash: */
    uint64_t hash;
    struct end {
        uint64_t hash;
        bool is_signed;
    } ends[16];
    unsigned end_count;
    struct order {
        int64_t number, at_ns; /* number 0: gone */
    } orders[64];
    unsigned order_count;
    struct attempt {
        struct opening by; /* epoch 0: none */
        unsigned chain;
        int64_t number;
        bool halted; /* its host was, and could not end it */
    } attempts[64];
};

struct court {
    int64_t alive[HOSTS_MAX]; /* epochs; 0: not */
    struct run runs[RUNS_MAX];
    struct opening jobs[JOBS_MAX];
    int64_t newest; /* of the ledger */
    int64_t read[HOSTS_MAX];
    int64_t streamed[HOSTS_MAX];
    bool calm;
    int64_t calm_ns;
};

typedef enum breach rule_fn(struct court *c, const struct history_fact *f, struct run *run);

static bool is_alive(const struct court *c, struct opening o)
{
    return o.epoch != 0 && c->alive[o.host] == o.epoch;
}

static bool same(struct opening a, struct opening b)
{
    return a.epoch == b.epoch && (a.epoch == 0 || a.host == b.host);
}

static struct opening opening_of(const struct history_fact *f)
{
    return (struct opening){f->host, f->epoch};
}

/* ---- who is alive ---- */

static enum breach opened(struct court *c, const struct history_fact *f, struct run *run unused_arg)
{
    c->alive[f->host] = f->epoch;
    c->streamed[f->host] = 0;
    return BREACH_NONE;
}

static enum breach not_alive(struct court *c, const struct history_fact *f,
                             struct run *run unused_arg)
{
    if (c->alive[f->host] == f->epoch)
        c->alive[f->host] = 0;
    return BREACH_NONE;
}

/* ---- what became durable ---- */

static enum breach owner(struct court *c, const struct history_fact *f, struct run *run)
{
    struct opening now = opening_of(f);

    if (!same(now, run->owner) && now.epoch != 0 && is_alive(c, run->owner) && !run->ended)
        return BREACH_RUN_STOLEN;
    run->owner = now;
    return BREACH_NONE;
}

static enum breach job(struct court *c, const struct history_fact *f, struct run *run unused_arg)
{
    struct opening now = opening_of(f), *had = &c->jobs[f->number];

    if (!same(now, *had) && is_alive(c, *had))
        return BREACH_JOB_STOLEN;
    *had = now;
    return BREACH_NONE;
}

static enum breach inserted(struct court *c, const struct history_fact *f, struct run *run)
{
    for (unsigned i = 0; i < RUNS_MAX; i++) {
        if (&c->runs[i] != run && c->runs[i].inserted && c->runs[i].start == f->hash)
            return BREACH_TWO_OF_ONE_START;
    }
    run->inserted = true;
    run->start = f->hash;
    return BREACH_NONE;
}

static enum breach written(struct court *c, const struct history_fact *f, struct run *run)
{
    if (!is_alive(c, opening_of(f)))
        return BREACH_FENCED_WRITE;
    if (!same(opening_of(f), run->owner))
        return BREACH_STRANGERS_WRITE;
    return run->ended ? BREACH_BEHIND_THE_END : BREACH_NONE;
}

static enum breach reopened(struct court *c unused_arg, const struct history_fact *f unused_arg,
                            struct run *run)
{
    run->ended = run->cancelled = false;
    return BREACH_NONE;
}

static enum breach begun(struct court *c unused_arg, const struct history_fact *f, struct run *run)
{
    struct chain *chain = &run->chains[f->chain];

    if (chain->completed)
        return BREACH_NODE_AGAIN;
    chain->begun = f->number;
    return BREACH_NONE;
}

static enum breach completed(struct court *c unused_arg, const struct history_fact *f,
                             struct run *run)
{
    if (run->chains[f->chain].completed)
        return BREACH_NODE_AGAIN;
    run->chains[f->chain].completed = true;
    return BREACH_NONE;
}

/* There was time to carry out what was asked then. */
static bool had_time(const struct court *c, int64_t asked_ns, int64_t now_ns)
{
    int64_t since = asked_ns > c->calm_ns ? asked_ns : c->calm_ns;

    return c->calm && now_ns - since > CARRIED_NS;
}

static enum breach ended(struct court *c, const struct history_fact *f, struct run *run)
{
    if (run->ended)
        return BREACH_ENDED_TWICE;
    run->ended = true;
    if (run->end_count < ARRAY_LEN(run->ends))
        run->ends[run->end_count++] = (struct end){f->hash, false};
    if (run->cancelled && f->number != STORE_RUN_CANCELLED &&
        had_time(c, run->cancelled_ns, f->at_ns))
        return BREACH_CANCEL_LOST;
    for (unsigned i = 0; i < run->order_count; i++) {
        if (run->orders[i].number != 0 && had_time(c, run->orders[i].at_ns, f->at_ns))
            return BREACH_ORDER_LEFT;
    }
    return BREACH_NONE;
}

static enum breach event(struct court *c, const struct history_fact *f, struct run *run)
{
    if (f->seq != c->newest + 1)
        return BREACH_NUMBERS;
    c->newest = f->seq;
    if (f->number == 0) /* of no run */
        return BREACH_NONE;
    if (f->number != run->events + 1 || (run->events > 0 && f->prev != run->hash))
        return BREACH_CHAIN;
    run->events = f->number;
    run->hash = f->hash;
    return BREACH_NONE;
}

static bool is_of_last_end(const struct run *run, uint64_t hash)
{
    return run->end_count > 0 && run->ends[run->end_count - 1].hash == hash;
}

/* Of an end that has none; one of an earlier end may come while the run goes on once more. */
static enum breach statement(struct court *c unused_arg, const struct history_fact *f,
                             struct run *run)
{
    if (run->ended && !is_of_last_end(run, f->hash))
        return BREACH_STALE_STATEMENT;
    for (unsigned i = run->end_count; i > 0; i--) {
        struct end *end = &run->ends[i - 1];

        if (end->hash != f->hash || end->is_signed)
            continue;
        end->is_signed = true;
        return BREACH_NONE;
    }
    return BREACH_TWO_STATEMENTS;
}

static enum breach ordered(struct court *c unused_arg, const struct history_fact *f,
                           struct run *run)
{
    if (run->order_count < ARRAY_LEN(run->orders))
        run->orders[run->order_count++] = (struct order){f->number, f->at_ns};
    return BREACH_NONE;
}

static enum breach order_gone(struct court *c unused_arg, const struct history_fact *f,
                              struct run *run)
{
    for (unsigned i = 0; i < run->order_count; i++) {
        if (f->number == 0 || run->orders[i].number == f->number)
            run->orders[i].number = 0;
    }
    return BREACH_NONE;
}

static enum breach order_dropped(struct court *c, const struct history_fact *f, struct run *run)
{
    run->cancelled = false;
    return order_gone(c, f, run);
}

/* ---- what was done and told ---- */

static bool runs_elsewhere(const struct run *run, struct opening by)
{
    for (size_t i = 0; i < ARRAY_LEN(run->attempts); i++) {
        const struct attempt *a = &run->attempts[i];

        if (a->by.epoch != 0 && !a->halted && !same(a->by, by))
            return true;
    }
    return false;
}

static void note_attempt(struct run *run, const struct history_fact *f)
{
    size_t i = 0;

    while (i < ARRAY_LEN(run->attempts) && run->attempts[i].by.epoch != 0)
        i++;
    if (i < ARRAY_LEN(run->attempts))
        run->attempts[i] = (struct attempt){opening_of(f), f->chain, f->number, false};
}

static enum breach gone(struct court *c unused_arg, const struct history_fact *f, struct run *run)
{
    for (size_t i = 0; i < ARRAY_LEN(run->attempts); i++) {
        struct attempt *a = &run->attempts[i];

        if (same(a->by, opening_of(f)) && a->chain == f->chain && a->number == f->number)
            *a = (struct attempt){0};
    }
    return BREACH_NONE;
}

static enum breach halted(struct court *c, const struct history_fact *f, struct run *run unused_arg)
{
    for (size_t i = 0; i < ARRAY_LEN(c->runs) * ARRAY_LEN(run->attempts); i++) {
        struct attempt *a =
            &c->runs[i / ARRAY_LEN(run->attempts)].attempts[i % ARRAY_LEN(run->attempts)];

        a->halted = a->halted || a->by.host == f->host;
    }
    return BREACH_NONE;
}

static enum breach started(struct court *c, const struct history_fact *f, struct run *run)
{
    struct chain *chain = &run->chains[f->chain];

    if (!is_alive(c, opening_of(f)))
        return BREACH_STARTED_BY_DEAD;
    if (!same(opening_of(f), run->owner))
        return BREACH_STARTED_BY_STRANGER;
    if (chain->begun < f->number)
        return BREACH_STARTED_EARLY;
    if (chain->started >= f->number)
        return BREACH_STARTED_TWICE;
    if (runs_elsewhere(run, opening_of(f)))
        return BREACH_RUNS_TWICE;
    note_attempt(run, f);
    chain->started = f->number;
    return chain->completed ? BREACH_NODE_AGAIN : BREACH_NONE;
}

static enum breach streamed(struct court *c, const struct history_fact *f,
                            struct run *run unused_arg)
{
    if (f->seq > c->newest || f->seq <= c->streamed[f->host])
        return BREACH_STREAMED_EARLY;
    c->streamed[f->host] = f->seq;
    return BREACH_NONE;
}

static enum breach read_next(struct court *c, const struct history_fact *f,
                             struct run *run unused_arg)
{
    if (f->seq != c->read[f->host] + 1 || f->seq > c->newest)
        return BREACH_READ_GAP;
    c->read[f->host] = f->seq;
    return BREACH_NONE;
}

static enum breach admitted(struct court *c unused_arg, const struct history_fact *f,
                            struct run *run)
{
    if (!run->inserted)
        return BREACH_ADMITTED_EARLY;
    return run->start == f->hash ? BREACH_NONE : BREACH_TWO_OF_ONE_START;
}

static enum breach cancelled(struct court *c unused_arg, const struct history_fact *f,
                             struct run *run)
{
    run->cancelled = !run->ended;
    run->cancelled_ns = f->at_ns;
    return BREACH_NONE;
}

/* ---- when ---- */

static enum breach calm(struct court *c, const struct history_fact *f, struct run *run unused_arg)
{
    c->calm = true;
    c->calm_ns = f->at_ns;
    return BREACH_NONE;
}

static enum breach over_with(const struct run *run)
{
    if (!run->ended)
        return BREACH_NO_END;
    return run->ends[run->end_count - 1].is_signed ? BREACH_NONE : BREACH_NO_STATEMENT;
}

static enum breach over(struct court *c, const struct history_fact *f unused_arg,
                        struct run *run unused_arg)
{
    enum breach breach = BREACH_NONE;

    for (unsigned i = 0; i < RUNS_MAX && breach == BREACH_NONE; i++) {
        if (c->runs[i].inserted)
            breach = over_with(&c->runs[i]);
    }
    return breach;
}

static rule_fn *const rules[] = {
    [FACT_OPENED] = opened,
    [FACT_CLOSED] = not_alive,
    [FACT_FENCED] = not_alive,
    [FACT_OWNER] = owner,
    [FACT_JOB] = job,
    [FACT_INSERTED] = inserted,
    [FACT_WRITTEN] = written,
    [FACT_REOPENED] = reopened,
    [FACT_BEGUN] = begun,
    [FACT_COMPLETED] = completed,
    [FACT_ENDED] = ended,
    [FACT_EVENT] = event,
    [FACT_STATEMENT] = statement,
    [FACT_ORDERED] = ordered,
    [FACT_ORDER_GONE] = order_gone,
    [FACT_ORDER_DROPPED] = order_dropped,
    [FACT_STARTED] = started,
    [FACT_STREAMED] = streamed,
    [FACT_READ] = read_next,
    [FACT_ADMITTED] = admitted,
    [FACT_CANCELLED] = cancelled,
    [FACT_CALM] = calm,
    [FACT_OVER] = over,
    [FACT_GONE] = gone,
    [FACT_HALTED] = halted,
};

struct verdict judge(const struct history *h)
{
    auto_mem struct court *c = mem_new(struct court);

    for (size_t i = 0; i < h->count; i++) {
        const struct history_fact *f = &h->facts[i];
        enum breach breach = rules[f->kind](c, f, &c->runs[f->run]);

        if (breach != BREACH_NONE)
            return (struct verdict){breach, i};
    }
    return (struct verdict){BREACH_NONE, h->count};
}

const char *breach_text(enum breach breach)
{
    static const char *const breaches[] = {[BREACH_NONE] = "nothing",
#define XX(name, text) [BREACH_##name] = (text),
                                           BREACH_MAP(XX)
#undef XX
    };

    return breaches[breach];
}
