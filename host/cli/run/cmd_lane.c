/* cmd_lane.c -- `orch lane`: the lanes of a running host. */
#include "cli/client.h"
#include "cli/out.h"

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
        {"express from priority", "express_priority"},
        {"paused", "paused"},
        {"running", "running"},
        {"waiting", "depth.total"},
        {"of these express", "depth.express"},
        {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json lane = NULL;

    buf_adds(&path, "/lanes");
    client_path_add(&path, cli_arg(cli, 0));
    if (!client_get(cli, buf_text(&path), &lane, e))
        return false;
    out_object(cli, shown, lane);
    return true;
}

static const struct cli_arg lane_args[] = {
    {.name = "LANE", .required = true, .help = "name of the lane"}, {.name = NULL}};

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
    {.handler = NULL},
};
const struct cli_group cli_group_lane = {.name = "lane",
                                         .summary = "The lanes in which steps wait",
                                         .verbs = verbs};
