/* help.h -- help, shell completion and the man page, all printed from the table of verbs. Pure:
 * text into a buffer, without escape codes. */
#ifndef ORCH_CLI_HELP_H
#define ORCH_CLI_HELP_H

#include "base/buf.h"
#include "cli/cli.h"

/* All commands; group and verb NULL: the overview; verb NULL: the verbs of one group. */
void help_add(struct buf *b, const struct cli_group *group, const struct cli_verb *verb);
/* "orch dag plan --file FILE [flags]", without a line break. */
void help_add_usage(struct buf *b, const struct cli_group *group, const struct cli_verb *verb);

/* shell: "bash", "zsh" or "fish". */
void complete_add(struct buf *b, const char *shell);

/* orch(1) as scdoc source: `orch man | scdoc | man -l -`. */
void man_add(struct buf *b);

#endif
