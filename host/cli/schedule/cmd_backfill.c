/* cmd_backfill.c -- `orch backfill`: due times of a schedule are run again. */
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/out.h"
#include "cli/schedule/cmd_schedule.h"

static void backfill_path(struct buf *path, const char *id, const char *tail)
{
    buf_adds(path, "/backfills");
    client_path_add(path, id);
    buf_adds(path, tail);
}

static void backfills_path(struct buf *path, const char *schedule_id)
{
    buf_adds(path, "/schedules");
    client_path_add(path, schedule_id);
    buf_adds(path, "/backfills");
}

static json_t *range_owned(const struct cli *cli)
{
    return json_pack("{s:s, s:s}", "fromUtc", cli_flag_text(cli, "from"), "toUtc",
                     cli_flag_text(cli, "to"));
}

static bool ask(struct cli *cli, const json_t *body, json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};

    backfills_path(&path, cli_arg(cli, 0));
    return client_send(cli, "POST", buf_text(&path), body, ret, e) ||
           err_wrap(e, "schedule %s", cli_arg(cli, 0));
}

static bool plan(struct cli *cli, struct err *e)
{
    auto_json body = range_owned(cli);
    auto_json reply = NULL;

    json_object_set_new(body, "preview", json_true());
    if (!ask(cli, body, &reply, e))
        return false;
    out_rows(cli, schedule_times, json_object_get(reply, "dueTimes"), reply);
    cli_say(cli, "%lld due times, the first 100 are shown; nothing was started",
            (long long)json_integer_value(json_object_get(reply, "count")));
    return true;
}

static void add_stated(json_t *body, const char *name, const char *text)
{
    if (text != NULL)
        json_object_set_new(body, name, json_string(text));
}

static bool start(struct cli *cli, struct err *e)
{
    auto_json body = range_owned(cli);
    auto_json reply = NULL;
    const char *id;

    json_object_set_new(body, "maxParallel", json_integer(cli_flag_int(cli, "max-parallel")));
    add_stated(body, "reason", cli->set.reason);
    add_stated(body, "ticket", cli->set.ticket);
    if (!ask(cli, body, &reply, e))
        return false;
    id = json_text_of(reply, "backfillId");
    out_id(cli, id, reply);
    cli_say(cli, "backfill %s runs %lld due times; orch backfill show says how far it is", id,
            (long long)json_integer_value(json_object_get(reply, "total")));
    return true;
}

static bool list(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"BACKFILL", "backfillId"},
        {"STATUS", "status"},
        {"FROM", "fromUtc"},
        {"TO", "toUtc"},
        {"TOTAL", "total"},
        {"COMPLETED", "completed"},
        {"FAILED", "failed"},
        {"SKIPPED", "skipped"},
        {"RUNNING", "running"},
        {"TICKET", "ticket"},
        {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    backfills_path(&path, cli_arg(cli, 0));
    client_query_page(cli, &path);
    if (!client_get(cli, buf_text(&path), &reply, e))
        return err_wrap(e, "schedule %s", cli_arg(cli, 0));
    client_show_page(cli, columns, "items", reply);
    return true;
}

static bool show(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"BACKFILL", "backfillId"},
        {"SCHEDULE", "scheduleId"},
        {"STATUS", "status"},
        {"WHY NOT", "why.detail"},
        {"FROM", "fromUtc"},
        {"TO", "toUtc"},
        {"NEXT", "nextDueUtc"},
        {"PARALLEL", "maxParallel"},
        {"TOTAL", "total"},
        {"COMPLETED", "completed"},
        {"FAILED", "failed"},
        {"SKIPPED", "skipped"},
        {"RUNNING", "running"},
        {"REASON", "reason"},
        {"TICKET", "ticket"},
        {"BY", "createdBy"},
        {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    backfill_path(&path, cli_arg(cli, 0), "");
    if (!client_get(cli, buf_text(&path), &reply, e))
        return err_wrap(e, "backfill %s", cli_arg(cli, 0));
    out_object(cli, columns, reply);
    return true;
}

static bool change(struct cli *cli, const char *tail, const char *done, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    backfill_path(&path, cli_arg(cli, 0), tail);
    if (!client_send(cli, "POST", buf_text(&path), NULL, &reply, e))
        return err_wrap(e, "backfill %s", cli_arg(cli, 0));
    out_id(cli, cli_arg(cli, 0), reply);
    cli_say(cli, "backfill %s %s", cli_arg(cli, 0), done);
    return true;
}

static bool pause_it(struct cli *cli, struct err *e)
{
    return change(cli, ":pause", "begins no more runs; those that it began go on", e);
}

static bool resume(struct cli *cli, struct err *e)
{
    return change(cli, ":resume", "goes on where it stood", e);
}

static bool cancel(struct cli *cli, struct err *e)
{
    return change(cli, ":cancel", "is over; runs that it began go on", e);
}

#define RANGE_FLAGS                                                                                \
    {.name = "from",                                                                               \
     .type = FLAG_TEXT,                                                                            \
     .value = "TIME",                                                                              \
     .required = true,                                                                             \
     .help = "the first due time, or before it: RFC 3339"},                                        \
    {                                                                                              \
        .name = "to", .type = FLAG_TEXT, .value = "TIME", .required = true,                        \
        .help = "the last, or behind it"                                                           \
    }
static const struct cli_flag range_flags[] = {RANGE_FLAGS, {.name = NULL}};
static const struct cli_flag start_flags[] = {
    RANGE_FLAGS,
    {.name = "max-parallel",
     .type = FLAG_INT,
     .value = "N",
     .fallback = "1",
     .min = 1,
     .max = 100,
     .help = "so many of its runs at once"},
    {.name = NULL},
};
static const struct cli_arg schedule_arg[] = {
    {"SCHEDULE", true, false, "id, as orch schedule list has it"},
    {NULL, false, false, NULL},
};
static const struct cli_arg id_arg[] = {
    {"BACKFILL", true, false, "id, as orch backfill list has it"},
    {NULL, false, false, NULL},
};
static const struct cli_verb verbs[] = {
    {.name = "plan",
     .summary = "Show which due times would be run; starts nothing",
     .flags = range_flags,
     .args = schedule_arg,
     .needs_server = true,
     .handler = plan},
    {.name = "start",
     .summary = "Run the due times of a range that have no run",
     .details = "Needs --reason and --ticket, and the scope orch:backfill or orchestrator:admin. "
                "Due times that fired are skipped; what the calendar fires goes before.",
     .flags = start_flags,
     .args = schedule_arg,
     .needs_server = true,
     .handler = start},
    {.name = "list",
     .summary = "List the backfills of a schedule, newest first",
     .args = schedule_arg,
     .needs_server = true,
     .handler = list},
    {.name = "show",
     .summary = "Show how far a backfill is",
     .args = id_arg,
     .needs_server = true,
     .handler = show},
    {.name = "pause",
     .summary = "Begin no more runs; those that were begun go on",
     .args = id_arg,
     .needs_server = true,
     .handler = pause_it},
    {.name = "resume",
     .summary = "Go on where it stood",
     .args = id_arg,
     .needs_server = true,
     .handler = resume},
    {.name = "cancel",
     .summary = "End it; runs that were begun go on",
     .args = id_arg,
     .needs_server = true,
     .handler = cancel},
    {.name = NULL},
};
const struct cli_group cli_group_backfill = {
    .name = "backfill",
    .summary = "Backfills: run a schedule's due times of the past",
    .verbs = verbs};
