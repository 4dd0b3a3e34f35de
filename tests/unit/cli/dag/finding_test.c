/* finding_test.c -- what is wrong with a definition, with its line and a caret. */
#include "suites.h"

#include "base/buf.h"
#include "cli/dag/findings.h"

#include <string.h>

static void add(struct dag_findings *findings, int line, int column, const char *message)
{
    finding_add(findings, FINDING_MISSING, (struct json_place){line, column}, NULL, 0, "%s",
                message);
}

START_TEST(a_finding_points_into_its_line)
{
    auto_done(dag_findings) findings = {0};
    auto_done(buf) text = {0};
    auto_done(buf) b = {0};
    struct capture c;

    buf_adds(&text, "nodes:\n\tb:\n  depends_on: [x]\r\nlast");
    add(&findings, 3, 16, "no x");
    add(&findings, 2, 2, "tab");
    add(&findings, 4, 5, "at the end");
    add(&findings, 0, 0, "nowhere");
    add(&findings, 99, 1, "behind the text");
    capture_begin(&c, CLI_TABLE);
    findings_add(&c.cli, &b, "f.yaml", &text, &findings);
    capture_end(&c);
    ck_assert_str_eq(buf_text(&b), "f.yaml:3:16: missing: no x\n"
                                   "      depends_on: [x]\n"
                                   "                   ^\n"
                                   "f.yaml:2:2: missing: tab\n"
                                   "     b:\n"
                                   "     ^\n"
                                   "f.yaml:4:5: missing: at the end\n"
                                   "    last\n"
                                   "        ^\n"
                                   "f.yaml: missing: nowhere\n"
                                   "f.yaml:99:1: missing: behind the text\n");
    capture_done(&c);
}
END_TEST

START_TEST(a_source_line_cannot_move_the_cursor)
{
    auto_done(dag_findings) findings = {0};
    auto_done(buf) text = {0};
    auto_done(buf) b = {0};
    struct capture c;

    buf_adds(&text, "a\x1b[2Jb");
    add(&findings, 1, 1, "m");
    capture_begin(&c, CLI_TABLE);
    findings_add(&c.cli, &b, "a\x1b.yaml", &text, &findings);
    capture_end(&c);
    ck_assert_str_eq(buf_text(&b), "a\\x1b.yaml:1:1: missing: m\n    a [2Jb\n    ^\n");
    capture_done(&c);
}
END_TEST

TCase *finding_cases(void)
{
    TCase *tc = tcase_create("findings");

    tcase_add_test(tc, a_finding_points_into_its_line);
    tcase_add_test(tc, a_source_line_cannot_move_the_cursor);
    return tc;
}
