/* redact_test.c -- secrets in every dress that an accident may put on them. */
#include "sandbox/worker/redact.h"

#include "base/text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char secret[] = "p@ss \"w\\rd\"/\xc3\xa9";

/* No program frees one: it lives as long as the attempt's process. */
static void redactor_done(struct redactor *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->patterns[i].bytes);
    free(r->patterns);
}
DEFINE_AUTO_DONE(redactor)

static void expect(const char *secret_text, const char *in, const char *out)
{
    auto_done(redactor) r = {0};
    auto_done(buf) b = {0};

    redact_add(&r, secret_text, strlen(secret_text));
    ck_assert_uint_eq(redact_copy(&r, in, strlen(in), SIZE_MAX, &b), strlen(in));
    ck_assert_str_eq(buf_text(&b), out);
}

START_TEST(a_value_is_found_as_it_is_wherever_it_stands)
{
    expect("hunter2", "hunter2", "[redacted]");
    expect("hunter2", "a hunter2, a hunter2", "a [redacted], a [redacted]");
    expect("hunter2", "hunter", "hunter");
    expect("hunter2", "", "");
    expect("ab", "cabd", "c[redacted]d");
    expect("aaab", "aaaab", "a[redacted]");
}
END_TEST

START_TEST(encodings_that_programs_use_are_found)
{
    auto_done(buf) json = {0};

    buf_add_json_str(&json, secret, strlen(secret));
    expect(secret, buf_text(&json), "\"[redacted]\"");
    expect(secret, "x=p%40ss%20%22w%5Crd%22%2F%C3%A9&y", "x=[redacted]&y");
    expect(secret, "x=p%40ss%20%22w%5crd%22%2f%c3%a9&y", "x=[redacted]&y");
    expect("token", "746f6b656e 746F6B656E", "[redacted] [redacted]");
}
END_TEST

START_TEST(a_value_is_found_however_json_spells_it)
{
    expect(secret, "p@ss \\u0022w\\u005crd\\u0022\\/\\u00e9", "[redacted]");
    expect(secret, "\\u0070@ss \\\"w\\\\rd\\u0022/\\u00E9!", "[redacted]!");
    expect("key \xf0\x9f\x94\x91", "a key \\ud83d\\udd11.", "a [redacted].");
    expect("key\n", "key\\n", "[redacted]");
    expect("a\\nb", "a\\nb a\\\\nb", "[redacted] [redacted]");
    expect("word", "wor\\u006", "wor\\u006");
    expect("word", "\\ud83d", "\\ud83d");
    expect("word", "wor\\", "wor\\");
}
END_TEST

/* Base64 of "prefix" + secret + "suffix": of the secret's own digits nothing may be left. */
START_TEST(base64_is_found_at_every_alignment)
{
    static const char value[] = "s3cr3t-\xff\xfe\xfd-value";

    for (int url = 0; url < 2; url++)
        for (size_t before = 0; before < 4; before++)
            for (size_t after = 0; after < 4; after++) {
                auto_done(redactor) r = {0};
                auto_done(buf) plain = {0};
                auto_done(buf) coded = {0};
                auto_done(buf) out = {0};

                buf_add(&plain, "xyz", before < 3 ? before : 3);
                buf_adds(&plain, value);
                buf_add(&plain, "xyz", after < 3 ? after : 3);
                text_add_base64(&coded, plain.data, plain.len, url);
                redact_add(&r, value, strlen(value));
                redact_copy(&r, coded.data, coded.len, SIZE_MAX, &out);
                ck_assert_ptr_nonnull(strstr(buf_text(&out), "[redacted]"));
                ck_assert_uint_lt(out.len, strlen("[redacted]") + 15);
            }
}
END_TEST

START_TEST(a_short_value_is_found_only_as_it_is)
{
    expect("abc", "YWJj 616263 abc", "YWJj 616263 [redacted]");
}
END_TEST

START_TEST(the_longest_of_two_values_wins)
{
    auto_done(redactor) r = {0};
    auto_done(buf) b = {0};

    redact_add(&r, "pass", 4);
    redact_add(&r, "password", 8);
    redact_copy(&r, "password pass", 13, SIZE_MAX, &b);
    ck_assert_str_eq(buf_text(&b), "[redacted] [redacted]");
}
END_TEST

START_TEST(a_value_with_a_nul_is_found)
{
    auto_done(redactor) r = {0};
    auto_done(buf) b = {0};

    redact_add(&r, "a\0bcd", 5);
    redact_copy(&r, "xa\0bcdx", 7, SIZE_MAX, &b);
    ck_assert_str_eq(buf_text(&b), "x[redacted]x");
}
END_TEST

START_TEST(it_ends_behind_the_limit_and_never_inside_of_a_value)
{
    static const char text[] = "ab hunter2 hunter2 cd";

    for (size_t most = 0; most < 40; most++) {
        auto_done(redactor) r = {0};
        auto_done(buf) b = {0};
        size_t taken;

        redact_add(&r, "hunter2", 7);
        taken = redact_copy(&r, text, strlen(text), most, &b);
        ck_assert(b.len > most || taken == strlen(text));
        ck_assert_uint_le(b.len, most + strlen("[redacted]"));
        ck_assert_ptr_null(strchr(buf_text(&b), 'h'));
    }
}
END_TEST

START_TEST(no_secret_changes_nothing)
{
    struct redactor r = {0};
    auto_done(buf) b = {0};

    ck_assert_uint_eq(redact_copy(&r, "text", 4, SIZE_MAX, &b), 4);
    ck_assert_str_eq(buf_text(&b), "text");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("redact");
    TCase *tests = tcase_create("redact");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tests, a_value_is_found_as_it_is_wherever_it_stands);
    tcase_add_test(tests, encodings_that_programs_use_are_found);
    tcase_add_test(tests, a_value_is_found_however_json_spells_it);
    tcase_add_test(tests, base64_is_found_at_every_alignment);
    tcase_add_test(tests, a_short_value_is_found_only_as_it_is);
    tcase_add_test(tests, the_longest_of_two_values_wins);
    tcase_add_test(tests, a_value_with_a_nul_is_found);
    tcase_add_test(tests, it_ends_behind_the_limit_and_never_inside_of_a_value);
    tcase_add_test(tests, no_secret_changes_nothing);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
