/* cmd_schedule_kept.c -- the schedules that a host has: create, list, show, pause, resume, delete.
 */
#include "cli/schedule/cmd_schedule.h"

#include "base/limits.h"
#include "cli/client.h"
#include "cli/out.h"

#include <string.h>

static void schedule_path(struct buf *path, const char *id, const char *tail)
{
    buf_adds(path, "/schedules");
    client_path_add(path, id);
    buf_adds(path, tail);
}

static bool read_inputs(const char *path, json_t *body, struct err *e)
{
    json_t *inputs;

    if (path == NULL)
        return true;
    if (!client_read_json(path, RUN_INPUT_BYTES_MAX, "inputs", &inputs, e))
        return false;
    json_object_set_new(body, "inputs", inputs);
    return true;
}

/* The words of the command line as they are: the host says what is wrong with them. */
static void add_words(const struct cli *cli, json_t *body)
{
    static const char *const words[][2] = {
        {"cron", "cron"},           {"every", "every"},           {"at", "at"},
        {"timezone", "timezone"},   {"version", "version"},       {"dst", "dstPolicy"},
        {"missed", "missedPolicy"}, {"overlap", "overlapPolicy"},
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const char *text = cli_flag_text(cli, words[i][0]);

        if (text != NULL)
            json_object_set_new(body, words[i][1], json_string(text));
    }
    json_object_set_new(body, "missedMax", json_integer(cli_flag_int(cli, "missed-max")));
    json_object_set_new(body, "jitterSeconds", json_integer(cli_flag_int(cli, "jitter-seconds")));
    json_object_set_new(body, "paused", json_boolean(cli_flag_bool(cli, "paused")));
}

bool schedule_create(struct cli *cli, struct err *e)
{
    auto_json body = json_pack("{s:s}", "dagId", cli_arg(cli, 0));
    auto_json reply = NULL;
    const char *id;

    add_words(cli, body);
    if (!read_inputs(cli_flag_text(cli, "inputs"), body, e) ||
        !client_send(cli, "POST", "/schedules", body, &reply, e))
        return err_wrap(e, "schedule of DAG '%s'", cli_arg(cli, 0));
    id = json_text_of(reply, "scheduleId");
    out_id(cli, id, reply);
    cli_say(cli, "schedule %s starts DAG %s; orch schedule show says when", id, cli_arg(cli, 0));
    return true;
}

bool schedule_list(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"SCHEDULE", "scheduleId"},
        {"DAG", "dagId"},
        {"CRON", "cron"},
        {"EVERY", "every"},
        {"AT", "at"},
        {"ZONE", "timezone"},
        {"PAUSED", "paused"},
        {"WHY NOT", "why.reason"},
        {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/schedules");
    client_query_add(&path, "dagId", cli_flag_text(cli, "dag"));
    client_query_page(cli, &path);
    if (!client_get(cli, buf_text(&path), &reply, e))
        return false;
    client_show_page(cli, columns, "items", reply);
    return true;
}

bool schedule_show(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"SCHEDULE", "scheduleId"},
        {"DAG", "dagId"},
        {"VERSION", "version"},
        {"CRON", "cron"},
        {"EVERY", "every"},
        {"AT", "at"},
        {"ZONE", "timezone"},
        {"DST", "dstPolicy"},
        {"MISSED", "missedPolicy"},
        {"OVERLAP", "overlapPolicy"},
        {"JITTER S", "jitterSeconds"},
        {"PAUSED", "paused"},
        {"WHY NOT", "why.detail"},
        {"LAST RUN", "lastRunId"},
        {NULL, NULL},
    };
    auto_json reply = NULL;

    if (!schedule_get(cli, cli_arg(cli, 0), &reply, e))
        return false;
    out_object(cli, columns, reply);
    if (cli->set.format == CLI_TABLE)
        out_rows(cli, schedule_times, json_object_get(reply, "nextFireTimes"), NULL);
    return true;
}

bool schedule_get(struct cli *cli, const char *id, json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};

    schedule_path(&path, id, "");
    return client_get(cli, buf_text(&path), ret, e) || err_wrap(e, "schedule %s", id);
}

static bool change(struct cli *cli, const char *method, const char *tail, const char *done,
                   struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    schedule_path(&path, cli_arg(cli, 0), tail);
    if (!client_send(cli, method, buf_text(&path), NULL, &reply, e))
        return err_wrap(e, "schedule %s", cli_arg(cli, 0));
    out_id(cli, cli_arg(cli, 0), reply);
    cli_say(cli, "schedule %s %s", cli_arg(cli, 0), done);
    return true;
}

bool schedule_pause(struct cli *cli, struct err *e)
{
    return change(cli, "POST", ":pause", "is paused: its due times pass by", e);
}

bool schedule_resume(struct cli *cli, struct err *e)
{
    return change(cli, "POST", ":resume", "fires again, from its next due time", e);
}

bool schedule_delete(struct cli *cli, struct err *e)
{
    return change(cli, "DELETE", "", "is deleted; the runs that it started stay", e);
}
