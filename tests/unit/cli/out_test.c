/* out_test.c -- one result in every form of --output. */
#include "suites.h"

#include "base/json.h"
#include "cli/out.h"

#include <string.h>

static const struct out_column columns[] = {
    {"RUN", "runId"}, {"STATE", "state.word"}, {"N", "n"},
    {"OK", "ok"},     {"TAGS", "tags"},        {NULL, NULL},
};

static json_t *sample_rows(void)
{
    static const char text[] =
        "[{\"runId\":\"a1\",\"state\":{\"word\":\"failed\"},\"n\":10,\"ok\":true,"
        "\"tags\":[\"x\",\"y\"]},"
        "{\"runId\":\"\\u4e2d\",\"state\":null,\"n\":1.5,\"ok\":false,\"tags\":[]}]";
    json_t *rows = NULL;

    ck_assert(json_parse(text, sizeof text - 1, &json_limits_default, &rows, NULL, NULL));
    return rows;
}

static void rows_look_like(enum cli_format format, const char *want)
{
    auto_json rows = sample_rows();
    struct capture c;

    capture_begin(&c, format);
    out_rows(&c.cli, columns, rows, NULL);
    capture_end(&c);
    ck_assert_str_eq(c.text_out, want);
    ck_assert_str_eq(c.text_err, "");
    capture_done(&c);
}

START_TEST(a_table_has_aligned_columns)
{
    rows_look_like(CLI_TABLE, "RUN  STATE   N    OK   TAGS\n"
                              "a1   failed  10   yes  x,y\n"
                              "\xE4\xB8\xAD   -       1.5  no   -\n");
}
END_TEST

START_TEST(ndjson_has_one_row_a_line)
{
    rows_look_like(CLI_NDJSON,
                   "{\"runId\":\"a1\",\"state\":{\"word\":\"failed\"},\"n\":10,\"ok\":true,"
                   "\"tags\":[\"x\",\"y\"]}\n"
                   "{\"runId\":\"\xE4\xB8\xAD\",\"state\":null,\"n\":1.5,\"ok\":false,\"tags\":[]}"
                   "\n");
}
END_TEST

START_TEST(names_are_the_first_column_alone)
{
    rows_look_like(CLI_NAME, "a1\n\xE4\xB8\xAD\n");
}
END_TEST

START_TEST(json_is_the_whole_reply_where_there_is_one)
{
    auto_json rows = sample_rows();
    auto_json whole = json_pack("{s:[s], s:s}", "items", "x", "next_page_token", "p2");
    struct capture c;

    capture_begin(&c, CLI_JSON);
    out_rows(&c.cli, columns, rows, whole);
    capture_end(&c);
    ck_assert_ptr_nonnull(strstr(c.text_out, "\"next_page_token\": \"p2\""));
    capture_done(&c);
}
END_TEST

START_TEST(yaml_reads_as_block_style)
{
    auto_json value =
        json_pack("{s:s, s:[i, s], s:s}", "plain", "text", "list", 1, "no", "tricky", "a: b");
    struct capture c;

    capture_begin(&c, CLI_YAML);
    out_value(&c.cli, value);
    capture_end(&c);
    ck_assert_ptr_nonnull(strstr(c.text_out, "plain: text\n"));
    ck_assert_ptr_null(strstr(c.text_out, "tricky: a: b"));
    ck_assert_ptr_null(strstr(c.text_out, "- no\n"));
    capture_done(&c);
}
END_TEST

START_TEST(an_object_is_shown_line_by_line)
{
    static const struct out_column members[] = {{"run", "runId"},
                                                {"trace id", "traceId"},
                                                {NULL, NULL}};
    auto_json object = json_pack("{s:s}", "runId", "r1");
    struct capture c;

    capture_begin(&c, CLI_TABLE);
    out_object(&c.cli, members, object);
    capture_end(&c);
    ck_assert_str_eq(c.text_out, "run       r1\ntrace id  -\n");
    capture_done(&c);
}
END_TEST

START_TEST(an_id_stands_alone_unless_json_is_asked_for)
{
    auto_json reply = json_pack("{s:s, s:b}", "runId", "r1", "created", 1);
    struct capture c;

    capture_begin(&c, CLI_TABLE);
    out_id(&c.cli, "r1", reply);
    capture_end(&c);
    ck_assert_str_eq(c.text_out, "r1\n");
    capture_done(&c);

    capture_begin(&c, CLI_NDJSON);
    out_id(&c.cli, "r1", reply);
    out_id(&c.cli, "r2", NULL);
    capture_end(&c);
    ck_assert_str_eq(c.text_out, "{\"runId\":\"r1\",\"created\":true}\n{\"id\":\"r2\"}\n");
    capture_done(&c);
}
END_TEST

START_TEST(a_cell_cannot_move_the_cursor)
{
    static const struct out_column one[] = {{"MESSAGE", "m"}, {NULL, NULL}};
    auto_json rows = json_pack("[{s:s}]", "m", "a\x1b[2J\nb");
    struct capture c;

    capture_begin(&c, CLI_TABLE);
    out_rows(&c.cli, one, rows, NULL);
    capture_end(&c);
    ck_assert_str_eq(c.text_out, "MESSAGE\na\\x1b[2J\\x0ab\n");
    capture_done(&c);
}
END_TEST

START_TEST(widths_are_those_of_a_terminal)
{
    ck_assert_uint_eq(out_width(""), 0);
    ck_assert_uint_eq(out_width("abc"), 3);
    ck_assert_uint_eq(out_width("\xC3\xA9"), 1);
    ck_assert_uint_eq(out_width("\xE4\xB8\xAD"), 2);
    ck_assert_uint_eq(out_width("e\xCC\x81"), 1);
}
END_TEST

START_TEST(prose_is_muted_by_quiet)
{
    struct capture c;

    capture_begin(&c, CLI_TABLE);
    cli_say(&c.cli, "one %d", 1);
    c.cli.set.quiet = true;
    cli_say(&c.cli, "two");
    capture_end(&c);
    ck_assert_str_eq(c.text_err, "one 1\n");
    ck_assert_str_eq(c.text_out, "");
    capture_done(&c);
}
END_TEST

static void clipped_is(bool utf8, const char *line, size_t room, const char *want)
{
    auto_done(buf) b = {0};
    struct capture c;

    capture_begin(&c, CLI_TABLE);
    c.cli.set.utf8 = utf8;
    out_add_clipped(&c.cli, &b, line, room);
    capture_end(&c);
    capture_done(&c);
    ck_assert_str_eq(buf_text(&b), want);
}

START_TEST(a_line_that_is_too_long_says_so)
{
    clipped_is(true, "", 3, "");
    clipped_is(true, "abc", 3, "abc");
    clipped_is(true, "abcd", 3, "ab\xE2\x80\xA6");
    clipped_is(false, "abcdef", 5, "ab...");
    clipped_is(false, "abcdef", 2, "...");
    /* a wide character that does not fit whole is left out */
    clipped_is(true, "a\xE4\xB8\xAD\xE4\xB8\xAD", 4, "a\xE4\xB8\xAD\xE2\x80\xA6");
    clipped_is(true, "\x1b[1mabcd\x1b[0m", 4, "\x1b[1mabcd\x1b[0m");
    clipped_is(true, "\x1b[1mabcde\x1b[0m", 4, "\x1b[1mabc\x1b[0m\xE2\x80\xA6");
}
END_TEST

TCase *out_cases(void)
{
    TCase *tc = tcase_create("out");

    tcase_add_test(tc, a_table_has_aligned_columns);
    tcase_add_test(tc, ndjson_has_one_row_a_line);
    tcase_add_test(tc, names_are_the_first_column_alone);
    tcase_add_test(tc, json_is_the_whole_reply_where_there_is_one);
    tcase_add_test(tc, yaml_reads_as_block_style);
    tcase_add_test(tc, an_object_is_shown_line_by_line);
    tcase_add_test(tc, an_id_stands_alone_unless_json_is_asked_for);
    tcase_add_test(tc, a_cell_cannot_move_the_cursor);
    tcase_add_test(tc, widths_are_those_of_a_terminal);
    tcase_add_test(tc, prose_is_muted_by_quiet);
    tcase_add_test(tc, a_line_that_is_too_long_says_so);
    return tc;
}
