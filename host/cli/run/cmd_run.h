/* cmd_run.h -- the verbs of `orch run`. cmd_run.c has the table and the plain requests; the live
 * ones have a file each; ask.c is what they share. */
#ifndef ORCH_CLI_RUN_CMD_RUN_H
#define ORCH_CLI_RUN_CMD_RUN_H

#include "base/buf.h"
#include "base/json.h"
#include "cli/cli.h"

cli_handler_fn run_list_verb;
cli_handler_fn run_show_verb;
cli_handler_fn run_watch_verb;
cli_handler_fn run_stream_verb;
cli_handler_fn run_logs_verb;
cli_handler_fn run_provenance_verb;

/* The run of --run-id or of the first argument; exactly one of them. The beginning of an id stands
 * for the run when only one of the newest has it. *ret is borrowed from cli. */
bool run_id_of(struct cli *cli, const char **ret, struct err *e) must_check;

/* The JSON object of the file that a flag names, as what: a run's input. path NULL: an empty one.
 */
bool run_read_object(const char *path, const char *what, json_t **ret, struct err *e) must_check;

struct watch_options {
    bool tree;             /* show the run, live on a terminal; false: only wait */
    bool outputs;          /* print what the last level returned */
    const char *statement; /* file for the signed provenance statement, or NULL */
};
/* Waits for the end of the run and sets the exit: OK when it completed, FAILED otherwise. */
bool run_watch(struct cli *cli, const char *run_id, const struct watch_options *options,
               struct err *e) must_check;

/* GET /runs/{id}, and GET /executions/{id}/trace. */
bool run_fetch(struct cli *cli, const char *run_id, json_t **ret, struct err *e) must_check;
bool run_fetch_trace(struct cli *cli, const char *run_id, json_t **ret, struct err *e) must_check;

/* Of a run that failed (docs/API.md, rootCause), a line; of any other nothing. */
void run_show_cause(const struct cli *cli, const json_t *cause);

/* {node id: outputs} of the last level of a trace; a new reference. */
json_t *run_outputs(const json_t *trace);
/* The same as lines for a person, or in the form of --output. */
void run_show_outputs(const struct cli *cli, const json_t *trace);

/* The DSSE envelope of GET /runs/{id}/provenance. ERR_NOT_FOUND: it is not signed yet;
 * ERR_CONFLICT: nor will it be. */
bool run_fetch_provenance(struct cli *cli, const char *run_id, json_t **ret,
                          struct err *e) must_check;

/* Fetches the run's statement, verifies it (cli/ledger/verify.h, trust NULL), writes it to file and
 * appends "signed, verified ✔ -> FILE". A run that just ended is signed a moment later: waits. */
bool run_save_statement(struct cli *cli, const char *run_id, const char *file, struct buf *line,
                        struct err *e) must_check;

/* A host that was restarted is asked again until it answers: false once e is not worth it or
 * --timeout passed. Sleeps before it returns true. tries counts from 0. */
bool run_try_again(struct cli *cli, unsigned *tries, const struct err *e);

#endif
