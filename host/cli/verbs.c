/* verbs.c -- the groups of verbs, in the order of the help text. */
#include "cli/cli.h"

const struct cli_group *const cli_groups[] = {
    &cli_group_dag,      &cli_group_run,      &cli_group_why,     &cli_group_verify,
    &cli_group_schedule, &cli_group_backfill, &cli_group_lane,    &cli_group_dlq,
    &cli_group_ledger,   &cli_group_plugin,   &cli_group_trust,   &cli_group_secret,
    &cli_group_token,    &cli_group_key,      &cli_group_doctor,  &cli_group_host,
    &cli_group_store,    &cli_group_config,   &cli_group_explain, &cli_group_completion,
    &cli_group_man,      &cli_group_version,  &cli_group_help,    NULL,
};
