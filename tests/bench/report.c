/* report.c -- see report.h. */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

static bool as_json;
static long printed;

void report_as_json(bool json)
{
    as_json = json;
}

static void print(const char *name, double value, const char *unit, const char *aim)
{
    if (as_json)
        printf("{\"figure\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"}\n", name, value, unit);
    else
        printf("%-32s %12.4g %-8s%s%s\n", name, value, unit, aim != NULL ? " aim " : "",
               aim != NULL ? aim : "");
    fflush(stdout);
    printed++;
}

void report_figure(const char *name, double value, const char *unit)
{
    print(name, value, unit, NULL);
}

void report_ratio(const char *name, double value, const char *aim)
{
    print(name, value, "ratio", aim);
}

void report_end(void)
{
    if (printed > 0)
        return;
    fputs("bench: there is no such figure\n", stderr);
    exit(2);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double report_percentile(double *values, long count, double share)
{
    if (count <= 0)
        return 0;
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[(long)((double)(count - 1) * share)];
}
