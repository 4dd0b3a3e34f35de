/* args.h -- the command lines of the benchmarks' programs: `--name value`, `--flag`. */
#ifndef ORCH_TESTS_BENCH_ARGS_H
#define ORCH_TESTS_BENCH_ARGS_H

#include <stdbool.h>
#include <stddef.h>

enum arg_kind { ARG_TEXT, ARG_NUMBER, ARG_SECONDS, ARG_FLAG };

struct arg {
    const char *name; /* without the dashes */
    enum arg_kind kind;
    bool needed;
    void *to; /* const char *, long, double, bool */
};

/* Exits with 2 and a word on standard error when they are not as the table says. */
void args_parse(const struct arg *table, size_t count, int argc, char **argv);

#endif
