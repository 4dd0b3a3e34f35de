/* quotas_test.c -- quotas hold at once, after a restart, and where another host set them. */
#include "suites.h"

#include "base/json.h"
#include "base/mem.h"
#include "engine/lanes/quotas.h"
#include "store/hosts.h"
#include "task_steps.h"

#include <string.h>

static struct store_quota quota(const char *id, const char *job_type, int64_t version)
{
    return (struct store_quota){.tenant = RIG_TENANT,
                                .quota_id = id,
                                .job_type = job_type,
                                .max_active = 1,
                                .weight = 1,
                                .version = version,
                                .created_us = 1,
                                .updated_us = 1};
}

static struct rig_answer change(enum api_quota_deed deed, const struct store_quota *row)
{
    struct rig_answer answer = {0};

    quotas_change(task_control()->quotas, &rig_actor, &(struct api_quota_change){deed, row},
                  rig_answered, &answer);
    rig_settle(&rig);
    ck_assert_uint_eq(answer.told, 1);
    return answer;
}

static void put(const char *id, const char *job_type)
{
    const struct store_quota row = quota(id, job_type, 1);

    ck_assert_int_eq(change(API_QUOTA_PUT, &row).code, ERR_NONE);
}

/* As another host did. */
static void outside(void (*add)(struct store_batch *batch))
{
    struct store_batch *batch = store_batch_new();
    struct err e = {0};

    add(batch);
    ck_assert(store_commit_wait(rig.store, &batch, NULL, &e));
    engine_on_news(rig.engine,
                   &(struct store_news){.kind = STORE_NEWS_KNOWN, .number = STORE_KNOWN_QUOTAS});
    rig_settle(&rig);
}

static void four_tasks(void)
{
    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":3}");
    for (char id[] = "t0"; id[1] < '4'; id[1]++)
        ck_assert_int_eq(task_add("ml", id, "{}").code, ERR_NONE);
}

static void check_summary(const char *want)
{
    auto_json summary = quotas_owned(task_control()->quotas, RIG_TENANT);
    const json_t *first = json_array_get(json_object_get(summary, "items"), 0);
    auto_mem char *got =
        mem_printf("%lld %lld %lld %lld %s",
                   (long long)json_integer_value(json_object_get(summary, "total")),
                   (long long)json_integer_value(json_object_get(summary, "paused")),
                   (long long)json_integer_value(json_object_get(summary, "limiting")),
                   (long long)json_integer_value(json_object_get(summary, "waiting")),
                   first != NULL ? json_text_of(first, "by") : "-");

    ck_assert_str_eq(got, want);
}

START_TEST(a_quota_bounds_what_runs_until_it_goes)
{
    struct store_quota row = quota("q", "ml", 2);

    put("q", "ml");
    four_tasks();
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    check_summary("1 0 1 3 maxActive");
    ck_assert_uint_eq(quotas_tasks(task_control()->quotas, RIG_TENANT, "ml"), 1);
    ck_assert_uint_eq(quotas_tasks(task_control()->quotas, RIG_TENANT, NULL), 1);
    ck_assert_uint_eq(quotas_tasks(task_control()->quotas, "other", "ml"), 0);
    row.max_active = 2;
    ck_assert_int_eq(change(API_QUOTA_CHANGE, &row).code, ERR_NONE);
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    ck_assert_int_eq(change(API_QUOTA_DELETE, &row).code, ERR_NONE);
    ck_assert_uint_eq(rig_open_count(&rig), 3);
    check_summary("0 0 0 0 -");
}
END_TEST

START_TEST(a_quota_is_kept_over_a_restart)
{
    struct store_quota row = quota("q", "ml", 2);

    put("q", "ml");
    four_tasks();
    row.paused = true;
    ck_assert_int_eq(change(API_QUOTA_PAUSE, &row).code, ERR_NONE);
    check_summary("1 1 1 3 paused");
    rig_crash(&rig);
    ck_assert_uint_eq(rig_open_count(&rig), 0);
    check_summary("1 1 1 4 paused");
    row = quota("q", "ml", 3);
    row.max_active = 0;
    row.max_per_hour = 2;
    ck_assert_int_eq(change(API_QUOTA_RESUME, &row).code, ERR_NONE);
    ck_assert_uint_eq(rig_open_count(&rig), 2);
    check_summary("1 0 1 2 maxPerHour");
}
END_TEST

START_TEST(who_comes_too_late_changes_nothing)
{
    struct store_quota row = quota("q", "ml", 3), other = quota("r", "ml", 1);

    put("q", "ml");
    ck_assert_int_eq(change(API_QUOTA_CHANGE, &row).code, ERR_CONFLICT);
    ck_assert_int_eq(change(API_QUOTA_DELETE, &row).code, ERR_CONFLICT);
    ck_assert_int_eq(change(API_QUOTA_PUT, &other).code, ERR_CONFLICT);
    check_summary("1 0 0 0 -");
}
END_TEST

static void add_one(struct store_batch *batch)
{
    const struct store_quota row = quota("q", "ml", 1);

    store_batch_quota_put(batch, &row);
}

static void drop_one(struct store_batch *batch)
{
    store_batch_quota_delete(batch, RIG_TENANT, "q", 1);
}

START_TEST(what_another_host_did_holds_here)
{
    outside(add_one);
    four_tasks();
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    outside(drop_one);
    ck_assert_uint_eq(rig_open_count(&rig), 3);
    check_summary("0 0 0 0 -");
}
END_TEST

START_TEST(a_tenant_has_a_thousand)
{
    const struct store_quota last = quota("last", "last", 1);
    char name[16];

    for (int i = 0; i < QUOTAS_MAX; i++) {
        snprintf(name, sizeof name, "q%d", i);
        put(name, name);
    }
    ck_assert_int_eq(change(API_QUOTA_PUT, &last).code, ERR_CONFLICT);
}
END_TEST

START_TEST(each_change_is_in_the_ledger_with_who_and_why)
{
    static const char *const types[] = {"audit.quota_made", "audit.quota_changed",
                                        "audit.quota_paused", "audit.quota_resumed",
                                        "audit.quota_removed"};
    auto_done(store_event_list) events = {0};
    struct err e = {0};
    size_t found = 0;

    put("q", "ml");
    for (int deed = API_QUOTA_CHANGE; deed <= API_QUOTA_DELETE; deed++) {
        const struct store_quota row = quota("q", "ml", deed < API_QUOTA_DELETE ? deed + 1 : deed);

        ck_assert_int_eq(change(deed, &row).code, ERR_NONE);
    }
    ck_assert(store_read_events_after(rig.reader, RIG_TENANT, 0, 100, &events, &e));
    for (size_t i = 0; i < events.count; i++) {
        if (strncmp(events.rows[i].type, "audit.quota", strlen("audit.quota")) != 0)
            continue;
        ck_assert_uint_lt(found, ARRAY_LEN(types));
        ck_assert_str_eq(events.rows[i].type, types[found++]);
        ck_assert_ptr_nonnull(strstr(events.rows[i].payload, rig_actor.reason));
    }
    ck_assert_uint_eq(found, ARRAY_LEN(types));
}
END_TEST

TCase *quotas_cases(void)
{
    TCase *c = tcase_create("quotas");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_quota_bounds_what_runs_until_it_goes);
    tcase_add_test(c, a_quota_is_kept_over_a_restart);
    tcase_add_test(c, who_comes_too_late_changes_nothing);
    tcase_add_test(c, what_another_host_did_holds_here);
    tcase_add_test(c, a_tenant_has_a_thousand);
    tcase_add_test(c, each_change_is_in_the_ledger_with_who_and_why);
    return c;
}
