/* host.c -- a host of the world: its lives, its clocks, its turns. */
#include "host_parts.h"

#include "base/mem.h"
#include "store/news.h"

#include <stdlib.h>
#include <string.h>

#define WALL_BEGAN_US 1700000000000000LL
#define DRAIN_NS (3 * WORLD_S)
#define MISSED_NS (5 * WORLD_S)
enum { ROUNDS_MAX = 500 };

/* ---- clocks ---- */

static int64_t own_ns(const struct sim_host *h, int64_t world_ns)
{
    return (world_ns - h->born_ns) * (1000 + h->thousandths) / 1000;
}

int64_t host_mono_ns(const struct sim_host *h)
{
    return h->mono0_ns + own_ns(h, h->world->now_ns) - h->lost_ns;
}

int64_t host_boot_us(const struct sim_host *h)
{
    return h->boot0_us + own_ns(h, h->world->now_ns) / 1000;
}

void host_clocks(struct sim_host *h)
{
    h->world->current = h;
    rig_mono_ns = host_mono_ns(h);
    rig_boot_us = host_boot_us(h);
    rig_wall_us = WALL_BEGAN_US + h->world->now_ns / 1000 + h->wall_off_us;
}

/* When its monotonic clock says so. */
static int64_t world_ns(const struct sim_host *h, int64_t own)
{
    int64_t since = own - h->mono0_ns + h->lost_ns;

    return h->born_ns + since * 1000 / (1000 + h->thousandths) + 1000;
}

void host_at(struct sim_host *h, enum event_kind kind, int64_t in_ns, uint64_t id)
{
    world_at(h->world, &(struct event){.at_ns = h->world->now_ns + in_ns,
                                       .kind = kind,
                                       .host = h->number,
                                       .life = h->life,
                                       .id = id});
}
/* ---- turns ---- */

static void heard(void *arg, const struct store_news *news)
{
    struct sim_host *h = arg;

    engine_on_news(h->rig.engine, news);
}

static void on_streamed(void *arg, const struct api_event *event)
{
    struct sim_host *h = arg;

    world_fact(h->world, (struct history_fact){.kind = FACT_STREAMED,
                                               .host = h->number,
                                               .epoch = host_link(h)->epoch,
                                               .seq = event->seq});
}

/* The group is on its way, once more perhaps: of an earlier request nothing comes any more. */
void host_request(struct sim_host *h)
{
    int64_t most_ns = world_chance(h->world, 3) ? 400 * WORLD_MS : 8 * WORLD_MS;

    host_at(h, EVENT_APPLY, world_below(h->world, most_ns), ++h->request);
}

void host_await_answer(struct sim_host *h)
{
    host_at(h, EVENT_ANSWER, world_below(h->world, 5 * WORLD_MS), 0);
}

static void send(struct sim_host *h)
{
    struct link *link = host_link(h);

    if (link->way != WAY_NONE || link->cut || !link_send(link, h->rig.store))
        return;
    host_request(h);
}

static void arm(struct sim_host *h)
{
    int64_t next = engine_next_timer(h->rig.engine), when;

    if (next == INT64_MAX)
        return;
    when = world_ns(h, next);
    if (when <= h->world->now_ns)
        when = h->world->now_ns + WORLD_MS;
    if (h->turn_ns <= when && h->turn_ns > h->world->now_ns)
        return;
    h->turn_ns = when;
    host_at(h, EVENT_TURN, when - h->world->now_ns, 0);
}

static void sign(struct sim_host *h)
{
    if (h->rig.authority.count == 0 || h->sign_due)
        return;
    h->sign_due = true;
    host_at(h, EVENT_SIGNS, 1 + world_below(h->world, 30 * WORLD_MS), 0);
}

/* Until nothing is left to do at this moment. */
static void turn_loop(struct sim_host *h)
{
    unsigned rounds = 0;

    do {
        engine_store_turn(h->rig.engine);
        engine_turn(h->rig.engine, rig_mono_ns);
    } while (engine_next_timer(h->rig.engine) <= rig_mono_ns && ++rounds < ROUNDS_MAX);
}
/* ---- the end of a life ---- */

static void forget(struct sim_host *h)
{
    for (size_t i = 0; i < OPEN_MAX; i++) { /* they end with their host */
        if (h->attempts[i].busy)
            host_attempt_gone(h, &h->attempts[i]);
    }
    rig_forget(&h->rig);
    free(h->rig.sandbox.attempts);
    free(h->rig.events);
    h->rig = (struct rig){0};
    h->up = h->frozen = h->draining = h->dying = false;
    h->life++;
}

void host_kill(struct sim_host *h)
{
    host_clocks(h);
    h->dying = true;
    host_open_gate(h);
    store_turn(h->rig.store); /* while there is what its callbacks give work to */
    link_kill(host_link(h));
    rig_die(&h->rig);
    forget(h);
}

static void turn_engine(struct sim_host *h)
{
    engine_store_turn(h->rig.engine);
}

static void tell_authority_gone(struct sim_host *h)
{
    while (h->rig.authority.count > 0)
        rig_authority_tells(&h->rig, ERR_UNAVAILABLE);
}

/* As stop_host of orchd does. */
static void leave(struct sim_host *h)
{
    host_open_gate(h);
    engine_stop(h->rig.engine);
    host_flush(h, turn_engine);
    tell_authority_gone(h);
    host_flush(h, turn_engine);
    beside_free(take(h->rig.beside));
    h->dying = true;
    engine_release(h->rig.engine);
    host_flush(h, turn_engine);
    store_reader_free(take(h->rig.reader));
    store_close(take(h->rig.store));
    engine_free(take(h->rig.engine));
    metrics_free(take(h->rig.metrics));
    task_times_free(take(h->rig.task_times));
    h->rig.fatal = (struct err){0};
    forget(h);
}

void host_drain(struct sim_host *h)
{
    host_clocks(h);
    h->draining = true;
    h->drained_ns = h->world->now_ns + DRAIN_NS;
    engine_drain(h->rig.engine);
    host_at(h, EVENT_TURN, 1, 0);
    host_at(h, EVENT_TURN, DRAIN_NS, 0);
    host_at(h, EVENT_TURN, DRAIN_NS + WORLD_S, 0);
}

void host_boot_in(struct sim_host *h, int64_t in_ns)
{
    world_at(h->world, &(struct event){.at_ns = h->world->now_ns + in_ns,
                                       .kind = EVENT_BOOT,
                                       .host = h->number,
                                       .life = h->life});
}

/* True: it has ended. */
static bool drained(struct sim_host *h)
{
    int64_t now_ns = h->world->now_ns;

    if (!h->draining)
        return false;
    if (now_ns >= h->drained_ns && now_ns < h->drained_ns + WORLD_S)
        engine_ask_to_stop(h->rig.engine);
    if (!engine_idle(h->rig.engine) && now_ns < h->drained_ns + WORLD_S)
        return false;
    if (!host_reaches(h) || h->rig.fatal.code != ERR_NONE)
        host_kill(h);
    else
        leave(h);
    host_boot_in(h, WORLD_S + world_below(h->world, 3 * WORLD_S));
    return true;
}

static bool failed(struct sim_host *h)
{
    if (h->rig.fatal.code == ERR_NONE)
        return false;
    if (h->rig.fatal.code == ERR_CONFLICT)
        world_count(h->world, FAULT_FENCED);
    host_kill(h);
    host_boot_in(h, 50 * WORLD_MS + world_below(h->world, WORLD_S));
    return true;
}

static void behind_an_event(struct sim_host *h)
{
    turn_loop(h);
    if (failed(h) || drained(h))
        return;
    host_read_beside(h);
    send(h);
    arm(h);
    sign(h);
}
/* ---- a life ---- */

static void set_up(struct sim_host *h)
{
    struct hosts_world *w = h->world;

    h->born_ns = w->now_ns;
    h->mono0_ns = 1000 * WORLD_S + world_below(w, 1000 * WORLD_S);
    h->boot0_us = h->mono0_ns / 1000 + world_below(w, 1000) * 1000000;
    h->thousandths = world_below(w, 41) - 20;
    h->lost_ns = 0;
    h->turn_ns = 0;
    h->beside_due = h->sign_due = h->was_adrift = h->frozen = h->draining = false;
    h->beside_left = 0;
    snprintf(h->name, sizeof h->name, "host-%u", h->number);
    h->rig = (struct rig){
        .options = {.runs_active_max = 3,
                    .runs_waiting_max = 20,
                    .attempts_max = 6,
                    .queue_batches_max = w->seed % 4 == 0 ? 6 : 0,
                    .head_interval_ns = 2 * WORLD_S,
                    .host_id = h->name,
                    .beside_threads = 1},
        .path = (char *)DATABASE_URL,
        .authority = {.attached = true, .tenants = "[\"*\"]", .key = "rig"},
        .sandbox = {.on_start = host_on_start, .on_stop = host_on_stop, .arg = h},
        .on_event = on_streamed,
        .arg = h,
    };
}

void host_boot(struct sim_host *h)
{
    set_up(h);
    host_clocks(h);
    host_booting = h;
    rig_boot(&h->rig);
    host_booting = NULL;
    h->up = true;
    host_link(h)->sent_boot_us = rig_boot_us;
    h->trap = TRAP_NONE;
    store_listen(h->rig.store, heard, h);
    host_at(h, EVENT_BEAT, BEAT_US * 1000, 0);
    host_at(h, EVENT_MISSED, world_below(h->world, MISSED_NS), 0);
    host_at(h, EVENT_READS, world_below(h->world, WORLD_S), 0);
    behind_an_event(h);
}
/* ---- events ---- */

static void beat(struct sim_host *h)
{
    bool fenced = false;
    struct link *link = host_link(h);

    host_at(h, EVENT_BEAT, BEAT_US * 1000, 0);
    if (link->cut)
        return;
    if (!h->world->calm && world_chance(h->world, 3)) {
        world_count(h->world, FAULT_RENEWAL_LOST);
        return;
    }
    database_renew(link, host_boot_us(h), &fenced);
    if (fenced && link->way == WAY_NONE && !store_failed(h->rig.store, NULL)) {
        /* its writer hears of it from the pulse */
        auto_obj(store_batch) nothing_more = store_batch_new();
        struct err e = {0};

        if (store_submit_take(h->rig.store, &nothing_more, NULL, NULL, &e))
            send(h);
    }
}

static void read_ledger(struct sim_host *h)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT};
    auto_done(store_event_list) rows = {0};
    int64_t next;
    struct err e = {0};

    host_at(h, EVENT_READS, 200 * WORLD_MS + world_below(h->world, 2 * WORLD_S), 0);
    if (!store_read_events(h->rig.reader, &filter, h->read_seq, 64, &rows, &next, &e))
        return;
    for (size_t i = 0; i < rows.count; i++) {
        h->read_seq = rows.rows[i].seq;
        world_fact(h->world,
                   (struct history_fact){.kind = FACT_READ, .host = h->number, .seq = h->read_seq});
    }
}

/* A group that reaches the database, or does not. */
static void apply_event(struct sim_host *h, uint64_t request)
{
    struct link *link = host_link(h);

    if (link->way != WAY_SENT || request != h->request)
        return;
    if (h->trap == TRAP_REQUEST) {
        h->trap = TRAP_NONE;
        faults_cut(h);
        return;
    }
    if (h->trap == TRAP_LATE) { /* on its way for longer than the host is alive */
        h->trap = TRAP_NONE;
        faults_freeze(h, 6 * WORLD_S + world_below(h->world, 5 * WORLD_S), false);
        host_at(h, EVENT_APPLY, 5 * WORLD_S + world_below(h->world, 7 * WORLD_S), h->request);
        return;
    }
    if (database_lie() != LIE_ACK || world_chance(h->world, 80))
        host_apply(h);
    if (h->trap == TRAP_ANSWER) {
        h->trap = TRAP_NONE;
        faults_cut(h);
    }
    host_await_answer(h);
}

/* False: the host does not get to it. */
static bool answer_event(struct sim_host *h)
{
    struct link *link = host_link(h);
    bool traps = h->trap == TRAP_ACT;

    if ((link->way == WAY_SENT && database_lie() != LIE_ACK) || link->way == WAY_NONE || link->cut)
        return true;
    link_answer(link, h->rig.store);
    if (!traps)
        return true;
    h->trap = TRAP_NONE; /* durable, told, and not acted on */
    faults_freeze(h, 6 * WORLD_S + world_below(h->world, 5 * WORLD_S), false);
    return false;
}

static void hear(struct sim_host *h, const struct store_news *news)
{
    if (host_link(h)->inbox != NULL)
        inbox_put(host_link(h)->inbox, news);
}

void host_event(struct sim_host *h, const struct event *event)
{
    const struct store_news missed = {.kind = STORE_NEWS_MISSED};

    host_clocks(h);
    host_tell_hold(h, database_lie());
    switch (event->kind) {
    case EVENT_BESIDE:
        h->beside_due = false;
        beside_turn(h->rig.beside);
        h->beside_left = 0; /* those that are left were given now */
        break;
    case EVENT_APPLY:
        apply_event(h, event->id);
        return;
    case EVENT_ANSWER:
        if (!answer_event(h))
            return;
        break;
    case EVENT_BEAT:
        beat(h);
        host_tell_hold(h, database_lie());
        break;
    case EVENT_NEWS:
        hear(h, &event->news);
        break;
    case EVENT_MISSED:
        hear(h, &missed);
        host_at(h, EVENT_MISSED, MISSED_NS, 0);
        break;
    case EVENT_BEGINS:
        host_attempt_begins(h, event->id);
        break;
    case EVENT_ENDS:
        host_attempt_ends(h, event->id);
        break;
    case EVENT_SIGNS:
        h->sign_due = false;
        rig_authority_tells(&h->rig, ERR_NONE);
        break;
    case EVENT_READS:
        read_ledger(h);
        return;
    case EVENT_WISH:
        clients_wish(h, &h->world->wishes[event->id]);
        break;
    default:
        break;
    }
    behind_an_event(h);
}
