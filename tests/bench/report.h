/* report.h -- figures as they are printed: a line each, or a JSON document each. */
#ifndef ORCH_TESTS_BENCH_REPORT_H
#define ORCH_TESTS_BENCH_REPORT_H

#include <stdbool.h>

void report_as_json(bool json);
void report_figure(const char *name, double value, const char *unit);
/* A figure beside what it is measured by, and what it is meant to be: aim with its sign, "<= 0.9".
 */
void report_ratio(const char *name, double value, const char *aim);

/* Exits with 2 when nothing was reported: nobody knows the figure that was asked for. */
void report_end(void);

/* The value below which this share of them lies. Sorts them. */
double report_percentile(double *values, long count, double share);

#endif
