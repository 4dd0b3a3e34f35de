/* json_build_test.c -- our builder makes of a text what jansson's own reader makes of it. */
#include "suites.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"

#include <string.h>

/* Members in their order, integers and reals apart: what json_equal does not tell. */
static void assert_same(const json_t *a, const json_t *b, const char *text)
{
    auto_done(buf) ours = {0}, theirs = {0};

    ck_assert_msg(json_equal(a, b), "another value of %s", text);
    json_add_compact(&ours, a);
    json_add_compact(&theirs, b);
    ck_assert_str_eq(buf_text(&ours), buf_text(&theirs));
}

static void compare(const char *text, size_t len)
{
    auto_json theirs = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    auto_json ours = NULL;
    bool taken = json_parse(text, len, &json_limits_default, &ours, NULL, NULL);

    ck_assert_msg(taken == (theirs != NULL), "%.*s", (int)len, text);
    if (taken)
        assert_same(ours, theirs, text);
}

START_TEST(every_form_of_a_value_is_the_same)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " [ ] ",
        "\t{ \"a\" :\r\n[ 1 , 2 ] , \"\" : { } } ",
        "[true,false,null]",
        "0",
        "-0",
        "9007199254740991",
        "-9007199254740991",
        "[0.5,-0.0,1e3,1E+3,2e-3,1.7976931348623157e308,5e-324,1e-400]",
        "[1e400]",
        "\"\"",
        "\"plain\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00 and \xF0\x9F\x98\x80\"",
        "\"begins \\n ends\\u007f\"",
        "{\"a\\tb\":\"\\n\",\"\\u0061\":[\"\\\\\"]}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"b\":{\"a\":1,\"a\":1}}",
        "{\"z\":1,\"y\":{\"x\":[[],[[]]]},\"a\":\"last\"}",
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        compare(texts[i], strlen(texts[i]));
}
END_TEST

/* A text that ends with its buffer: asan sees a byte too many. */
START_TEST(a_number_ends_with_the_text)
{
    auto_mem char *text = mem_dup("12.5", 4);
    auto_json value = NULL;

    ck_assert(json_parse(text, 4, &json_limits_default, &value, NULL, NULL));
    ck_assert_double_eq(json_real_value(value), 12.5);
}
END_TEST

START_TEST(what_jansson_refuses_is_refused_in_its_words)
{
    auto_json value = NULL;
    struct json_place place;
    struct err e = {0};
    const char *text = "{\"n\":10000000000000000,\n \"a\":1, \"\\u0061\":2}";

    ck_assert(!json_parse(text, strlen(text), &json_limits_default, &value, &place, &e));
    ck_assert_int_eq(place.line, 2);
    ck_assert_ptr_nonnull(strstr(e.msg, "duplicate object key near"));
}
END_TEST

static void add_random(struct buf *b, struct rng *rng, unsigned depth)
{
    static const char *const leaves[] = {"1",     "-2.5",           "true", "null",
                                         "\"t\"", "\"\\u00e9\\n\"", "{}",   "[]"};
    uint64_t kind = rng_below(rng, depth > 0 ? 4 : 2), parts = rng_below(rng, 5);

    if (kind < 2) {
        buf_adds(b, leaves[rng_below(rng, ARRAY_LEN(leaves))]);
        return;
    }
    buf_addc(b, kind == 2 ? '{' : '[');
    for (uint64_t i = 0; i < parts; i++) {
        buf_adds(b, i > 0 ? ", " : "");
        if (kind == 2)
            buf_addf(b, "\"k%u\":", (unsigned)rng_below(rng, 8));
        add_random(b, rng, depth - 1);
    }
    buf_addc(b, kind == 2 ? '}' : ']');
}

START_TEST(random_texts_are_the_same)
{
    struct rng rng = rng_of(7);

    for (int i = 0; i < 2000; i++) {
        auto_done(buf) text = {0};

        add_random(&text, &rng, 5);
        compare(text.data, text.len);
    }
}
END_TEST

TCase *json_build_cases(void)
{
    TCase *tc = tcase_create("json_build");

    tcase_add_test(tc, every_form_of_a_value_is_the_same);
    tcase_add_test(tc, a_number_ends_with_the_text);
    tcase_add_test(tc, what_jansson_refuses_is_refused_in_its_words);
    tcase_add_test(tc, random_texts_are_the_same);
    return tc;
}
