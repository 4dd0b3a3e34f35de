/* rig_calls.c -- what clients ask, what attempts do, what the store holds. See rig.h. */
#include "engine/catalog/definitions.h"
#include "rig_parts.h"

#include <stdlib.h>
#include <string.h>

void rig_answered(void *arg, const struct api_outcome *outcome)
{
    struct rig_answer *a = arg;

    a->told++;
    a->code = outcome->e != NULL ? outcome->e->code : ERR_NONE;
    snprintf(a->msg, sizeof a->msg, "%s", outcome->e != NULL ? outcome->e->msg : "");
    snprintf(a->refusal, sizeof a->refusal, "%s", outcome->code != NULL ? outcome->code : "");
    snprintf(a->run_id, sizeof a->run_id, "%s", outcome->run_id != NULL ? outcome->run_id : "");
    snprintf(a->version, sizeof a->version, "%s", outcome->version != NULL ? outcome->version : "");
    a->created = outcome->created;
    a->count = outcome->count;
    a->skipped = json_array_size(outcome->skipped);
    a->remaining = json_array_size(outcome->remaining);
    a->findings = json_array_size(outcome->findings);
}

void rig_publish(struct rig *rig, const char *text)
{
    struct rig_answer a = {0};
    struct err e;

    definitions_publish(engine_definitions(rig->engine), &rig_actor,
                        &(struct api_publish){.form = API_DEFINITION_TEXT,
                                              .json = json_string(text)},
                        rig_answered, &a);
    rig_settle(rig);
    if (a.told != 1 || a.code != ERR_NONE) {
        err_set(&e, a.code, "%s", a.msg);
        rig_broken("publish", &e);
    }
}

struct rig_answer rig_run(struct rig *rig, const char *dag_id, const char *inputs)
{
    auto_json json = json_loads(inputs, 0, NULL);
    struct rig_answer a = {0};

    control_start(engine_control(rig->engine), &rig_actor,
                  &(struct api_run_start){.dag_id = dag_id,
                                          .inputs = json,
                                          .checkpoint_enabled = true,
                                          .deterministic_mode = true},
                  rig_answered, &a);
    rig_settle(rig);
    return a;
}

/* ---- attempts ---- */

struct rig_attempt *rig_open_attempt(struct rig *rig, const char *node_id)
{
    for (size_t i = rig->sandbox.count; i > 0; i--) {
        struct rig_attempt *a = &rig->sandbox.attempts[i - 1];

        if (a->open && strcmp(a->node_id, node_id) == 0)
            return a;
    }
    return NULL;
}

size_t rig_open_count(const struct rig *rig)
{
    size_t count = 0;

    for (size_t i = 0; i < rig->sandbox.count; i++)
        count += rig->sandbox.attempts[i].open;
    return count;
}

void rig_begin(struct rig *rig, struct rig_attempt *a)
{
    enum isolation isolation = rig->sandbox.isolation;

    engine_on_attempt_started(rig->engine, a->id,
                              &(struct attempt_start){.layers = RIG_LAYERS,
                                                      .layers_said = RIG_LAYERS_SAID,
                                                      .level = RIG_LEVEL,
                                                      .isolation = isolation != ISOLATION_UNSET
                                                                       ? isolation
                                                                       : ISOLATION_COLD});
    rig_settle(rig);
}

struct json_read rig_read_of(json_t *value)
{
    struct json_read read = {.value = json_incref(value)};
    struct err e;

    if (value == NULL)
        return read;
    json_add_compact(&read.compact, value);
    if (!jcs_write(value, &read.canonical, &e))
        abort();
    return read;
}

void rig_tell_end(struct rig *rig, struct rig_attempt *a, enum outcome outcome, const char *output)
{
    auto_json json = output != NULL ? json_loads(output, JSON_DECODE_ANY, NULL) : NULL;
    struct json_read read = rig_read_of(json);
    const char *error = rig->error != NULL ? rig->error : "it went wrong";
    struct attempt_result result = {
        .outcome = outcome,
        .error_class = outcome_error_class(outcome),
        .error_message = outcome == OUTCOME_OK ? "" : error,
        .plugins_words = outcome == OUTCOME_PLUGIN_TRANSIENT || outcome == OUTCOME_PLUGIN_FATAL,
        .output = output,
        .output_json = json,
        .output_read = json != NULL ? &read : NULL,
        .layers = RIG_LAYERS,
        .layers_said = RIG_LAYERS_SAID,
        .level = RIG_LEVEL,
    };

    a->open = false;
    engine_on_attempt_done(rig->engine, a->id, &result);
    json_read_done(&read);
}

void rig_end(struct rig *rig, struct rig_attempt *a, enum outcome outcome, const char *output)
{
    rig_tell_end(rig, a, outcome, output);
    rig_settle(rig);
}

static struct rig_attempt *must_be_open(struct rig *rig, const char *node_id)
{
    struct rig_attempt *a = rig_open_attempt(rig, node_id);

    if (a == NULL) {
        fprintf(stderr, "rig: no attempt of '%s' is open\n", node_id);
        abort();
    }
    return a;
}

void rig_ok(struct rig *rig, const char *node_id)
{
    rig_end(rig, must_be_open(rig, node_id), OUTCOME_OK, "{\"done\":true}");
}

void rig_fails(struct rig *rig, const char *node_id, enum outcome outcome)
{
    rig_end(rig, must_be_open(rig, node_id), outcome, NULL);
}

/* ---- the store ---- */

enum store_run_status rig_status(struct rig *rig, const char *run_id)
{
    auto_done(store_run_list) rows = {0};
    struct err e;

    return store_read_run(rig->reader, RIG_TENANT, run_id, &rows, &e) ? rows.rows[0].status
                                                                      : STORE_RUN_INVALID;
}

enum store_node_status rig_node_status(struct rig *rig, const char *run_id, const char *node_id)
{
    auto_done(store_node_list) rows = {0};
    struct err e;

    return store_read_node(rig->reader, RIG_TENANT, run_id, node_id, &rows, &e)
               ? rows.rows[0].status
               : STORE_NODE_INVALID;
}

size_t rig_statements(struct rig *rig, const char *run_id)
{
    auto_done(store_statement_list) rows = {0};
    struct err e;

    return store_read_statement(rig->reader, RIG_TENANT, run_id, &rows, &e) ? rows.count : 0;
}
