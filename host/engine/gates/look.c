/* look.c -- see look.h. */
#include "engine/gates/look.h"

#include "base/mem.h"

#include <string.h>

/* Of those that replace more than so many are not told from each other. */
enum { NEWEST_MAX = 256 };

/* Of debounce before it is due, too: what is read behind it is behind the run's start. */
static void ask(const struct active_run *ar, int64_t wall_us, struct store_batch *batch)
{
    struct store_gate row = gate_row(ar, ar->gate->stage);

    if (ar->gate->stage == GATE_CONCURRENCY) {
        if (!ar->gate->there)
            store_batch_gate_put(batch, &row);
        store_batch_gate_take(batch, &row);
    } else {
        row.due_us = wall_us;
        store_batch_gate_open(batch, &row);
    }
}

static void add_run(struct gates_key *key, const struct active_run *ar)
{
    const struct concurrency *c = &ar->dag->concurrency;

    key->of[key->count] = ar;
    memcpy(key->runs[key->count++].run_id, ar->run_id, sizeof ar->run_id);
    if (key->stage != GATE_CONCURRENCY || c->on_conflict != ON_CONFLICT_REPLACE)
        return;
    key->replaces = true;
    if (c->limit > key->newest_max)
        key->newest_max = c->limit < NEWEST_MAX ? c->limit : NEWEST_MAX;
}

/* All of a small group; of a large one both ends. */
static void add_key(struct gates_key *key, const struct gate_group *group)
{
    const struct active_run *first = TAILQ_FIRST(&group->runs), *ar;
    const struct active_run *end = NULL;

    *key = (struct gates_key){.tenant = mem_str(first->tenant),
                              .dag_id = mem_str(first->dag->dag_id),
                              .key = mem_str(gate_stage_key(first->gate)),
                              .stage = first->gate->stage,
                              .newest_max = 1};
    for (ar = first; ar != NULL && key->count < GATES_ENDS_MAX;
         ar = TAILQ_NEXT(ar, gate->of_group)) {
        add_run(key, ar);
        end = ar;
    }
    for (ar = TAILQ_LAST(&group->runs, gate_runs); ar != end && key->count < GATES_RUNS_MAX;
         ar = TAILQ_PREV(ar, gate_runs, gate->of_group))
        add_run(key, ar);
}

void gates_look_take(struct gates_look *look, struct gated *gated, int64_t now_ns, int64_t wall_us,
                     struct store_batch *batch)
{
    const struct gate_group *group;

    while (look->count < GATES_KEYS_MAX && (group = gated_next(gated, now_ns)) != NULL) {
        struct gates_key *key = &look->keys[look->count++];

        add_key(key, group);
        for (size_t i = 0; i < key->count; i++)
            ask(key->of[i], wall_us, batch);
    }
}

static bool read_key(struct gates_key *key, struct store_reader *reader, struct err *e)
{
    const struct store_gate of = {.tenant = key->tenant,
                                  .dag_id = key->dag_id,
                                  .kind = gate_kind(key->stage),
                                  .gate_key = key->key};

    for (size_t i = 0; i < key->count; i++) {
        if (!store_read_gate(reader, key->tenant, key->runs[i].run_id, of.kind, &key->runs[i].row,
                             e))
            return false;
    }
    return store_read_gates_newest(reader, &of, key->newest_max, &key->newest, e) &&
           (!key->replaces || store_read_gates_held(reader, &of, NEWEST_MAX, &key->held, e));
}

void gates_look_read(struct gates_look *look, struct store_reader *reader)
{
    for (size_t i = 0; i < look->count; i++) {
        if (!read_key(&look->keys[i], reader, &look->failed))
            return;
    }
}

static void key_done(struct gates_key *key)
{
    for (size_t i = 0; i < key->count; i++)
        store_gate_list_done(&key->runs[i].row);
    store_gate_list_done(&key->newest);
    store_gate_list_done(&key->held);
    free(key->tenant);
    free(key->dag_id);
    free(key->key);
}

void gates_look_done(struct gates_look *look)
{
    for (size_t i = 0; i < look->count; i++)
        key_done(&look->keys[i]);
    *look = (struct gates_look){0};
}
