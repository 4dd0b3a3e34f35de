/* shed.c -- see shed.h. */
#include "engine/control/shed.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"

struct shed {
    const struct engine_env *env;
    bool on;
    char *reason; /* NULL: off */
    int64_t since_us;
};

struct switching {
    struct shed *shed;
    bool on;
    char *reason;
    api_done_fn done;
    void *done_arg;
};

struct shed *shed_new(const struct engine_env *env)
{
    struct shed *shed = mem_new(struct shed);

    shed->env = env;
    return shed;
}

void shed_free(struct shed *shed)
{
    if (shed == NULL)
        return;
    free(shed->reason);
    free(shed);
}

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

struct api_shed shed_now(const struct shed *shed)
{
    return (struct api_shed){shed->on, shed->reason, shed->since_us, false};
}

bool shed_lets_in(const struct shed *shed, struct err *e)
{
    return !shed->on ||
           err_set(e, ERR_LIMIT, "Rate limit exceeded. Retry after %d seconds.", API_SHED_RETRY_S);
}
