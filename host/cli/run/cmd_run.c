/* cmd_run.c -- `orch run`: the table of its verbs, and those that change a run by one request. */
#include "cli/run/cmd_run.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/out.h"

#include <string.h>

/* "/runs/ID" and a tail such as ":cancel". */
static void run_path(struct buf *path, const char *run_id, const char *tail)
{
    buf_adds(path, "/runs");
    client_path_add(path, run_id);
    buf_adds(path, tail);
}

static bool post_verb(struct cli *cli, const char *run_id, const char *tail, const json_t *body,
                      json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};

    run_path(&path, run_id, tail);
    return client_send(cli, "POST", buf_text(&path), body, ret, e) || err_wrap(e, "run %s", run_id);
}

static struct watch_options watch_flags_of(const struct cli *cli)
{
    return (struct watch_options){.outputs = cli_flag_bool(cli, "outputs"),
                                  .statement = cli_flag_text(cli, "statement")};
}

/* The id goes out first: whoever interrupts the wait still has it. */
static bool show_started(struct cli *cli, const json_t *reply, struct err *e)
{
    struct watch_options options = watch_flags_of(cli);
    const char *run_id = json_string_value(json_object_get(reply, "runId"));

    if (run_id == NULL)
        return err_set(e, ERR_SYSTEM, "the host's reply names no run");
    out_id(cli, run_id, reply);
    fflush(cli->out);
    options.tree = cli_flag_bool(cli, "watch");
    if (!options.tree && !cli_flag_bool(cli, "wait"))
        return true;
    return run_watch(cli, run_id, &options, e);
}

static bool start(struct cli *cli, struct err *e)
{
    const char *flag = cli_flag_text(cli, "dag-id"), *arg = cli_arg(cli, 0);
    auto_json inputs = NULL;
    auto_json body = NULL;
    auto_json reply = NULL;

    if ((flag == NULL) == (arg == NULL))
        return err_set(e, ERR_INVALID, "name one definition, as DAG or with --dag-id");
    if (!run_read_object(cli_flag_text(cli, "inputs"), "inputs", &inputs, e))
        return false;
    body = json_pack("{s:s, s:s*, s:O, s:s*}", "dagId", flag != NULL ? flag : arg, "version",
                     cli_flag_text(cli, "version"), "inputs", inputs, "runToken",
                     cli_flag_text(cli, "run-token"));
    return client_send(cli, "POST", "/runs", body, &reply, e) && show_started(cli, reply, e);
}

/* The contract's exit 3: the run had ended, or cannot be cancelled for another reason of state. */
static bool cancel(struct cli *cli, struct err *e)
{
    auto_json reply = NULL;
    const char *run_id = NULL;

    if (!run_id_of(cli, &run_id, e))
        return false;
    if (!post_verb(cli, run_id, ":cancel", NULL, &reply, e)) {
        if (e->code == ERR_CONFLICT)
            cli_exit(cli, CLI_EXIT_CANCEL_REJECTED);
        return false;
    }
    out_id(cli, run_id, reply);
    cli_say(cli, "cancellation of run %s accepted", run_id);
    return true;
}

static bool change(struct cli *cli, const char *tail, const char *done, struct err *e)
{
    auto_json reply = NULL;
    const char *run_id = NULL;

    if (!run_id_of(cli, &run_id, e) || !post_verb(cli, run_id, tail, NULL, &reply, e))
        return false;
    out_id(cli, run_id, reply);
    cli_say(cli, "run %s %s", run_id, done);
    return true;
}

static bool resume(struct cli *cli, struct err *e)
{
    return change(cli, ":resume", "resumed; completed nodes are not run again", e);
}

static bool pause_run(struct cli *cli, struct err *e)
{
    return change(cli, ":pause", "paused; what runs now ends, nothing new starts", e);
}

static bool unpause_run(struct cli *cli, struct err *e)
{
    return change(cli, ":unpause", "goes on", e);
}

static bool restart(struct cli *cli, struct err *e)
{
    auto_json body = NULL;
    auto_json reply = NULL;
    const char *run_id = NULL;

    if (!run_id_of(cli, &run_id, e))
        return false;
    body = json_pack("{s:s*}", "fromNode", cli_flag_text(cli, "from-node"));
    return post_verb(cli, run_id, ":restart", body, &reply, e) && show_started(cli, reply, e);
}

#define FLAG_RUN_ID                                                                                \
    {                                                                                              \
        .name = "run-id", .type = FLAG_TEXT, .value = "ID", .help = "the run, instead of RUN"      \
    }
#define FLAG_OUTPUTS                                                                               \
    {                                                                                              \
        .name = "outputs", .type = FLAG_BOOL,                                                      \
        .help = "show what the last level returned, when the run has ended"                        \
    }
#define FLAG_STATEMENT                                                                             \
    {                                                                                              \
        .name = "statement", .type = FLAG_FILE, .value = "FILE",                                   \
        .help = "at the end, write the signed provenance statement to FILE and verify it"          \
    }
#define FLAGS_WAIT                                                                                 \
    {.name = "wait", .type = FLAG_BOOL, .help = "wait for the end; the exit code is the run's"},   \
    {                                                                                              \
        .name = "watch", .letter = 'w', .type = FLAG_BOOL, .help = "wait and show the live tree"   \
    }

static const struct cli_flag start_flags[] = {
    {.name = "dag-id", .type = FLAG_TEXT, .value = "ID", .help = "the DAG, instead of DAG"},
    {.name = "version",
     .type = FLAG_TEXT,
     .value = "VERSION",
     .help = "its version; the newest enabled one when absent"},
    {.name = "inputs",
     .letter = 'i',
     .type = FLAG_FILE,
     .value = "FILE",
     .help = "JSON object (- is standard input)"},
    {.name = "run-token",
     .type = FLAG_TEXT,
     .value = "UUID",
     .help = "the same token, DAG and inputs give the same run, not a second one"},
    FLAGS_WAIT,
    FLAG_OUTPUTS,
    FLAG_STATEMENT,
    {.name = NULL},
};
static const struct cli_flag list_flags[] = {
    {.name = "dag-id", .type = FLAG_TEXT, .value = "ID", .help = "only runs of this DAG"},
    {.name = "status",
     .type = FLAG_CHOICE,
     .value = "STATUS",
     .choices = "running|completed|failed|cancelled",
     .help = "only runs in this state"},
    {.name = "statement",
     .type = FLAG_CHOICE,
     .value = "STATE",
     .choices = "unsigned|refused",
     .help = "only runs that ended without a signed statement, or whose statement was refused"},
    {.name = "from", .type = FLAG_TEXT, .value = "TIME", .help = "started at or after, RFC 3339"},
    {.name = "to", .type = FLAG_TEXT, .value = "TIME", .help = "started before, RFC 3339"},
    {.name = NULL},
};
static const struct cli_flag show_flags[] = {FLAG_RUN_ID, FLAG_OUTPUTS, {.name = NULL}};
static const struct cli_flag run_flags[] = {FLAG_RUN_ID, {.name = NULL}};
static const struct cli_flag watch_flags[] = {
    FLAG_RUN_ID,
    FLAG_OUTPUTS,
    FLAG_STATEMENT,
    {.name = NULL},
};
static const struct cli_flag restart_flags[] = {
    FLAG_RUN_ID,
    {.name = "from-node",
     .type = FLAG_TEXT,
     .value = "NODE",
     .help = "run this node and what depends on it again; the rest is taken over"},
    FLAGS_WAIT,
    FLAG_OUTPUTS,
    FLAG_STATEMENT,
    {.name = NULL},
};
static const struct cli_flag stream_flags[] = {
    FLAG_RUN_ID,
    {.name = "dag-id", .type = FLAG_TEXT, .value = "ID", .help = "only runs of this DAG"},
    {.name = "status", .type = FLAG_TEXT, .value = "STATUS", .help = "only events of this status"},
    {.name = "after",
     .type = FLAG_INT,
     .value = "CURSOR",
     .min = 0,
     .max = INT64_MAX,
     .help = "begin behind this cursor; a run begins at its first event, else from now on"},
    {.name = NULL},
};
static const struct cli_flag log_flags[] = {
    FLAG_RUN_ID,
    {.name = "step-id", .type = FLAG_TEXT, .value = "NODE", .help = "only this node"},
    {.name = "follow", .type = FLAG_BOOL, .help = "go on until the run ends"},
    {.name = NULL},
};
static const struct cli_arg start_args[] = {{"DAG", false, false, "id of the DAG"},
                                            {NULL, false, false, NULL}};
static const struct cli_arg run_args[] = {
    {"RUN", false, false, "id of the run, or its beginning where one of the newest alone has it"},
    {NULL, false, false, NULL}};

static const struct cli_verb verbs[] = {
    {.name = "start",
     .summary = "Start a run; its id goes to standard output",
     .details = "With --wait or --watch the exit code is the run's: 0 completed, 1 failed or "
                "cancelled.",
     .flags = start_flags,
     .args = start_args,
     .needs_server = true,
     .handler = start},
    {.name = "list",
     .summary = "List runs, newest first",
     .flags = list_flags,
     .needs_server = true,
     .handler = run_list_verb},
    {.name = "show",
     .summary = "Show a run and its steps",
     .flags = show_flags,
     .args = run_args,
     .needs_server = true,
     .handler = run_show_verb},
    {.name = "watch",
     .summary = "Show a run live until it ends",
     .details = "A tree that is redrawn on a terminal, a line a change elsewhere. A host that "
                "restarts meanwhile is waited for. The exit code is the run's.",
     .flags = watch_flags,
     .args = run_args,
     .needs_server = true,
     .handler = run_watch_verb},
    {.name = "stream",
     .summary = "Print events as they are committed, one JSON object a line",
     .details = "Every event has a cursor. A lost connection is taken up again behind the last "
                "one: nothing is missing, nothing comes twice. With a run the stream ends when "
                "the run does.",
     .flags = stream_flags,
     .args = run_args,
     .needs_server = true,
     .handler = run_stream_verb},
    {.name = "logs",
     .summary = "Print what the nodes of a run logged",
     .flags = log_flags,
     .args = run_args,
     .needs_server = true,
     .handler = run_logs_verb},
    {.name = "cancel",
     .summary = "Cancel a run",
     .details = "Running nodes are asked to stop, then killed. Exits 3 when the run had ended.",
     .flags = run_flags,
     .args = run_args,
     .needs_server = true,
     .handler = cancel},
    {.name = "resume",
     .summary = "Resume a failed or cancelled run under its id",
     .flags = run_flags,
     .args = run_args,
     .needs_server = true,
     .handler = resume},
    {.name = "pause",
     .summary = "Pause a run: no further node starts",
     .flags = run_flags,
     .args = run_args,
     .needs_server = true,
     .handler = pause_run},
    {.name = "unpause",
     .summary = "Let a paused run go on",
     .flags = run_flags,
     .args = run_args,
     .needs_server = true,
     .handler = unpause_run},
    {.name = "restart",
     .summary = "Start a new run from a node of an earlier one",
     .flags = restart_flags,
     .args = run_args,
     .needs_server = true,
     .handler = restart},
    {.name = "provenance",
     .summary = "Print the signed provenance statement of a run",
     .details = "A DSSE envelope around an in-toto statement, for 'orch verify' and for tools of "
                "others.",
     .flags = run_flags,
     .args = run_args,
     .needs_server = true,
     .handler = run_provenance_verb},
    {.handler = NULL},
};

const struct cli_group cli_group_run = {.name = "run",
                                        .summary = "Runs: start, watch, cancel, resume",
                                        .verbs = verbs};
