/* gate_test.c -- concurrency and debounce of a definition, and their keys. */
#include "suites.h"

#include "base/mem.h"
#include "model/dag/plan.h"

#include <stdlib.h>
#include <string.h>

START_TEST(gates_are_read_and_kept)
{
    auto_done(parsed) none = parse_valid("dag_id: d\nname: d\nnodes: {A: {}}\n");
    auto_done(parsed) few = parse_valid("dag_id: d\nname: d\nnodes: {A: {}}\nconcurrency: {}\n"
                                        "debounce: {period: 5}\n");
    auto_done(parsed) all =
        parse_valid("dag_id: d\nname: d\nnodes: {A: {}}\n"
                    "concurrency: {key: input.a, limit: 10000, on_conflict: keep_latest}\n"
                    "debounce: {key: 'input.a == 1', period: 0.5, max_wait: 604800}\n");
    auto_json value = dag_to_json_owned(all.dag);
    auto_json bare = dag_to_json_owned(none.dag);
    auto_mem char *text = json_dumps(value, JSON_COMPACT);
    auto_done(parsed) again = parse_valid(text);

    ck_assert_int_eq(none.dag->concurrency.on_conflict, ON_CONFLICT_INVALID);
    ck_assert_double_eq(none.dag->debounce.period_s, 0);
    ck_assert_int_eq(few.dag->concurrency.on_conflict, ON_CONFLICT_QUEUE);
    ck_assert_uint_eq(few.dag->concurrency.limit, 1);
    ck_assert_ptr_null(few.dag->concurrency.key.text);
    ck_assert_double_eq(few.dag->debounce.max_wait_s, 0);
    ck_assert_int_eq(all.dag->concurrency.on_conflict, ON_CONFLICT_KEEP_LATEST);
    ck_assert_uint_eq(all.dag->concurrency.limit, 10000);
    ck_assert_str_eq(all.dag->concurrency.key.text, "input.a");
    ck_assert_str_eq(all.dag->debounce.key.text, "input.a == 1");
    ck_assert_double_eq(all.dag->debounce.period_s, 0.5);
    ck_assert_ptr_null(json_object_get(bare, "concurrency"));
    ck_assert_ptr_null(json_object_get(bare, "debounce"));
    ck_assert_str_eq(again.dag->hash.text, all.dag->hash.text);
    ck_assert_str_ne(few.dag->hash.text, all.dag->hash.text);
    ck_assert_str_ne(few.dag->hash.text, none.dag->hash.text);
}
END_TEST

static const struct {
    const char *text, *findings;
} wrong_gates[] = {
    {"concurrency: 1", "bad_field 2:14 concurrency must be an object, not 1\n"},
    {"concurrency: {limit: 0}",
     "bad_field 2:22 concurrency.limit must be an integer from 1 to 10000, not 0\n"},
    {"concurrency: {on_conflict: wait}",
     "bad_field 2:28 concurrency.on_conflict must be one of queue, skip, replace, keep_latest, not "
     "'wait'\n"},
    {"concurrency: {key: ''}", "bad_field 2:20 concurrency.key must be an expression, not ''\n"},
    {"concurrency: {key: 3}", "bad_field 2:20 concurrency.key must be an expression, not 3\n"},
    {"concurrency: {key: 'input.a =='}",
     "bad_condition 2:20 concurrency.key, column 11: a value is missing at the end\n"},
    {"concurrency: {max: 1}", "unknown_field 2:15 concurrency: unknown field 'max'\n"},
    {"debounce: {}", "bad_field 2:11 debounce must be an object with a period, not an object\n"},
    {"debounce: []", "bad_field 2:11 debounce must be an object, not an array\n"},
    {"debounce: {period: 0}",
     "bad_field 2:20 debounce.period must be a number from 0.001 to 604800, not 0\n"},
    {"debounce: {period: 5, max_wait: 1}",
     "bad_field 2:11 debounce must be an object whose max_wait "
     "is not below its period, not an object\n"},
};

START_TEST(a_wrong_gate_is_named)
{
    auto_mem char *text = mem_printf("nodes: {A: {}}\n%s\n", wrong_gates[_i].text);

    assert_findings(text, wrong_gates[_i].findings);
}
END_TEST

static void check_key(const char *expression, const char *input, const char *wanted)
{
    auto_mem char *text = mem_printf("nodes: {A: {}}\nconcurrency: {key: \"%s\"}\n", expression);
    auto_done(parsed) p = parse_valid(text);
    auto_json value = json_loads(input, 0, NULL);
    auto_mem char *key = NULL;
    struct err e = {0};

    if (gate_key_text(&p.dag->concurrency.key, value, "key", &key, &e))
        ck_assert_str_eq(key, wanted);
    else
        ck_assert_str_eq(e.msg, wanted);
}

START_TEST(a_key_is_a_plain_value)
{
    auto_mem char *longest = mem_printf("{\"a\":\"%0254d\"}", 0);
    auto_mem char *longer = mem_printf("{\"a\":\"%0255d\"}", 0);
    auto_mem char *kept = mem_printf("\"%0254d\"", 0);

    check_key("input.a", "{\"a\":\"x\"}", "\"x\"");
    check_key("input.a", "{\"a\":1.0}", "1");
    check_key("input.a == 1", "{\"a\":1}", "true");
    check_key("has(input.b) ? input.b : 'none'", "{\"a\":1}", "\"none\"");
    check_key(
        "input.a", "{}",
        "key, 'input.a', yields null for this input: it must be text, a number, true or false");
    check_key("results.A", "{}",
              "key, 'results.A', yields object for this input: it must be text, a number, true or "
              "false");
    check_key("input.a", longest, kept);
    check_key("input.a", longer, "key has 257 bytes for this input, at most 256 are taken");
}
END_TEST

TCase *gate_cases(void)
{
    TCase *tc = tcase_create("gate");

    tcase_add_test(tc, gates_are_read_and_kept);
    tcase_add_loop_test(tc, a_wrong_gate_is_named, 0, (int)ARRAY_LEN(wrong_gates));
    tcase_add_test(tc, a_key_is_a_plain_value);
    return tc;
}
