/* fire.c -- see fire.h. */
#include "engine/schedules/fire.h"

#include "base/json.h"
#include "engine/control/control.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "model/schedule/due_words.h"
#include "store/rows.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 160 };

static void nobody_waits(void *arg unused_arg, const struct api_outcome *out unused_arg)
{
}

void fire_due(struct control *ctl, const struct api_actor *who,
              const struct store_schedule *schedule, const struct api_firing *firing, bool cancels,
              api_done_fn done, void *done_arg)
{
    auto_json inputs = json_loads(schedule->inputs, 0, NULL);
    char due[DUE_TEXT_BYTES], token[NAME_BYTES];

    due_utc_text(&(struct due){.utc_us = firing->due_us}, due);
    snprintf(token, sizeof token, DUE_TOKEN "%.100s:%s", schedule->schedule_id, due);
    if (cancels)
        control_cancel(ctl, who, schedule->last_run_id, nobody_waits, NULL);
    control_start(ctl, who,
                  &(struct api_run_start){.dag_id = schedule->dag_id,
                                          .version = schedule->dag_version,
                                          .inputs = inputs,
                                          .run_token = token,
                                          .checkpoint_enabled = true,
                                          .deterministic_mode = true,
                                          .firing = firing},
                  done, done_arg);
}

void fire_by_itself(struct control *ctl, const struct fire_name *name,
                    const struct store_schedule *schedule, const struct api_firing *firing,
                    bool cancels, api_done_fn done, void *done_arg)
{
    char subject[NAME_BYTES], trace[ACTOR_TRACE_BYTES];
    struct api_actor who = {schedule->tenant, subject, name->reason, name->ticket, trace, ""};

    snprintf(subject, sizeof subject, "%s%s", name->kind, name->id);
    actor_trace(ctl->env, trace);
    fire_due(ctl, &who, schedule, firing, cancels, done, done_arg);
}

bool fire_is_skipped(const struct api_outcome *out)
{
    return out->code != NULL && strcmp(out->code, API_SKIPPED) == 0;
}

const char *fire_reason(const struct api_outcome *out)
{
    return fire_is_skipped(out) ? "concurrency" : out->e->msg;
}

bool fire_may_be_later(const struct api_outcome *out)
{
    const struct err *e = out->e;

    return !fire_is_skipped(out) && (e->code == ERR_LIMIT || e->code == ERR_UNAVAILABLE ||
                                     e->code == ERR_NOT_FOUND || e->code == ERR_CONFLICT);
}
