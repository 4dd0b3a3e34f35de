/* shed.c -- see shed.h. */
#include "engine/control/shed.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "engine/runs/runs.h"
#include "lanes/load.h"
#include "observe/metrics.h"
#include "observe/resident.h"

#define LOOK_EVERY_NS (100LL * 1000 * 1000)

struct shed {
    const struct engine_env *env;
    const struct runs *runs;
    attempts_waiting_fn *attempts_waiting;
    const void *attempts;
    /* An operator's word. */
    bool on;
    char *reason; /* NULL: off */
    int64_t since_us;
    /* Its own, as it was looked at last. */
    enum load_thing over; /* LOAD_THINGS: nothing */
    char *over_reason;    /* NULL likewise */
    int64_t over_since_us;
    int64_t look_ns; /* again */
};

struct switching {
    struct shed *shed;
    bool on;
    char *reason;
    api_done_fn done;
    void *done_arg;
};

struct shed *shed_new(const struct engine_env *env, const struct runs *runs,
                      attempts_waiting_fn *attempts_waiting, const void *attempts)
{
    struct shed *shed = mem_new(struct shed);

    shed->env = env;
    shed->runs = runs;
    shed->attempts_waiting = attempts_waiting;
    shed->attempts = attempts;
    shed->over = LOAD_THINGS;
    return shed;
}

void shed_free(struct shed *shed)
{
    if (shed == NULL)
        return;
    free(shed->reason);
    free(shed->over_reason);
    free(shed);
}

/* ---- an operator's word ---- */

static void hold(struct shed *shed, struct switching *s)
{
    if (shed->on == s->on)
        return; /* another was faster */
    free(shed->reason);
    shed->on = s->on;
    shed->reason = s->on ? take(s->reason) : NULL;
    shed->since_us = s->on ? shed->env->clock.wall_us() : 0;
    if (s->on)
        log_event(LOG_WARN, "admission.shedding", F_STR("reason", shed->reason));
    else
        log_event(LOG_INFO, "admission.open");
}

static void was_written(void *arg, const struct api_outcome *out)
{
    struct switching *s = arg;

    if (out->e == NULL)
        hold(s->shed, s);
    s->done(s->done_arg, out);
    free(s->reason);
    free(s);
}

void shed_switch(struct shed *shed, const struct api_actor *who, bool on, api_done_fn done,
                 void *done_arg)
{
    struct switching *s;

    if (shed->on == on) {
        done(done_arg, &(struct api_outcome){0});
        return;
    }
    s = mem_new(struct switching);
    *s = (struct switching){shed, on, mem_str(who->reason), done, done_arg};
    audit_write(shed->env, who, on ? "audit.rate_limit_enabled" : "audit.rate_limit_disabled", NULL,
                was_written, s);
}

/* ---- by itself ---- */

static struct load load_now(const struct shed *shed)
{
    int64_t waiting =
        (int64_t)shed->attempts_waiting(shed->attempts) + (int64_t)runs_counts(shed->runs).waiting;

    return (struct load){{[LOAD_STORE] = (int64_t)store_pending(shed->env->store),
                          [LOAD_MEMORY] = resident_bytes(),
                          [LOAD_DEPTH] = waiting}};
}

static char *reason_owned(enum load_thing over, const struct load *now, const struct load *marks)
{
    static const char *const units[] = {
        [LOAD_STORE] = "batches wait for the disk",
        [LOAD_MEMORY] = "bytes of memory are the host's",
        [LOAD_DEPTH] = "runs and attempts wait",
    };

    return mem_printf("%lld %s, and the mark is %lld", (long long)now->of[over], units[over],
                      (long long)marks->of[over]);
}

static void turn(struct shed *shed, enum load_thing over, const struct load *now)
{
    const struct load *marks = &shed->env->set.shed_marks;

    free(shed->over_reason);
    shed->over_reason = over != LOAD_THINGS ? reason_owned(over, now, marks) : NULL;
    if (shed->over == LOAD_THINGS || over == LOAD_THINGS)
        shed->over_since_us = over != LOAD_THINGS ? shed->env->clock.wall_us() : 0;
    shed->over = over;
    if (over != LOAD_THINGS)
        log_event(LOG_WARN, "admission.shedding", F_STR("reason", shed->over_reason),
                  F_STR("over", load_word(over)));
    else
        log_event(LOG_INFO, "admission.open");
}

/* Whoever asks looks, and nobody else: a host that is asked for nothing refuses nothing. */
static void look(struct shed *shed)
{
    int64_t now_ns = shed->env->clock.mono_ns();
    enum load_thing over;
    struct load now;

    if (now_ns < shed->look_ns)
        return;
    shed->look_ns = now_ns + LOOK_EVERY_NS;
    now = load_now(shed);
    over = load_over(&shed->env->set.shed_marks, &now, shed->over);
    if (over != shed->over)
        turn(shed, over, &now);
}

/* ---- what comes of both ---- */

struct api_shed shed_now(struct shed *shed)
{
    look(shed);
    if (shed->on || shed->over == LOAD_THINGS)
        return (struct api_shed){shed->on, shed->reason, shed->since_us, false};
    return (struct api_shed){true, shed->over_reason, shed->over_since_us, true};
}

bool shed_lets_in(struct shed *shed, struct err *e)
{
    return !shed_now(shed).on ||
           err_set(e, ERR_LIMIT, "Rate limit exceeded. Retry after %d seconds.", API_SHED_RETRY_S);
}

void shed_gauges(struct shed *shed)
{
    look(shed);
    metrics_set(shed->env->metrics, METRIC_SHEDDING, METRIC_LABELS("operator"), shed->on);
    for (int thing = 0; thing < LOAD_THINGS; thing++)
        metrics_set(shed->env->metrics, METRIC_SHEDDING, METRIC_LABELS(load_word(thing)),
                    (int)shed->over == thing);
}
