/* cmd_task.c -- `orch task`: pieces of work for a lane, handed over, shown and changed. */
#include "cli/client.h"
#include "cli/out.h"
#include "cli/parse.h"
#include "cli/run/cmd_run.h"

enum { PRIORITY_MIN = 1, PRIORITY_MAX = 100 };

static bool submit(struct cli *cli, struct err *e)
{
    struct watch_options options = {.outputs = cli_flag_bool(cli, "outputs")};
    auto_json payload = NULL;
    auto_json body = NULL;
    auto_json reply = NULL;
    const char *run_id;

    if (!run_read_object(cli_flag_text(cli, "payload"), "payload", &payload, e))
        return false;
    body = json_pack("{s:s, s:O, s:s*}", "lane", cli_arg(cli, 0), "payload", payload, "task_id",
                     cli_flag_text(cli, "task-id"));
    if (cli_flag_given(cli, "priority"))
        json_object_set_new(body, "priority", json_integer(cli_flag_int(cli, "priority")));
    if (!client_send(cli, "POST", "/tasks", body, &reply, e))
        return err_wrap(e, "lane '%s'", cli_arg(cli, 0));
    out_id(cli, json_text_of(reply, "task_id"), reply);
    fflush(cli->out); /* whoever interrupts the wait still has it */
    run_id = json_text_of(reply, "run_id");
    cli_say(cli, "task %s is %s, as run %s", json_text_of(reply, "task_id"),
            json_text_of(reply, "status"), run_id);
    return !cli_flag_bool(cli, "wait") || run_watch(cli, run_id, &options, e);
}

static bool list(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"TASK", "task_id"},           {"LANE", "lane"},  {"PRIORITY", "priority"},
        {"STATUS", "status"},          {"RUN", "run_id"}, {"ENQUEUED", "enqueued_at"},
        {"COMPLETED", "completed_at"}, {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/tasks");
    client_query_add(&path, "lane", cli_flag_text(cli, "lane"));
    client_query_add(&path, "status", cli_flag_text(cli, "status"));
    client_query_page(cli, &path);
    if (!client_get(cli, buf_text(&path), &reply, e))
        return false;
    client_show_page(cli, columns, "items", reply);
    return true;
}

/* ---- one ---- */

static void task_path(const struct cli *cli, struct buf *path, const char *tail)
{
    buf_adds(path, "/tasks");
    client_path_add(path, cli_arg(cli, 0));
    buf_adds(path, tail);
}

static bool show(struct cli *cli, struct err *e)
{
    static const struct out_column shown[] = {
        {"task", "task_id"},
        {"status", "status"},
        {"lane", "lane"},
        {"run", "run_id"},
        {"priority", "priority"},
        {"as it has aged", "effective_priority"},
        {"express", "express"},
        {"position", "position"},
        {"waits for", "why.reason"},
        {"that is", "why.detail"},
        {"until", "why.until"},
        {"worker", "worker"},
        {"attempts", "attempts"},
        {"enqueued", "enqueued_at"},
        {"started", "started_at"},
        {"completed", "completed_at"},
        {"error class", "error.class"},
        {"error", "error.message"},
        {"dead letter", "dead_letter_id"},
        {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json task = NULL;

    task_path(cli, &path, "");
    if (!client_get(cli, buf_text(&path), &task, e))
        return err_wrap(e, "task %s", cli_arg(cli, 0));
    out_object(cli, shown, task);
    return true;
}

static bool change(struct cli *cli, const char *tail, const json_t *body, const char *done,
                   struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    task_path(cli, &path, tail);
    if (!client_send(cli, "POST", buf_text(&path), body, &reply, e))
        return err_wrap(e, "task %s", cli_arg(cli, 0));
    out_id(cli, cli_arg(cli, 0), reply);
    cli_say(cli, "task %s %s", cli_arg(cli, 0), done);
    return true;
}

static bool cancel(struct cli *cli, struct err *e)
{
    return change(cli, ":cancel", NULL, "is being cancelled", e);
}

static bool retry(struct cli *cli, struct err *e)
{
    return change(cli, ":retry", NULL, "is tried again, with a new budget of retries", e);
}

static bool prioritize(struct cli *cli, struct err *e)
{
    auto_json body = NULL;
    int64_t priority;

    if (!parse_int(cli_arg(cli, 1), PRIORITY_MIN, PRIORITY_MAX, &priority, e))
        return err_wrap(e, "PRIORITY");
    body = json_pack("{s:I}", "priority", (json_int_t)priority);
    return change(cli, ":prioritize", body, "has another priority", e);
}

static const struct cli_arg lane_arg[] = {
    {.name = "LANE", .required = true, .help = "the lane that runs it"}, {.name = NULL}};
static const struct cli_arg task_arg[] = {
    {.name = "TASK", .required = true, .help = "id of the task"}, {.name = NULL}};
static const struct cli_arg prioritize_args[] = {
    {.name = "TASK", .required = true, .help = "id of the task"},
    {.name = "PRIORITY", .required = true, .help = "1 to 100, the higher is taken first"},
    {.name = NULL}};
static const struct cli_flag submit_flags[] = {
    {.name = "payload",
     .type = FLAG_TEXT,
     .value = "FILE",
     .help = "JSON object, the agent's input ('-' is standard input); without it: {}"},
    {.name = "task-id",
     .type = FLAG_TEXT,
     .value = "ID",
     .help = "its id; the same one again is the same task. Without it: made"},
    {.name = "priority",
     .type = FLAG_INT,
     .value = "N",
     .min = PRIORITY_MIN,
     .max = PRIORITY_MAX,
     .help = "1 to 100, the higher is taken first; without it: 5"},
    {.name = "wait", .type = FLAG_BOOL, .help = "wait for its end"},
    {.name = "outputs", .type = FLAG_BOOL, .help = "with --wait: print what the agent returned"},
    {.name = NULL},
};
static const struct cli_flag list_flags[] = {
    {.name = "lane", .type = FLAG_TEXT, .value = "LANE", .help = "only of this lane"},
    {.name = "status",
     .type = FLAG_TEXT,
     .value = "STATUS",
     .help = "queued, leased, running, completed, dead, failed or cancelled"},
    {.name = NULL},
};

static const struct cli_verb verbs[] = {
    {.name = "submit",
     .summary = "Hand a task to a lane",
     .details = "It is in the store when this returns: no crash loses it.",
     .args = lane_arg,
     .flags = submit_flags,
     .needs_server = true,
     .handler = submit},
    {.name = "list",
     .summary = "List tasks, the newest first",
     .flags = list_flags,
     .needs_server = true,
     .handler = list},
    {.name = "show",
     .summary = "Show one, and with -o json its payload and result",
     .args = task_arg,
     .needs_server = true,
     .handler = show},
    {.name = "cancel",
     .summary = "End a task that waits or runs",
     .args = task_arg,
     .needs_server = true,
     .handler = cancel},
    {.name = "retry",
     .summary = "Try one again that is dead, failed or cancelled",
     .details = "The same run goes on; attempt numbers do too.",
     .args = task_arg,
     .needs_server = true,
     .handler = retry},
    {.name = "prioritize",
     .summary = "Give a task that waits another priority; it keeps its age",
     .args = prioritize_args,
     .needs_server = true,
     .handler = prioritize},
    {.handler = NULL},
};
const struct cli_group cli_group_task = {.name = "task",
                                         .summary = "Tasks: pieces of work for a lane",
                                         .verbs = verbs};
