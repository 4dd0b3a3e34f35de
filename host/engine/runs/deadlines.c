/* deadlines.c -- see deadlines.h. */
#include "engine/runs/deadlines.h"

#include "base/json.h"
#include "base/mem.h"

static struct run_deadlines *with_room(size_t count)
{
    return mem_zero(1, sizeof(struct run_deadlines) + count * sizeof(struct deadline_mark));
}

static void add(struct run_deadlines *d, uint32_t node, const struct deadline *deadline,
                int64_t created_us)
{
    d->marks[d->count++] =
        (struct deadline_mark){.node = node,
                               .at_us = deadline_at_us(deadline, created_us),
                               .warn_us = deadline_warn_us(deadline, created_us)};
}

struct run_deadlines *deadlines_new(const struct dag *dag, const struct deadline *own,
                                    int64_t created_us)
{
    const struct deadline *of_run = own != NULL ? own : &dag->deadline;
    struct run_deadlines *d;

    if (!deadline_given(of_run) && dag->node_deadlines == 0)
        return NULL;
    d = with_room((size_t)dag->node_deadlines + 1);
    if (deadline_given(of_run))
        add(d, DEADLINE_OF_RUN, of_run, created_us);
    for (uint32_t i = 0; i < dag->node_count; i++) {
        if (dag->nodes[i].deadline != NULL)
            add(d, i, dag->nodes[i].deadline, created_us);
    }
    return d;
}

/* ---- as it is kept ---- */

static void put_time(json_t *object, const char *key, int64_t us)
{
    if (us != 0)
        json_object_set_new(object, key, json_integer(us));
}

static json_t *mark_owned(const struct deadline_mark *mark, const struct dag *dag)
{
    json_t *object = json_object();

    if (mark->node != DEADLINE_OF_RUN)
        json_object_set_new(object, "node", json_string(dag->nodes[mark->node].node_id));
    put_time(object, "at", mark->at_us);
    put_time(object, "warn", mark->warn_us);
    put_time(object, "warned", mark->warned_us);
    put_time(object, "missed", mark->missed_us);
    return object;
}

char *deadlines_options_owned(const struct run_deadlines *d, const struct dag *dag)
{
    auto_json options = NULL;
    json_t *marks;

    if (d == NULL)
        return NULL;
    options = json_object();
    marks = json_array();
    for (size_t i = 0; i < d->count; i++)
        json_array_append_new(marks, mark_owned(&d->marks[i], dag));
    json_object_set_new(options, "deadlines", marks);
    return json_dumps(options, JSON_COMPACT);
}

static bool read_mark(const struct dag *dag, const json_t *object, struct deadline_mark *ret)
{
    const json_t *node_id = json_object_get(object, "node");
    const struct dag_node *node =
        json_is_string(node_id) ? dag_find(dag, json_string_value(node_id)) : NULL;

    if (node_id != NULL && node == NULL)
        return false;
    *ret = (struct deadline_mark){
        .node = node != NULL ? dag_index(dag, node) : DEADLINE_OF_RUN,
        .at_us = json_integer_value(json_object_get(object, "at")),
        .warn_us = json_integer_value(json_object_get(object, "warn")),
        .warned_us = json_integer_value(json_object_get(object, "warned")),
        .missed_us = json_integer_value(json_object_get(object, "missed")),
    };
    return ret->at_us > 0;
}

bool deadlines_read(const struct dag *dag, const char *options, struct run_deadlines **ret,
                    struct err *e)
{
    auto_json doc = options != NULL ? json_loads(options, 0, NULL) : NULL;
    const json_t *marks = json_object_get(doc, "deadlines");
    auto_mem struct run_deadlines *d = NULL;

    *ret = NULL;
    if (options == NULL || (doc != NULL && marks == NULL))
        return true;
    if (json_array_size(marks) == 0)
        return err_set(e, ERR_CORRUPT, "the run's options are damaged");
    d = with_room(json_array_size(marks));
    for (size_t i = 0; i < json_array_size(marks); i++) {
        if (!read_mark(dag, json_array_get(marks, i), &d->marks[d->count++]))
            return err_set(e, ERR_CORRUPT, "the run's options are damaged: deadline %zu", i + 1);
    }
    *ret = take(d);
    return true;
}

/* ---- what is due ---- */

enum deadline_due deadline_due(const struct deadline_mark *mark, int64_t now_us)
{
    if (mark->over || mark->missed_us != 0)
        return DEADLINE_NOT_YET;
    if (mark->at_us <= now_us)
        return DEADLINE_MISSED;
    return mark->warn_us != 0 && mark->warned_us == 0 && mark->warn_us <= now_us ? DEADLINE_WARNS
                                                                                 : DEADLINE_NOT_YET;
}

static int64_t next_us(const struct deadline_mark *mark)
{
    if (mark->over || mark->missed_us != 0)
        return INT64_MAX;
    return mark->warn_us != 0 && mark->warned_us == 0 ? mark->warn_us : mark->at_us;
}

int64_t deadlines_next_us(const struct run_deadlines *d)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < d->count; i++)
        next = next_us(&d->marks[i]) < next ? next_us(&d->marks[i]) : next;
    return next;
}
