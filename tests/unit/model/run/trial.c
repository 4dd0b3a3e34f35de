#include "trial.h"

#include "base/mem.h"
#include "model/dag/source/parse.h"

#include <string.h>

json_t *quoted_json(const char *text)
{
    auto_mem char *copy = mem_str(text);
    json_t *value = NULL;
    struct err e = {0};

    for (char *c = copy; *c != '\0'; c++) {
        if (*c == '\'')
            *c = '"';
    }
    ck_assert_msg(json_parse(copy, strlen(copy), &json_limits_default, &value, NULL, &e), "%s: %s",
                  text, e.msg);
    return value;
}

void trial_init(struct trial *t, const char *nodes, const char *rest)
{
    auto_mem char *text =
        mem_printf("{'name': 't', 'nodes': {%s}%s%s}", nodes, rest[0] != '\0' ? ", " : "", rest);
    auto_json doc = quoted_json(text);
    struct err e = {0};

    *t = (struct trial){.opt = {.seed = 7, .deterministic_mode = true}, .now = S(1000)};
    ck_assert_msg(dag_from_json_valid(doc, &t->dag, &e), "%s", e.msg);
    t->handler_attempts = mem_array(t->dag->node_count, uint32_t);
    t->run = run_new(t->dag, &t->opt);
}

void trial_again(struct trial *t)
{
    run_free(t->run);
    t->run = run_new(t->dag, &t->opt);
    json_decref(take(t->errors));
    forget(t);
}

void trial_done(struct trial *t)
{
    run_free(t->run);
    dag_free(t->dag);
    json_decref(t->errors);
    buf_done(&t->log);
    free(t->handler_attempts);
}

uint32_t at(const struct trial *t, const char *node)
{
    const struct dag_node *n = dag_find(t->dag, node[0] == '~' ? node + 1 : node);

    ck_assert_ptr_nonnull(n);
    return dag_index(t->dag, n);
}

static void log_done(struct trial *t, const struct run_decision *d, const char *kind)
{
    t->last_done = *d;
    buf_addf(&t->log, "%s %s %s %u\n", kind, t->dag->nodes[d->ref.node].node_id,
             node_state_text(d->done.state), d->tally.counted);
}

static void log_decision(struct trial *t, const struct run_decision *d)
{
    const char *id = t->dag->nodes[d->ref.node].node_id;
    const char *mark = d->ref.compensation ? "~" : "";

    switch (d->kind) {
    case DECIDE_START_ATTEMPT:
        t->last_start = *d;
        if (d->ref.compensation)
            t->handler_attempts[d->ref.node] = d->ref.attempt;
        buf_addf(&t->log, "start %s%s#%u\n", mark, id, d->ref.attempt);
        break;
    case DECIDE_STOP_ATTEMPT:
        buf_addf(&t->log, "%s %s%s#%u\n", d->stop.kill ? "kill" : "ask", mark, id, d->ref.attempt);
        break;
    case DECIDE_ATTEMPT_DONE:
        if (d->done.class == OUTCOME_INFRA) /* its words stay, whatever became of its node since */
            ck_assert_uint_gt(strlen(d->done.error), 0);
        t->last_done = *d;
        t->retry_at = d->done.retry_at_ns;
        buf_addf(&t->log, "attempt %s%s#%u %s %s\n", mark, id, d->ref.attempt,
                 outcome_name(d->done.class), node_state_text(d->done.state));
        break;
    case DECIDE_NODE_DONE:
        log_done(t, d, "node");
        break;
    case DECIDE_NODE_AGAIN:
        buf_addf(&t->log, "again %s\n", id);
        break;
    case DECIDE_COMPENSATION_DONE:
        log_done(t, d, "comp");
        break;
    case DECIDE_RUN_STATE:
        buf_addf(&t->log, "run %s\n", run_state_text(d->run.state));
        break;
    case DECIDE_RUN_DONE:
        t->errors = json_incref(d->run.errors);
        t->rolled_back = d->run.rolled_back;
        buf_addf(&t->log, "done %s\n", run_state_text(d->run.state));
        break;
    default:
        ck_abort_msg("decision %d", (int)d->kind);
    }
}

static void drain(struct trial *t)
{
    struct run_decision d;

    while (run_next(t->run, &d))
        log_decision(t, &d);
}

static void must(struct trial *t, bool ok, const struct err *e)
{
    ck_assert_msg(ok, "%s", e->msg);
    drain(t);
}

void t_start(struct trial *t)
{
    struct err e = {0};

    must(t, run_start(t->run, t->now, &e), &e);
}

void t_tick(struct trial *t, double seconds)
{
    t->now += S(seconds);
    run_tick(t->run, t->now);
    drain(t);
}

static struct attempt_ref ref_of(struct trial *t, const char *node)
{
    uint32_t index = at(t, node);

    if (node[0] == '~')
        return (struct attempt_ref){index, t->handler_attempts[index], true};
    return (struct attempt_ref){index, run_node(t->run, index).tally.attempts, false};
}

static void ended(struct trial *t, const char *node, const struct attempt_outcome *outcome)
{
    struct err e = {0};

    must(t, run_attempt_ended(t->run, ref_of(t, node), outcome, t->now, &e), &e);
}

void t_started(struct trial *t, const char *node)
{
    struct err e = {0};

    must(t, run_attempt_started(t->run, ref_of(t, node), &e), &e);
}

void t_ok(struct trial *t, const char *node)
{
    t_output(t, node, "{'from': 'agent'}");
}

void t_output(struct trial *t, const char *node, const char *json)
{
    auto_json value = quoted_json(json);

    ended(t, node, &(struct attempt_outcome){.class = OUTCOME_OK, .outputs = value});
}

void t_end(struct trial *t, const char *node, enum outcome class)
{
    ended(t, node, &(struct attempt_outcome){.class = class});
}

void t_fail(struct trial *t, const char *node)
{
    ended(t, node, &(struct attempt_outcome){.class = OUTCOME_PLUGIN_TRANSIENT, .message = "boom"});
}

void t_cancel(struct trial *t)
{
    struct err e = {0};

    must(t, run_cancel(t->run, t->now, &e), &e);
}

void t_preempt(struct trial *t, const char *node)
{
    struct err e = {0};

    must(t, run_preempt(t->run, ref_of(t, node), t->now, &e), &e);
}

void t_pause(struct trial *t)
{
    struct err e = {0};

    must(t, run_pause(t->run, t->now, &e), &e);
}

void t_unpause(struct trial *t)
{
    struct err e = {0};

    must(t, run_unpause(t->run, t->now, &e), &e);
}

void t_recover(struct trial *t)
{
    struct err e = {0};

    must(t, run_recover(t->run, t->now, &e), &e);
}

void t_resume(struct trial *t)
{
    struct err e = {0};

    must(t, run_resume(t->run, t->now, &e), &e);
}

void t_past(struct trial *t, const char *node, enum node_state state, struct node_tally tally)
{
    auto_json outputs = state == NODE_COMPLETED ? quoted_json("{'kept': true}") : NULL;
    struct node_past past = {.state = state, .tally = tally, .outputs = outputs};
    struct err e = {0};
    bool ok = node[0] == '~' ? run_restore_compensation(t->run, at(t, node), &past, &e)
                             : run_restore_node(t->run, at(t, node), &past, &e);

    ck_assert_msg(ok, "%s", e.msg);
}

void forget(struct trial *t)
{
    buf_clear(&t->log);
}

void expect(struct trial *t, const char *lines)
{
    ck_assert_str_eq(buf_text(&t->log), lines);
    forget(t);
}

struct node_view view(const struct trial *t, const char *node)
{
    return run_node(t->run, at(t, node));
}

void expect_json(const json_t *value, const char *json)
{
    auto_json wanted = quoted_json(json);
    auto_done(buf) text = {0};

    json_add_compact(&text, value);
    ck_assert_msg(json_same(value, wanted), "%s, wanted %s", buf_text(&text), json);
}

void expect_input(struct trial *t, const char *json)
{
    expect_json(t->last_start.start.input, json);
}

void expect_errors(const struct trial *t, const char *text)
{
    auto_done(buf) have = {0};
    size_t i;
    json_t *error;

    ck_assert(run_state_final(run_state(t->run)));
    json_array_foreach(t->errors, i, error)
        buf_addf(&have, "%s%s", i > 0 ? "; " : "", json_string_value(error));
    ck_assert_str_eq(buf_text(&have), text);
}
