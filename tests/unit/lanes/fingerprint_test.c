/* fingerprint_test.c -- which errors are the same one. */
#include "suites.h"

#include "base/auto.h"
#include "lanes/fingerprint.h"

#include <string.h>

static void check(const char *one, const char *other, bool same)
{
    struct sha256_hex a = fingerprint_of("E", one), b = fingerprint_of("E", other);

    ck_assert_msg((strcmp(a.text, b.text) == 0) == same, "%s | %s", one, other);
}

START_TEST(what_differs_from_time_to_time_is_left_out)
{
    static const char *const same[][2] = {
        {"order 17 of 0xBEEF after 250 ms", "order 99123 of 0x1 after 3 ms"},
        {"no run 01a2230c-0012-7560-9e25-44498fa08bc4 at da39a3ee5e6b4b0d3255bfef95601890afd80709",
         "no run 7F3B2A10-AAAA-4BBB-8CCC-0123456789AB at 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"},
        {"key deadbeef", "key 0123456789abcdef"},
        {"", "42"},
        {"x7", "7x"},
        {"0XaFz", "0x0z"},
    };

    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        check(same[i][0], same[i][1], true);
}
END_TEST

START_TEST(words_are_told_apart_and_so_are_classes)
{
    static const char *const other[][2] = {
        {"disk full", "disk gone"},
        {"Disk full", "disk full"},
        {"face", "feed"},       /* of hexadecimal digits, and short */
        {"0x", "0xg1"},         /* no digits behind it */
        {"0a0b0c0", "0a0b0d0"}, /* seven of them: only the decimal ones go */
        {"01a2230c-0012-7560-9e25-44498fa08bc", "01a2230c-0012-7560-9e25-44498fa08bc4"}, /* short */
    };

    for (size_t i = 0; i < ARRAY_LEN(other); i++)
        check(other[i][0], other[i][1], false);
    ck_assert_str_ne(fingerprint_of("E", "disk full").text, fingerprint_of("F", "disk full").text);
}
END_TEST

/* What others compute of the same words. */
START_TEST(it_is_the_hash_of_the_class_a_line_end_and_what_is_left)
{
    ck_assert_str_eq(fingerprint_of("UpstreamError", "HTTP 503 from x").text,
                     sha256_hex("UpstreamError\nHTTP  from x", 26).text);
}
END_TEST

TCase *fingerprint_case(void)
{
    TCase *c = tcase_create("fingerprint");

    tcase_add_test(c, what_differs_from_time_to_time_is_left_out);
    tcase_add_test(c, words_are_told_apart_and_so_are_classes);
    tcase_add_test(c, it_is_the_hash_of_the_class_a_line_end_and_what_is_left);
    return c;
}
