/* faults.c -- what breaks, and when it is whole again. */
#include "hosts_world.h"

#include "store/testing.h"

/* ---- frozen ---- */

void faults_freeze(struct sim_host *h, int64_t for_ns, bool suspended)
{
    struct hosts_world *w = h->world;

    if (h->frozen)
        return;
    h->frozen = true;
    h->suspended = suspended;
    h->frozen_ns = w->now_ns + for_ns;
    h->froze_ns = w->now_ns;
    world_count(w, suspended ? FAULT_SUSPEND : FAULT_FREEZE);
    world_fact(w, (struct history_fact){.kind = FACT_HALTED, .host = h->number});
    world_at(w, &(struct event){
                    .at_ns = h->frozen_ns, .kind = EVENT_THAW, .host = h->number, .life = h->life});
}

static void thaw(struct sim_host *h)
{
    if (!h->frozen)
        return;
    h->frozen = false;
    if (h->suspended)
        h->lost_ns += h->world->now_ns - h->froze_ns;
}

/* ---- cut off ---- */

/* A request that is on its way is lost, or comes late. */
void faults_cut(struct sim_host *h)
{
    struct hosts_world *w = h->world;
    struct link *link = database_link(h->number);

    if (h->cut)
        return;
    h->cut = true;
    world_count(w, FAULT_CUT);
    world_at(w, &(struct event){.at_ns =
                                    w->now_ns + 200 * WORLD_MS +
                                    world_below(w, world_chance(w, 30) ? 9 * WORLD_S : 2 * WORLD_S),
                                .kind = EVENT_HEAL,
                                .host = h->number});
    if (link == NULL)
        return;
    link->cut = true;
    if (link->way == WAY_APPLIED)
        world_count(w, FAULT_ANSWER_LOST);
    if (link->way != WAY_SENT)
        return;
    if (world_chance(w, 60))
        h->request++;
    else
        world_at(w, &(struct event){.at_ns = w->now_ns + world_below(w, 8 * WORLD_S),
                                    .kind = EVENT_APPLY,
                                    .host = h->number,
                                    .life = h->life,
                                    .id = h->request});
    link_away(link);
}

/* What became of the group is known by its token: one that had not come so far can no more. */
static void heal(struct sim_host *h)
{
    struct link *link = database_link(h->number);

    if (!h->cut)
        return;
    h->cut = false;
    if (link == NULL || !h->up)
        return;
    link->cut = false;
    if (link->way == WAY_APPLIED) {
        host_await_answer(h);
    } else if (link->way == WAY_SENT) {
        world_count(h->world, FAULT_REQUEST_LOST);
        host_request(h);
    } else {
        world_at(h->world, &(struct event){.at_ns = h->world->now_ns,
                                           .kind = EVENT_TURN,
                                           .host = h->number,
                                           .life = h->life});
    }
}

static void away(struct hosts_world *w)
{
    world_count(w, FAULT_AWAY);
    for (unsigned i = 0; i < w->host_count; i++)
        faults_cut(&w->hosts[i]);
}

/* ---- the others ---- */

/* What it had sent may be taken all the same. */
static void kill_host(struct sim_host *h)
{
    world_count(h->world, FAULT_KILL);
    if (database_link(h->number)->way == WAY_SENT && !h->cut && world_chance(h->world, 50))
        host_apply(h);
    host_kill(h);
    host_boot_in(h, 100 * WORLD_MS +
                        world_below(h->world, world_chance(h->world, 40) ? 10 * WORLD_S : WORLD_S));
}

static void disk_full(struct sim_host *h)
{
    struct link *link = database_link(h->number);

    if (link->way == WAY_NONE)
        return;
    world_count(h->world, FAULT_DISK_FULL);
    link_fail(link, h->rig.store);
    h->request++;
    world_at(h->world, &(struct event){.at_ns = h->world->now_ns,
                                       .kind = EVENT_TURN,
                                       .host = h->number,
                                       .life = h->life});
}

static void set_clock(struct sim_host *h)
{
    int64_t by_us = (1 + world_below(h->world, 3600)) * 1000000;
    bool ahead = world_chance(h->world, 50);

    world_count(h->world, ahead ? FAULT_CLOCK_AHEAD : FAULT_CLOCK_BACK);
    h->wall_off_us += ahead ? by_us : -by_us;
}

static void set_database_clock(struct hosts_world *w)
{
    int64_t by_us = (1 + world_below(w, 30)) * 1000000;

    world_count(w, FAULT_DATABASE_CLOCK);
    w->database_off_us += world_chance(w, 50) ? by_us : -by_us;
}

static void drain(struct sim_host *h)
{
    if (h->draining)
        return;
    world_count(h->world, FAULT_DRAIN);
    host_drain(h);
}

static void fail_reads(struct sim_host *h)
{
    world_count(h->world, FAULT_READS_FAIL);
    database_link(h->number)->reads_fail += 1 + (unsigned)world_below(h->world, 4);
}

static void freeze_some(struct sim_host *h)
{
    bool past = world_chance(h->world, 40);

    faults_freeze(h,
                  past ? 6 * WORLD_S + world_below(h->world, 6 * WORLD_S)
                       : 100 * WORLD_MS + world_below(h->world, 3 * WORLD_S),
                  world_chance(h->world, 25));
}

static void set_trap(struct sim_host *h)
{
    h->trap = (enum trap)(TRAP_REQUEST + world_below(h->world, 4));
}

static void break_one(struct hosts_world *w)
{
    static void (*const breaks[])(struct sim_host * h) = {
        freeze_some, freeze_some, kill_host, kill_host, faults_cut, set_trap,   set_trap,
        set_trap,    disk_full,   set_clock, drain,     fail_reads, fail_reads,
    };
    struct sim_host *h = &w->hosts[rng_below(&w->rng, w->host_count)];
    unsigned which = (unsigned)rng_below(&w->rng, ARRAY_LEN(breaks) + 2);

    if (which == ARRAY_LEN(breaks))
        away(w);
    else if (which > ARRAY_LEN(breaks))
        set_database_clock(w);
    else if (h->up && !h->frozen)
        breaks[which](h);
}

void faults_event(struct hosts_world *w, const struct event *event)
{
    struct sim_host *h = &w->hosts[event->host];

    if (event->kind == EVENT_HEAL) {
        heal(h);
    } else if (event->kind == EVENT_THAW) {
        if (h->life == event->life && h->frozen_ns <= w->now_ns)
            thaw(h);
    } else if (!w->calm) {
        break_one(w);
        world_at(w,
                 &(struct event){.at_ns = w->now_ns + 200 * WORLD_MS + world_below(w, 2 * WORLD_S),
                                 .kind = EVENT_FAULT});
    }
}

void faults_begin(struct hosts_world *w)
{
    world_at(w, &(struct event){.at_ns = w->now_ns + WORLD_S, .kind = EVENT_FAULT});
}

void faults_end(struct hosts_world *w)
{
    for (unsigned i = 0; i < w->host_count; i++) {
        struct sim_host *h = &w->hosts[i];

        heal(h);
        thaw(h);
        h->trap = TRAP_NONE;
        if (h->up)
            database_link(i)->reads_fail = 0;
    }
}
