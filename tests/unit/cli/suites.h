/* suites.h -- the suites of the cli tests, and a cli that writes to memory. */
#ifndef ORCH_TESTS_CLI_SUITES_H
#define ORCH_TESTS_CLI_SUITES_H

#include "cli/cli.h"

#include <check.h>

TCase *table_cases(void);
TCase *parse_cases(void);
TCase *out_cases(void);
TCase *out_file_cases(void);
TCase *tree_cases(void);
TCase *finding_cases(void);
TCase *explain_cases(void);
TCase *client_cases(void);
TCase *verify_cases(void);
TCase *mutation_cases(void);
TCase *ledger_cases(void);

/* A cli whose output is kept; begin, use cli, end, compare text_out and text_err, done. */
struct capture {
    struct cli cli;
    char *text_out, *text_err;
    size_t len_out, len_err;
};
void capture_begin(struct capture *c, enum cli_format format);
void capture_end(struct capture *c);
void capture_done(struct capture *c);

/* Parses "orch ..." into c->cli; words are split at blanks. e must hold. */
bool capture_parse(struct capture *c, const char *words, struct err *e);

/* Compares text with the file NAME of this folder; with ORCH_SNAPSHOTS=write it writes it. */
void snapshot_check(const char *name, const char *text);

#endif
