/* gated.c -- see gated.h. */
#include "engine/runs/gated.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

struct gated {
    struct gate_group *groups;
    TAILQ_HEAD(, gate_group) stirred;
    struct timers timers;
    uint32_t count;
};

struct gated *gated_new(void)
{
    struct gated *gated = mem_new(struct gated);

    TAILQ_INIT(&gated->stirred);
    return gated;
}

void gated_free(struct gated *gated)
{
    assert(gated->groups == NULL);
    timers_done(&gated->timers);
    free(gated);
}

/* Ids have no control characters, and a key's text has none either. */
static char *name_owned(const struct active_run *ar, enum gate_stage stage, const char *key)
{
    return mem_printf("%d\n%s\n%s\n%s", (int)stage, ar->tenant, ar->dag->dag_id, key);
}

void gated_stir(struct gated *gated, struct gate_group *group)
{
    if (group->stirred)
        return;
    group->stirred = true;
    TAILQ_INSERT_TAIL(&gated->stirred, group, of_stirred);
}

static struct gate_group *group_of(struct gated *gated, const struct active_run *ar)
{
    char *name = name_owned(ar, ar->gate->stage, gate_stage_key(ar->gate));
    struct gate_group *group;

    HASH_FIND_STR(gated->groups, name, group);
    if (group != NULL) {
        free(name);
        return group;
    }
    group = mem_new(struct gate_group);
    group->name = name;
    TAILQ_INIT(&group->runs);
    HASH_ADD_KEYPTR(hh, gated->groups, group->name, strlen(group->name), group);
    return group;
}

static bool is_older(const struct active_run *a, const struct active_run *b)
{
    return a->created_us < b->created_us ||
           (a->created_us == b->created_us && strcmp(a->run_id, b->run_id) < 0);
}

static void insert(struct gate_group *group, struct active_run *ar)
{
    struct active_run *before;

    TAILQ_FOREACH_REVERSE(before, &group->runs, gate_runs, gate->of_group)
    {
        if (is_older(before, ar)) {
            TAILQ_INSERT_AFTER(&group->runs, before, ar, gate->of_group);
            return;
        }
    }
    TAILQ_INSERT_HEAD(&group->runs, ar, gate->of_group);
}

void gated_enter(struct gated *gated, struct active_run *ar)
{
    struct gate_group *group = group_of(gated, ar);

    assert(ar->gate->group == NULL);
    ar->gate->group = group;
    insert(group, ar);
    gated->count++;
    gated_stir(gated, group);
}

void gated_leave(struct gated *gated, struct active_run *ar)
{
    struct gate_group *group = ar->gate->group;

    assert(group != NULL && gated->count > 0);
    TAILQ_REMOVE(&group->runs, ar, gate->of_group);
    ar->gate->group = NULL;
    gated->count--;
    timers_set(&gated->timers, &ar->timer, TIMER_NEVER);
    if (!TAILQ_EMPTY(&group->runs)) {
        gated_stir(gated, group);
        return;
    }
    if (group->stirred)
        TAILQ_REMOVE(&gated->stirred, group, of_stirred);
    HASH_DEL(gated->groups, group);
    free(group->name);
    free(group);
}

uint32_t gated_count(const struct gated *gated)
{
    return gated->count;
}

void gated_stir_behind(struct gated *gated, const struct active_run *ar)
{
    auto_mem char *name = NULL;
    struct gate_group *group;

    if (gated->count == 0 || ar->gate == NULL || ar->gate->concurrency == NULL)
        return;
    name = name_owned(ar, GATE_CONCURRENCY, ar->gate->concurrency);
    HASH_FIND_STR(gated->groups, name, group);
    if (group != NULL)
        gated_stir(gated, group);
}

void gated_stir_all(struct gated *gated)
{
    struct gate_group *group, *next;

    HASH_ITER(hh, gated->groups, group, next)
    gated_stir(gated, group);
}

void gated_due(struct gated *gated, struct active_run *ar, int64_t due_ns)
{
    assert(ar->gate->group != NULL);
    timers_set(&gated->timers, &ar->timer, due_ns);
}

static void stir_due(struct gated *gated, int64_t now_ns)
{
    while (timers_due(&gated->timers) <= now_ns) {
        struct active_run *ar = TIMER_OWNER(timers_first(&gated->timers), struct active_run, timer);

        timers_set(&gated->timers, &ar->timer, TIMER_NEVER);
        gated_stir(gated, ar->gate->group);
    }
}

struct gate_group *gated_next(struct gated *gated, int64_t now_ns)
{
    struct gate_group *group;

    stir_due(gated, now_ns);
    group = TAILQ_FIRST(&gated->stirred);
    if (group == NULL)
        return NULL;
    TAILQ_REMOVE(&gated->stirred, group, of_stirred);
    group->stirred = false;
    return group;
}

bool gated_stirred(const struct gated *gated)
{
    return !TAILQ_EMPTY(&gated->stirred);
}

int64_t gated_next_due(const struct gated *gated)
{
    return timers_due(&gated->timers);
}
