/* text_test.c -- UTF-8, hex, base64, nearest words. */
#include "suites.h"

#include "base/text.h"

#include <string.h>

START_TEST(utf8_is_rfc_3629)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool valid;
    } rows[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"\xC3\xA9", 2, true},
        {"\xE2\x82\xAC", 3, true},
        {"\xF0\x9F\x98\x80", 4, true},
        {"\xF4\x8F\xBF\xBF", 4, true},
        {"\0", 1, true},
        {"\x80", 1, false},
        {"\xC3", 1, false},
        {"\xC3\x28", 2, false},
        {"\xC0\x80", 2, false},
        {"\xE0\x80\x80", 3, false},
        {"\xED\xA0\x80", 3, false},
        {"\xF0\x80\x80\x80", 4, false},
        {"\xF4\x90\x80\x80", 4, false},
        {"\xF5\x80\x80\x80", 4, false},
        {"\xE2\x82\x28", 3, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(text_utf8_valid(rows[i].bytes, rows[i].len) == rows[i].valid, "row %zu", i);
}
END_TEST

START_TEST(printable_text_cannot_move_a_terminal)
{
    auto_done(buf) b = {0};

    text_add_printable(&b, "a\x1b[2J\n\xC2\x9B\xC3\xA9\xFF\x7F", 12);
    ck_assert_str_eq(buf_text(&b), "a\\x1b[2J\\x0a\\x9b\xC3\xA9\xEF\xBF\xBD\\x7f");
}
END_TEST

START_TEST(hex_goes_both_ways_and_refuses_the_rest)
{
    uint8_t bytes[3] = {0x00, 0xAB, 0xFF}, back[3];
    char hex[7];

    text_hex(bytes, 3, hex);
    ck_assert_str_eq(hex, "00abff");
    ck_assert(text_unhex("00ABff", 6, back, 3));
    ck_assert_mem_eq(bytes, back, 3);
    ck_assert(!text_unhex("00ABf", 5, back, 3));
    ck_assert(!text_unhex("00ABfg", 6, back, 3));
    ck_assert(!text_unhex("00:ABf", 6, back, 3));
}
END_TEST

START_TEST(base64_goes_both_ways_and_refuses_the_rest)
{
    auto_done(buf) out = {0};
    auto_done(buf) back = {0};
    struct err e = {0};

    text_add_base64(&out, "\xFB\xEF\xBE!", 4, true);
    ck_assert_str_eq(buf_text(&out), "----IQ");
    ck_assert(text_unbase64(&back, out.data, out.len, true, &e));
    ck_assert_mem_eq(back.data, "\xFB\xEF\xBE!", 4);
    buf_clear(&out);
    text_add_base64(&out, "ab", 2, false);
    ck_assert_str_eq(buf_text(&out), "YWI=");
    ck_assert(!text_unbase64(&back, "YWI", 3, false, &e));
    ck_assert(!text_unbase64(&back, "YW I=", 5, false, &e));
    ck_assert(!text_unbase64(&back, "YWI=", 4, true, &e));
}
END_TEST

START_TEST(the_nearest_word_is_suggested_only_when_near)
{
    static const char *const words[] = {"depends_on", "agent_id", "condition", NULL};

    ck_assert_str_eq(text_nearest("depends_onn", words), "depends_on");
    ck_assert_str_eq(text_nearest("agentid", words), "agent_id");
    ck_assert_ptr_null(text_nearest("zzzzzz", words));
    ck_assert_ptr_null(text_nearest("x", words));
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_not_cut)
{
    char small[4];

    ck_assert(text_copy(small, sizeof small, "abc"));
    ck_assert(!text_copy(small, sizeof small, "abcd"));
    ck_assert_str_eq(small, "abc");
    ck_assert(text_is_sha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    ck_assert(!text_is_sha256("E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
}
END_TEST

/* Eight bytes are looked at together. */
/* Wherever it stands, alone or before another one. */
START_TEST(plain_text_ends_at_the_byte_that_a_json_string_escapes)
{
    unsigned char text[20];

    for (unsigned byte = 0; byte < 256; byte++) {
        bool plain = byte >= 0x20 && byte != '"' && byte != '\\';

        for (size_t at = 0; at < sizeof text; at++) {
            memset(text, 'x', sizeof text);
            text[at] = (unsigned char)byte;
            ck_assert_uint_eq(text_plain_prefix(text, sizeof text), plain ? sizeof text : at);
            ck_assert_uint_eq(text_plain_prefix(text, at), at);
            text[sizeof text - 1] = '"';
            ck_assert_uint_eq(text_plain_prefix(text, sizeof text), plain ? sizeof text - 1 : at);
        }
    }
}
END_TEST

START_TEST(the_valid_prefix_ends_at_the_byte_that_is_wrong)
{
    char text[33];

    for (size_t len = 0; len < sizeof text; len++) {
        for (size_t at = 0; at < len; at++) {
            memset(text, 'a', sizeof text);
            text[at] = (char)0xFF;
            ck_assert_uint_eq(text_utf8_prefix(text, len), at);
        }
        memset(text, 'a', sizeof text);
        ck_assert_uint_eq(text_utf8_prefix(text, len), len);
    }
}
END_TEST

TCase *text_cases(void)
{
    TCase *tc = tcase_create("text");

    tcase_add_test(tc, utf8_is_rfc_3629);
    tcase_add_test(tc, plain_text_ends_at_the_byte_that_a_json_string_escapes);
    tcase_add_test(tc, the_valid_prefix_ends_at_the_byte_that_is_wrong);
    tcase_add_test(tc, printable_text_cannot_move_a_terminal);
    tcase_add_test(tc, hex_goes_both_ways_and_refuses_the_rest);
    tcase_add_test(tc, base64_goes_both_ways_and_refuses_the_rest);
    tcase_add_test(tc, the_nearest_word_is_suggested_only_when_near);
    tcase_add_test(tc, a_text_that_does_not_fit_is_not_cut);
    return tc;
}
