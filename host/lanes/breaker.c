/* breaker.c -- see breaker.h. */
#include "lanes/breaker.h"

#include "base/auto.h"

#include <stdio.h>
#include <string.h>

const char *lane_breaker_state_text(enum lane_breaker_state state)
{
    static const char *const texts[] = {"closed", "open", "half_open"};

    return texts[state];
}

enum lane_breaker_state lane_breaker_state(const struct lane_breaker *breaker,
                                           const struct lane_breaker_spec *spec, int64_t now_ns)
{
    if (!breaker->opened || spec->failures == 0)
        return LANE_BREAKER_CLOSED;
    return now_ns - breaker->opened_ns < spec->open_ns ? LANE_BREAKER_OPEN : LANE_BREAKER_HALF_OPEN;
}

int64_t lane_breaker_next_ns(const struct lane_breaker *breaker,
                             const struct lane_breaker_spec *spec, int64_t now_ns)
{
    switch (lane_breaker_state(breaker, spec, now_ns)) {
    case LANE_BREAKER_OPEN:
        return breaker->opened_ns + spec->open_ns;
    case LANE_BREAKER_HALF_OPEN:
        return breaker->trial != 0 ? INT64_MAX : INT64_MIN;
    default:
        return INT64_MIN;
    }
}

void lane_breaker_started(struct lane_breaker *breaker, const struct lane_breaker_spec *spec,
                          uint64_t item, int64_t now_ns)
{
    if (lane_breaker_state(breaker, spec, now_ns) == LANE_BREAKER_HALF_OPEN)
        breaker->trial = item;
}

void lane_breaker_ended(struct lane_breaker *breaker, uint64_t item)
{
    if (breaker->trial == item)
        breaker->trial = 0;
}

uint32_t lane_breaker_failures(const struct lane_breaker *breaker)
{
    uint32_t most = 0;

    for (int i = 0; i < LANE_BREAKER_CLASSES; i++) {
        if (breaker->failed[i].count > most)
            most = breaker->failed[i].count;
    }
    return most;
}

/* ---- verdicts ---- */

static void open_it(struct lane_breaker *breaker, const struct lane_failures *failed,
                    int64_t now_ns)
{
    struct lane_failures why = *failed;

    *breaker = (struct lane_breaker){.opened = true, .opened_ns = now_ns, .failed = {why}};
}

/* Of the class, or the one whose place it takes. */
static struct lane_failures *failures_of(struct lane_breaker *breaker, const char *class)
{
    struct lane_failures *rarest = &breaker->failed[0];

    for (int i = 0; i < LANE_BREAKER_CLASSES; i++) {
        struct lane_failures *one = &breaker->failed[i];

        if (one->count > 0 && strncmp(one->class, class, sizeof one->class - 1) == 0)
            return one;
        if (one->count < rarest->count)
            rarest = one;
    }
    *rarest = (struct lane_failures){.count = 0};
    snprintf(rarest->class, sizeof rarest->class, "%s", class);
    return rarest;
}

static void judge_closed(struct lane_breaker *breaker, const struct lane_breaker_spec *spec,
                         const char *error_class, int64_t now_ns)
{
    struct lane_failures *failed;

    if (error_class == NULL) {
        *breaker = (struct lane_breaker){.opened = false};
        return;
    }
    failed = failures_of(breaker, error_class);
    if (++failed->count >= spec->failures)
        open_it(breaker, failed, now_ns);
}

static void judge_trial(struct lane_breaker *breaker, const struct lane_breaker_spec *spec,
                        const char *error_class, int64_t now_ns)
{
    struct lane_failures again = {.count = 1};

    if (error_class != NULL) {
        snprintf(again.class, sizeof again.class, "%s", error_class);
        open_it(breaker, &again, now_ns);
    } else if (++breaker->successes >= spec->successes) {
        *breaker = (struct lane_breaker){.opened = false};
    }
}

void lane_breaker_judge(struct lane_breaker *breaker, const struct lane_breaker_spec *spec,
                        uint64_t item, const char *error_class, int64_t now_ns)
{
    if (spec->failures == 0)
        return;
    if (!breaker->opened)
        judge_closed(breaker, spec, error_class, now_ns);
    else if (breaker->trial == item)
        judge_trial(breaker, spec, error_class, now_ns);
}
