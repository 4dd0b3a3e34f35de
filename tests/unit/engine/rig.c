/* rig.c -- see rig.h. */
#include "rig_parts.h"

#include "engine/evidence/heads.h"

#include "base/log.h"
#include "base/mem.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN_WALL_US 1700000000000000LL

int64_t rig_mono_ns, rig_wall_us, rig_boot_us;
struct rng rig_random;

const struct api_actor rig_actor = {
    .tenant = RIG_TENANT,
    .subject = "alice",
    .reason = "",
    .ticket = "",
    .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
    .traceparent = "",
};

void rig_broken(const char *what, const struct err *e)
{
    fprintf(stderr, "rig: %s: %s\n", what, e != NULL ? e->msg : "");
    abort();
}

static int64_t mono_ns(void)
{
    return rig_mono_ns;
}

static int64_t wall_us(void)
{
    return rig_wall_us;
}

static int64_t boot_us(void)
{
    return rig_boot_us;
}

void rig_suspend(int64_t ns)
{
    rig_wall_us += ns / 1000;
    rig_boot_us += ns / 1000;
}

void rig_pass(int64_t ns)
{
    rig_mono_ns += ns;
    rig_suspend(ns);
}

static void random_bytes(void *bytes, size_t len)
{
    uint8_t *to = bytes;

    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)rng_u64(&rig_random);
}

/* ---- the stream and the end ---- */

static void publish(void *arg, const struct api_event *events, size_t count)
{
    struct rig *rig = arg;

    for (size_t i = 0; i < count; i++) {
        const struct api_event *from = &events[i];
        struct rig_event *to;

        if (rig->event_count == rig->event_cap) {
            rig->event_cap = rig->event_cap * 2 + 64;
            rig->events = mem_resize(rig->events, rig->event_cap, sizeof *rig->events);
        }
        to = &rig->events[rig->event_count++];
        *to = (struct rig_event){.seq = from->seq, .attempt = from->attempt};
        snprintf(to->run_id, sizeof to->run_id, "%s", from->run_id);
        snprintf(to->type, sizeof to->type, "%s", from->type);
        snprintf(to->status, sizeof to->status, "%s", from->status);
        snprintf(to->step, sizeof to->step, "%s", from->step_id != NULL ? from->step_id : "");
        if (rig->on_event != NULL)
            rig->on_event(rig->arg, from);
    }
}

static void audited(void *arg, const struct store_done *entry)
{
    struct rig *rig = arg;

    heads_note(engine_heads(rig->engine), entry->tenant, entry->first_event, entry->last_event);
}

static void fatal(void *arg, const struct err *why)
{
    struct rig *rig = arg;

    if (rig->fatal.code == ERR_NONE)
        rig->fatal = *why;
    engine_fail(rig->engine);
}

/* ---- the rig ---- */

static uint32_t or_100(uint32_t value)
{
    return value > 0 ? value : 100;
}

/* Long: a line a member. */
void rig_boot(struct rig *rig)
{
    const unsigned threads = rig->options.beside_threads;
    const struct store_options options = {.url = rig->path,
                                          .host_id = rig->options.host_id,
                                          .check = STORE_CHECK_NONE,
                                          .queue_batches_max = rig->options.queue_batches_max};
    struct err e;

    if (!store_open(&options, &rig->store, &e) ||
        !store_reader_open(rig->store, &rig->reader, &e) ||
        !beside_start(rig->store, threads > 0 ? threads : 2, 0, &rig->beside, &e))
        rig_broken("store", &e);
    rig->metrics = metrics_new();
    rig->task_times = task_times_new(mono_ns());
    if (rig->options.bridged)
        rig->bridge = bridge_client_new(&(struct bridge_setup){.redis_url = "redis://r"});
    rig->env = (struct engine_env){
        .store = rig->store,
        .reader = rig->reader,
        .beside = rig->beside,
        .metrics = rig->metrics,
        .task_times = rig->task_times,
        .clock = {mono_ns, wall_us, boot_us},
        .sandbox = rig_sandbox(rig),
        .authority = rig_authority(rig),
        .bridge = rig->bridge,
        .set = {.home = rig->folder,
                .runs_active_max = or_100(rig->options.runs_active_max),
                .runs_waiting_max = or_100(rig->options.runs_waiting_max),
                .attempts_max = or_100(rig->options.attempts_max),
                .workers_per_type = 1,
                .places_max = rig->options.places_max > 0 ? rig->options.places_max : 4096,
                .tenant_attempts_max = rig->options.tenant_attempts_max > 0
                                           ? rig->options.tenant_attempts_max
                                           : or_100(rig->options.attempts_max),
                .finish_first = rig->options.finish_first,
                .ageing = {300 * RIG_S, 60 * RIG_S},
                .backends = {true, rig->options.bridged, rig->options.bridged},
                .backend_grace_ns = RIG_S,
                .tenant = RIG_TENANT,
                .lanes = rig->options.lanes,
                .cancel_grace_ns = 5 * RIG_S,
                .schedule_grace_us = 10 * RIG_S / 1000,
                .firings_keep_us = 30 * 86400 * RIG_S / 1000,
                .head_interval_ns = rig->options.head_interval_ns,
                .min_level = 2,
                .warm_tenants = rig->options.warm_tenants != NULL ? rig->options.warm_tenants : "",
                .ceilings = rig->options.ceilings},
        .builder_id = RIG_BUILDER,
        .random = random_bytes,
        .agent_find = rig_agent_find,
        .agent_withdrawn = rig_agent_withdrawn,
        .agent_awaited = rig_agent_awaited,
        .arg = rig,
        .publish = publish,
        .audited = audited,
        .fatal = fatal,
    };
    rig->engine = engine_new(&rig->env);
    engine_turn(rig->engine, rig_mono_ns); /* the loop turns while the host's parts come up */
    rig_beside(rig);
    if (!engine_recover(rig->engine, &rig->recovered, &e))
        rig_broken("recover", &e);
    engine_accept(rig->engine, !rig->options.closed);
}

void rig_start(struct rig *rig)
{
    rig_boot(rig);
    rig_settle(rig);
}

void rig_open(struct rig *rig, struct rig_options options)
{
    const char *base = getenv("TMPDIR");

    *rig = (struct rig){.options = options,
                        .authority = {.attached = true, .tenants = "[\"*\"]", .key = "rig"}};
    rig_mono_ns = 1000 * RIG_S;
    rig_wall_us = BEGIN_WALL_US;
    rig_boot_us = 5000000000;
    rig_random = rng_of(1);
    log_setup("rig", LOG_LEVEL_COUNT, false);
    rig->folder = mem_printf("%s/orch-engine-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(rig->folder) == NULL)
        rig_broken("no folder", NULL);
    rig->path = mem_printf("%s/orch.db", rig->folder);
    rig_start(rig);
}

void rig_die(struct rig *rig)
{
    struct err gone;

    err_set(&gone, ERR_UNAVAILABLE, "the authority is gone");
    engine_stop(rig->engine);
    for (size_t i = 0; i < rig->authority.count; i++) {
        struct rig_request *r = &rig->authority.requests[i];

        r->reply.done(r->reply.arg, NULL, &gone);
        rig_request_done(r);
    }
    rig->authority.count = 0;
    beside_free(take(rig->beside));
    store_reader_free(take(rig->reader));
    store_close(take(rig->store));
    engine_free(take(rig->engine));
    bridge_client_free(take(rig->bridge));
    metrics_free(take(rig->metrics));
    task_times_free(take(rig->task_times));
    for (size_t i = 0; i < rig->sandbox.count; i++)
        rig->sandbox.attempts[i].open = false;
    rig->fatal = (struct err){0};
}

void rig_crash(struct rig *rig)
{
    rig_die(rig);
    rig_start(rig);
}

void rig_forget(struct rig *rig)
{
    for (size_t i = 0; i < rig->sandbox.count; i++)
        rig_attempt_done(&rig->sandbox.attempts[i]);
    rig->sandbox.count = 0;
    rig->event_count = 0;
}

void rig_close(struct rig *rig)
{
    auto_mem char *remove_all = mem_printf("rm -rf '%s'", rig->folder);

    rig_die(rig);
    rig_forget(rig);
    free(rig->sandbox.attempts);
    free(rig->events);
    if (system(remove_all) != 0)
        rig_broken("the folder stays", NULL);
    free(rig->path);
    free(rig->folder);
}

/* ---- time ---- */

static void wait_for_writer(struct rig *rig)
{
    struct pollfd p = {.fd = store_poll_fd(rig->store), .events = POLLIN};

    if (store_pending(rig->store) > 0 && poll(&p, 1, 10000) == 0)
        rig_broken("the store's writer does not answer", NULL);
}

static void turn_beside(struct rig *rig)
{
    struct pollfd p = {.fd = beside_fd(rig->beside), .events = POLLIN};

    if (beside_left(rig->beside) > 0 && poll(&p, 1, 60000) == 0)
        rig_broken("what is done beside the loop does not end", NULL);
    beside_turn(rig->beside);
}

void rig_beside(struct rig *rig)
{
    while (beside_left(rig->beside) > 0)
        turn_beside(rig);
}

void rig_settle(struct rig *rig)
{
    do {
        wait_for_writer(rig);
        engine_store_turn(rig->engine);
        turn_beside(rig);
        engine_turn(rig->engine, rig_mono_ns);
    } while (store_pending(rig->store) > 0 || beside_left(rig->beside) > 0 ||
             engine_next_timer(rig->engine) <= rig_mono_ns);
}

void rig_drain(struct rig *rig)
{
    while (store_pending(rig->store) > 0) {
        wait_for_writer(rig);
        store_turn(rig->store);
    }
}

void rig_refuse(struct rig *rig)
{
    struct err e;
    bool taken = true;

    store_testing_hold(rig->store, true);
    while (taken) {
        struct store_batch *batch = store_batch_new();

        taken = store_submit_take(rig->store, &batch, NULL, NULL, &e);
        store_batch_free(batch);
    }
}

void rig_take_again(struct rig *rig)
{
    store_testing_hold(rig->store, false);
    rig_drain(rig);
}
