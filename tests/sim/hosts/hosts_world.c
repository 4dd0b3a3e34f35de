/* hosts_world.c -- see hosts_world.h: time, and the world's beginning and end. */
#include "hosts_world.h"

#include "base/mem.h"
#include "engine/catalog/definitions.h"
#include "judge.h"
#include "model/dag/source/parse.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { WORLD_EVENTS_MAX = 400000 };

void world_wrong(struct hosts_world *w, const char *fmt, ...)
{
    va_list args;

    if (w->wrong[0] != '\0')
        return;
    va_start(args, fmt);
    vsnprintf(w->wrong, sizeof w->wrong, fmt, args);
    va_end(args);
    w->at = w->history.count;
}

void world_fact(struct hosts_world *w, struct history_fact fact)
{
    fact.at_ns = w->now_ns;
    history_add(&w->history, &fact);
}

/* ---- the heap of what is to come ---- */

static bool before(const struct event *a, const struct event *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void swap(struct event *a, struct event *b)
{
    struct event c = *a;

    *a = *b;
    *b = c;
}

void world_at(struct hosts_world *w, const struct event *event)
{
    size_t i = w->event_count++;

    if (i == w->event_cap) {
        w->event_cap = w->event_cap * 2 + 256;
        w->events = mem_resize(w->events, w->event_cap, sizeof *w->events);
    }
    w->events[i] = *event;
    w->events[i].order = w->order++;
    for (; i > 0 && before(&w->events[i], &w->events[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&w->events[i], &w->events[(i - 1) / 2]);
}

static struct event next_event(struct hosts_world *w)
{
    struct event first = w->events[0];
    size_t i = 0, least = 0;

    w->events[0] = w->events[--w->event_count];
    for (;; i = least) {
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < w->event_count; child++) {
            if (before(&w->events[child], &w->events[least]))
                least = child;
        }
        if (least == i)
            return first;
        swap(&w->events[i], &w->events[least]);
    }
}

/* ---- what the database tells ---- */

static void send_news(struct hosts_world *w, struct sim_host *to, const struct store_news *news)
{
    static const int64_t waits_ns[] = {5 * WORLD_MS, 50 * WORLD_MS, 3 * WORLD_S};
    unsigned times = 1;

    if (!w->calm && world_chance(w, 15)) {
        world_count(w, FAULT_NEWS_LOST);
        return;
    }
    if (world_chance(w, 10)) {
        world_count(w, FAULT_NEWS_DOUBLED);
        times = 2;
    }
    for (unsigned i = 0; i < times; i++) {
        size_t late = rng_below(&w->rng, ARRAY_LEN(waits_ns));

        if (late + 1 == ARRAY_LEN(waits_ns))
            world_count(w, FAULT_NEWS_LATE);
        world_at(w, &(struct event){.at_ns = w->now_ns + world_below(w, waits_ns[late]),
                                    .kind = EVENT_NEWS,
                                    .host = to->number,
                                    .life = to->life,
                                    .news = *news});
    }
}

/* Tenants' names in news outlive their batches: there is one. */
static void tell_others(void *arg, const struct link *link, const struct store_news *news)
{
    struct hosts_world *w = arg;
    struct store_news kept = *news;

    kept.tenant = news->tenant != NULL ? RIG_TENANT : NULL;
    for (unsigned i = 0; i < w->host_count; i++) {
        if (i != link->host && w->hosts[i].up)
            send_news(w, &w->hosts[i], &kept);
    }
}

/* As the herald of PostgreSQL's driver does. */
static void durable(void *arg, const struct link *link, const struct store_batch *b)
{
    record_durable(arg, link, b);
    if (b->last_event > 0)
        tell_others(arg, link, &(struct store_news){STORE_NEWS_EVENTS, b->tenant, b->last_event});
    for (const struct op *op = b->first; op != NULL; op = op->next) {
        if (op->kind == OP_RUN_RELEASE)
            tell_others(arg, link, &(struct store_news){.kind = STORE_NEWS_FREE});
        if (op->kind == OP_ORDER_PUT)
            tell_others(arg, link, &(struct store_news){.kind = STORE_NEWS_ORDERS});
    }
}

static void opening(void *arg, enum fact_kind kind, unsigned host, int64_t epoch)
{
    struct hosts_world *w = arg;
    const struct sim_host *h = &w->hosts[host];

    if (kind == FACT_FENCED && h->up && h->frozen)
        world_count(w, FAULT_FREEZE_PAST);
    world_fact(w, (struct history_fact){.kind = kind, .host = host, .epoch = epoch});
}

/* ---- events ---- */

/* What reaches a frozen host reaches it when it goes on, in no order. What is the database's to do
 * waits for nobody. */
static bool waits(struct hosts_world *w, const struct event *event)
{
    struct sim_host *h = &w->hosts[event->host];
    struct event later = *event;

    if (!h->frozen || event->kind == EVENT_APPLY)
        return false;
    later.at_ns = h->frozen_ns + world_below(w, 10 * WORLD_MS);
    world_at(w, &later);
    return true;
}

static void calm(struct hosts_world *w)
{
    w->calm = true;
    faults_end(w);
    world_fact(w, (struct history_fact){.kind = FACT_CALM});
}

static void boot(struct hosts_world *w, const struct event *event)
{
    struct sim_host *h = &w->hosts[event->host];

    if (h->up || h->life != event->life)
        return;
    if (h->cut || w->away)
        host_boot_in(h, 500 * WORLD_MS);
    else
        host_boot(h);
}

static void world_event(struct hosts_world *w, const struct event *event)
{
    switch (event->kind) {
    case EVENT_START:
    case EVENT_OPERATOR:
        clients_event(w, event);
        break;
    case EVENT_FAULT:
    case EVENT_HEAL:
    case EVENT_THAW:
        faults_event(w, event);
        break;
    case EVENT_BOOT:
        boot(w, event);
        break;
    case EVENT_CALM:
        calm(w);
        break;
    default:
        break;
    }
}

static void step(struct hosts_world *w)
{
    struct event event = next_event(w);
    struct sim_host *h = &w->hosts[event.host];

    w->now_ns = event.at_ns > w->now_ns ? event.at_ns : w->now_ns;
    database_clock(w->now_ns / 1000 + 1000000 + w->database_off_us);
    if (event.kind >= EVENT_START)
        world_event(w, &event);
    else if (h->up && h->life == event.life && !waits(w, &event))
        host_event(h, &event);
}

/* ---- the beginning ---- */

static void publish(struct hosts_world *w, unsigned dag)
{
    struct sim_host *h = &w->hosts[0];
    struct rig_answer answer = {0};
    bool calm_one;
    char id[16];

    w->dags[dag] = sim_definition_owned(w->seed * 2 + dag, &calm_one);
    snprintf(id, sizeof id, "dag-%u", dag);
    json_object_set_new(w->dags[dag], "dag_id", json_string(id));
    host_clocks(h);
    definitions_publish(engine_definitions(h->rig.engine), &rig_actor,
                        &(struct api_publish){.form = API_DEFINITION_JSON,
                                              .json = json_deep_copy(w->dags[dag])},
                        rig_answered, &answer);
    world_at(w, &(struct event){.at_ns = w->now_ns, .kind = EVENT_TURN, .life = h->life});
    while (answer.told == 0 && w->now_ns < FAULTS_NS)
        step(w);
    if (answer.told != 1 || answer.code != ERR_NONE)
        world_wrong(w, "the definition: %s", answer.msg);
}

static void make_run(struct hosts_world *w, unsigned number)
{
    struct sim_run *run = &w->runs[number];
    struct err why = {0};

    assert(w->dag_count > 0);
    *run = (struct sim_run){.dag = number % w->dag_count, .owner = -1};
    snprintf(run->token, sizeof run->token, "start-%u", number);
    run->view.rig = &w->reader;
    run->view.w.seed = w->seed;
    run->view.w.deterministic = (w->seed + number) % 4 != 0;
    run->view.w.input = json_pack("{s:i}", "run", (int)number);
    if (!dag_from_json_valid(w->dags[run->dag], &run->view.w.dag, &why))
        world_wrong(w, "the definition: %s", why.msg);
}

static void begin(struct hosts_world *w)
{
    w->host_count = 2 + (unsigned)rng_below(&w->rng, HOSTS_MAX - 1);
    w->dag_count = 1 + (unsigned)rng_below(&w->rng, ARRAY_LEN(w->dags));
    w->run_count = 0;
    for (unsigned i = 0; i < w->host_count; i++) {
        w->hosts[i].world = w;
        w->hosts[i].number = i;
        host_boot(&w->hosts[i]);
    }
    for (unsigned i = 0; i < w->dag_count; i++)
        publish(w, i);
    w->run_count = 2 + (unsigned)rng_below(&w->rng, 4);
    for (unsigned i = 0; i < w->run_count && w->wrong[0] == '\0'; i++)
        make_run(w, i);
    w->reader.reader = database_reader();
    clients_begin(w);
    faults_begin(w);
    world_at(w, &(struct event){.at_ns = w->now_ns + FAULTS_NS, .kind = EVENT_CALM});
}

/* ---- the end ---- */

static bool is_over(const struct hosts_world *w)
{
    if (!w->calm)
        return false;
    for (unsigned i = 0; i < w->run_count; i++) {
        if (!w->runs[i].admitted || !w->runs[i].ended || !w->runs[i].is_signed)
            return false;
    }
    return true;
}

static void check_run(struct hosts_world *w, unsigned number)
{
    struct sim_run *run = &w->runs[number];

    if (run->run_id[0] == '\0')
        return;
    if (!run->ended_by_rows)
        check_end(&run->view.w);
    view_chain(&run->view);
    if (run->view.w.wrong[0] != '\0')
        world_wrong(w, "run %u: %s", number, run->view.w.wrong);
    w->tally->ends[run->view.w.facts.state]++;
}

static void finish(struct hosts_world *w)
{
    struct verdict verdict;

    world_fact(w, (struct history_fact){.kind = FACT_OVER});

    verdict = judge(&w->history);
    if (verdict.breach != BREACH_NONE)
        world_wrong(w, "%s", breach_text(verdict.breach));
    w->at = verdict.at;
    for (unsigned i = 0; i < w->run_count && w->wrong[0] == '\0'; i++)
        check_run(w, i);
    w->tally->worlds++;
    w->tally->runs += w->run_count;
    w->tally->facts += w->history.count;
}

bool hosts_world_run(struct hosts_world *w, uint64_t seed, enum lie lie, const char *folder,
                     struct tally *tally)
{
    auto_mem char *path = mem_printf("%s/world.db", folder);
    auto_mem char *template_path = mem_printf("%s/template.db", folder);
    unsigned events = 0;

    *w = (struct hosts_world){.seed = seed, .rng = rng_of(seed * 7919 + 13), .tally = tally};
    rig_random = rng_of(seed);
    database_open(path, template_path, lie,
                  (struct database_sink){w, durable, tell_others, opening});
    database_clock(1000000);
    begin(w);
    while (w->wrong[0] == '\0' && !is_over(w) && w->now_ns < FAULTS_NS + CALM_NS) {
        if (++events > WORLD_EVENTS_MAX)
            world_wrong(w, "%u events at %.3f s", events, (double)w->now_ns / 1e9);
        step(w);
    }
    if (w->wrong[0] == '\0' || lie != LIE_NONE)
        finish(w);
    return w->wrong[0] == '\0';
}

void hosts_world_done(struct hosts_world *w)
{
    for (unsigned i = 0; i < w->host_count; i++) {
        if (w->hosts[i].up)
            host_kill(&w->hosts[i]);
    }
    for (unsigned i = 0; i < w->run_count; i++) {
        dag_free(w->runs[i].view.w.dag);
        json_decref(w->runs[i].view.w.input);
        facts_done(&w->runs[i].view.w.facts);
    }
    for (unsigned i = 0; i < ARRAY_LEN(w->dags); i++)
        json_decref(w->dags[i]);
    database_close();
    history_done(&w->history);
    free(w->events);
}
