/* preempt.c -- see preempt.h. */
#include "engine/lanes/preempt.h"

#include "engine/attempts/attempts.h"
#include "engine/control/step.h"
#include "engine/env/answer.h"
#include "engine/lanes/kept.h"

void preempt_turn(struct control *ctl)
{
    const struct attempt_order *order;

    while ((order = attempts_yield(ctl->attempts)) != NULL)
        (void)!step_attempt_preempt(ctl, order->ar, order->ref,
                                    &(struct step_preempt){
                                        .said = json_pack("{s:s}", "actor", "host")});
}

static bool may_be_asked(const struct control *ctl, const char *lane, const char **ret_code,
                         struct err *e)
{
    *ret_code = NULL;
    if (kept_lanes_has(ctl->lanes, lane))
        return step_in_touch(ctl, e);
    *ret_code = "LANE_NOT_FOUND";
    return err_set(e, ERR_NOT_FOUND, "Lane not found");
}

void preempt_by_hand(struct control *ctl, const struct api_actor *who, const char *lane,
                     api_done_fn done, void *done_arg)
{
    const struct attempt_order *order;
    struct step_preempt how = {.done = done, .done_arg = done_arg};
    const char *code;
    struct err e = {0};

    if (!may_be_asked(ctl, lane, &code, &e)) {
        done(done_arg, &(struct api_outcome){.e = &e, .code = code});
        return;
    }
    order = attempts_yield_of(ctl->attempts, lane);
    how.said = json_pack("{s:s, s:s, s:s}", "actor", who->subject, "reason", who->reason, "ticket",
                         who->ticket);
    if (order != NULL && step_attempt_preempt(ctl, order->ar, order->ref, &how))
        return;
    if (order == NULL)
        json_decref(how.said);
    done(done_arg, &(struct api_outcome){0});
}
