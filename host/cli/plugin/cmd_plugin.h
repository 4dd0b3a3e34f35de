/* cmd_plugin.h -- the handlers of `orch plugin`, one file each. */
#ifndef ORCH_CLI_PLUGIN_CMD_PLUGIN_H
#define ORCH_CLI_PLUGIN_CMD_PLUGIN_H

#include "cli/cli.h"

cli_handler_fn plugin_new, plugin_check, plugin_pack, plugin_sign, plugin_verify, plugin_keygen,
    plugin_run, plugin_installed_list, plugin_refresh, plugin_release, plugin_install,
    plugin_installed_remove;

#endif
