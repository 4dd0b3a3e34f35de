/* parse.h -- argv against the table of verbs, over getopt_long.
 *
 * Global flags may stand anywhere, a verb's own flags anywhere behind the verb. Whatever is not
 * known is an error that names the nearest known word. Pure but for getopt's own state. */
#ifndef ORCH_CLI_PARSE_H
#define ORCH_CLI_PARSE_H

#include "cli/cli.h"

/* Fills group, verb, flags, values and args of a zeroed cli; argv is borrowed and may be permuted.
 * Answers also to `stella orch ...` (contract/stellaops.md 4.1). With --help cli->help is set, the
 * group or the verb may be NULL and nothing required is asked for. */
bool parse_argv(struct cli *cli, int argc, char **argv, struct err *e) must_check;

/* "250ms", "30s", "5m", "2h" to milliseconds. */
bool parse_duration(const char *text, int64_t *ret_ms, struct err *e) must_check;
/* A whole decimal number in min..max. */
bool parse_int(const char *text, int64_t min, int64_t max, int64_t *ret, struct err *e) must_check;
/* Is word one of "a|b|c"? */
bool parse_choice(const char *choices, const char *word);

#endif
