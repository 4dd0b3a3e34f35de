/* tree_test.c -- a run as a tree. */
#include "suites.h"

#include "base/clock.h"
#include "base/json.h"
#include "cli/tree.h"

#include <string.h>

static const char running[] =
    "{\"dag_id\":\"emissions\",\"status\":\"running\",\"start_time\":\"2026-11-22T10:00:00."
    "000000Z\","
    "\"topology_levels\":[[\"intake\"],[\"scope1\",\"scope2\"],[\"report\"]],\"node_traces\":{"
    "\"intake\":{\"status\":\"completed\",\"attempt_count\":1,\"duration_ms\":21.4,"
    "\"started_at\":\"2026-11-22T10:00:00.001000Z\",\"completed_at\":\"2026-11-22T10:00:00."
    "022400Z\"},"
    "\"scope1\":{\"status\":\"running\",\"attempt_count\":2,\"duration_ms\":0,"
    "\"started_at\":\"2026-11-22T10:00:00.500000Z\",\"completed_at\":null}}}";

static const char ended[] =
    "{\"dag_id\":\"emissions\",\"status\":\"failed\",\"start_time\":\"2026-11-22T10:00:00."
    "000000Z\","
    "\"end_time\":\"2026-11-22T10:00:02.310000Z\","
    "\"topology_levels\":[[\"intake\"],[\"scope1\",\"scope2\"],[\"report\"]],\"node_traces\":{"
    "\"intake\":{\"status\":\"completed\",\"attempt_count\":1,\"duration_ms\":21.4,"
    "\"completed_at\":\"2026-11-22T10:00:00.022400Z\"},"
    "\"scope1\":{\"status\":\"failed\",\"attempt_count\":4,\"duration_ms\":1200.0,"
    "\"completed_at\":\"2026-11-22T10:00:01.700000Z\",\"sandbox\":{\"isolation\":\"cold\","
    "\"level\":3},\"error\":\"row 3: no\\u001b[2J factor\",\"error_source\":\"agent\"},"
    "\"scope2\":{\"status\":\"skipped\",\"attempt_count\":0},"
    "\"report\":{\"status\":\"pending\",\"attempt_count\":0}}}";

static const char records[] =
    "{\"intake\":{\"plugin\":\"emissions@1.0.0\",\"profile\":\"pure\",\"isolation\":\"warm\","
    "\"isolation_note\":\"attempts of this zygote are not separated from each "
    "other\",\"level\":4}}";

static json_t *parsed(const char *text)
{
    json_t *value = NULL;
    struct err e;

    ck_assert_msg(json_parse(text, strlen(text), &json_limits_default, &value, NULL, &e), "%s",
                  e.msg);
    return value;
}

static int64_t time_at(const char *text)
{
    int64_t us = 0;

    ck_assert(clock_parse(text, &us));
    return us;
}

static void add_trees(bool utf8, struct buf *b)
{
    auto_json one = parsed(running);
    auto_json two = parsed(ended);
    auto_json by_id = parsed(records);
    struct capture c;
    struct tree_view live = {.trace = one, .now_us = time_at("2026-11-22T10:00:01.500000Z")};
    struct tree_view last = {.trace = two, .records = by_id, .version = "1.0.0"};

    capture_begin(&c, CLI_TABLE);
    c.cli.set.utf8 = utf8;
    tree_add(&c.cli, b, &live);
    tree_add(&c.cli, b, &last);
    tree_add_totals(b, two);
    buf_addc(b, '\n');
    capture_end(&c);
    capture_done(&c);
}

START_TEST(the_tree_reads_as_it_did)
{
    auto_done(buf) b = {0};

    add_trees(true, &b);
    add_trees(false, &b);
    snapshot_check("tree.txt", buf_text(&b));
    ck_assert_ptr_null(strchr(buf_text(&b), '\x1b'));
}
END_TEST

START_TEST(without_utf8_every_sign_is_ascii)
{
    auto_done(buf) b = {0};

    add_trees(false, &b);
    for (size_t i = 0; i < b.len; i++)
        ck_assert_int_lt((unsigned char)b.data[i], 0x80);
}
END_TEST

START_TEST(a_tall_tree_shows_what_needs_eyes_first)
{
    auto_json trace = parsed(ended);
    auto_done(buf) b = {0};
    struct capture c;
    struct tree_view view = {.trace = trace, .rows_max = 2};

    capture_begin(&c, CLI_TABLE);
    tree_add(&c.cli, &b, &view);
    capture_end(&c);
    ck_assert_ptr_nonnull(strstr(buf_text(&b), "scope1"));
    ck_assert_ptr_nonnull(strstr(buf_text(&b), "intake"));
    ck_assert_ptr_null(strstr(buf_text(&b), "report"));
    ck_assert_ptr_nonnull(strstr(buf_text(&b), "2 more nodes"));
    capture_done(&c);
}
END_TEST

START_TEST(changes_are_said_once)
{
    auto_json one = parsed(running);
    auto_json two = parsed(ended);
    auto_done(buf) first = {0};
    auto_done(buf) second = {0};
    auto_done(buf) none = {0};

    tree_add_changes(&first, NULL, one);
    ck_assert_str_eq(buf_text(&first), "intake  completed in 0.021s  1 attempt\n"
                                       "scope1  running  2 attempts\n");
    tree_add_changes(&second, one, two);
    ck_assert_str_eq(buf_text(&second),
                     "scope1  failed in 1.20s  4 attempts  agent: row 3: no\\x1b[2J factor\n"
                     "scope2  skipped\n");
    tree_add_changes(&none, two, two);
    ck_assert_str_eq(buf_text(&none), "");
}
END_TEST

START_TEST(a_run_ends_in_three_ways)
{
    ck_assert(run_is_final("completed"));
    ck_assert(run_is_final("failed"));
    ck_assert(run_is_final("cancelled"));
    ck_assert(!run_is_final("running"));
    ck_assert(!run_is_final("pending"));
    ck_assert(!run_is_final("paused"));
    ck_assert(!run_is_final("whatever"));
    ck_assert(!run_is_final(NULL));
}
END_TEST

START_TEST(a_trace_with_nothing_in_it_is_shown)
{
    auto_json trace = json_object();
    auto_done(buf) b = {0};
    struct capture c;
    struct tree_view view = {.trace = trace};

    capture_begin(&c, CLI_TABLE);
    tree_add(&c.cli, &b, &view);
    tree_add_totals(&b, trace);
    capture_end(&c);
    ck_assert_ptr_nonnull(strstr(buf_text(&b), "0 nodes; 0 attempts"));
    capture_done(&c);
}
END_TEST

TCase *tree_cases(void)
{
    TCase *tc = tcase_create("tree");

    tcase_add_test(tc, the_tree_reads_as_it_did);
    tcase_add_test(tc, without_utf8_every_sign_is_ascii);
    tcase_add_test(tc, a_tall_tree_shows_what_needs_eyes_first);
    tcase_add_test(tc, changes_are_said_once);
    tcase_add_test(tc, a_run_ends_in_three_ways);
    tcase_add_test(tc, a_trace_with_nothing_in_it_is_shown);
    return tc;
}
