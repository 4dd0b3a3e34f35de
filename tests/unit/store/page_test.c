/* page_test.c -- page tokens, version keys and arenas. */
#include "suites.h"

#include "base/buf.h"
#include "base/text.h"
#include "store/columns.h"
#include "store/page.h"

#include <stdint.h>
#include <string.h>

START_TEST(a_token_gives_back_its_key)
{
    static const struct page_key keys[] = {
        {0, "", "", ""},
        {INT64_MAX, "r1", "1.0.0", "acme"},
        {INT64_MIN,
         "n\xc3\xb8"
         "de",
         "", ""},
    };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        auto_obj(arena) mem = arena_new();
        struct page_key key;
        struct err e = {0};

        ck_assert(page_parse(page_token(mem, &keys[i]), mem, &key, &e));
        ck_assert_int_eq(key.number, keys[i].number);
        ck_assert_str_eq(key.text, keys[i].text);
        ck_assert_str_eq(key.more, keys[i].more);
        ck_assert_str_eq(key.last, keys[i].last);
    }
}
END_TEST

static enum err_code parse_code(const char *plain, size_t len)
{
    auto_obj(arena) mem = arena_new();
    auto_done(buf) token = {0};
    struct page_key key;
    struct err e = {0};

    text_add_base64(&token, plain, len, true);
    return page_parse(buf_text(&token), mem, &key, &e) ? ERR_NONE : e.code;
}

START_TEST(anything_else_is_not_a_token)
{
    static const char *const plain[] = {
        "",
        "1",
        "1\na",
        "1\na\nb",
        "1\na\nb\nc\nd",
        "\na\nb\nc",
        "x\n\n\n",
        "1x\na\nb\nc",
        "99999999999999999999\n\n\n",
        "1\n\xff\n\n",
    };
    auto_obj(arena) mem = arena_new();
    auto_mem char *longer = mem_zero(1, PAGE_TOKEN_BYTES_MAX + 5);
    struct page_key key;
    struct err e = {0};

    ck_assert_int_eq(parse_code("1\na\nb\nc", 7), ERR_NONE);
    ck_assert_int_eq(parse_code("1\na\0\nb\nc", 8), ERR_INVALID);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        ck_assert_msg(parse_code(plain[i], strlen(plain[i])) == ERR_INVALID, "took %zu", i);
    ck_assert(!page_parse("not base64!", mem, &key, &e));
    ck_assert(page_parse("MQphCmIKYw", mem, &key, &e)); /* the first above */
    ck_assert(!page_parse("MQphCmIKYw!", mem, &key, &e));
    memset(longer, 'A', PAGE_TOKEN_BYTES_MAX + 4);
    ck_assert(!page_parse(longer, mem, &key, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

START_TEST(an_arenas_pieces_do_not_move_or_overlap)
{
    enum { PIECES = 500 };
    auto_obj(arena) mem = arena_new();
    char *pieces[PIECES];

    for (int i = 0; i < PIECES; i++) {
        char text[16];

        snprintf(text, sizeof text, "piece %d", i);
        pieces[i] = arena_copy(mem, text, strlen(text));
        memset(arena_alloc(mem, (size_t)i * 40), 0xee, (size_t)i * 40);
    }
    for (int i = 0; i < PIECES; i++) {
        char text[16];

        snprintf(text, sizeof text, "piece %d", i);
        ck_assert_str_eq(pieces[i], text);
        ck_assert_uint_eq((uintptr_t)pieces[i] % 16, 0);
    }
    ck_assert_uint_ge(arena_bytes(mem), (size_t)PIECES * (PIECES - 1) / 2 * 40);
}
END_TEST

TCase *page_cases(void)
{
    TCase *c = tcase_create("page");

    tcase_add_test(c, a_token_gives_back_its_key);
    tcase_add_test(c, anything_else_is_not_a_token);
    tcase_add_test(c, an_arenas_pieces_do_not_move_or_overlap);
    return c;
}
