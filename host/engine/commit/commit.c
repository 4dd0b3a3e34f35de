/* commit.c -- see commit.h. What the machine decides is turned into rows by rows.c. */
#include "engine/commit/commit.h"

#include "base/jcs_object.h"
#include "base/mem.h"
#include "engine/commit/ends.h"
#include "engine/env/append.h"
#include "engine/env/env.h"

#include <assert.h>

enum { COMMIT_MAGIC = 0x0c0441f7, STEP_DATA_BYTES_USUAL = 512 };

/* In one of three places: being filled (in nobody's list), with the store, or in due. */
struct commit {
    uint32_t magic; /* it crosses the store as void * */
    struct commits *owner;
    struct store_batch *batch; /* NULL while the store has it */
    struct acts acts;
    STAILQ_ENTRY(commit) link; /* of due */
};

struct commits {
    const struct engine_env *env;
    STAILQ_HEAD(, commit) due; /* durable or refused, not asked for yet */
};

struct commits *commits_new(const struct engine_env *env)
{
    struct commits *commits = mem_new(struct commits);

    commits->env = env;
    STAILQ_INIT(&commits->due);
    return commits;
}

bool commits_wait(const struct commits *commits)
{
    return !STAILQ_EMPTY(&commits->due);
}

struct commit *commits_next(struct commits *commits)
{
    struct commit *c = STAILQ_FIRST(&commits->due);

    if (c == NULL)
        return NULL;
    STAILQ_REMOVE_HEAD(&commits->due, link);
    assert(c->magic == COMMIT_MAGIC && c->acts.ar->in_flight > 0);
    c->acts.ar->in_flight--;
    return c;
}

void commits_free(struct commits *commits)
{
    struct commit *c;

    if (commits == NULL)
        return;
    while ((c = commits_next(commits)) != NULL)
        commit_free(c);
    free(commits);
}

/* ---- filling ---- */

struct commit *commit_new(struct commits *commits, struct active_run *ar, int64_t wall_us)
{
    struct commit *c = mem_new(struct commit);

    c->magic = COMMIT_MAGIC;
    c->owner = commits;
    c->batch = store_batch_new();
    c->acts.ar = ar;
    c->acts.wall_us = wall_us;
    return c;
}

static void acts_done(struct acts *acts)
{
    for (size_t i = 0; i < acts->attempt_count; i++)
        attempt_order_free(acts->attempts[i].order);
    for (size_t i = 0; i < acts->event_count; i++)
        free(acts->events[i].payload);
    free(acts->attempts);
    free(acts->events);
    ends_done(acts);
    if (acts->answer.done != NULL && acts->answer.forget != NULL)
        acts->answer.forget(acts->answer.done_arg);
    json_decref(acts->answer.skipped);
    json_decref(acts->answer.remaining);
}

void commit_free(struct commit *c)
{
    if (c == NULL)
        return;
    acts_done(&c->acts);
    store_batch_free(c->batch);
    free(c);
}

struct active_run *commit_run(struct commit *c)
{
    return c->acts.ar;
}

struct store_batch *commit_batch(struct commit *c)
{
    return c->batch;
}

int64_t commit_wall_us(const struct commit *c)
{
    return c->acts.wall_us;
}

struct acts *commit_acts(struct commit *c)
{
    return &c->acts;
}

static struct act_event *event_slot(struct acts *acts)
{
    if (acts->event_count == acts->event_cap) {
        acts->event_cap = acts->event_cap * 2 + 4;
        acts->events = mem_resize(acts->events, acts->event_cap, sizeof *acts->events);
    }
    return &acts->events[acts->event_count++];
}

/* data: taken. */
static void add_event(struct commit *c, const struct act_event *event)
{
    struct active_run *ar = c->acts.ar;
    uint32_t node = event->node;

    ledger_append(c->batch, &ar->chain,
                  (struct store_event){
                      .tenant = ar->tenant,
                      .run_id = ar->run_id,
                      .dag_id = ar->dag->dag_id,
                      .type = event->type,
                      .status = event->status,
                      .trace_id = ar->trace_id,
                      .node_id = node != NO_NODE ? ar->dag->nodes[node].node_id : NULL,
                      .attempt = event->attempt,
                      .at_us = event->wall_us,
                      .payload = event->payload,
                  });
    *event_slot(&c->acts) = *event;
}

void commit_event_at(struct commit *c, const char *type, const char *status, uint32_t attempt,
                     int64_t wall_us, char *data)
{
    add_event(c, &(struct act_event){type, status, NO_NODE, attempt, wall_us, data});
}

void commit_event(struct commit *c, const char *type, const char *status, uint32_t node,
                  uint32_t attempt, json_t *extra)
{
    const struct active_run *ar = c->acts.ar;
    auto_json data = extra != NULL ? extra : json_object();
    auto_done(buf) text = {0};
    struct err e = {0};

    json_object_set_new(data, "n", json_integer((json_int_t)ar->chain.n + 1));
    json_object_set_new(data, "status", json_string(status));
    if (node != NO_NODE)
        json_object_set_new(data, "step_id", json_string(ar->dag->nodes[node].node_id));
    if (attempt > 0)
        json_object_set_new(data, "attempt", json_integer(attempt));
    if (!jcs_write(data, &text, &e))
        assert(!"an event's data is canonical: its numbers are ours");
    add_event(c,
              &(struct act_event){type, status, node, attempt, c->acts.wall_us, buf_take(&text)});
}

static void add_known(struct jcs_object *o, const char *key, const char *text)
{
    if (text != NULL)
        jcs_object_str(o, key, text);
}

void commit_step_event(struct commit *c, uint32_t node, uint32_t attempt,
                       const struct step_data *data)
{
    const struct active_run *ar = c->acts.ar;
    auto_done(buf) text = {0};
    struct jcs_object o;

    buf_reserve(&text, STEP_DATA_BYTES_USUAL);
    o = jcs_object_begin(&text);
    if (attempt > 0)
        jcs_object_int(&o, "attempt", attempt);
    add_known(&o, "chain_hash", data->chain_hash);
    add_known(&o, "error", data->error);
    add_known(&o, "error_class", data->error_class);
    add_known(&o, "error_source", data->error_source);
    add_known(&o, "input_hash", data->input_hash);
    jcs_object_int(&o, "n", (int64_t)ar->chain.n + 1);
    add_known(&o, "output_hash", data->output_hash);
    add_known(&o, "plugin", data->plugin);
    add_known(&o, "plugin_digest", data->plugin_digest);
    jcs_object_str(&o, "status", data->status);
    jcs_object_str(&o, "step_id", ar->dag->nodes[node].node_id);
    jcs_object_end(&o);
    add_event(c, &(struct act_event){"step.updated", data->status, node, attempt, c->acts.wall_us,
                                     buf_take(&text)});
}

static struct act *act_slot(struct acts *acts)
{
    if (acts->attempt_count == acts->attempt_cap) {
        acts->attempt_cap = acts->attempt_cap * 2 + 4;
        acts->attempts = mem_resize(acts->attempts, acts->attempt_cap, sizeof *acts->attempts);
    }
    return &acts->attempts[acts->attempt_count++];
}

void commit_start(struct commit *c, struct attempt_order **order)
{
    struct attempt_order *taken = take(*order);

    *act_slot(&c->acts) = (struct act){.kind = ACT_START, .order = taken};
}

void commit_stop(struct commit *c, struct attempt_ref ref, bool kill)
{
    *act_slot(&c->acts) = (struct act){.kind = ACT_STOP, .ref = ref, .kill = kill};
}

void commit_set_answer(struct commit *c, const struct act_answer *answer)
{
    c->acts.answer = *answer;
}

/* ---- the way there and back ---- */

/* What the machine decided since builds on this one: the store must not see it either. */
static void refuse(struct commit *c, const struct err *why)
{
    c->acts.refused = *why;
    if (c->acts.ar->refused == NULL)
        c->acts.ar->refused = mem_dup(why, sizeof *why);
}

/* On the loop thread, in store_turn or store_close. The run's other commits may be before or
 * behind this one; its place in due is the place in which it was submitted. */
static void came_back(void *arg, const struct store_done *done)
{
    struct commit *c = arg;

    assert(c->magic == COMMIT_MAGIC && c->batch == NULL);
    if (done->err != NULL)
        refuse(c, done->err);
    c->acts.first_event = done->first_event;
    c->acts.last_event = done->last_event;
    STAILQ_INSERT_TAIL(&c->owner->due, c, link);
}

void commit_submit(struct commit **commit)
{
    struct commit *c = take(*commit);
    const struct err *before = c->acts.ar->refused;
    struct err e = {0};

    c->acts.ar->in_flight++;
    if (before == NULL && store_submit_take(c->owner->env->store, &c->batch, came_back, c, &e))
        return;
    refuse(c, before != NULL ? before : &e);
    STAILQ_INSERT_TAIL(&c->owner->due, c, link);
}
