/* plan.c -- see plan.h. */
#include "engine/schedules/plan.h"

#include "model/schedule/due_words.h"

#include <string.h>

/* The latest of those that are late, the oldest at first. */
struct late {
    int64_t due[PLAN_MISSED_MAX];
    size_t count, first;
};

int64_t plan_keep(const char *missed_policy, int64_t missed_max)
{
    if (strcmp(missed_policy, "none") == 0)
        return 0;
    return strcmp(missed_policy, "last") == 0 ? 1 : missed_max;
}

static int64_t fires_us(const struct plan_of *of, int64_t due_us)
{
    return due_jitter_us(of->name, due_us, of->jitter_s);
}

static int64_t after(const struct plan_of *of, int64_t due_us)
{
    struct due d;

    return due_next(of->rule, due_us, &d) ? d.utc_us : 0;
}

static void add_late(struct late *late, int64_t due_us)
{
    late->due[(late->first + late->count) % PLAN_MISSED_MAX] = due_us;
    if (late->count < PLAN_MISSED_MAX)
        late->count++;
    else
        late->first = (late->first + 1) % PLAN_MISSED_MAX;
}

static int64_t late_at(const struct late *late, size_t i)
{
    return late->due[(late->first + i) % PLAN_MISSED_MAX];
}

/* From the due time that it waits for; the first that is not late, or 0. */
static int64_t walk(const struct plan_of *of, struct late *late)
{
    int64_t due_us = of->waits_us;

    while (due_us != 0 && fires_us(of, due_us) < of->now_us - of->grace_us) {
        add_late(late, due_us);
        due_us = after(of, due_us);
    }
    return due_us;
}

void plan_make(const struct plan_of *of, struct plan *ret)
{
    struct late late = {.count = 0};
    int64_t on_time = walk(of, &late);
    size_t kept = late.count < (size_t)of->keep ? late.count : (size_t)of->keep;

    ret->missed_count = late.count - kept;
    for (size_t i = 0; i < ret->missed_count; i++)
        ret->missed[i] = late_at(&late, i);
    ret->next_us = on_time;
    ret->fire_count = kept > 1 && !of->overlap ? 1 : kept;
    for (size_t i = 0; i < ret->fire_count; i++)
        ret->fires[i] = late_at(&late, ret->missed_count + i);
    if (kept == 0 && on_time != 0 && fires_us(of, on_time) <= of->now_us)
        ret->fires[ret->fire_count++] = on_time;
    if (ret->fire_count > 0)
        ret->next_us = after(of, ret->fires[ret->fire_count - 1]);
}

int64_t plan_behind(const struct plan *plan, size_t i)
{
    return i + 1 < plan->fire_count ? plan->fires[i + 1] : plan->next_us;
}
