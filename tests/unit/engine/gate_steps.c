/* gate_steps.c -- see gate_steps.h. */
#include "gate_steps.h"

#include "base/mem.h"

#include <string.h>

void gate_publish(const char *gate)
{
    auto_done(buf) text = {0};

    buf_addf(&text,
             "{\"name\":\"g\",\"dag_id\":\"g\",\"version\":\"1.0.0\","
             "\"nodes\":{\"a\":{\"agent_id\":\"a\"}},%s}",
             gate);
    rig_publish(&rig, buf_text(&text));
}

void gate_concurrency(const char *members)
{
    auto_mem char *text = mem_printf("\"concurrency\":{%s}", members);

    gate_publish(text);
}

void gate_start(const char *key, char out[UUID_TEXT_BYTES])
{
    auto_mem char *inputs = mem_printf("{\"k\":%s}", key);
    const struct rig_answer a = rig_run(&rig, "g", inputs);

    ck_assert_msg(a.code == ERR_NONE, "%s", a.msg);
    snprintf(out, UUID_TEXT_BYTES, "%s", a.run_id);
    rig_pass(RIG_MS);
}

void gate_check(char runs[][UUID_TEXT_BYTES], const char *wanted)
{
    char got[32] = "";

    for (size_t i = 0; wanted[i] != '\0'; i++) {
        switch (rig_status(&rig, runs[i])) {
        case STORE_RUN_PENDING:
            got[i] = 'w';
            break;
        case STORE_RUN_RUNNING:
            got[i] = 'r';
            break;
        case STORE_RUN_CANCELLED:
            got[i] = 'c';
            break;
        default:
            got[i] = 'd';
            break;
        }
    }
    ck_assert_str_eq(got, wanted);
}

void gate_ok(const char *run_id)
{
    for (size_t i = 0; i < rig.sandbox.count; i++) {
        if (rig.sandbox.attempts[i].open && strcmp(rig.sandbox.attempts[i].run_id, run_id) == 0) {
            rig_end(&rig, &rig.sandbox.attempts[i], OUTCOME_OK, "{}");
            return;
        }
    }
    ck_abort_msg("run %s has no attempt", run_id);
}

void gate_stopped(const char *run_id)
{
    for (size_t i = 0; i < rig.sandbox.count; i++) {
        if (rig.sandbox.attempts[i].open && strcmp(rig.sandbox.attempts[i].run_id, run_id) == 0) {
            rig_end(&rig, &rig.sandbox.attempts[i], OUTCOME_CANCELLED, NULL);
            return;
        }
    }
    ck_abort_msg("run %s has no attempt", run_id);
}

bool gate_says(const char *run_id, const char *text)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT, .run_id = run_id};
    auto_done(store_event_list) rows = {0};
    bool found = false;
    int64_t next;
    struct err e = {0};

    ck_assert(store_read_events(rig.reader, &filter, 0, STORE_PAGE_ROWS_MAX, &rows, &next, &e));
    for (size_t i = 0; i < rows.count; i++)
        found |= strstr(rows.rows[i].payload, text) != NULL;
    return found;
}

void gate_pass(int64_t ns)
{
    rig_pass(ns);
    rig_settle(&rig);
}
