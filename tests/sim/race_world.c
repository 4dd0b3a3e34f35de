/* race_world.c -- see race_world.h. */
#include "race_world.h"

#include "engine/catalog/dag_cache.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 2000 };

/* In each of them the node "b" is the one that does not just complete. */
static const struct {
    const char *nodes, *rest;
    enum outcome class; /* of b's attempts; OK: as the others */
    uint32_t fails;     /* so many of them */
} scenarios[RACE_SCENARIOS] = {
    {"\"a\":{\"agent_id\":\"x\"},\"b\":{\"agent_id\":\"x\",\"depends_on\":[\"a\"]},"
     "\"c\":{\"agent_id\":\"x\",\"depends_on\":[\"b\"]}",
     "", OUTCOME_OK, 0},
    {"\"a\":{\"agent_id\":\"x\"},\"b\":{\"agent_id\":\"x\"},\"c\":{\"agent_id\":\"x\"}", "",
     OUTCOME_OK, 0},
    {"\"a\":{\"agent_id\":\"x\"},\"b\":{\"agent_id\":\"x\",\"depends_on\":[\"a\"]},"
     "\"c\":{\"agent_id\":\"x\",\"depends_on\":[\"b\"]}",
     "", OUTCOME_PLUGIN_FATAL, 1},
    {"\"a\":{\"agent_id\":\"x\"},\"b\":{\"agent_id\":\"x\"},"
     "\"c\":{\"agent_id\":\"x\",\"depends_on\":[\"a\",\"b\"]}",
     ",\"on_failure\":\"continue\"", OUTCOME_PLUGIN_FATAL, 1},
    {"\"a\":{\"agent_id\":\"x\",\"compensation_handler\":\"undo\"},"
     "\"b\":{\"agent_id\":\"x\",\"depends_on\":[\"a\"]},"
     "\"c\":{\"agent_id\":\"x\",\"depends_on\":[\"b\"]}",
     ",\"on_failure\":\"compensate\"", OUTCOME_PLUGIN_FATAL, 1},
    {"\"a\":{\"agent_id\":\"x\"},\"b\":{\"agent_id\":\"x\",\"depends_on\":[\"a\"],"
     "\"idempotent\":false},\"c\":{\"agent_id\":\"x\"}",
     "", OUTCOME_PLUGIN_TRANSIENT, 2},
};

const char *race_command_text(enum race_command command)
{
    static const char *const texts[RACE_COMMAND_COUNT] = {
#define XX(name, text) [RACE_##name] = text,
        RACE_COMMAND_MAP(XX)
#undef XX
    };

    return texts[command];
}

void race_broken(struct race_world *w, const char *fmt, ...)
{
    va_list args;

    if (w->wrong[0] != '\0')
        return;
    va_start(args, fmt);
    vsnprintf(w->wrong, sizeof w->wrong, fmt, args);
    va_end(args);
}

void race_prepare(struct rig *rig)
{
    for (unsigned i = 0; i < RACE_SCENARIOS; i++) {
        char text[1024];

        snprintf(text, sizeof text,
                 "{\"dag_id\":\"race-%u\",\"version\":\"1.0.0\",\"nodes\":{%s}%s}", i,
                 scenarios[i].nodes, scenarios[i].rest);
        rig_publish(rig, text);
    }
}

/* ---- what the rig tells ---- */

static void learn(struct race_world *w, const char *run_id)
{
    for (size_t i = 0; i < w->run_count; i++) {
        if (strcmp(w->runs[i], run_id) == 0)
            return;
    }
    if (w->run_count == RACE_RUNS_MAX) {
        race_broken(w, "a run too many: %s", run_id);
        return;
    }
    snprintf(w->runs[w->run_count++], UUID_TEXT_BYTES, "%s", run_id);
}

static void on_event(void *arg, const struct api_event *event)
{
    struct race_world *w = arg;

    learn(w, event->run_id);
    if (event->seq <= w->heard)
        race_broken(w, "event %lld was streamed behind %lld", (long long)event->seq,
                    (long long)w->heard);
    w->heard = event->seq;
    w->streamed++;
}

static void on_start(void *arg, const struct attempt_spec *spec, uint64_t id)
{
    race_check_start(arg, spec, id);
}

/* ---- steps ---- */

static void become_durable(struct race_world *w)
{
    store_testing_hold(w->rig->store, false);
    rig_drain(w->rig);
    store_testing_hold(w->rig->store, true);
}

/* The fake's own mark that the attempt has begun: it has no use for the level asked for. */
enum { BEGUN = -1 };

static void attempt_begins(struct race_world *w, struct rig_attempt *a)
{
    a->min_level = BEGUN;
    engine_on_attempt_started(w->rig->engine, a->id,
                              &(struct attempt_start){.layers = RIG_LAYERS,
                                                      .layers_said = RIG_LAYERS_SAID,
                                                      .level = RIG_LEVEL,
                                                      .isolation = ISOLATION_COLD});
}

static void attempt_ends(struct race_world *w, struct rig_attempt *a)
{
    bool fails = strcmp(a->node_id, "b") == 0 && a->attempt <= scenarios[w->plan.scenario].fails;
    enum outcome class = fails ? scenarios[w->plan.scenario].class : OUTCOME_OK;

    if (a->killed || (a->cancelled && rng_below(&w->rng, 3) > 0))
        class = OUTCOME_CANCELLED;
    rig_tell_end(w->rig, a, class, class == OUTCOME_OK ? "{\"done\":true}" : NULL);
}

static struct rig_attempt *some_attempt(struct race_world *w)
{
    struct sandbox *sb = &w->rig->sandbox;
    size_t open = rig_open_count(w->rig), skip;

    if (open == 0)
        return NULL;
    skip = rng_below(&w->rng, open);
    for (size_t i = 0; i < sb->count; i++) {
        if (sb->attempts[i].open && skip-- == 0)
            return &sb->attempts[i];
    }
    return NULL;
}

static void act(struct race_world *w)
{
    engine_store_turn(w->rig->engine);
    engine_turn(w->rig->engine, rig_mono_ns);
}

/* One of what may happen next; false when there is nothing left but to wait for ever. */
static bool step(struct race_world *w)
{
    struct rig *rig = w->rig;
    struct rig_attempt *a = some_attempt(w);
    int64_t timer = engine_next_timer(rig->engine);
    bool due = timer <= rig_mono_ns, pending = store_pending(rig->store) > 0;
    bool reading = beside_left(rig->beside) > 0; /* a definition that somebody waits for */
    unsigned choices = (a != NULL) + due + pending + reading;
    unsigned choice = choices > 0 ? (unsigned)rng_below(&w->rng, choices) : 0;

    w->steps++;
    if (choices == 0 && timer == INT64_MAX)
        return false;
    if (choices == 0)
        rig_pass(timer - rig_mono_ns);
    else if (due && choice == 0)
        act(w);
    else if (pending && choice <= due)
        become_durable(w);
    else if (reading && choice <= (unsigned)due + pending)
        rig_beside(rig);
    else if (a->min_level == BEGUN)
        attempt_ends(w, a);
    else
        attempt_begins(w, a);
    return true;
}

/* ---- commands ---- */

static void start(struct race_world *w, struct rig_answer *answer)
{
    auto_json inputs = json_pack("{s:I}", "seed", (json_int_t)w->plan.seed);
    char dag_id[16];

    snprintf(dag_id, sizeof dag_id, "race-%u", w->plan.scenario);
    control_start(engine_control(w->rig->engine), &rig_actor,
                  &(struct api_run_start){.dag_id = dag_id,
                                          .inputs = inputs,
                                          .run_token = w->token,
                                          .checkpoint_enabled = true,
                                          .deterministic_mode = w->plan.seed % 3 != 0},
                  rig_answered, answer);
}

static void command(struct race_world *w, enum race_command which, struct rig_answer *answer)
{
    struct control *ctl = engine_control(w->rig->engine);
    const char *run = w->run_count > 0 ? w->runs[0] : "0";
    const struct api_run_restart again = {.run_id = run,
                                          .from_node = which == RACE_RESTART_FROM ? "b" : NULL};

    switch (which) {
    case RACE_START:
        start(w, answer);
        return;
    case RACE_CANCEL:
        control_cancel(ctl, &rig_actor, run, rig_answered, answer);
        return;
    case RACE_PAUSE:
    case RACE_UNPAUSE:
        control_pause(ctl, &rig_actor, run, which == RACE_PAUSE, rig_answered, answer);
        return;
    case RACE_RESUME:
        control_resume(ctl, &rig_actor, run, rig_answered, answer);
        return;
    case RACE_RESTART:
    case RACE_RESTART_FROM:
        control_restart(ctl, &rig_actor, &again, rig_answered, answer);
        return;
    default:
        control_checkpoints_delete(ctl, &rig_actor, run, rig_answered, answer);
    }
}

/* ---- the world ---- */

static bool ended(struct race_world *w)
{
    bool all = true;

    for (size_t i = 0; i < w->run_count; i++) {
        enum store_run_status status = rig_status(w->rig, w->runs[i]);

        all = all && (status == STORE_RUN_COMPLETED || status == STORE_RUN_FAILED ||
                      status == STORE_RUN_CANCELLED);
    }
    return all;
}

/* Whoever paused it lets it go on in the end. */
static void unpause_all(struct race_world *w)
{
    for (size_t i = 0; i < w->run_count; i++) {
        struct rig_answer answer = {0};

        control_pause(engine_control(w->rig->engine), &rig_actor, w->runs[i], false, rig_answered,
                      &answer);
        while (answer.told == 0 && w->wrong[0] == '\0' && w->steps < STEPS_MAX)
            step(w);
    }
}

static void to_the_end(struct race_world *w)
{
    while (w->wrong[0] == '\0') {
        while (w->wrong[0] == '\0' && step(w)) {
            if (w->steps > STEPS_MAX)
                race_broken(w, "it does not end");
        }
        if (ended(w))
            return;
        unpause_all(w);
    }
}

static void crash(struct race_world *w)
{
    store_testing_hold(w->rig->store, false);
    rig_drain(w->rig);
    rig_crash(w->rig);
    store_testing_hold(w->rig->store, true);
}

static void fire(struct race_world *w)
{
    unsigned point = w->plan.point;

    start(w, &w->answers[0]);
    while (point-- > 0 && w->wrong[0] == '\0')
        step(w);
    if (w->run_count == 0 && w->answers[0].told == 1)
        learn(w, w->answers[0].run_id);
    command(w, w->plan.commands[0], &w->answers[1]);
    for (unsigned i = 0; i < w->plan.gap && w->wrong[0] == '\0'; i++)
        step(w);
    command(w, w->plan.commands[1], &w->answers[2]);
    if (w->plan.crash)
        crash(w);
}

void race_run(struct race_world *w, struct rig *rig, const struct race_plan *plan)
{
    static uint64_t worlds;
    int64_t oldest;
    struct err e;

    *w = (struct race_world){.plan = *plan, .rig = rig, .rng = rng_of(plan->seed * 31 + 7)};
    snprintf(w->token, sizeof w->token, "race-%llu", (unsigned long long)worlds++);
    rig_forget(rig);
    if (!store_read_event_bounds(rig->reader, RIG_TENANT, &oldest, &w->first_seq, &e))
        race_broken(w, "%s", e.msg);
    rig->sandbox.on_start = on_start;
    rig->on_event = on_event;
    rig->sandbox.arg = rig->arg = w;
    if (rng_below(&w->rng, 4) == 0)
        dag_cache_clear(engine_dags(rig->engine)); /* this one waits for its definition */
    store_testing_hold(rig->store, true);
    fire(w);
    to_the_end(w);
    store_testing_hold(rig->store, false);
    while (w->wrong[0] == '\0' && rig->authority.count > 0)
        rig_authority_answers(rig, ERR_NONE);
    rig_settle(rig);
    race_check(w);
    rig->sandbox.on_start = NULL;
    rig->on_event = NULL;
}
