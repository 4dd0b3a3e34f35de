/* cmd_dlq.c -- `orch dlq`: the dead letters of tasks, listed and shown. */
#include "cli/client.h"
#include "cli/out.h"

static bool list(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"LETTER", "deadLetterId"}, {"TASK", "taskId"},      {"LANE", "lane"},
        {"REASON", "reason"},       {"CLASS", "errorClass"}, {"DIED", "count"},
        {"LAST", "lastSeenUtc"},    {"MESSAGE", "message"},  {NULL, NULL},
    };
    static const char *const filters[][2] = {{"lane", "lane"},
                                             {"error-class", "errorClass"},
                                             {"fingerprint", "fingerprint"}};
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/deadletter");
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        if (cli_flag_given(cli, filters[i][0]))
            client_query_add(&path, filters[i][1], cli_flag_text(cli, filters[i][0]));
    }
    client_query_page(cli, &path);
    if (!client_get(cli, buf_text(&path), &reply, e))
        return false;
    client_show_page(cli, columns, "items", reply);
    return true;
}

static bool show(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"letter", "deadLetterId"},
        {"task", "taskId"},
        {"status", "task.status"},
        {"run", "runId"},
        {"lane", "lane"},
        {"priority", "priority"},
        {"reason", "reason"},
        {"class", "errorClass"},
        {"message", "message"},
        {"fingerprint", "fingerprint"},
        {"first", "firstSeenUtc"},
        {"last", "lastSeenUtc"},
        {"died", "count"},
        {"attempts", "attempts"},
        {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/deadletter");
    client_path_add(&path, cli_arg(cli, 0));
    if (!client_get(cli, buf_text(&path), &reply, e))
        return err_wrap(e, "dead letter %s", cli_arg(cli, 0));
    out_object(cli, columns, reply);
    return true;
}

static const struct cli_flag list_flags[] = {
    {.name = "lane", .type = FLAG_TEXT, .value = "LANE", .help = "only of this lane"},
    {.name = "error-class",
     .type = FLAG_TEXT,
     .value = "CLASS",
     .help = "only of errors of this class"},
    {.name = "fingerprint",
     .type = FLAG_TEXT,
     .value = "HASH",
     .help = "only of errors that are alike, as show has it"},
    {.name = NULL},
};
static const struct cli_arg id_arg[] = {
    {.name = "LETTER", .required = true, .help = "id, as orch dlq list has it"},
    {.name = NULL},
};
static const struct cli_verb verbs[] = {
    {.name = "list",
     .summary = "List the dead letters, that of the youngest task first",
     .details = "A task that failed has one until it is tried again and does not fail.",
     .flags = list_flags,
     .needs_server = true,
     .handler = list},
    {.name = "show",
     .summary = "Show one, and with -o json its payload",
     .args = id_arg,
     .needs_server = true,
     .handler = show},
    {.handler = NULL},
};
const struct cli_group cli_group_dlq = {.name = "dlq",
                                        .summary = "Dead letters: the tasks that failed",
                                        .verbs = verbs};
