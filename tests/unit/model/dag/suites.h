/* suites.h -- the test cases of host/model/dag and what they share. */
#ifndef ORCH_TESTS_DAG_SUITES_H
#define ORCH_TESTS_DAG_SUITES_H

#include "model/dag/dag.h"

#include <check.h>

TCase *parse_cases(void);
TCase *fields_cases(void);
TCase *gate_cases(void);
TCase *steps_cases(void);
TCase *validate_cases(void);
TCase *expr_cases(void);
TCase *deadline_cases(void);
TCase *policy_cases(void);
TCase *plan_cases(void);
TCase *graph_text_cases(void);
TCase *names_cases(void);
TCase *node_index_cases(void);

struct parsed {
    bool read;
    struct dag *dag; /* NULL when the text could not be read */
    struct dag_findings findings;
    struct err e;
};

void parsed_done(struct parsed *p);
DEFINE_AUTO_DONE(parsed)

struct parsed parse(const char *text);
/* Ends the test, with the findings in its message, unless the text is a valid definition. */
struct parsed parse_valid(const char *text);
/* "type line:column message", a line each; free() it. */
char *finding_lines_owned(const struct dag_findings *findings) must_check;
/* The text is wrong in exactly these lines. */
void assert_findings(const char *text, const char *lines);

#endif
