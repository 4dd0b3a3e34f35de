/* cmd_run_show.c -- run list and run show: what the host has of runs, for people. */
#include "cli/run/cmd_run.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/out.h"

#include <string.h>

/* The contract has one word, running, for every run that has not ended; people want to know which
 * of them wait. */
static const char *state_of(const json_t *run)
{
    static const char *const states[][2] = {{"cancelRequested", "cancelling"},
                                            {"paused", "paused"},
                                            {"queued", "queued"}};
    const char *status = json_string_value(json_object_get(run, "status"));

    for (size_t i = 0; status != NULL && strcmp(status, "running") == 0 && i < ARRAY_LEN(states);
         i++)
        if (json_is_true(json_object_get(run, states[i][0])))
            return states[i][1];
    return status;
}

static void add_state(const struct cli *cli, json_t *run)
{
    const char *state = state_of(run);

    if (cli->set.format == CLI_TABLE && state != NULL)
        json_object_set_new(run, "status", json_string(state));
}

bool run_list_verb(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"RUN", "runId"},          {"DAG", "dagId"},
        {"VERSION", "dagVersion"}, {"STATUS", "status"},
        {"STARTED", "startedUtc"}, {"ENDED", "endedUtc"},
        {"ERROR", "error"},        {NULL, NULL},
    };
    static const struct out_column unsigned_columns[] = {
        {"RUN", "runId"},
        {"DAG", "dagId"},
        {"STATUS", "status"},
        {"ENDED", "endedUtc"},
        {"STATEMENT", "statementState"},
        {"WHY", "statementError"},
        {NULL, NULL},
    };
    static const char *const filters[][2] = {{"dag-id", "dagId"},
                                             {"status", "status"},
                                             {"statement", "statement"},
                                             {"from", "from"},
                                             {"to", "to"}};
    auto_done(buf) path = {0};
    auto_json reply = NULL;
    json_t *run;
    size_t n;

    buf_adds(&path, "/runs");
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        client_query_add(&path, filters[i][1], cli_flag_text(cli, filters[i][0]));
    client_query_page(cli, &path);
    if (!client_get(cli, buf_text(&path), &reply, e))
        return false;
    json_array_foreach(json_object_get(reply, "items"), n, run) add_state(cli, run);
    client_show_page(cli, cli_flag_text(cli, "statement") != NULL ? unsigned_columns : columns,
                     "items", reply);
    return true;
}

static void add_member(struct buf *b, const json_t *object, const char *key)
{
    const json_t *text = json_object_get(object, key);

    if (json_is_string(text))
        text_add_printable(b, json_string_value(text), json_string_length(text));
}

/* What a table's cell has no room for: what warm attempts share. */
static void show_notes(const struct cli *cli, const json_t *steps)
{
    const json_t *step;
    size_t i;

    json_array_foreach(steps, i, step)
    {
        const json_t *sandbox = json_object_get(step, "sandbox");
        auto_done(buf) line = {0};

        if (!json_is_string(json_object_get(sandbox, "isolation_note")))
            continue;
        add_member(&line, step, "stepId");
        buf_adds(&line, " (");
        add_member(&line, sandbox, "isolation");
        buf_adds(&line, "): ");
        add_member(&line, sandbox, "isolation_note");
        fprintf(cli->out, "%s\n", buf_text(&line));
    }
}

static void add_parts(struct buf *b, const json_t *cause)
{
    json_int_t attempts = json_integer_value(json_object_get(cause, "attempts"));

    buf_adds(b, "step '");
    add_member(b, cause, "step");
    buf_adds(b, "' (");
    add_member(b, cause, "class");
    if (json_is_string(json_object_get(cause, "source"))) {
        buf_adds(b, ", said by the ");
        add_member(b, cause, "source");
    }
    buf_addf(b, ", %lld attempt%s): ", (long long)attempts, attempts == 1 ? "" : "s");
}

void run_show_cause(const struct cli *cli, const json_t *cause)
{
    auto_done(buf) line = {0};

    if (!json_is_object(cause))
        return;
    if (json_is_string(json_object_get(cause, "step")))
        add_parts(&line, cause);
    add_member(&line, cause, "message");
    fprintf(cli->out, "\nroot cause: %s\n", buf_text(&line));
}

static const struct out_column shown[] = {
    {"run", "runId"},
    {"dag", "dagId"},
    {"version", "dagVersion"},
    {"status", "status"},
    {"started", "startedUtc"},
    {"ended", "endedUtc"},
    {"trace id", "traceId"},
    {"inputs", "inputsHash"},
    {"outputs", "outputsHash"},
    {"run token", "runToken"},
    {"error", "error"},
    {"statement", "statementState"},
    {"refused", "statementError"},
    {"host", "hostAddress"},
    {"waits for", "waitingFor"},
    {NULL, NULL},
};

bool run_show_verb(struct cli *cli, struct err *e)
{
    static const struct out_column steps[] = {
        {"STEP", "stepId"},
        {"STATUS", "status"},
        {"ATTEMPT", "attempt"},
        {"MS", "durationMs"},
        {"ISOLATION", "sandbox.isolation"},
        {"LEVEL", "sandbox.level"},
        {"OUTPUTS", "outputsHash"},
        {"SAID BY", "errorSource"},
        {"ERROR", "error"},
        {NULL, NULL},
    };
    auto_json run = NULL;
    auto_json trace = NULL;
    const char *run_id = NULL;

    if (!run_id_of(cli, &run_id, e) || !run_fetch(cli, run_id, &run, e))
        return false;
    if (cli_flag_bool(cli, "outputs")) {
        if (!run_fetch_trace(cli, run_id, &trace, e))
            return false;
        json_object_set_new(run, "outputs", run_outputs(trace));
    }
    add_state(cli, run);
    out_object(cli, shown, run);
    if (cli->set.format != CLI_TABLE)
        return true;
    run_show_cause(cli, json_object_get(run, "rootCause"));
    fputc('\n', cli->out);
    out_rows(cli, steps, json_object_get(run, "steps"), NULL);
    show_notes(cli, json_object_get(run, "steps"));
    if (trace != NULL)
        run_show_outputs(cli, trace);
    return true;
}
