/* settings.h -- resolves the global flags: the flag, then the environment, then ORCH_HOME. */
#ifndef ORCH_CLI_SETTINGS_H
#define ORCH_CLI_SETTINGS_H

#include "cli/cli.h"

enum { TOKEN_BYTES_MAX = 16 * 1024 };

/* Fills cli->set after parse_argv. Reads no file but ORCH_HOME/token, and that only when a verb
 * that needs the host has no other token. */
bool settings_resolve(struct cli *cli, struct err *e) must_check;

/* --exit-codes as far as it was parsed: a wrong command line has an exit code too. */
bool settings_fine_exits(const struct cli *cli);

/* Takes the token of ORCH_HOME/token when none was given; done by settings_resolve for verbs that
 * need a server. */
bool settings_token(struct cli *cli, struct err *e) must_check;

#endif
