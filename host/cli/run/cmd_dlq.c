/* cmd_dlq.c -- `orch dlq`: the dead letters of tasks, listed, shown, counted, replayed and cleared.
 */
#include "cli/client.h"
#include "cli/out.h"

enum { AT_ONCE_MAX = 1000 }; /* LETTERS_AT_ONCE_MAX of the host */

static const struct out_column list_columns[] = {
    {"LETTER", "deadLetterId"}, {"TASK", "taskId"},      {"LANE", "lane"},
    {"REASON", "reason"},       {"CLASS", "errorClass"}, {"DIED", "count"},
    {"LAST", "lastSeenUtc"},    {"MESSAGE", "message"},  {NULL, NULL},
};
/* A flag, and what the host calls it. */
static const char *const filters[][2] = {{"lane", "lane"},
                                         {"error-class", "errorClass"},
                                         {"fingerprint", "fingerprint"}};

static bool list(struct cli *cli, struct err *e)
{
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
    client_show_page(cli, list_columns, "items", reply);
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

/* ---- many together ---- */

static const struct out_column group_columns[] = {
    {"FINGERPRINT", "fingerprint"},
    {"LANE", "lane"},
    {"CLASS", "errorClass"},
    {"LETTERS", "count"},
    {"LAST", "lastSeenUtc"},
    {"MESSAGE", "message"},
    {NULL, NULL},
};

static bool summary(struct cli *cli, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/deadletter/summary");
    if (cli_flag_given(cli, "lane"))
        client_query_add(&path, "lane", cli_flag_text(cli, "lane"));
    if (!client_get(cli, buf_text(&path), &reply, e))
        return false;
    out_rows(cli, group_columns, json_object_get(reply, "groups"), reply);
    return true;
}

static bool stats(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"verdict", "verdict"},         {"letters", "total"},
        {"retryable", "retryable"},     {"oldest", "oldestUtc"},
        {"newest", "newestUtc"},        {"of lanes", "byLane"},
        {"of classes", "byErrorClass"}, {NULL, NULL},
    };
    auto_json reply = NULL;

    if (!client_get(cli, "/deadletter/stats", &reply, e))
        return false;
    out_object(cli, columns, reply);
    return true;
}

/* ---- replayed ---- */

/* What the flags say of many; NULL: nothing. */
static json_t *filter_owned(const struct cli *cli)
{
    json_t *filter = json_object();

    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        if (cli_flag_given(cli, filters[i][0]))
            json_object_set_new(filter, filters[i][1],
                                json_string(cli_flag_text(cli, filters[i][0])));
    }
    return filter;
}

static bool replay_one(struct cli *cli, struct err *e)
{
    auto_json body = json_pack("{s:s}", "reason", cli->set.reason != NULL ? cli->set.reason : "");
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/deadletter");
    client_path_add(&path, cli_arg(cli, 0));
    buf_adds(&path, ":replay");
    if (!client_send(cli, "POST", buf_text(&path), body, &reply, e))
        return err_wrap(e, "dead letter %s", cli_arg(cli, 0));
    out_id(cli, json_text_of(reply, "task_id"), reply);
    cli_say(cli, "task %s is %s; it replays %s", json_text_of(reply, "task_id"),
            json_text_of(reply, "status"), json_text_of(reply, "replayOf"));
    return true;
}

static void show_refused(struct cli *cli, const json_t *refused)
{
    const json_t *item;
    size_t i;

    json_array_foreach(refused, i, item)
    {
        const json_t *error = json_object_get(item, "error");

        cli_say(cli, "task %s was not: %s (%s)", json_text_of(item, "taskId"),
                json_text_of(error, "message"), json_text_of(error, "code"));
    }
}

static bool replay_many(struct cli *cli, struct err *e)
{
    static const struct out_column shown[] = {{"NEW TASK", "newTaskId"},
                                              {"OF", "taskId"},
                                              {"LETTER", "deadLetterId"},
                                              {NULL, NULL}};
    bool preview = cli_flag_bool(cli, "preview");
    auto_json body =
        json_pack("{s:o, s:s*}", "filter", filter_owned(cli), "reason", cli->set.reason);
    auto_json reply = NULL;

    if (preview)
        json_object_set_new(body, "preview", json_true());
    if (cli_flag_given(cli, "limit"))
        json_object_set_new(body, "limit", json_integer(cli_flag_int(cli, "limit")));
    if (!client_send(cli, "POST", "/deadletter:replay", body, &reply, e))
        return false;
    out_rows(cli, preview ? list_columns : shown,
             json_object_get(reply, preview ? "sample" : "replayed"), reply);
    cli_say(cli, preview ? "%lld would be replayed" : "%lld are replayed",
            (long long)json_integer_value(json_object_get(reply, "count")));
    show_refused(cli, json_object_get(reply, "refused"));
    return true;
}

static bool replay(struct cli *cli, struct err *e)
{
    return cli_arg(cli, 0) != NULL ? replay_one(cli, e) : replay_many(cli, e);
}

/* ---- cleared ---- */

/* A filter knows tasks. */
static bool add_task_of(struct cli *cli, const char *letter, json_t *filter, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/deadletter");
    client_path_add(&path, letter);
    if (!client_get(cli, buf_text(&path), &reply, e))
        return err_wrap(e, "dead letter %s", letter);
    json_object_set_new(filter, "taskIds", json_pack("[s]", json_text_of(reply, "taskId")));
    return true;
}

static bool clear(struct cli *cli, struct err *e)
{
    const char *letter = cli_arg(cli, 0);
    auto_json filter = filter_owned(cli);
    auto_json body = NULL;
    auto_json reply = NULL;

    if (letter != NULL && !add_task_of(cli, letter, filter, e))
        return false;
    body = json_pack("{s:O, s:s}", "filter", filter, "reason",
                     cli->set.reason != NULL ? cli->set.reason : "");
    if (!client_send(cli, "POST", "/deadletter:clear", body, &reply, e))
        return false;
    out_id(cli, json_text_of(json_object_get(reply, "snapshot"), "id"), reply);
    cli_say(cli, "%lld are cleared%s",
            (long long)json_integer_value(json_object_get(reply, "cleared")),
            json_is_true(json_object_get(reply, "more")) ? "; more are left: say it again" : "");
    return true;
}

static const struct cli_flag lane_flag[] = {
    {.name = "lane", .type = FLAG_TEXT, .value = "LANE", .help = "only of this lane"},
    {.name = NULL},
};
#define FILTER_FLAGS                                                                               \
    {.name = "lane", .type = FLAG_TEXT, .value = "LANE", .help = "only of this lane"},             \
        {.name = "error-class",                                                                    \
         .type = FLAG_TEXT,                                                                        \
         .value = "CLASS",                                                                         \
         .help = "only of errors of this class"},                                                  \
    {                                                                                              \
        .name = "fingerprint", .type = FLAG_TEXT, .value = "HASH",                                 \
        .help = "only of errors that are alike, as show has it"                                    \
    }
static const struct cli_flag list_flags[] = {FILTER_FLAGS, {.name = NULL}};
static const struct cli_flag replay_flags[] = {
    FILTER_FLAGS,
    {.name = "preview", .type = FLAG_BOOL, .help = "only say how many, and show some"},
    {.name = "limit",
     .type = FLAG_INT,
     .value = "N",
     .min = 1,
     .max = AT_ONCE_MAX,
     .help = "so many at most; without it: 1000"},
    {.name = NULL},
};
static const struct cli_arg replay_args[] = {
    {.name = "LETTER", .help = "id of one; without it: those that the flags name"},
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
    {.name = "summary",
     .summary = "List what the dead letters have in common, the most frequent error first",
     .details = "Errors of one lane that are alike but for numbers and ids are one line; dlq list "
                "--fingerprint shows each.",
     .flags = lane_flag,
     .needs_server = true,
     .handler = summary},
    {.name = "stats",
     .summary = "Count the dead letters by lane and class; more than 10 are a warning",
     .needs_server = true,
     .handler = stats},
    {.name = "replay",
     .summary = "Make a dead task a new one, of its payload, by its lane as it is now",
     .details = "Needs --reason. Without LETTER those that the flags name and that were not "
                "replayed yet; --preview says how many. The dead one stays as it is.",
     .args = replay_args,
     .flags = replay_flags,
     .needs_server = true,
     .handler = replay},
    {.name = "clear",
     .summary = "Clear dead letters; their tasks are failed, and a snapshot stays",
     .details =
         "Needs --reason and an admin's token. LETTER, or those that the flags name, 1000 at "
         "most; prints the id of the snapshot, which GET /deadletter/snapshots/ID has.",
     .args = replay_args,
     .flags = list_flags,
     .needs_server = true,
     .handler = clear},
    {.handler = NULL},
};
const struct cli_group cli_group_dlq = {.name = "dlq",
                                        .summary = "Dead letters: the tasks that failed",
                                        .verbs = verbs};
