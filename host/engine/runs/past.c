/* past.c -- see past.h. */
#include "engine/runs/past.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/env/env.h"
#include "engine/runs/past_nodes.h"
#include "engine/runs/pins.h"

#include <string.h>

void past_free(struct past *p)
{
    if (p == NULL)
        return;
    for (uint32_t i = 0; i < p->node_count; i++)
        past_node_done(&p->nodes[i]);
    free(p->nodes);
    dag_use_end(p->use);
    json_decref(p->input);
    json_decref(p->pins);
    store_run_list_done(&p->row);
    store_event_list_done(&p->last);
    free(p);
}

/* ---- on the thread ---- */

/* The thread's from beside_give to done, but for env, dags and wait. */
struct past_reading {
    const struct engine_env *env;
    struct dag_cache *dags;
    struct past_wait wait;
    char *tenant, *run_id, *dag_id, *version;
    struct past *past;
};

/* What goes on is what was started. */
static bool input_fits(const struct store_run *row, const json_t *input, struct err *e)
{
    auto_done(buf) canonical = {0};
    struct sha256_hex hash;

    if (!jcs_write(input, &canonical, e))
        return false;
    hash = sha256_hex(buf_text(&canonical), canonical.len);
    return strcmp(hash.text, row->inputs_hash) == 0 ||
           err_set(e, ERR_CORRUPT, "integrity: input_data hashes to %s, inputs_hash is %s",
                   hash.text, row->inputs_hash);
}

static bool read_row(struct past_reading *r, struct store_reader *reader, struct err *e)
{
    struct past *p = r->past;

    return store_read_run(reader, r->tenant, r->run_id, &p->row, e) &&
           past_json(p->row.rows[0].input, &p->input, e) &&
           input_fits(&p->row.rows[0], p->input, e) &&
           pins_read(p->row.rows[0].agent_digests, &p->pins, e) &&
           store_read_last_event(reader, r->tenant, r->run_id, &p->last, e);
}

static void read_now(void *arg, struct store_reader *reader)
{
    struct past_reading *r = arg;
    struct past *p = r->past;
    struct err e = {0};

    if (p->failed.code != ERR_NONE) /* by its definition */
        return;
    if (!read_row(r, reader, &e)) {
        p->failed = e;
        return;
    }
    p->node_count = dag_use_dag(p->use)->node_count;
    p->nodes = mem_array(p->node_count, struct past_node);
    if (!past_nodes_read(p, reader, &e))
        p->nodes_failed = e;
}

/* ---- on the loop ---- */

static void reading_free(void *arg)
{
    struct past_reading *r = arg;

    past_free(r->past);
    free(r->tenant);
    free(r->run_id);
    free(r->dag_id);
    free(r->version);
    free(r);
}

static void reading_drop(void *arg)
{
    struct past_reading *r = arg;

    r->wait.drop(r->wait.arg);
    reading_free(r);
}

static void count_outputs(struct metrics *m, const struct past *p)
{
    metrics_add(m, METRIC_CHECKPOINT_OPERATIONS, METRIC_LABELS("load", "success"), p->loaded);
    metrics_add(m, METRIC_CHECKPOINT_OPERATIONS, METRIC_LABELS("verify_failed", "error"),
                p->mismatched);
}

static void was_read(void *arg)
{
    struct past_reading *r = arg;

    if (r->past->failed.code != ERR_NONE)
        err_wrap(&r->past->failed, "run %s", r->run_id);
    count_outputs(r->env->metrics, r->past);
    r->wait.ready(r->wait.arg, take(r->past));
    reading_free(r);
}

static void read_beside(void *arg)
{
    struct past_reading *r = arg;
    const struct dag_key key = {r->tenant, r->dag_id, r->version};

    (void)!dag_cache_get(r->dags, &key, &r->past->use, &r->past->failed);
    beside_give(r->env->beside, &(struct beside_work){read_now, was_read, reading_drop, r});
}

void past_await(const struct engine_env *env, struct dag_cache *dags, const struct store_run *row,
                enum past_kind kind, const struct past_wait *wait)
{
    struct past_reading *r = mem_new(struct past_reading);
    struct dag_key key;

    *r = (struct past_reading){.env = env,
                               .dags = dags,
                               .wait = *wait,
                               .tenant = mem_str(row->tenant),
                               .run_id = mem_str(row->run_id),
                               .dag_id = mem_str(row->dag_id),
                               .version = mem_str(row->dag_version),
                               .past = mem_new(struct past)};
    r->past->kind = kind;
    key = (struct dag_key){r->tenant, r->dag_id, r->version};
    if (dag_cache_has(dags, &key))
        read_beside(r);
    else
        dag_cache_await(dags, &key, &(struct dag_wait){read_beside, reading_drop, r});
}
