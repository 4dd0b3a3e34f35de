/* budget.h -- what a step may cost at most, and what it is meant to cost one day. */
#ifndef ORCH_TESTS_BENCH_BUDGET_H
#define ORCH_TESTS_BENCH_BUDGET_H

#include <stdbool.h>

struct budget {
    const char *figure;
    double ceiling, aim; /* aim 0: none is set */
};

/* NULL: the figure has none. */
const struct budget *budget_of(const char *figure);
int budget_count(void);

#endif
