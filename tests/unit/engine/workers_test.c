/* workers_test.c -- the workers of lanes, as operators see them. */
#include "suites.h"
#include "task_steps.h"

#include "base/json.h"

#include <string.h>

/* Of the status as it is now, without the words of which each has its own test. */
static void worker_is(const char *id, const char *want)
{
    auto_json status = engine_workers_owned(rig.engine);
    auto_mem char *text = NULL;
    json_t *worker;
    size_t i;

    json_array_foreach(json_object_get(status, "workers"), i, worker)
    {
        if (strcmp(json_text_of(worker, "id"), id) != 0)
            continue;
        json_object_del(worker, "last_heartbeat");
        json_object_del(worker, "id");
        text = json_dumps(worker, JSON_COMPACT);
    }
    ck_assert_pstr_eq(text, want);
}

static void counts_are(const char *want)
{
    auto_json status = engine_workers_owned(rig.engine);
    auto_mem char *text = NULL;

    json_object_del(status, "workers");
    text = json_dumps(status, JSON_COMPACT);
    ck_assert_str_eq(text, want);
}

#define WORKER(pool, rest) "{\"type\":\"ml\",\"pool\":\"" pool "\"," rest "}"
#define IDLE(deeds, up)                                                                            \
    "\"pid\":null,\"status\":\"idle\",\"current_task\":null," deeds ",\"uptime_s\":" up
#define DEEDS(well, badly, crashes)                                                                \
    "\"tasks_processed\":" well ",\"tasks_failed\":" badly ",\"restarts\":" crashes

START_TEST(all_but_those_of_the_default_are_there_from_the_start)
{
    counts_are("{\"expected\":3,\"active\":3,\"workers_per_type\":1,\"types\":{"
               "\"reasoning\":{\"expected\":1,\"active\":1},\"codegen\":{\"expected\":1,"
               "\"active\":1},\"ml\":{\"expected\":1,\"active\":1}},\"unlisted\":0}");
    worker_is("express_ml_0", WORKER("express", IDLE(DEEDS("0", "0", "0"), "0.0")));
    worker_is("pool_ml_0", WORKER("regular", IDLE(DEEDS("0", "0", "0"), "0.0")));
    worker_is("pool_ml_1", NULL);
    worker_is("pool_default_0", NULL);
    rig_pass(90 * RIG_S);
    worker_is("pool_ml_0", WORKER("regular", IDLE(DEEDS("0", "0", "0"), "90.0")));
}
END_TEST

START_TEST(a_worker_says_what_it_has_and_what_it_did)
{
    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":1}");
    task_add_with("t", 12);
    worker_is("express_ml_0",
              WORKER("express",
                     "\"pid\":1001,\"status\":\"processing\",\"current_task\":\"t\"," DEEDS(
                         "0", "0", "0") ",\"uptime_s\":0.0"));
    rig_ok(&rig, "task");
    worker_is("express_ml_0", WORKER("express", IDLE(DEEDS("1", "0", "0"), "0.0")));
    task_add_with("u", 12);
    rig_pass(RIG_S);
    rig_fails(&rig, "task", OUTCOME_CRASH);
    worker_is("express_ml_0", WORKER("express", IDLE(DEEDS("1", "1", "1"), "0.0")));
}
END_TEST

START_TEST(a_step_of_a_run_is_told_by_both_names)
{
    char want[256];
    const char *id;

    rig_publish(&rig, "{\"name\":\"l\",\"dag_id\":\"l\",\"version\":\"1.0.0\",\"nodes\":"
                      "{\"a\":{\"agent_id\":\"a\",\"lane\":\"ml\"}}}");
    id = run_of("l");
    snprintf(want, sizeof want,
             WORKER("regular",
                    "\"pid\":1001,\"status\":\"processing\",\"current_task\":\"%s:a\"," DEEDS(
                        "0", "0", "0") ",\"uptime_s\":0.0"),
             id);
    worker_is("pool_ml_0", want);
}
END_TEST

START_TEST(more_than_are_listed_are_counted)
{
    task_lane_put("ml", "{\"slots\":10000}");
    counts_are("{\"expected\":10002,\"active\":10002,\"workers_per_type\":1,\"types\":{"
               "\"reasoning\":{\"expected\":1,\"active\":1},\"codegen\":{\"expected\":1,"
               "\"active\":1},\"ml\":{\"expected\":10000,\"active\":10000}},\"unlisted\":10004}");
}
END_TEST

TCase *workers_cases(void)
{
    TCase *c = tcase_create("workers");

    tcase_add_test(c, all_but_those_of_the_default_are_there_from_the_start);
    tcase_add_test(c, a_worker_says_what_it_has_and_what_it_did);
    tcase_add_test(c, a_step_of_a_run_is_told_by_both_names);
    tcase_add_test(c, more_than_are_listed_are_counted);
    return c;
}
