/* follow.c -- see follow.h. */
#include "engine/lanes/follow.h"

#include "base/json.h"
#include "base/log.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "engine/lanes/depth.h"

/* No operator's: the entry stands in the ledger of the tenant that a host has from its start. */
static const struct api_actor the_host = {.tenant = "default",
                                          .subject = "host",
                                          .reason = "autoscale",
                                          .ticket = "",
                                          .trace_id = "",
                                          .traceparent = ""};

int64_t follow_next_timer(const struct follow *follow)
{
    bool takes = !follow->mode->draining && !follow->mode->adrift;

    return takes && lanes_following(follow->lanes) > 0 ? follow->next_ns : INT64_MAX;
}

static void tell(const struct follow *follow, const char *lane, const struct lane_scaled *scaled)
{
    log_event(LOG_INFO, "lane.scaled", F_STR("lane", lane), F_INT("from", scaled->from),
              F_INT("to", scaled->to));
    audit_write(follow->env, &the_host, "audit.lane_scaled",
                json_pack("{s:s, s:I, s:I}", "lane", lane, "from", (json_int_t)scaled->from, "to",
                          (json_int_t)scaled->to),
                NULL, NULL);
}

struct looking {
    const struct follow *follow;
    const json_t *delayed;
    int64_t now_ns;
};

static void look(void *arg, const struct lane_view *view)
{
    const struct looking *l = arg;
    json_int_t later = json_integer_value(json_object_get(l->delayed, view->name));
    struct lane_scaled scaled;

    if (lanes_look(l->follow->lanes, view->name, (uint32_t)later, l->now_ns, &scaled))
        tell(l->follow, view->name, &scaled);
}

void follow_turn(struct follow *follow, int64_t now_ns)
{
    auto_json delayed = NULL;

    if (follow_next_timer(follow) > now_ns)
        return;
    delayed = depth_delayed_owned(follow->runs);
    follow->next_ns = now_ns + LANE_LOOK_NS;
    lanes_each(follow->lanes, look, &(struct looking){follow, delayed, now_ns});
}
