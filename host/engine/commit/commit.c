/* commit.c -- see commit.h. What the machine decides is turned into rows by rows.c. */
#include "engine/commit/commit.h"

#include "base/mem.h"
#include "engine/commit/rows.h"
#include "engine/engine_parts.h"
#include "engine/env/answer.h"
#include "engine/evidence/heads.h"
#include "engine/evidence/statements.h"

#include <assert.h>
#include <string.h>

enum act_kind { ACT_START, ACT_STOP };

struct act {
    enum act_kind kind;
    struct attempt_order *order; /* START */
    struct attempt_ref ref;      /* STOP */
    bool kill;
    STAILQ_ENTRY(act) link;
};

struct streamed {
    const char *type;   /* of a literal */
    const char *status; /* of a literal or a state table */
    uint32_t node;
    uint32_t attempt;
    char *payload;
};

struct commit {
    struct active_run *ar;
    struct store_batch *batch;
    int64_t wall_us;
    struct streamed *events;
    size_t event_count, event_cap;
    STAILQ_HEAD(, act) acts;
    struct commit_answer answer;
    bool ends_run;
    struct err refused; /* code set: the store did not take it */
    STAILQ_ENTRY(commit) link;
};

struct commit *commit_new(struct active_run *ar, int64_t wall_us)
{
    struct commit *c = mem_new(struct commit);

    c->ar = ar;
    c->batch = store_batch_new();
    c->wall_us = wall_us;
    STAILQ_INIT(&c->acts);
    return c;
}

static void commit_free(struct commit *c)
{
    struct act *act;

    while ((act = STAILQ_FIRST(&c->acts)) != NULL) {
        STAILQ_REMOVE_HEAD(&c->acts, link);
        attempt_order_free(act->order);
        free(act);
    }
    for (size_t i = 0; i < c->event_count; i++)
        free(c->events[i].payload);
    free(c->events);
    json_decref(c->answer.skipped);
    json_decref(c->answer.remaining);
    store_batch_free(c->batch);
    free(c);
}

struct store_batch *commit_batch(struct commit *c)
{
    return c->batch;
}

int64_t commit_wall_us(const struct commit *c)
{
    return c->wall_us;
}

static struct streamed *event_slot(struct commit *c)
{
    if (c->event_count == c->event_cap) {
        c->event_cap = c->event_cap * 2 + 4;
        c->events = mem_resize(c->events, c->event_cap, sizeof *c->events);
    }
    return &c->events[c->event_count++];
}

static json_t *event_data(const struct active_run *ar, const char *status, uint32_t node,
                          uint32_t attempt, json_t *extra)
{
    json_t *data = extra != NULL ? extra : json_object();

    json_object_set_new(data, "n", json_integer((json_int_t)ar->chain.n + 1));
    json_object_set_new(data, "status", json_string(status));
    if (node != NO_NODE)
        json_object_set_new(data, "step_id", json_string(ar->dag->nodes[node].node_id));
    if (attempt > 0)
        json_object_set_new(data, "attempt", json_integer(attempt));
    return data;
}

void commit_event(struct commit *c, const char *type, const char *status, uint32_t node,
                  uint32_t attempt, json_t *extra)
{
    struct active_run *ar = c->ar;
    struct streamed *out = event_slot(c);
    auto_json data = event_data(ar, status, node, attempt, extra);
    auto_done(buf) text = {0};
    char timestamp[CLOCK_TEXT_BYTES];
    struct sha256_hex prev;
    struct err e;

    if (!jcs_write(data, &text, &e))
        assert(!"an event's data is canonical: its numbers are ours");
    clock_text(c->wall_us, timestamp);
    event_chain_add(&ar->chain,
                    &(struct ledger_event){ar->run_id, type, timestamp, buf_text(&text)}, &prev);
    store_batch_event_append(c->batch,
                             &(struct store_event){
                                 .tenant = ar->tenant,
                                 .run_id = ar->run_id,
                                 .n = (int64_t)ar->chain.n,
                                 .dag_id = ar->dag->dag_id,
                                 .type = type,
                                 .status = status,
                                 .trace_id = ar->trace_id,
                                 .node_id = node != NO_NODE ? ar->dag->nodes[node].node_id : NULL,
                                 .attempt = attempt,
                                 .at_us = c->wall_us,
                                 .payload = buf_text(&text),
                                 .prev_hash = prev.text,
                                 .hash = ar->chain.prev.text,
                             });
    *out = (struct streamed){type, status, node, attempt, buf_take(&text)};
}

void commit_set_answer(struct commit *c, const struct commit_answer *answer)
{
    c->answer = *answer;
}

void commit_start(struct commit *c, struct attempt_order **order)
{
    struct act *act = mem_new(struct act);

    act->kind = ACT_START;
    act->order = take(*order);
    STAILQ_INSERT_TAIL(&c->acts, act, link);
}

void commit_stop(struct commit *c, struct attempt_ref ref, bool kill)
{
    struct act *act = mem_new(struct act);

    act->kind = ACT_STOP;
    act->ref = ref;
    act->kill = kill;
    STAILQ_INSERT_TAIL(&c->acts, act, link);
}

void commit_ends_run(struct commit *c)
{
    c->ends_run = true;
}

struct active_run *commit_run(struct commit *c)
{
    return c->ar;
}

/* ---- after the commit ---- */

static void publish(struct commit *c, int64_t first_seq)
{
    struct active_run *ar = c->ar;
    auto_mem struct api_event *out = mem_array(c->event_count, struct api_event);

    for (size_t i = 0; i < c->event_count; i++) {
        const struct streamed *s = &c->events[i];

        out[i] = (struct api_event){
            .seq = first_seq + (int64_t)i,
            .tenant = ar->tenant,
            .dag_id = ar->dag->dag_id,
            .run_id = ar->run_id,
            .type = s->type,
            .status = s->status,
            .trace_id = ar->trace_id,
            .step_id = s->node != NO_NODE ? ar->dag->nodes[s->node].node_id : NULL,
            .attempt = (int32_t)s->attempt,
            .wall_us = c->wall_us,
            .payload = s->payload,
        };
    }
    if (c->event_count > 0)
        ar->env->publish(ar->env->arg, out, c->event_count);
}

static void answer(struct commit *c)
{
    struct api_outcome outcome = {
        .run_id = c->ar->run_id,
        .dag_id = c->ar->dag->dag_id,
        .version = c->ar->dag->version,
        .trace_id = c->ar->trace_id,
        .created = c->answer.created,
        .skipped = c->answer.skipped,
        .remaining = c->answer.remaining,
    };

    if (c->answer.done != NULL)
        c->answer.done(c->answer.done_arg, &outcome);
}

static void act_all(struct commit *c)
{
    struct attempts *attempts = c->ar->engine->attempts;
    struct act *act;

    STAILQ_FOREACH(act, &c->acts, link)
    {
        if (c->ar->dropped)
            continue;
        if (act->kind == ACT_START)
            attempts_start(attempts, &act->order);
        else
            attempts_stop(attempts, c->ar, act->ref, act->kill);
    }
}

static void committed(void *arg, const struct store_done *done)
{
    struct commit *c = arg;
    struct active_run *ar = c->ar;

    ar->in_flight--;
    if (done->err != NULL) {
        answer_error(c->answer.done, c->answer.done_arg, done->err);
        engine_drop(ar, done->err);
    } else {
        act_all(c); /* first: an attempt on its way shortens the wait of the next step */
        publish(c, done->first_event);
        heads_note(ar->engine->heads, done->last_event);
        answer(c);
        if (c->ends_run && !ar->dropped)
            statements_add(ar->engine->statements, ar);
    }
    commit_free(c);
    engine_reap(ar);
}

void commit_abandon(struct commit **commit)
{
    commit_free(take(*commit));
}

void commit_submit(struct commit **commit)
{
    struct commit *c = take(*commit);
    struct active_run *ar = c->ar;

    ar->in_flight++;
    if (c->ends_run)
        engine_run_over(ar);
    if (!store_submit_take(ar->env->store, &c->batch, committed, c, &c->refused))
        STAILQ_INSERT_TAIL(&ar->engine->refused, c, link);
}

void commits_refused(struct engine *engine)
{
    struct commit *c;

    while ((c = STAILQ_FIRST(&engine->refused)) != NULL) {
        struct err why = c->refused;

        STAILQ_REMOVE_HEAD(&engine->refused, link);
        committed(c, &(struct store_done){.err = &why});
    }
}
