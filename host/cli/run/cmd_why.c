/* cmd_why.c -- `orch why`: what a run or a task waits for, or what it failed by. */
#include "base/buf.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/out.h"
#include "cli/run/cmd_run.h"

static const struct out_column shown[] = {
    {"task", "task_id"},   {"run", "run_id"}, {"status", "status"},
    {"ended", "ended_at"}, {NULL, NULL},
};

static void say_none(struct cli *cli, const json_t *why)
{
    if (json_is_string(json_object_get(why, "ended_at")))
        cli_say(cli, "it has ended, and waits for nothing");
    else
        cli_say(cli, "nothing is waited for: what may run does");
}

static void say_more(struct cli *cli, const json_t *why)
{
    json_int_t more = json_integer_value(json_object_get(why, "more"));

    if (more > 0)
        cli_say(cli, "and %lld more", (long long)more);
}

/* Of the task of this id; NULL: there is none. A task's id may look like anything, a run's too. */
static bool find_task(struct cli *cli, json_t **ret, struct err *e)
{
    const char *id = cli_arg(cli, 0);
    auto_done(buf) path = {0};
    struct err why = {0};

    *ret = NULL;
    if (id == NULL || cli_flag_given(cli, "run-id"))
        return true;
    buf_adds(&path, "/tasks");
    client_path_add(&path, id);
    if (client_get(cli, buf_text(&path), ret, &why) || why.code == ERR_NOT_FOUND)
        return true;
    *e = why;
    return false;
}

static bool ask(struct cli *cli, json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json task = NULL;
    const char *run_id;

    if (!find_task(cli, &task, e))
        return false;
    run_id = json_text_of(task, "run_id");
    if (task == NULL && !run_id_of(cli, &run_id, e))
        return false;
    buf_adds(&path, "/runs");
    client_path_add(&path, run_id);
    buf_adds(&path, "/why");
    if (!client_get(cli, buf_text(&path), ret, e))
        return false;
    if (task != NULL) {
        /* In the words of a task, as GET /tasks has it: its run runs while it waits. */
        json_object_set(*ret, "task_id", json_object_get(task, "task_id"));
        json_object_set(*ret, "status", json_object_get(task, "status"));
    }
    return true;
}

static bool why(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"REASON", "reason"}, {"STEP", "step"},  {"AHEAD", "ahead"},
        {"UNTIL", "until"},   {"WHY", "detail"}, {NULL, NULL},
    };
    auto_json reply = NULL;

    if (!ask(cli, &reply, e))
        return false;
    out_object(cli, json_object_get(reply, "task_id") != NULL ? shown : shown + 1, reply);
    if (cli->set.format != CLI_TABLE)
        return true;
    run_show_cause(cli, json_object_get(reply, "root_cause"));
    if (json_array_size(json_object_get(reply, "reasons")) == 0) {
        say_none(cli, reply);
        return true;
    }
    fputc('\n', cli->out);
    out_rows(cli, columns, json_object_get(reply, "reasons"), NULL);
    say_more(cli, reply);
    return true;
}

static const struct cli_flag flags[] = {
    {.name = "run-id", .type = FLAG_TEXT, .value = "ID", .help = "the run, instead of RUN"},
    {.name = NULL}};
static const struct cli_arg args[] = {{.name = "RUN",
                                       .help = "id of the run, or its beginning, or of a task"},
                                      {.name = NULL}};
static const struct cli_verb verbs[] = {
    {.summary = "Say why a run or a task does not go on, or what it failed by",
     .details = "Each line is one thing that is waited for, from what decides it: first what the "
                "run waits for, then the steps that wait for other steps. AHEAD is how many are "
                "before it, UNTIL when it is over. A run that another host has is known to that "
                "host alone, which is named.",
     .flags = flags,
     .args = args,
     .needs_server = true,
     .handler = why},
    {.handler = NULL},
};
const struct cli_group cli_group_why = {.name = "why",
                                        .summary = "Why a run or a task does not go on",
                                        .verbs = verbs};
