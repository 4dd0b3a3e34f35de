/* trial.h -- a run under test: its definition, a clock that the test moves, and every decision as
 * one line of text, so that a test reads as what happened.
 *
 *   start A#1            ask A#1 (stop)      kill A#1         attempt A#1 crash retrying
 *   node A completed 1   comp A failed 4     run running      done failed
 *
 * The number behind a node is its attempt_count. "~A" is A's compensation handler. */
#ifndef ORCH_TESTS_RUN_TRIAL_H
#define ORCH_TESTS_RUN_TRIAL_H

#include "base/json.h"
#include "model/dag/dag.h"
#include "model/run/run.h"

#include <check.h>

#define S(seconds) ((int64_t)((seconds)*1e9))

struct trial {
    struct dag *dag;
    struct run_options opt;
    struct run *run;
    int64_t now;
    struct buf log;
    uint32_t *handler_attempts;
    struct run_decision last_start;
    struct run_decision last_done;
    int64_t retry_at;
    json_t *errors; /* after the end */
    bool rolled_back;
};

/* JSON with single quotes for double ones. */
json_t *quoted_json(const char *text);
/* nodes, and what else the dag has (may be ""), both as "'key': value, ..." */
void trial_init(struct trial *t, const char *nodes, const char *rest);
void trial_done(struct trial *t);
DEFINE_AUTO_DONE(trial)
/* The same definition once more, as after a crash; opt may have been changed. */
void trial_again(struct trial *t);

void t_start(struct trial *t);
void t_tick(struct trial *t, double seconds); /* moves the clock on and ticks */
void t_started(struct trial *t, const char *node);
void t_ok(struct trial *t, const char *node);
void t_output(struct trial *t, const char *node, const char *json);
void t_end(struct trial *t, const char *node, enum outcome class);
void t_fail(struct trial *t, const char *node); /* PLUGIN_TRANSIENT, "boom" */
void t_cancel(struct trial *t);
void t_preempt(struct trial *t, const char *node);
void t_pause(struct trial *t);
void t_unpause(struct trial *t);
void t_recover(struct trial *t);
void t_resume(struct trial *t);
void t_past(struct trial *t, const char *node, enum node_state state, struct node_tally tally);

/* Compares what was decided since the last call, and forgets it. */
void expect(struct trial *t, const char *lines);
void forget(struct trial *t);

uint32_t at(const struct trial *t, const char *node);
struct node_view view(const struct trial *t, const char *node);
/* The input of the last start, canonical. */
void expect_input(struct trial *t, const char *json);
/* The errors of the ended run, joined by "; ". */
void expect_errors(const struct trial *t, const char *text);
void expect_json(const json_t *value, const char *json);

#endif
