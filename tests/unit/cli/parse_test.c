/* parse_test.c -- command lines, good and bad. */
#include "suites.h"

#include "cli/parse.h"

#include <string.h>

START_TEST(global_flags_may_stand_anywhere)
{
    static const char *const lines[] = {
        "orch --tenant acme dag plan -o json --file x.yaml",
        "orch dag --tenant acme plan --file=x.yaml --output json",
        "/usr/bin/orch dag plan --file x.yaml --tenant=acme -ojson",
        "/usr/bin/stella orch dag plan --file x.yaml --tenant acme -o json",
    };

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct capture c;
        struct err e = {0};

        capture_begin(&c, CLI_TABLE);
        ck_assert_msg(capture_parse(&c, lines[i], &e), "%s: %s", lines[i], e.msg);
        ck_assert_str_eq(c.cli.group->name, "dag");
        ck_assert_str_eq(c.cli.verb->name, "plan");
        ck_assert_str_eq(cli_flag_text(&c.cli, "tenant"), "acme");
        ck_assert_str_eq(cli_flag_text(&c.cli, "file"), "x.yaml");
        ck_assert_str_eq(cli_flag_text(&c.cli, "output"), "json");
        capture_end(&c);
        capture_done(&c);
    }
}
END_TEST

START_TEST(defaults_count_until_a_flag_is_given)
{
    struct capture c;
    struct err e = {0};

    capture_begin(&c, CLI_TABLE);
    ck_assert(capture_parse(&c, "orch run list --page-size 7 --status failed", &e));
    ck_assert_int_eq(cli_flag_int(&c.cli, "page-size"), 7);
    ck_assert_str_eq(cli_flag_text(&c.cli, "output"), "table");
    ck_assert_str_eq(cli_flag_text(&c.cli, "status"), "failed");
    ck_assert_ptr_null(cli_flag_text(&c.cli, "from"));
    ck_assert(!cli_flag_given(&c.cli, "output"));
    ck_assert(!cli_flag_bool(&c.cli, "quiet"));
    capture_end(&c);
    capture_done(&c);
}
END_TEST

START_TEST(arguments_and_flags_mix)
{
    struct capture c;
    struct err e = {0};

    capture_begin(&c, CLI_TABLE);
    ck_assert(capture_parse(&c, "orch verify a.json --trust k.pem b.json -- -c.json", &e));
    ck_assert_uint_eq(c.cli.arg_count, 3);
    ck_assert_str_eq(cli_arg(&c.cli, 0), "a.json");
    ck_assert_str_eq(cli_arg(&c.cli, 2), "-c.json");
    ck_assert_ptr_null(cli_arg(&c.cli, 3));
    ck_assert_str_eq(cli_flag_text(&c.cli, "trust"), "k.pem");
    capture_end(&c);
    capture_done(&c);
}
END_TEST

START_TEST(a_wrong_line_says_what_is_wrong_with_it)
{
    static const struct {
        const char *line, *message;
    } rows[] = {
        {"orch", "name a command; 'orch help' lists them"},
        {"orch dag", "name a verb; 'orch help dag' lists them"},
        {"orch dga plan", "unknown command 'dga'; did you mean 'dag'?"},
        {"orch xylophone", "unknown command 'xylophone'"},
        {"orch run strat", "orch run: unknown verb 'strat'; did you mean 'start'?"},
        {"orch dag plan --flie x", "unknown flag '--flie'; did you mean '--file'?"},
        {"orch dag plan --flie=x", "unknown flag '--flie'; did you mean '--file'?"},
        {"orch dag plan -Z", "unknown flag '-Z'"},
        {"orch --tennant x dag list", "unknown flag '--tennant'; did you mean '--tenant'?"},
        {"orch dag plan --file", "'--file' needs a value"},
        {"orch dag plan --file a --file b", "--file is given twice"},
        {"orch dag list --quiet=yes", "--quiet takes no value"},
        {"orch dag list -o xml", "--output: 'xml' is not one of table|json|ndjson|yaml|name"},
        {"orch dag list --page-size 0", "--page-size: 0 is not from 1 to 500"},
        {"orch dag list --page-size many", "--page-size: 'many' is not a whole number"},
        {"orch dag list --timeout soon",
         "--timeout: 'soon' is not a duration such as 250ms, 30s, 5m or 2h"},
        {"orch dag list extra", "unexpected argument 'extra'; see 'orch help dag list'"},
        {"orch version extra", "unexpected argument 'extra'; see 'orch help version'"},
        {"orch secret set", "NAME is missing: name, as in secret://NAME"},
        {"stella dag list", "only 'stella orch ...' is answered here"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct capture c;
        struct err e = {0};

        capture_begin(&c, CLI_TABLE);
        ck_assert_msg(!capture_parse(&c, rows[i].line, &e), "%s was taken", rows[i].line);
        ck_assert_str_eq(e.msg, rows[i].message);
        ck_assert_int_eq(e.code, ERR_INVALID);
        capture_end(&c);
        capture_done(&c);
    }
}
END_TEST

START_TEST(help_needs_nothing_else)
{
    static const char *const lines[] = {"orch --help", "orch -h", "orch dag --help",
                                        "orch dag plan --help", "orch secret set -h"};

    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct capture c;
        struct err e = {0};

        capture_begin(&c, CLI_TABLE);
        ck_assert_msg(capture_parse(&c, lines[i], &e), "%s: %s", lines[i], e.msg);
        ck_assert(c.cli.help);
        capture_end(&c);
        capture_done(&c);
    }
}
END_TEST

START_TEST(durations_have_a_unit)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {{"250ms", 250}, {"30s", 30000}, {"5m", 300000}, {"2h", 7200000}, {"0s", 0}};
    static const char *const bad[] = {"", "30", "s", "-1s", "1d", "1 s", "99999999999999h", "1.5s"};
    int64_t ms = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert(parse_duration(rows[i].text, &ms, NULL));
        ck_assert_int_eq(ms, rows[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(!parse_duration(bad[i], &ms, NULL), "'%s' was taken", bad[i]);
}
END_TEST

START_TEST(a_choice_is_a_whole_word)
{
    ck_assert(parse_choice("table|json|yaml", "table"));
    ck_assert(parse_choice("table|json|yaml", "json"));
    ck_assert(parse_choice("table|json|yaml", "yaml"));
    ck_assert(!parse_choice("table|json|yaml", "js"));
    ck_assert(!parse_choice("table|json|yaml", "son"));
    ck_assert(!parse_choice("table|json|yaml", ""));
    ck_assert(!parse_choice("table|json|yaml", "json|yaml"));
}
END_TEST

TCase *parse_cases(void)
{
    TCase *tc = tcase_create("parse");

    tcase_add_test(tc, global_flags_may_stand_anywhere);
    tcase_add_test(tc, defaults_count_until_a_flag_is_given);
    tcase_add_test(tc, arguments_and_flags_mix);
    tcase_add_test(tc, a_wrong_line_says_what_is_wrong_with_it);
    tcase_add_test(tc, help_needs_nothing_else);
    tcase_add_test(tc, durations_have_a_unit);
    tcase_add_test(tc, a_choice_is_a_whole_word);
    return tc;
}
