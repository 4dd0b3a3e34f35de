/* cmd_lane.c -- `orch lane`: the lanes of a running host, shown and set. */
#include "cli/client.h"
#include "cli/out.h"
#include "cli/parse.h"

#include <string.h>

enum { SLOTS_MAX = 10000, EXPRESS_NEVER = 101, DEPTH_MAX = 1000000 }; /* LANES_KIT.md 4 */

static void lane_path(const struct cli *cli, struct buf *path, const char *tail)
{
    buf_adds(path, "/lanes");
    client_path_add(path, cli_arg(cli, 0));
    buf_adds(path, tail);
}

static bool list(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"LANE", "name"},
        {"SLOTS", "slots"},
        {"RUNNING", "running"},
        {"WAITING", "depth.total"},
        {"EXPRESS", "depth.express"},
        {"PAUSED", "paused"},
        {NULL, NULL},
    };
    auto_json reply = NULL;

    if (!client_get(cli, "/lanes", &reply, e))
        return false;
    out_rows(cli, columns, json_object_get(reply, "items"), reply);
    return true;
}

static bool show(struct cli *cli, struct err *e)
{
    static const struct out_column shown[] = {
        {"lane", "name"},
        {"slots", "slots"},
        {"slots that were set", "base_slots"},
        {"slots that its load wants", "desired_slots"},
        {"express from priority", "express_priority"},
        {"paused", "paused"},
        {"draining", "draining"},
        {"drained", "drained"},
        {"running", "running"},
        {"waiting", "depth.total"},
        {"of these express", "depth.express"},
        {"of these tried again later", "depth.delayed"},
        {"at most", "max_depth"},
        {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json lane = NULL;

    lane_path(cli, &path, "");
    if (!client_get(cli, buf_text(&path), &lane, e))
        return false;
    out_object(cli, shown, lane);
    return true;
}

/* ---- changed ---- */

static bool tell(struct cli *cli, const json_t *lane)
{
    bool paused = json_is_true(json_object_get(lane, "paused"));
    bool draining = json_is_true(json_object_get(lane, "draining"));

    out_id(cli, cli_arg(cli, 0), lane);
    cli_say(cli, "lane %s has %lld slots%s", cli_arg(cli, 0),
            (long long)json_integer_value(json_object_get(lane, "slots")),
            paused     ? " and is paused: nothing new starts in it"
            : draining ? " and is being drained: it takes no task"
                       : "");
    return true;
}

/* Says what the lane is now. */
static bool change(struct cli *cli, const char *method, const char *tail, const json_t *members,
                   struct err *e)
{
    auto_done(buf) path = {0};
    auto_json lane = NULL;

    lane_path(cli, &path, tail);
    return (client_send(cli, method, buf_text(&path), members, &lane, e) && tell(cli, lane)) ||
           err_wrap(e, "lane '%s'", cli_arg(cli, 0));
}

static bool set(struct cli *cli, struct err *e)
{
    static const char *const flags[][2] = {{"slots", "slots"},
                                           {"express-priority", "express_priority"},
                                           {"max-depth", "max_depth"}};
    auto_json members = json_object();

    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (cli_flag_given(cli, flags[i][0]))
            json_object_set_new(members, flags[i][1], json_integer(cli_flag_int(cli, flags[i][0])));
    }
    if (json_object_size(members) == 0)
        return err_set(e, ERR_INVALID,
                       "nothing to set: give --slots, --express-priority or --max-depth");
    return change(cli, "PUT", "", members, e);
}

/* Of a lane that is there: a name that was mistyped makes none. */
static bool scale(struct cli *cli, struct err *e)
{
    auto_json lane = NULL;
    auto_json members = NULL;
    auto_done(buf) path = {0};
    int64_t slots;

    if (!parse_int(cli_arg(cli, 1), 0, SLOTS_MAX, &slots, e))
        return err_wrap(e, "SLOTS");
    lane_path(cli, &path, "");
    if (!client_get(cli, buf_text(&path), &lane, e))
        return err_wrap(e, "lane '%s'", cli_arg(cli, 0));
    members = json_pack("{s:I}", "slots", (json_int_t)slots);
    return change(cli, "PUT", "", members, e);
}

static bool pause_lane(struct cli *cli, struct err *e)
{
    return change(cli, "POST", ":pause", NULL, e);
}

static bool resume_lane(struct cli *cli, struct err *e)
{
    return change(cli, "POST", ":resume", NULL, e);
}

static bool drain_lane(struct cli *cli, struct err *e)
{
    return change(cli, "POST", ":drain", NULL, e);
}

/* ---- all of them ---- */

static void say_switch(const struct cli *cli, const char *name, json_t *members)
{
    const char *said = cli_flag_text(cli, name);

    if (said != NULL)
        json_object_set_new(members, name, json_boolean(strcmp(said, "on") == 0));
}

static bool route(struct cli *cli, struct err *e)
{
    static const struct out_column shown[] = {{"express workers", "express"},
                                              {"priorities", "priority"},
                                              {NULL, NULL}};
    auto_json members = json_object();
    auto_json routing = NULL;

    say_switch(cli, "express", members);
    say_switch(cli, "priority", members);
    if (json_object_size(members) > 0
            ? !client_send(cli, "POST", "/admin/routing", members, &routing, e)
            : !client_get(cli, "/admin/routing", &routing, e))
        return false;
    out_object(cli, shown, routing);
    return true;
}

static const struct cli_flag route_flags[] = {
    {.name = "express",
     .type = FLAG_CHOICE,
     .value = "SWITCH",
     .choices = "on|off",
     .help = "off: what is of an express priority waits for the regular workers"},
    {.name = "priority",
     .type = FLAG_CHOICE,
     .value = "SWITCH",
     .choices = "on|off",
     .help = "off: of a tenant the oldest is next, whatever its priority"},
    {.name = NULL},
};
static const struct cli_arg lane_args[] = {
    {.name = "LANE", .required = true, .help = "name of the lane"}, {.name = NULL}};
static const struct cli_arg scale_args[] = {
    {.name = "LANE", .required = true, .help = "name of the lane"},
    {.name = "SLOTS", .required = true, .help = "how many; 0: nothing runs in it"},
    {.name = NULL}};
static const struct cli_flag set_flags[] = {
    {.name = "slots",
     .type = FLAG_INT,
     .value = "N",
     .min = 0,
     .max = SLOTS_MAX,
     .help = "regular workers, and as many express ones; 0: nothing runs"},
    {.name = "express-priority",
     .type = FLAG_INT,
     .value = "N",
     .min = 1,
     .max = EXPRESS_NEVER,
     .help = "steps of this priority or more are express ones; 101: none is"},
    {.name = "max-depth",
     .type = FLAG_INT,
     .value = "N",
     .min = 1,
     .max = DEPTH_MAX,
     .help = "tasks that may wait; further ones are refused"},
    {.name = NULL},
};

static const struct cli_verb verbs[] = {
    {.name = "list",
     .summary = "List the lanes of the host, with what runs and what waits in each",
     .details = "A lane has as many regular workers as slots, and, but for default, as many again "
                "for what has its express priority. A step without a lane waits in default.",
     .needs_server = true,
     .handler = list},
    {.name = "show",
     .summary = "Show one lane",
     .args = lane_args,
     .needs_server = true,
     .handler = show},
    {.name = "set",
     .summary = "Make a lane, or change one, on every host of the store",
     .details = "What is not given stays. It holds at once and after a restart; fewer slots wait "
                "for what runs.",
     .args = lane_args,
     .flags = set_flags,
     .needs_server = true,
     .handler = set},
    {.name = "scale",
     .summary = "Change how many slots a lane has",
     .args = scale_args,
     .needs_server = true,
     .handler = scale},
    {.name = "pause",
     .summary = "Start nothing new in a lane; what runs goes on",
     .args = lane_args,
     .needs_server = true,
     .handler = pause_lane},
    {.name = "resume",
     .summary = "Start what waits in a paused lane, and take tasks in a drained one",
     .args = lane_args,
     .needs_server = true,
     .handler = resume_lane},
    {.name = "drain",
     .summary = "Refuse new tasks of a lane, and work off those that wait",
     .args = lane_args,
     .needs_server = true,
     .handler = drain_lane},
    {.name = "route",
     .summary = "Show what is switched off in all lanes, or switch it",
     .details = "It holds on every host of the store, at once and after restarts.",
     .flags = route_flags,
     .needs_server = true,
     .handler = route},
    {.handler = NULL},
};
const struct cli_group cli_group_lane = {.name = "lane",
                                         .summary = "The lanes in which steps wait",
                                         .verbs = verbs};
