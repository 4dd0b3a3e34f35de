/* host.c -- a running host, if there is one: does it live, is it ready, does it know us? */
#include "cli/client.h"
#include "cli/doctor/doctor.h"
#include "cli/settings.h"

#include <string.h>

static void check_route(struct cli *cli, json_t *rows, const char *check, const char *path)
{
    auto_done(buf) body = {0};
    struct err e = {0};
    bool good = client_get_bytes(cli, path, &body, &e);

    if (good)
        doctor_say(rows, check, DOCTOR_OK, "%s answers", path + 1);
    else
        doctor_say(rows, check, DOCTOR_FAIL, "%s", e.msg);
}

void doctor_host(struct cli *cli, json_t *rows)
{
    auto_done(buf) body = {0};
    struct err e = {0};

    if (!settings_token(cli, &e)) {
        doctor_say(rows, "access", DOCTOR_FAIL, "%s", e.msg);
    } else if (client_get_bytes(cli, "!/healthz", &body, &e)) {
        doctor_say(rows, "host", DOCTOR_OK, "%s lives", cli->set.url);
        check_route(cli, rows, "host ready", "!/readyz");
        check_route(cli, rows, "access", "/runs?page_size=1");
    } else {
        doctor_say(rows, "host", cli->exit == CLI_EXIT_OFFLINE ? DOCTOR_WARN : DOCTOR_FAIL, "%s",
                   e.msg);
    }
    cli_exit(cli, CLI_EXIT_OK); /* the rows decide */
}
