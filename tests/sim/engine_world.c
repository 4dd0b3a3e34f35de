/* engine_world.c -- see engine_world.h. */
#include "engine_world.h"

#include "engine/catalog/definitions.h"
#include "model/dag/source/parse.h"

#include <inttypes.h>
#include <string.h>

/* ---- what the rig tells ---- */

static size_t index_of(const struct engine_world *e, uint64_t id)
{
    for (size_t i = 0; i < ATTEMPTS_OPEN_MAX; i++) {
        if (e->w.workers[i].busy && e->ids[i] == id)
            return i;
    }
    return ATTEMPTS_OPEN_MAX;
}

/* Started, and not answered yet: so the world learns of its run. */
static void learn_id(struct engine_world *e, const char *run_id)
{
    if (e->run_id[0] == '\0')
        snprintf(e->run_id, sizeof e->run_id, "%s", run_id);
}

static void on_start(void *arg, const struct attempt_spec *spec, uint64_t id)
{
    struct engine_world *e = arg;
    struct run_decision d = {.ref = view_ref(e, spec->node_id, spec->attempt)};
    auto_json input = json_loadb(spec->input_json, spec->input_bytes, 0, NULL);
    bool was_busy[ATTEMPTS_OPEN_MAX];

    learn_id(e, spec->run_id);
    d.tally.counted = view_started(e, spec, d.ref);
    d.start.node_id = spec->node_id;
    d.start.input = input;
    d.start.timeout_ns = spec->deadline_ns > 0 ? spec->deadline_ns - e->w.now : NEVER;
    for (size_t i = 0; i < ATTEMPTS_OPEN_MAX; i++)
        was_busy[i] = e->w.workers[i].busy;
    worker_start(&e->w, &d);
    for (size_t i = 0; i < ATTEMPTS_OPEN_MAX; i++) {
        if (e->w.workers[i].busy && !was_busy[i]) {
            e->ids[i] = id;
            e->dead[i] = false;
        }
    }
}

/* Two of three listen when asked, a kill always works; what is done by then is done. */
static void on_stop(void *arg, uint64_t id, bool kill)
{
    struct engine_world *e = arg;
    size_t i = index_of(e, id);
    struct worker *k = &e->w.workers[i];
    int64_t at;

    if (i == ATTEMPTS_OPEN_MAX) {
        broken(&e->w, "a stop for an attempt that no worker has");
        return;
    }
    e->dead[i] = e->dead[i] || kill;
    at = e->w.now + (int64_t)rng_below(&e->w.rng, 100) * MS;
    if ((!kill && !chance(&e->w, 67)) || k->end_at <= at)
        return;
    k->end_at = at;
    k->class = OUTCOME_CANCELLED;
    if (k->start_at > k->end_at)
        k->start_at = k->end_at;
}

static void on_event(void *arg, const struct api_event *event)
{
    struct engine_world *e = arg;

    learn_id(e, event->run_id);
    if (event->seq <= e->heard)
        broken(&e->w, "event %" PRId64 " was streamed behind %" PRId64, event->seq, e->heard);
    e->heard = event->seq;
    e->streamed++;
}

/* ---- breaks ---- */

static void host_starts(struct engine_world *e)
{
    e->streamed = e->stored = 0;
    rig_start(e->rig);
    view_events(e);
    /* what was stored by the last host was perhaps not heard; from here on everything is */
    e->streamed = e->stored = 0;
}

static void crash(struct engine_world *e)
{
    int64_t down = (int64_t)rng_below(&e->w.rng, 2000) * MS;

    e->w.breaks++;
    rig_die(e->rig);
    workers_kill(&e->w);
    e->w.now += down;
    rig_pass(down);
    host_starts(e);
}

typedef void event_fn(struct engine_world *e, void *arg);

static bool breaks(struct engine_world *e, unsigned percent)
{
    return e->w.breaks < e->faults.faults.breaks_max && chance(&e->w, percent);
}

static void look(struct engine_world *e)
{
    rig_settle(e->rig);
    if (e->rig->fatal.code != ERR_NONE) { /* the store failed: orchd ends and is started again */
        crash(e);
        return;
    }
    view_events(e);
    if (e->streamed != e->stored)
        broken(&e->w, "%" PRIu64 " events are stored, %" PRIu64 " were streamed", e->stored,
               e->streamed);
}

/* One event, and perhaps a break around its commit. */
static void happens(struct engine_world *e, event_fn *event, void *arg)
{
    bool crashes = breaks(e, e->faults.faults.crash_percent);
    bool fails = !crashes && breaks(e, e->faults.faults.commit_fails_percent);
    bool refuses = !crashes && !fails && breaks(e, e->faults.refuse_percent);

    if (fails)
        store_testing_fail_commit(e->rig->store, 1);
    if (refuses) {
        e->w.breaks++;
        rig_refuse(e->rig);
    }
    event(e, arg);
    if (refuses)
        rig_take_again(e->rig);
    if (crashes) { /* durable, and nothing of it is done */
        rig_drain(e->rig);
        crash(e);
        return;
    }
    look(e);
}

/* ---- events ---- */

static void attempt_starts(struct engine_world *e, void *arg)
{
    struct worker *k = arg;

    k->started = true;
    engine_on_attempt_started(e->rig->engine, e->ids[k - e->w.workers],
                              &(struct attempt_start){.layers = RIG_LAYERS,
                                                      .layers_said = RIG_LAYERS_SAID,
                                                      .level = RIG_LEVEL,
                                                      .isolation = ISOLATION_COLD});
}

static void attempt_ends(struct engine_world *e, void *arg)
{
    struct worker *k = arg;
    uint64_t id = e->ids[k - e->w.workers];
    auto_json outputs = k->class == OUTCOME_OK ? worker_outputs_owned(k) : NULL;
    struct json_read read = rig_read_of(outputs);
    const struct attempt_result result = {
        .outcome = k->class,
        .error_class = outcome_error_class(k->class),
        .error_message = k->class == OUTCOME_OK ? "" : "m",
        .output_json = outputs,
        .output_read = outputs != NULL ? &read : NULL,
        .layers = RIG_LAYERS,
        .layers_said = RIG_LAYERS_SAID,
        .level = RIG_LEVEL,
    };

    worker_free(k);
    engine_on_attempt_done(e->rig->engine, id, &result);
    if (e->faults.faults.stale && chance(&e->w, 20)) /* the same end once more: of nobody */
        engine_on_attempt_done(e->rig->engine, id, &result);
    json_read_done(&read);
}

static void timer(struct engine_world *e, void *arg unused_arg)
{
    engine_turn(e->rig->engine, e->w.now);
}

static void control(struct engine_world *e, void *arg)
{
    struct control *ctl = engine_control(e->rig->engine);
    uint64_t which = rng_below(&e->w.rng, 10);

    if (e->w.facts.paused)
        control_pause(ctl, &rig_actor, e->run_id, false, rig_answered, arg);
    else if (which < 2)
        control_cancel(ctl, &rig_actor, e->run_id, rig_answered, arg);
    else
        control_pause(ctl, &rig_actor, e->run_id, true, rig_answered, arg);
}

static void step(struct engine_world *e)
{
    struct rig_answer answer = {0};
    int64_t worker_at, timer_at = engine_next_timer(e->rig->engine), at;
    struct worker *k = worker_next(&e->w, &worker_at);

    at = worker_at < timer_at ? worker_at : timer_at;
    at = e->w.control_at < at ? e->w.control_at : at;
    if (at == NEVER) {
        broken(&e->w, "stuck: no worker, no timer, not at the end");
        return;
    }
    if (at > e->w.now) {
        rig_pass(at - e->w.now);
        e->w.now = at;
    }
    if (at == e->w.control_at) {
        e->w.control_at = e->w.now + (int64_t)rng_below(&e->w.rng, 4000) * MS;
        happens(e, control, &answer);
    } else if (at == worker_at) {
        happens(e, k->started ? attempt_ends : attempt_starts, k);
    } else {
        happens(e, timer, NULL);
    }
}

/* ---- the run ---- */

/* A start may be lost with the host or refused by the store: the client tries again with the same
 * token, and there is one run. */
static void try_start(struct engine_world *e, void *arg)
{
    control_start(engine_control(e->rig->engine), &rig_actor,
                  &(struct api_run_start){.dag_id = e->dag_id,
                                          .inputs = e->w.input,
                                          .run_token = e->token,
                                          .checkpoint_enabled = e->w.seed % 5 != 0,
                                          .deterministic_mode = e->w.deterministic},
                  rig_answered, arg);
}

static void start(struct engine_world *e)
{
    for (unsigned tries = 0; e->w.wrong[0] == '\0'; tries++) {
        struct rig_answer answer = {0};

        happens(e, try_start, &answer);
        if (answer.told == 1 && answer.code == ERR_NONE) {
            if (e->run_id[0] != '\0' && strcmp(e->run_id, answer.run_id) != 0)
                broken(&e->w, "a second run of one token");
            snprintf(e->run_id, sizeof e->run_id, "%s", answer.run_id);
            view_events(e);
            e->streamed = e->stored = 0;
            return;
        }
        if (tries > 20)
            broken(&e->w, "the run does not start: %s", answer.msg);
    }
}

static void forget_dead(struct engine_world *e)
{
    for (size_t i = 0; i < ATTEMPTS_OPEN_MAX; i++) {
        if (e->w.workers[i].busy && e->dead[i])
            worker_free(&e->w.workers[i]);
    }
}

static void to_the_end(struct engine_world *e)
{
    while (!e->w.ended && e->w.wrong[0] == '\0') {
        if (++e->w.events > EVENTS_MAX)
            broken(&e->w, "the run does not end");
        else
            step(e);
    }
    forget_dead(e);
    if (e->w.wrong[0] == '\0')
        check_end(&e->w);
}

/* ---- behind the end ---- */

static void sign_all(struct engine_world *e)
{
    while (e->rig->authority.count > 0)
        rig_authority_answers(e->rig, ERR_NONE);
}

/* A statement that was lost on its way is made at the next start. */
static void check_proof(struct engine_world *e)
{
    sign_all(e);
    if (!view_statement(e)) {
        rig_crash(e->rig);
        sign_all(e);
    }
    if (!view_statement(e))
        broken(&e->w, "no statement of the run");
    view_chain(e);
}

static void do_resume(struct engine_world *e, void *arg)
{
    control_resume(engine_control(e->rig->engine), &rig_actor, e->run_id, rig_answered, arg);
}

static void resume(struct engine_world *e)
{
    struct rig_answer answer = {0};

    e->w.resumes++;
    e->w.ended = false;
    happens(e, do_resume, &answer);
    if (answer.told == 1 && answer.code != ERR_NONE && answer.code != ERR_LIMIT &&
        answer.code != ERR_UNAVAILABLE && answer.code != ERR_SYSTEM)
        broken(&e->w, "resume: %s", answer.msg);
    if (run_state_final(e->w.facts.state)) {
        e->w.ended = true; /* it was lost on its way: the run is as it was */
        return;
    }
    to_the_end(e);
}

static void publish(struct engine_world *e, json_t *doc)
{
    struct rig_answer answer = {0};

    json_object_set_new(doc, "dag_id", json_string(e->dag_id));
    definitions_publish(engine_definitions(e->rig->engine), &rig_actor,
                        &(struct api_publish){.form = API_DEFINITION_JSON,
                                              .json = json_deep_copy(doc)},
                        rig_answered, &answer);
    rig_settle(e->rig);
    if (answer.told != 1 || answer.code != ERR_NONE)
        broken(&e->w, "definition: %s", answer.msg);
}

static void world_init(struct engine_world *e, struct rig *rig, uint64_t seed,
                       struct engine_faults faults)
{
    static uint64_t worlds;
    bool calm;
    auto_json doc = sim_definition_owned(seed, &calm);
    struct err why = {0};

    *e = (struct engine_world){.rig = rig, .faults = faults};
    e->w = (struct world){
        .seed = seed,
        .faults = faults.faults,
        .input = json_pack("{s:I}", "seed", (json_int_t)(seed & 0xFFFF)),
        .rng = rng_of(seed * 31 + 7),
        .calm = calm,
        .now = rig_mono_ns,
        .began = rig_mono_ns,
        .control_at = NEVER,
        .deterministic = seed % 4 != 0,
    };
    snprintf(e->dag_id, sizeof e->dag_id, "sim-%" PRIu64, seed);
    snprintf(e->token, sizeof e->token, "world-%" PRIu64, worlds++);
    rig_random = rng_of(seed);
    rig_forget(rig);
    rig->sandbox.on_start = on_start;
    rig->sandbox.on_stop = on_stop;
    rig->sandbox.arg = rig->arg = e;
    rig->on_event = on_event;
    publish(e, doc);
    if (!dag_from_json_valid(doc, &e->w.dag, &why))
        broken(&e->w, "definition: %s", why.msg);
}

void engine_world_run(struct engine_world *e, struct rig *rig, uint64_t seed,
                      struct engine_faults faults)
{
    world_init(e, rig, seed, faults);
    if (e->w.wrong[0] == '\0')
        start(e);
    if (faults.faults.controls)
        e->w.control_at = e->w.now + (int64_t)rng_below(&e->w.rng, 6000) * MS;
    to_the_end(e);
    if (faults.faults.controls && e->w.wrong[0] == '\0' && e->w.facts.undone_count == 0 &&
        e->w.facts.state != RUN_COMPLETED)
        resume(e);
    if (e->w.wrong[0] == '\0')
        check_proof(e);
}

void engine_world_done(struct engine_world *e)
{
    workers_kill(&e->w);
    dag_free(e->w.dag);
    json_decref(e->w.input);
    facts_done(&e->w.facts);
    e->rig->sandbox.on_start = NULL;
    e->rig->sandbox.on_stop = NULL;
    e->rig->on_event = NULL;
}
