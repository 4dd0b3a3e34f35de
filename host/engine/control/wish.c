/* wish.c -- see wish.h. */
#include "engine/control/wish.h"

#include "engine/commit/rows.h"
#include "engine/control/step.h"
#include "engine/env/env.h"

#include <string.h>

typedef bool run_event_fn(struct run *run, int64_t now, struct err *e);

/* word is the event's, which only says that it was asked: what came of it is an event of its own.
 */
static const struct words {
    const char *order; /* its verb */
    run_event_fn *event;
    const char *verb; /* "it cannot be ..." */
    const char *word;
} wishes[] = {
    [WISH_CANCEL] = {"cancel", run_cancel, "cancelled", "cancelling"},
    [WISH_PAUSE] = {"pause", run_pause, "paused", "pausing"},
    [WISH_UNPAUSE] = {"unpause", run_unpause, "unpaused", "unpausing"},
};

const char *wish_adjective(enum wish wish)
{
    return wishes[wish].verb;
}

const char *wish_verb(enum wish wish)
{
    return wishes[wish].order;
}

bool wish_parse(const char *verb, enum wish *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(wishes); i++) {
        if (strcmp(wishes[i].order, verb) == 0) {
            *ret = (enum wish)i;
            return true;
        }
    }
    return false;
}

void wish_event(struct commit *c, enum wish wish, json_t *said)
{
    commit_event(c, "run.updated", wishes[wish].word, NO_NODE, 0, said);
}

json_t *wish_said_owned(const struct api_actor *who)
{
    return json_pack("{s:s, s:s, s:s}", "actor", who->subject, "reason", who->reason, "ticket",
                     who->ticket);
}

struct commit *wish_decide(struct control *ctl, struct active_run *ar, enum wish wish, json_t *said,
                           struct err *e)
{
    const struct words *words = &wishes[wish];
    struct commit *c;

    if (!words->event(ar->run, ctl->env->clock.mono_ns(), e)) {
        json_decref(said);
        err_set(e, ERR_CONFLICT, "run %s is %s: it cannot be %s", ar->run_id,
                run_state_text(run_state(ar->run)), words->verb);
        return NULL;
    }
    c = step_commit(ctl, ar);
    wish_event(c, wish, said);
    commit_decisions(c);
    return c;
}
