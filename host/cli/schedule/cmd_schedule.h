/* cmd_schedule.h -- what the verbs of `orch schedule` share. */
#ifndef ORCH_CLI_SCHEDULE_CMD_SCHEDULE_H
#define ORCH_CLI_SCHEDULE_CMD_SCHEDULE_H

#include "cli/cli.h"
#include "cli/out.h"

#include <jansson.h>

extern const struct out_column schedule_times[]; /* of a fire time */

/* GET of one. */
bool schedule_get(struct cli *cli, const char *id, json_t **ret, struct err *e) must_check;

bool schedule_create(struct cli *cli, struct err *e);
bool schedule_list(struct cli *cli, struct err *e);
bool schedule_show(struct cli *cli, struct err *e);
bool schedule_pause(struct cli *cli, struct err *e);
bool schedule_resume(struct cli *cli, struct err *e);
bool schedule_delete(struct cli *cli, struct err *e);

#endif
