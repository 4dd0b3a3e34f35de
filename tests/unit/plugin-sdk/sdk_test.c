/* sdk_test.c -- the SDK's writer and its use of the host. */
#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

#include "suites.h"

#include "base/mem.h"
#include "fake_host.h"

#include <string.h>

START_TEST(commas_go_where_they_belong)
{
    auto_done(fake_host) host;
    orch_out o;

    fake_host_init(&host);
    o = orch_out_new(&host.table, fake_run(&host));
    orch_out_mark(&o, '{');
    orch_out_key(&o, "a");
    orch_out_mark(&o, '[');
    orch_out_int(&o, -1);
    orch_out_bool(&o, true);
    orch_out_mark(&o, '[');
    orch_out_mark(&o, ']');
    orch_out_mark(&o, '{');
    orch_out_mark(&o, '}');
    orch_out_str(&o, "[");
    orch_out_str(&o, ":");
    orch_out_mark(&o, ']');
    orch_out_key(&o, "b");
    orch_out_json(&o, (orch_json){NULL, 0});
    orch_out_mark(&o, '}');
    ck_assert_int_eq(orch_out_emit(&o), ORCH_OK);
    ck_assert_str_eq(buf_text(&host.result), "{\"a\":[-1,true,[],{},\"[\",\":\"],\"b\":null}");
}
END_TEST

START_TEST(numbers_read_back_as_they_were)
{
    static const double numbers[] = {0,
                                     -0.0,
                                     0.1,
                                     1.0 / 3,
                                     1e300,
                                     5e-324,
                                     123456,
                                     4294967296,
                                     1e15,
                                     0.5,
                                     98765.4321,
                                     1e16,
                                     9007199254740992.0,
                                     1.2345678901234567e16,
                                     -1e20};

    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        auto_done(fake_host) host;
        orch_out o;
        orch_json value;
        double back;

        fake_host_init(&host);
        o = orch_out_new(&host.table, fake_run(&host));
        orch_out_number(&o, numbers[i]);
        ck_assert_int_eq(orch_out_emit(&o), ORCH_OK);
        ck_assert(orch_json_parse((orch_bytes){host.result.data, host.result.len}, &value));
        ck_assert(orch_json_number(value, &back));
        ck_assert_mem_eq(&back, &numbers[i], sizeof back); /* the bits: -0 is not 0 */
    }
}
END_TEST

START_TEST(texts_are_escaped_so_that_they_read_back)
{
    static const char text[] = "quote\" back\\ line\n bell\a \xc3\xa9";
    auto_done(fake_host) host;
    orch_json value;
    orch_bytes back;
    orch_out o;

    fake_host_init(&host);
    o = orch_out_new(&host.table, fake_run(&host));
    orch_out_str(&o, text);
    ck_assert_int_eq(orch_out_emit(&o), ORCH_OK);
    ck_assert(orch_json_parse((orch_bytes){host.result.data, host.result.len}, &value));
    ck_assert(orch_json_text(&host.table, fake_run(&host), value, &back));
    ck_assert_str_eq(back.ptr, text);
}
END_TEST

/* Each writes something that no JSON text can hold. */
static void not_a_number(orch_out *o)
{
    orch_out_number(o, __builtin_nan(""));
}
static void not_utf8(orch_out *o)
{
    orch_out_str(o, "\xff");
}
static void beyond_every_reader(orch_out *o)
{
    orch_out_int(o, INT64_C(9007199254740992));
}
static void too_large(orch_out *o)
{
    for (int i = 0; i < 64; i++)
        orch_out_str(o, "0123456789abcdef0123456789abcdef");
}

START_TEST(a_fault_is_kept_and_reported_once)
{
    static void (*const faults[])(orch_out *) = {not_a_number, not_utf8, beyond_every_reader,
                                                 too_large};

    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        auto_done(fake_host) host;
        orch_out o;

        fake_host_init(&host);
        host.arena_bytes_max = 1024;
        o = orch_out_new(&host.table, fake_run(&host));
        orch_out_mark(&o, '[');
        faults[i](&o);
        orch_out_mark(&o, ']');
        ck_assert_int_eq(orch_out_emit(&o), ORCH_E_INTERNAL);
        ck_assert_str_eq(buf_text(&host.error_class), "OutputError");
        ck_assert_uint_gt(host.error_message.len, 10);
        ck_assert_uint_eq(host.results, 0);
    }
}
END_TEST

START_TEST(a_failure_carries_class_and_message)
{
    auto_done(fake_host) host;
    char long_text[3000];

    fake_host_init(&host);
    ck_assert_int_eq(orch_fail(&host.table, fake_run(&host), ORCH_E_FATAL, "KeyError", "no %d", 7),
                     ORCH_E_FATAL);
    ck_assert_str_eq(buf_text(&host.error_class), "KeyError");
    ck_assert_str_eq(buf_text(&host.error_message), "no 7");

    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    memcpy(long_text + ORCH_MESSAGE_BYTES_MAX - 1, "\xc3\xa9", 2);
    orch_fail(&host.table, fake_run(&host), ORCH_E_FATAL, "KeyError", "%s", long_text);
    ck_assert_uint_eq(host.error_message.len, ORCH_MESSAGE_BYTES_MAX - 1);
    ck_assert_int_eq(host.error_message.data[host.error_message.len - 1], 'x');
}
END_TEST

/* Each character has two bytes, so that each limit falls into one. */
static char *many_characters(size_t count, bool shifted)
{
    struct buf b = {0};

    if (shifted)
        buf_addc(&b, 'x');
    while (count-- > 0)
        buf_adds(&b, "\xc3\xa9");
    return buf_take(&b);
}

START_TEST(a_long_message_of_other_letters_is_cut_between_two)
{
    for (int shifted = 0; shifted < 2; shifted++) {
        auto_mem char *text = many_characters(600, shifted != 0);
        auto_done(fake_host) host;

        fake_host_init(&host);
        orch_fail(&host.table, fake_run(&host), ORCH_E_FATAL, "ValueError", "%s", text);
        ck_assert_uint_eq(host.error_message.len, 1022 + (size_t)shifted);
        ck_assert_mem_eq(host.error_message.data, text, host.error_message.len);
    }
}
END_TEST

START_TEST(a_message_of_exactly_the_limit_is_whole)
{
    auto_mem char *text = many_characters((ORCH_MESSAGE_BYTES_MAX - 1) / 2, true);
    auto_done(fake_host) host;

    fake_host_init(&host);
    orch_fail(&host.table, fake_run(&host), ORCH_E_FATAL, "ValueError", "%s", text);
    ck_assert_uint_eq(host.error_message.len, ORCH_MESSAGE_BYTES_MAX);
}
END_TEST

START_TEST(a_log_text_is_handed_over_whole_however_long)
{
    for (size_t count = 500; count < 100000; count = count * 3 + 1) {
        auto_mem char *text = many_characters(count, count % 2 == 0);
        auto_mem char *line = mem_printf("1 <%s>\n", text);
        auto_done(fake_host) host;

        fake_host_init(&host);
        orch_log(&host.table, fake_run(&host), ORCH_LOG_INFO, "<%s>", text);
        ck_assert_str_eq(buf_text(&host.log), line);
    }
}
END_TEST

START_TEST(sleep_ends_early_when_told_to_stop)
{
    auto_done(fake_host) host;

    fake_host_init(&host);
    ck_assert_int_eq(orch_sleep_ms(&host.table, fake_run(&host), 15), ORCH_OK);
    host.stop_after = 2;
    ck_assert_int_eq(orch_sleep_ms(&host.table, fake_run(&host), 60000), ORCH_E_CANCELLED);
    ck_assert_int_eq(host.stop_calls, 3);
}
END_TEST

START_TEST(extensions_are_used_only_when_large_enough)
{
    auto_done(fake_host) host;
    orch_bytes value;

    fake_host_init(&host);
    host.secret_name = "db";
    host.secret_value = "s3cret";
    ck_assert_int_eq(orch_secret(&host.table, fake_run(&host), "db", &value), ORCH_OK);
    ck_assert_str_eq(value.ptr, "s3cret");
    ck_assert_int_eq(orch_secret(&host.table, fake_run(&host), "other", &value), ORCH_E_INPUT);
    ck_assert_ptr_null(orch_ext(&host.table, ORCH_EXT_SECRET, sizeof(orch_secret_v1) + 1));
    ck_assert_ptr_null(orch_ext(&host.table, "orch.nothing/1", 4));
}
END_TEST

Suite *sdk_suite(void)
{
    Suite *suite = suite_create("sdk");
    TCase *tc = tcase_create("helpers");

    tcase_add_test(tc, commas_go_where_they_belong);
    tcase_add_test(tc, numbers_read_back_as_they_were);
    tcase_add_test(tc, texts_are_escaped_so_that_they_read_back);
    tcase_add_test(tc, a_fault_is_kept_and_reported_once);
    tcase_add_test(tc, a_failure_carries_class_and_message);
    tcase_add_test(tc, a_long_message_of_other_letters_is_cut_between_two);
    tcase_add_test(tc, a_message_of_exactly_the_limit_is_whole);
    tcase_add_test(tc, a_log_text_is_handed_over_whole_however_long);
    tcase_add_test(tc, sleep_ends_early_when_told_to_stop);
    tcase_add_test(tc, extensions_are_used_only_when_large_enough);
    suite_add_tcase(suite, tc);
    return suite;
}
