/* cmd_dag.h -- the verbs of `orch dag`: cmd_dag.c talks to the host, cmd_dag_file.c reads files
 * and needs none. */
#ifndef ORCH_CLI_DAG_CMD_DAG_H
#define ORCH_CLI_DAG_CMD_DAG_H

#include "base/buf.h"
#include "cli/cli.h"
#include "model/dag/dag.h"

cli_handler_fn dag_plan_verb;
cli_handler_fn dag_validate_verb;
cli_handler_fn dag_graph_verb;

/* One definition file, read and checked. */
struct dag_file {
    const char *name; /* borrowed from the command line */
    struct buf text;
    struct dag *dag; /* NULL: the text could not be read at all */
    struct dag_findings findings;
    bool valid;
};

void dag_file_done(struct dag_file *file);
DEFINE_AUTO_DONE(dag_file)

/* Reads --file. False only when the file itself cannot be had; what is wrong with the definition
 * is in findings. */
bool dag_file_read(const struct cli *cli, struct dag_file *ret, struct err *e) must_check;
/* True for an invalid definition: its findings are on standard error, the exit is set. */
bool dag_file_refused(struct cli *cli, const struct dag_file *file) must_check;

#endif
