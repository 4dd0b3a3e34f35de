/* host_store.c -- a host's store: what it sends and waits for, and what is read beside its loop. */
#include "host_parts.h"

#include "base/mem.h"
#include "store/testing.h"

#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

/* ---- its store ---- */

struct link *host_link(const struct sim_host *h)
{
    return database_link(h->number);
}

bool host_reaches(const struct sim_host *h)
{
    return host_link(h) != NULL && !host_link(h)->cut;
}

static bool is_held(const struct sim_host *h)
{
    return host_boot_us(h) < host_link(h)->sent_boot_us + HELD_US;
}

/* As the driver's pulse writes it: the store compares with the real clock. */
void host_tell_hold(struct sim_host *h, enum lie lie)
{
    bool held = is_held(h) || lie == LIE_HOLD;

    if (!held && !h->was_adrift)
        world_count(h->world, FAULT_ADRIFT);
    h->was_adrift = !held;
    atomic_store(&host_link(h)->write->held_until_us, held ? INT64_MAX : 0);
}

static void views(struct hosts_world *w)
{
    for (unsigned i = 0; i < w->run_count; i++) {
        struct sim_run *run = &w->runs[i];

        if (!run->dirty)
            continue;
        run->dirty = false;
        view_events(&run->view);
        if (run->view.w.wrong[0] != '\0')
            world_wrong(w, "run %u: %s", i, run->view.w.wrong);
    }
}

void host_apply(struct sim_host *h)
{
    struct link *link = host_link(h);

    link_apply(link);
    if (link->end != GROUP_COMMITTED)
        world_count(h->world, FAULT_LATE_WRITE);
    views(h->world);
}

/* Everything that was submitted, now. */
void host_flush(struct sim_host *h, void (*turn)(struct sim_host *h))
{
    struct link *link = host_link(h);

    while (link->way != WAY_NONE || link_send(link, h->rig.store)) {
        if (link->way == WAY_SENT)
            host_apply(h);
        link_answer(link, h->rig.store);
        turn(h);
    }
}

/* What waits for the writer waits for the world: nothing else happens meanwhile. */
/* The names are the linker's.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
bool __real_store_open(const struct store_options *options, struct store **ret, struct err *e);
bool __wrap_store_open(const struct store_options *options, struct store **ret, struct err *e);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
bool __wrap_store_open(const struct store_options *options, struct store **ret, struct err *e)
{
    bool ok = __real_store_open(options, ret, e);

    if (ok && database_is(options->url))
        store_testing_hold(*ret, true);
    return ok;
}

struct waiting {
    bool over;
    struct err why;
};

static void waited(void *arg, const struct store_done *done)
{
    struct waiting *w = arg;

    w->over = true;
    if (done->err != NULL)
        w->why = *done->err;
}

static void turn_store(struct sim_host *h)
{
    store_turn(h->rig.store);
}

struct sim_host *host_booting;

/* The names are the linker's.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
bool __wrap_store_commit_wait(struct store *store, struct store_batch **batch,
                              struct store_done *ret, struct err *e);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
bool __wrap_store_commit_wait(struct store *store, struct store_batch **batch,
                              struct store_done *ret unused_arg, struct err *e)
{
    struct waiting w = {0};

    if (!store_submit_take(store, batch, waited, &w, e))
        return false;
    host_flush(host_booting, turn_store);
    if (!w.over || w.why.code != ERR_NONE)
        *e = w.why;
    return w.over && w.why.code == ERR_NONE;
}
/* ---- what is read beside the loop ---- */

/* A piece that holds the one thread: what was given before it has been read and can be told, what
 * is given behind it has not. */
struct gate {
    struct sim_host *host;
    sem_t reached, open;
};

static void stand(void *arg, struct store_reader *reader unused_arg)
{
    struct gate *gate = arg;

    sem_post(&gate->reached);
    while (sem_wait(&gate->open) != 0)
        ;
}

static void is_gone(void *arg)
{
    struct gate *gate = arg;

    gate->host->gates--;
    sem_destroy(&gate->reached);
    sem_destroy(&gate->open);
    free(gate);
}

void host_open_gate(struct sim_host *h)
{
    if (h->gate != NULL)
        sem_post(&take(h->gate)->open);
}

static void close_gate(struct sim_host *h)
{
    struct gate *gate = mem_new(struct gate);

    gate->host = h;
    sem_init(&gate->reached, 0, 0);
    sem_init(&gate->open, 0, 0);
    h->gates++;
    host_open_gate(h);
    beside_give(h->rig.beside, &(struct beside_work){stand, is_gone, is_gone, gate});
    while (sem_wait(&gate->reached) != 0)
        ;
    h->gate = gate;
}

/* Everything that was given is read; it is told later. */
void host_read_beside(struct sim_host *h)
{
    size_t left = beside_left(h->rig.beside) - h->gates;
    bool slow = world_chance(h->world, 5);

    if (left == 0) {
        host_open_gate(h);
        for (; h->gates > 0; sched_yield())
            beside_turn(h->rig.beside);
    }
    if (left != 0 && left != h->beside_left)
        close_gate(h);
    h->beside_left = left;
    if (left == 0 || h->beside_due)
        return;
    h->beside_due = true;
    host_at(h, EVENT_BESIDE, world_below(h->world, slow ? 2 * WORLD_S : 20 * WORLD_MS), 0);
}
