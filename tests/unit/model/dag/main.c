/* main.c -- runs the tests of host/model/dag. */
#include "suites.h"

#include "base/json.h"
#include "model/dag/source/parse.h"

#include <stdlib.h>
#include <string.h>

void parsed_done(struct parsed *p)
{
    dag_free(p->dag);
    dag_findings_done(&p->findings);
}

struct parsed parse(const char *text)
{
    struct parsed p = {0};

    p.read = dag_parse(text, strlen(text), &p.dag, &p.findings, &p.e);
    return p;
}

char *finding_lines_owned(const struct dag_findings *findings)
{
    struct buf text = {0};

    for (size_t i = 0; i < findings->count; i++) {
        const struct dag_finding *f = &findings->items[i];

        buf_addf(&text, "%s %d:%d %s\n", finding_type_text(f->type), f->place.line, f->place.column,
                 f->message);
    }
    return buf_take(&text);
}

struct parsed parse_valid(const char *text)
{
    struct parsed p = parse(text);
    auto_mem char *lines = finding_lines_owned(&p.findings);

    ck_assert_msg(p.read && p.dag->valid, "%s", lines);
    return p;
}

void assert_findings(const char *text, const char *lines)
{
    auto_done(parsed) p = parse(text);
    auto_mem char *got = finding_lines_owned(&p.findings);

    ck_assert_str_eq(got, lines);
    ck_assert(!p.read || !p.dag->valid);
}

int main(void)
{
    Suite *suite = suite_create("dag");
    SRunner *runner;
    int failed;

    json_setup();
    suite_add_tcase(suite, parse_cases());
    suite_add_tcase(suite, fields_cases());
    suite_add_tcase(suite, gate_cases());
    suite_add_tcase(suite, steps_cases());
    suite_add_tcase(suite, validate_cases());
    suite_add_tcase(suite, deadline_cases());
    suite_add_tcase(suite, expr_cases());
    suite_add_tcase(suite, policy_cases());
    suite_add_tcase(suite, plan_cases());
    suite_add_tcase(suite, graph_text_cases());
    suite_add_tcase(suite, names_cases());
    suite_add_tcase(suite, node_index_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
