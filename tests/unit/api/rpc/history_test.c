/* history_test.c -- the latest calls: newest first, each tenant's own, and bounded thrice. */
#include "suites.h"

#include "api/rpc/history.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

static json_t *shown_owned(const struct rpc_history *h, const char *tenant, int64_t limit)
{
    auto_done(buf) text = {0};
    json_t *value;

    rpc_history_show(h, tenant, limit, &text);
    value = json_loads(buf_text(&text), 0, NULL);
    ck_assert_ptr_nonnull(value);
    return value;
}

static json_int_t total(const struct rpc_history *h, const char *tenant)
{
    auto_json shown = shown_owned(h, tenant, 1);

    return json_integer_value(json_object_get(shown, "total"));
}

static void add(struct rpc_history *h, const char *tenant, const char *method, json_int_t id)
{
    auto_json number = json_integer(id);

    rpc_history_add(h, tenant,
                    &(struct rpc_past){.method = method,
                                       .id = number,
                                       .ended_us = 1000000 + id,
                                       .took_ns = 2500000});
}

START_TEST(the_latest_are_shown_newest_first)
{
    auto_obj(rpc_history) h = rpc_history_new();
    auto_json empty = shown_owned(h, "acme", 10);
    auto_json two = NULL;
    auto_mem char *text = NULL;

    ck_assert_int_eq(total(h, "acme"), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(empty, "history")), 0);
    for (json_int_t i = 1; i <= 3; i++)
        add(h, "acme", "m", i);
    rpc_history_add(h, "acme",
                    &(struct rpc_past){.ended_us = 1000009, .took_ns = 0, .error_code = -32600});
    two = shown_owned(h, "acme", 2);
    text = json_dumps(two, JSON_COMPACT);
    ck_assert_str_eq(text, "{\"history\":[{\"method\":null,\"id\":null,\"timestamp\":"
                           "\"1970-01-01T00:00:01.000009Z\",\"duration_ms\":0,\"success\":false,"
                           "\"error_code\":-32600},{\"method\":\"m\",\"id\":3,\"timestamp\":"
                           "\"1970-01-01T00:00:01.000003Z\",\"duration_ms\":2.5,\"success\":true,"
                           "\"error_code\":null}],\"total\":4}");
}
END_TEST

START_TEST(a_tenant_sees_its_own_and_has_a_bound_of_calls)
{
    auto_obj(rpc_history) h = rpc_history_new();
    auto_json last = NULL;

    for (json_int_t i = 0; i < HISTORY_CALLS_MAX + 5; i++)
        add(h, "acme", "m", i);
    add(h, "other", "m", 1);
    ck_assert_int_le(total(h, "acme"), HISTORY_CALLS_MAX);
    ck_assert_int_gt(total(h, "acme"), HISTORY_CALLS_MAX / 2);
    ck_assert_int_eq(total(h, "other"), 1);
    last = shown_owned(h, "acme", HISTORY_CALLS_MAX);
    ck_assert_int_eq(json_integer_value(
                         json_object_get(json_array_get(json_object_get(last, "history"), 0),
                                         "id")),
                     HISTORY_CALLS_MAX + 4);
}
END_TEST

START_TEST(long_ones_are_cut_and_bounded_by_their_bytes)
{
    auto_obj(rpc_history) h = rpc_history_new();
    auto_mem char *method = mem_alloc(1001);
    auto_json id = NULL;
    auto_json shown = NULL;
    const json_t *first;

    memset(method, 'm', 1000);
    method[1000] = '\0';
    memcpy(method + HISTORY_METHOD_BYTES_MAX - 1, "\xc3\xa4", 2); /* cut in the middle */
    id = json_string(method + 2);
    for (int i = 0; i < 2000; i++)
        rpc_history_add(h, "acme", &(struct rpc_past){.method = method, .id = id});
    shown = shown_owned(h, "acme", 1);
    first = json_array_get(json_object_get(shown, "history"), 0);
    ck_assert_uint_le(json_string_length(json_object_get(first, "method")),
                      HISTORY_METHOD_BYTES_MAX + 2);
    ck_assert_int_eq(json_equal(json_object_get(first, "id"), id), 1);
    ck_assert_int_lt(total(h, "acme"), 1000);
    ck_assert_int_gt(total(h, "acme"), 700);
}
END_TEST

START_TEST(who_called_longest_ago_is_forgotten)
{
    auto_obj(rpc_history) h = rpc_history_new();

    for (int i = 0; i < HISTORY_TENANTS_MAX; i++) {
        auto_mem char *tenant = mem_printf("t%d", i);

        add(h, tenant, "m", 1);
    }
    add(h, "t0", "m", 2);
    add(h, "new", "m", 1);
    ck_assert_int_eq(total(h, "t0"), 2);
    ck_assert_int_eq(total(h, "t1"), 0);
    ck_assert_int_eq(total(h, "t2"), 1);
    rpc_history_free(NULL);
}
END_TEST

TCase *history_cases(void)
{
    TCase *tc = tcase_create("history");

    tcase_add_test(tc, the_latest_are_shown_newest_first);
    tcase_add_test(tc, a_tenant_sees_its_own_and_has_a_bound_of_calls);
    tcase_add_test(tc, long_ones_are_cut_and_bounded_by_their_bytes);
    tcase_add_test(tc, who_called_longest_ago_is_forgotten);
    return tc;
}
