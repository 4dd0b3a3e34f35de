/* start.c -- a new run: admitted, inserted, begun. See start.h and control.h. */
#include "engine/control/start.h"

#include "base/mem.h"
#include "base/text.h"
#include "engine/commit/rows.h"
#include "engine/control/later.h"
#include "engine/control/shed.h"
#include "engine/control/step.h"
#include "engine/env/answer.h"
#include "engine/env/env.h"
#include "engine/runs/load.h"
#include "engine/runs/pins.h"
#include "engine/runs/runs.h"

#include <string.h>

uint64_t start_seed(const struct engine_env *env, const struct dag *dag,
                    const struct sha256_hex *inputs_hash, bool deterministic)
{
    auto_mem char *text = mem_printf("%s:%s", dag->hash.text, inputs_hash->text);
    uint8_t digest[SHA256_BYTES];
    uint64_t seed;

    if (deterministic)
        sha256(text, strlen(text), digest);
    else
        env->random(digest, sizeof digest);
    memcpy(&seed, digest, sizeof seed);
    return seed & INT64_MAX; /* the store's integers are signed */
}

static bool has_room(const struct control *ctl, bool task, struct err *e)
{
    struct runs_counts counts;

    if (!(task ? runs_tasks_full(ctl->runs) : runs_full(ctl->runs)))
        return true;
    if (task)
        return err_set(e, ERR_LIMIT, "lanes have %u tasks, which is all that this host admits",
                       ctl->env->set.runs_waiting_max);
    counts = runs_counts(ctl->runs);
    return err_set(e, ERR_LIMIT, "%u runs execute and %u wait, which is all that this host admits",
                   counts.active, counts.waiting);
}

bool start_admitted(const struct control *ctl, bool task, struct err *e)
{
    if (!ctl->mode->accepting || ctl->mode->draining)
        return err_set(e, ERR_UNAVAILABLE, "this host takes no new runs now (%s)",
                       ctl->mode->draining ? "it is draining" : "accept-runs is false");
    if (!step_in_touch(ctl, e) || !shed_lets_in(ctl->shed, e))
        return false;
    if (store_pressed(ctl->env->store))
        return err_set(e, ERR_LIMIT, "too much waits for the disk: %zu batches",
                       store_pending(ctl->env->store));
    return has_room(ctl, task, e);
}

void start_refuse(const struct control *ctl, const struct err *e, api_done_fn done, void *done_arg)
{
    bool shed = e->code == ERR_LIMIT && shed_now(ctl->shed).on;

    done(done_arg, &(struct api_outcome){.e = e, .code = shed ? "RATE_LIMITED" : NULL});
}

/* What makes two starts the same. */
struct same {
    const char *tenant, *run_token, *dag_id, *inputs_hash;
    bool task;
    const char *task_lane; /* of a task whose DAG is not its lane's own; NULL */
};

static void answer_repeat(const struct store_run *row, api_done_fn done, void *done_arg)
{
    done(done_arg, &(struct api_outcome){
                       .run_id = row->run_id,
                       .trace_id = row->trace_id,
                       .dag_id = row->dag_id,
                       .version = row->dag_version,
                       .created = false,
                   });
}

static void answer_conflict(const struct store_run *row, api_done_fn done, void *done_arg)
{
    struct err e = {0};

    (void)err_set(&e, ERR_CONFLICT,
                  "task '%s' is there already, with another lane or another payload",
                  row->run_token);
    done(done_arg, &(struct api_outcome){.e = &e, .code = "TASK_CONFLICT"});
}

static bool task_of(const struct engine_env *env, const struct same *same, api_done_fn done,
                    void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    const struct store_run *row;
    struct err e = {0};

    if (!store_read_task(env->reader, same->tenant, same->run_token, &rows, &e) || rows.count == 0)
        return false;
    row = &rows.rows[0];
    if (load_is_task_of(row, same->dag_id, same->task_lane) &&
        strcmp(row->inputs_hash, same->inputs_hash) == 0)
        answer_repeat(row, done, done_arg);
    else
        answer_conflict(row, done, done_arg);
    return true;
}

/* The run that the same start made before (DESIGN 12), answered as a repeat. */
static bool repeat_of(const struct engine_env *env, const struct same *same, api_done_fn done,
                      void *done_arg)
{
    auto_done(store_run_list) rows = {0};
    struct err e = {0};

    if (same->task)
        return task_of(env, same, done, done_arg);
    if (same->run_token == NULL ||
        !store_read_run_by_token(env->reader, same->tenant, same->run_token, same->dag_id,
                                 same->inputs_hash, &rows, &e) ||
        rows.count == 0)
        return false;
    answer_repeat(&rows.rows[0], done, done_arg);
    return true;
}

struct active_run *start_run(struct control *ctl, const struct api_actor *who, struct start *start,
                             json_t *inputs)
{
    struct active_run *ar = active_run_new(ctl->env, who->tenant, &start->use, inputs);

    ar->created_us = active_run_wall_us(ar);
    uuid7(ar->created_us, ar->run_id);
    if (!text_copy(ar->trace_id, sizeof ar->trace_id, who->trace_id))
        ar->trace_id[0] = '\0';
    ar->started_by = json_pack("{s:s, s:s, s:s}", "actor", who->subject, "reason", who->reason,
                               "ticket", who->ticket);
    ar->pins = pins_owned(ctl->env, who->tenant, ar->dag);
    ar->inputs_hash = start->inputs_hash;
    ar->deadlines = deadlines_new(ar->dag, start->deadline, ar->created_us);
    ar->seed = start->seed;
    ar->deterministic = start->deterministic;
    ar->checkpoints = start->checkpoints;
    ar->task_priority = start->task_priority;
    ar->task_first = start->task_first;
    ar->gate = take(start->gate);
    ar->task_id = start->task_priority > 0 ? mem_str(start->task_id) : NULL;
    ar->task_lane = mem_str(start->task_lane);
    ar->run = run_new(ar->dag, &(struct run_options){
                                   .seed = ar->seed,
                                   .deterministic_mode = start->deterministic,
                                   .input = ar->input,
                                   .input_as_is = active_run_input_as_is(ar),
                                   .grace_ns = ctl->env->set.cancel_grace_ns,
                               });
    return ar;
}

void start_insert(struct commit *c, const struct api_actor *who, const char *run_token,
                  struct parent parent)
{
    struct active_run *ar = commit_run(c);
    auto_mem char *levels = active_run_levels_owned(ar);
    auto_mem char *pins = json_dumps(ar->pins, JSON_COMPACT | JSON_SORT_KEYS);
    auto_mem char *options = deadlines_options_owned(ar->deadlines, ar->dag);
    auto_done(buf) input = {0};
    double timeout_s = ar->dag->run_timeout_s;

    json_add_compact(&input, ar->input);
    store_batch_run_insert(commit_batch(c),
                           &(struct store_run){
                               .run_id = ar->run_id,
                               .tenant = ar->tenant,
                               .dag_id = ar->dag->dag_id,
                               .dag_version = ar->dag->version,
                               .status = STORE_RUN_PENDING,
                               .run_token = run_token,
                               .inputs_hash = ar->inputs_hash.text,
                               .trace_id = ar->trace_id,
                               .parent_run_id = parent.run_id,
                               .parent_kind = parent.kind,
                               .created_by = who->subject,
                               .input = buf_text(&input),
                               .levels = levels,
                               .agent_digests = pins,
                               .options = options,
                               .seed = (int64_t)ar->seed,
                               .deterministic = ar->deterministic,
                               .checkpoint_enabled = ar->checkpoints,
                               .counts.total = (int64_t)ar->dag->node_count,
                               .lease_owner = store_host_id(ar->env->store),
                               .lease_epoch = store_host_epoch(ar->env->store),
                               .task_priority = ar->task_priority,
                               .task_lane = ar->task_lane,
                               .created_us = ar->created_us,
                               .deadline_us =
                                   timeout_s > 0 ? ar->created_us + (int64_t)(timeout_s * 1e6) : 0,
                           });
    if (ar->gate != NULL)
        start_wait(c);
}

/* What the schedule started last is what its calendar did. */
static void add_backfill(struct commit *c, const struct api_firing *firing)
{
    const struct active_run *ar = commit_run(c);

    store_batch_backfill_run_put(commit_batch(c),
                                 &(struct store_backfill_run){.tenant = ar->tenant,
                                                              .backfill_id = firing->backfill_id,
                                                              .due_us = firing->due_us,
                                                              .schedule_id = firing->schedule_id,
                                                              .run_id = ar->run_id});
    store_batch_backfill_move(commit_batch(c),
                              &(struct store_backfill_move){.tenant = ar->tenant,
                                                            .backfill_id = firing->backfill_id,
                                                            .schedule_id = firing->schedule_id,
                                                            .from_us = firing->due_us,
                                                            .next_us = firing->backfill_next_us,
                                                            .updated_us = ar->created_us});
}

/* The key of the firing, as the run's token, keeps the due time to one run. */
static void add_firing(struct commit *c, const struct api_firing *firing)
{
    const struct active_run *ar = commit_run(c);
    const struct store_firing row = {.tenant = ar->tenant,
                                     .schedule_id = firing->schedule_id,
                                     .due_us = firing->due_us,
                                     .fired_us = ar->created_us,
                                     .run_id = ar->run_id,
                                     .outcome = "fired"};

    store_batch_schedule_move(commit_batch(c),
                              &(struct store_schedule_move){.tenant = ar->tenant,
                                                            .schedule_id = firing->schedule_id,
                                                            .from_us = firing->from_us,
                                                            .next_due_us = firing->next_due_us,
                                                            .next_fire_us = firing->next_fire_us,
                                                            .run_id = firing->backfill_id == NULL
                                                                          ? ar->run_id
                                                                          : NULL});
    if (firing->backfill_id != NULL)
        add_backfill(c, firing);
    if (firing->again)
        store_batch_firing_take(commit_batch(c), &row);
    else
        store_batch_firing_put(commit_batch(c), &row);
    store_batch_firings_purge(commit_batch(c), ar->tenant, firing->schedule_id,
                              ar->created_us - ar->env->set.firings_keep_us);
}

/* A start that another start of the same token overtook between the look-up and the commit. */
struct starting {
    const struct engine_env *env;
    char *tenant, *run_token, *dag_id, *task_lane;
    struct sha256_hex inputs_hash;
    bool task, skips;
    api_done_fn done;
    void *done_arg;
};

static void starting_free(void *arg)
{
    struct starting *s = arg;

    free(s->tenant);
    free(s->run_token);
    free(s->dag_id);
    free(s->task_lane);
    free(s);
}

static void started(void *arg, const struct api_outcome *outcome)
{
    struct starting *s = arg;
    bool answered = false;

    if (outcome->e != NULL && outcome->e->code == ERR_CONFLICT)
        answered = repeat_of(s->env,
                             &(struct same){s->tenant, s->run_token, s->dag_id, s->inputs_hash.text,
                                            s->task, s->task_lane},
                             s->done, s->done_arg);
    if (!answered && s->skips && outcome->e != NULL && outcome->e->code == ERR_CONFLICT)
        s->done(s->done_arg, &(struct api_outcome){.e = outcome->e, .code = API_SKIPPED});
    else if (!answered)
        s->done(s->done_arg, outcome);
    starting_free(s);
}

static struct starting *starting_new(const struct active_run *ar, const char *run_token,
                                     api_done_fn done, void *done_arg)
{
    struct starting *s = mem_new(struct starting);

    *s = (struct starting){
        .env = ar->env,
        .tenant = mem_str(ar->tenant),
        .run_token = mem_str(run_token),
        .dag_id = mem_str(ar->dag->dag_id),
        .inputs_hash = ar->inputs_hash,
        .task = ar->task_priority > 0,
        .task_lane = mem_str(ar->task_lane),
        .skips = ar->gate != NULL && ar->dag->concurrency.on_conflict == ON_CONFLICT_SKIP,
        .done = done,
        .done_arg = done_arg,
    };
    return s;
}

void start_launch(struct control *ctl, struct active_run **run, struct commit **c)
{
    struct active_run *ar = *run;
    bool now = ar->task_priority > 0 || (!gate_waits(ar->gate) && runs_has_room(ctl->runs));

    runs_add(ctl->runs, run);
    if (!now || !step_begin(ctl, ar, *c))
        commit_event(*c, "run.updated", STATUS_PENDING, NO_NODE, 0, take(ar->started_by));
    step_submit(ctl, c);
}

static void start_again(struct control *ctl, const struct api_actor *who, const struct call *call,
                        api_done_fn done, void *done_arg)
{
    control_start(ctl, who,
                  &(struct api_run_start){.dag_id = call->id,
                                          .version = call->word,
                                          .inputs = call->inputs,
                                          .run_token = call->run_token,
                                          .checkpoint_enabled = call->checkpoints,
                                          .deterministic_mode = call->deterministic,
                                          .firing = call->firing,
                                          .task_priority = call->task_priority,
                                          .task_lane = call->task_lane,
                                          .task_first = call->task_first,
                                          .deadline = call->deadline,
                                          .replay_of = call->replay_of},
                  done, done_arg);
}

static void start_later(struct control *ctl, const struct dag_key *key, const struct api_actor *who,
                        const struct api_run_start *what, api_done_fn done, void *done_arg)
{
    later_dag(ctl, key, who,
              &(struct call){.again = start_again,
                             .id = what->dag_id,
                             .word = what->version,
                             .run_token = what->run_token,
                             .inputs = what->inputs,
                             .checkpoints = what->checkpoint_enabled,
                             .deterministic = what->deterministic_mode,
                             .firing = what->firing,
                             .task_priority = what->task_priority,
                             .task_lane = what->task_lane,
                             .task_first = what->task_first,
                             .deadline = what->deadline,
                             .replay_of = what->replay_of},
              done, done_arg);
}

/* Of one that the cache has, and whose agents are allowed. */
static bool get_dag(struct control *ctl, const struct dag_key *key, struct dag_use **ret,
                    struct err *e)
{
    if (!dag_cache_get(ctl->dags, key, ret, e))
        return false;
    if (start_allowed(ctl->env, key->tenant, dag_use_dag(*ret), NULL, e))
        return true;
    dag_use_end(*ret);
    return false;
}

/* With all that holds from the same commit on. A task's letter has its run's id. */
static void insert(struct commit *c, const struct api_actor *who, const struct api_run_start *what)
{
    const char *of = what->replay_of;

    start_insert(c, who, what->run_token, (struct parent){of, of != NULL ? PARENT_REPLAY : NULL});
    commit_acts(c)->enqueues = what->task_priority > 0;
    if (what->firing != NULL)
        add_firing(c, what->firing);
    if (of != NULL)
        store_batch_dead_letter_replayed(commit_batch(c), who->tenant, of, what->run_token);
}

static void begin(struct control *ctl, const struct api_actor *who,
                  const struct api_run_start *what, struct start *start, api_done_fn done,
                  void *done_arg)
{
    struct active_run *ar;
    struct commit *c;
    struct err e = {0};

    if (!start_gate(ctl, who->tenant, dag_use_dag(start->use), (json_t *)what->inputs, &start->gate,
                    &e)) {
        dag_use_end(start->use);
        start_refuse_gate(&e, done, done_arg);
        return;
    }
    start->seed =
        start_seed(ctl->env, dag_use_dag(start->use), &start->inputs_hash, start->deterministic);
    ar = start_run(ctl, who, start, (json_t *)what->inputs);
    c = commit_new(ctl->commits, ar, ar->created_us);
    insert(c, who, what);
    commit_set_answer(c, &(struct act_answer){
                             .done = started,
                             .forget = starting_free,
                             .done_arg = starting_new(ar, what->run_token, done, done_arg),
                             .created = true,
                         });
    start_launch(ctl, &ar, &c);
}

/* Only what a client says: a definition's own may have passed by the time that it is run. */
static bool deadline_is_ahead(const struct control *ctl, const struct deadline *deadline,
                              struct err *e)
{
    return deadline == NULL || deadline->by_us == 0 ||
           deadline->by_us > ctl->env->clock.wall_us() ||
           err_set(e, ERR_INVALID, "deadline.by has passed already");
}

void control_start(struct control *ctl, const struct api_actor *who,
                   const struct api_run_start *what, api_done_fn done, void *done_arg)
{
    struct start start = {.deterministic = what->deterministic_mode,
                          .checkpoints = what->checkpoint_enabled,
                          .task_priority = what->task_priority,
                          .task_lane = what->task_lane,
                          .task_first = what->task_first,
                          .deadline = what->deadline,
                          .task_id = what->run_token};
    const struct same same = {.tenant = who->tenant,
                              .run_token = what->run_token,
                              .dag_id = what->dag_id,
                              .inputs_hash = start.inputs_hash.text,
                              .task = what->task_priority > 0,
                              .task_lane = what->task_lane};
    struct dag_key key = {.tenant = who->tenant, .dag_id = what->dag_id};
    auto_mem char *version = NULL;
    struct err e = {0};

    if (!start_inputs(what->inputs, &start.inputs_hash, &e)) {
        answer_error(done, done_arg, &e);
        return;
    }
    if (repeat_of(ctl->env, &same, done, done_arg))
        return;
    if (!deadline_is_ahead(ctl, start.deadline, &e) || !start_admitted(ctl, same.task, &e) ||
        !dag_cache_pick(ctl->dags, who->tenant, what->dag_id, what->version, &version, &e)) {
        start_refuse(ctl, &e, done, done_arg);
        return;
    }
    key.version = version;
    if (!dag_cache_has(ctl->dags, &key))
        start_later(ctl, &key, who, what, done, done_arg);
    else if (get_dag(ctl, &key, &start.use, &e))
        begin(ctl, who, what, &start, done, done_arg);
    else
        answer_error(done, done_arg, &e);
}
