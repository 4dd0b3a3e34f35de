/* json_test.c -- strict parsing and RFC 8785. */
#include "suites.h"

#include "base/json.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum err_code parse_code(const char *text, size_t len)
{
    struct err e = {0};
    json_t *value = NULL;

    if (json_parse(text, len, &json_limits_default, &value, NULL, &e)) {
        json_decref(value);
        return ERR_NONE;
    }
    ck_assert_ptr_null(value);
    return e.code;
}

START_TEST(what_i_json_forbids_is_refused)
{
    static const char *const refused[] = {
        "",
        "{",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "[1] x",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "9007199254740993",
        "-9007199254740993",
        "[12345678901234567890]",
        "18446744073709551616",
        "[1e400]",
        "{'a':1}",
        "[01]",
        "\"\xC3\x28\"",
        "nul",
    };

    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        ck_assert_msg(parse_code(refused[i], strlen(refused[i])) == ERR_INVALID, "took %s",
                      refused[i]);
}
END_TEST

START_TEST(the_largest_safe_integers_are_taken)
{
    ck_assert_int_eq(parse_code("9007199254740991", 16), ERR_NONE);
    ck_assert_int_eq(parse_code("[-9007199254740991]", 19), ERR_NONE);
}
END_TEST

/* Digits that the canonical form writes for a real read back as that real. */
START_TEST(a_whole_real_is_taken_in_its_canonical_text)
{
    static const struct {
        const char *text;
        double number;
    } rows[] = {
        {"9007199254740992", 9007199254740992.0},
        {"-9007199254740992", -9007199254740992.0},
        {"10000000000000000", 1e16},
        {"12345678901234568", 1.2345678901234567e16},
        {"100000000000000000000", 1e20},
        {"-123456789012345680000", -123456789012345680000.0},
        {"18446744073709552000", 18446744073709551616.0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_done(buf) text = {0}, canonical = {0}, compact = {0};
        auto_json value = NULL;

        buf_addf(&text, "[%s, {\"a\":%s}]", rows[i].text, rows[i].text);
        ck_assert(json_parse(text.data, text.len, &json_limits_default, &value, NULL, NULL));
        ck_assert(json_is_real(json_array_get(value, 0)));
        ck_assert(json_real_value(json_array_get(value, 0)) == rows[i].number);
        ck_assert(jcs_write(json_array_get(value, 0), &canonical, NULL));
        ck_assert_str_eq(buf_text(&canonical), rows[i].text);
        json_add_compact(&compact, value);
        json_decref(value);
        ck_assert(json_parse(compact.data, compact.len, &json_limits_default, &value, NULL, NULL));
    }
}
END_TEST

/* Steps through the doubles from the smallest to the largest. */
START_TEST(every_double_survives_its_canonical_text)
{
    uint64_t bits = 1;

    for (int i = 0; i < 200000; i++, bits += (UINT64_C(0x7FF) << 52) / 200000 + (uint64_t)i % 7) {
        auto_json value = NULL;
        char text[34];
        double number;

        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number))
            break;
        jcs_number(i % 2 == 0 ? number : -number, text);
        ck_assert_msg(json_parse(text, strlen(text), &json_limits_default, &value, NULL, NULL),
                      "%s is refused", text);
        ck_assert(json_number_value(value) == (i % 2 == 0 ? number : -number));
    }
}
END_TEST

START_TEST(depth_is_counted_outside_of_strings_only)
{
    char deep[2 * 65 + 1];
    const char *brackets_in_text = "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                                   "[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"";

    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    ck_assert_int_eq(parse_code(deep, 130), ERR_INVALID);
    ck_assert_int_eq(parse_code(deep + 1, 128), ERR_NONE);
    ck_assert_int_eq(parse_code(brackets_in_text, strlen(brackets_in_text)), ERR_NONE);
}
END_TEST

START_TEST(an_error_names_line_and_column)
{
    struct err e = {0};
    struct json_place place;
    json_t *value = NULL;
    const char *text = "{\n  \"a\": 1,\n  \"b\": ]\n}";

    ck_assert(!json_parse(text, strlen(text), &json_limits_default, &value, &place, &e));
    ck_assert_int_eq(place.line, 3);
    ck_assert_ptr_nonnull(strstr(e.msg, "line 3 column"));
}
END_TEST

START_TEST(a_text_over_its_limit_is_too_large)
{
    struct json_limits small = {4, 4, 0};
    struct err e = {0};
    json_t *value = NULL;

    ck_assert(!json_parse("[1,2]", 5, &small, &value, NULL, &e));
    ck_assert_int_eq(e.code, ERR_TOO_LARGE);
}
END_TEST

START_TEST(typed_reads_name_the_member_of_the_wrong_type)
{
    auto_json object = json_pack("{s:s, s:i, s:b}", "s", "text", "i", 7, "b", 1);
    struct err e = {0};
    const char *text;
    int64_t number;
    bool flag;

    ck_assert(json_get_str(object, "s", NULL, &text, &e) && strcmp(text, "text") == 0);
    ck_assert(json_get_str(object, "none", "d", &text, &e) && strcmp(text, "d") == 0);
    ck_assert(!json_get_str(object, "i", NULL, &text, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "'i' must be a string"));
    ck_assert(json_get_int(object, "i", 0, 0, 10, &number, &e) && number == 7);
    ck_assert(json_get_int(object, "none", 3, 0, 10, &number, &e) && number == 3);
    ck_assert(!json_get_int(object, "i", 0, 0, 6, &number, &e));
    ck_assert(!json_get_int(object, "s", 0, 0, 6, &number, &e));
    ck_assert(json_get_bool(object, "b", false, &flag, &e) && flag);
    ck_assert(json_get_bool(object, "none", true, &flag, &e) && flag);
    ck_assert(!json_get_bool(object, "s", false, &flag, &e));
}
END_TEST

START_TEST(equality_is_that_of_json_values)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        {"1", "1.0", true},
        {"true", "1", false},
        {"[1,2]", "[1,2.0]", true},
        {"[1,2]", "[2,1]", false},
        {"[1]", "[1,1]", false},
        {"{\"a\":1,\"b\":[]}", "{\"b\":[],\"a\":1.0}", true},
        {"{\"a\":1}", "{}", false},
        {"{\"a\":1}", "{\"a\":2}", false},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"null", "null", true},
        {"\"x\"", "\"x\"", true},
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        auto_json a = json_loads(pairs[i].a, JSON_DECODE_ANY, NULL);
        auto_json b = json_loads(pairs[i].b, JSON_DECODE_ANY, NULL);

        ck_assert_msg(json_same(a, b) == pairs[i].same, "%s and %s", pairs[i].a, pairs[i].b);
    }
}
END_TEST

START_TEST(text_for_people_keeps_kinds_and_shortest_reals)
{
    auto_json value = json_loads("{\"b\":[1,1.0,826606.467,1e20,-0.0],\"a\":{},\"c\":[],"
                                 "\"d\":\"x\\n\",\"e\":null,\"f\":true}",
                                 0, NULL);
    auto_done(buf) flat = {0};
    auto_done(buf) pretty = {0};
    auto_json again = NULL;
    struct err e = {0};

    json_add_compact(&flat, value);
    ck_assert_str_eq(buf_text(&flat), "{\"b\":[1,1.0,826606.467,100000000000000000000.0,0.0],"
                                      "\"a\":{},\"c\":[],\"d\":\"x\\n\",\"e\":null,"
                                      "\"f\":true}");
    json_add_pretty(&pretty, value);
    ck_assert_ptr_nonnull(strstr(buf_text(&pretty), "{\n  \"b\": [\n    1,\n    1.0,"));
    ck_assert_ptr_nonnull(strstr(buf_text(&pretty), "\"a\": {},\n  \"c\": [],"));
    ck_assert(json_parse(pretty.data, pretty.len, &json_limits_default, &again, NULL, &e));
    ck_assert(json_same(value, again));
}
END_TEST

TCase *json_cases(void)
{
    TCase *tc = tcase_create("json");

    tcase_add_test(tc, what_i_json_forbids_is_refused);
    tcase_add_test(tc, the_largest_safe_integers_are_taken);
    tcase_add_test(tc, a_whole_real_is_taken_in_its_canonical_text);
    tcase_add_test(tc, every_double_survives_its_canonical_text);
    tcase_add_test(tc, depth_is_counted_outside_of_strings_only);
    tcase_add_test(tc, an_error_names_line_and_column);
    tcase_add_test(tc, a_text_over_its_limit_is_too_large);
    tcase_add_test(tc, typed_reads_name_the_member_of_the_wrong_type);
    tcase_add_test(tc, equality_is_that_of_json_values);
    tcase_add_test(tc, text_for_people_keeps_kinds_and_shortest_reals);
    return tc;
}

/* The sample values of RFC 8785 appendix B, as IEEE 754 bits. */
START_TEST(numbers_print_as_in_rfc_8785_appendix_b)
{
    static const struct {
        uint64_t bits;
        const char *text;
    } rows[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        double number;
        char text[32];

        memcpy(&number, &rows[i].bits, sizeof number);
        jcs_number(number, text);
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

static double of_bits(uint64_t bits)
{
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

/* The fewest digits that read back, by trial; of those that do, printf gives the nearest. A power
 * of two is left out by the caller: there the nearest may not read back where another one does. */
static void is_shortest(double number)
{
    char text[32], tried[40], digits[40];
    int precision = 0, count = 0;

    do
        snprintf(tried, sizeof tried, "%.*e", precision++, number);
    while (strtod(tried, NULL) != number);
    jcs_number(number, text);
    ck_assert_msg(strtod(text, NULL) == number, "%s", text);
    for (const char *p = text; *p != '\0' && *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9' && (count > 0 || *p != '0'))
            digits[count++] = *p;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    ck_assert_msg(count == precision && digits[0] == tried[0] &&
                      memcmp(digits + 1, tried + 2, (size_t)count - 1) == 0,
                  "%s and %s", text, tried);
}

START_TEST(numbers_of_every_exponent_are_the_shortest_and_nearest)
{
    struct rng rng = rng_of(7);

    for (uint64_t exponent = 0; exponent < 2047; exponent++) {
        is_shortest(of_bits(exponent << 52 | 1));
        is_shortest(of_bits(exponent << 52 | UINT64_C(0xfffffffffffff)));
        for (int i = 0; i < 4; i++)
            is_shortest(of_bits(exponent << 52 | (rng_u64(&rng) >> 12) | 1));
    }
    for (uint64_t bits = 1; bits < 200; bits++)
        is_shortest(of_bits(bits));
    is_shortest(1e23);
    is_shortest(0.1);
}
END_TEST

/* What rounds to a power of two lies twice as far above as below it. 17 digits were printed where
 * these 16 do. */
START_TEST(powers_of_two_are_the_shortest_too)
{
    static const struct {
        uint64_t exponent;
        const char *text;
    } rows[] = {
        {1023 - 791, "7.678447687145631e-239"}, {1023 - 778, "6.290184345309701e-235"},
        {1023 - 489, "6.256509672447191e-148"}, {1023 + 863, "6.150157786156811e+259"},
        {1, "2.2250738585072014e-308"},         {1023 - 1, "0.5"},
    };
    char text[32];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        jcs_number(of_bits(rows[i].exponent << 52), text);
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(every_number_reads_back_as_itself)
{
    struct rng rng = rng_of(42);

    for (int i = 0; i < 20000; i++) {
        uint64_t bits = rng_u64(&rng);
        double number;
        char text[32];

        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number))
            continue;
        jcs_number(number, text);
        ck_assert_msg(strtod(text, NULL) == number, "%s", text);
    }
}
END_TEST

START_TEST(keys_sort_as_utf_16)
{
    auto_json value =
        json_loads("{\"\\uff5e\":1,\"\\ud800\\udc00\":2,\"a\":3,\"\\u00e9\":4}", 0, NULL);
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_assert(jcs_write(value, &text, &e));
    ck_assert_str_eq(buf_text(&text),
                     "{\"a\":3,\"\xC3\xA9\":4,\"\xF0\x90\x80\x80\":2,\"\xEF\xBD\x9E\":1}");
}
END_TEST

START_TEST(the_example_of_rfc_8785_3_2_hashes_as_published)
{
    auto_json value = json_loads("{\"numbers\":[333333333.33333329,1E30,4.50,2e-3,"
                                 "0.000000000000000000000000001],\"string\":\"\\u20ac$\\u000F"
                                 "\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
                                 "\"literals\":[null,true,false]}",
                                 0, NULL);
    struct sha256_hex hash;
    struct err e = {0};

    ck_assert(jcs_sha256(value, &hash, &e));
    ck_assert_str_eq(hash.text, "2d5e01a318d0f0879ab568c4be289c8b1f64ef8921a53c6277d5e069978baacb");
}
END_TEST

START_TEST(integers_out_of_range_have_no_canonical_form)
{
    auto_json value = json_pack("[I]", (json_int_t)JSON_SAFE_INT_MAX + 1);
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_assert(!jcs_write(value, &text, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

TCase *jcs_cases(void)
{
    TCase *tc = tcase_create("jcs");

    tcase_add_test(tc, numbers_print_as_in_rfc_8785_appendix_b);
    tcase_add_test(tc, numbers_of_every_exponent_are_the_shortest_and_nearest);
    tcase_add_test(tc, powers_of_two_are_the_shortest_too);
    tcase_add_test(tc, every_number_reads_back_as_itself);
    tcase_add_test(tc, keys_sort_as_utf_16);
    tcase_add_test(tc, the_example_of_rfc_8785_3_2_hashes_as_published);
    tcase_add_test(tc, integers_out_of_range_have_no_canonical_form);
    return tc;
}
