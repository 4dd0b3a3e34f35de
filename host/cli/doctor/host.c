/* host.c -- a running host, if there is one: does it live, is it ready, does it know us? */
#include "cli/client.h"
#include "cli/doctor/doctor.h"
#include "cli/settings.h"

#include <string.h>

/* Ready, but not for all: each reason by its own line. */
static void check_ready(struct cli *cli, json_t *rows)
{
    auto_done(buf) body = {0};
    auto_json ready = NULL;
    struct err e = {0};
    const json_t *reason;
    size_t i;

    if (!client_get_bytes(cli, "!/readyz", &body, &e)) {
        doctor_say(rows, "host ready", DOCTOR_FAIL, "%s", e.msg);
        return;
    }
    ready = json_loadb(buf_text(&body), body.len, 0, NULL);
    json_array_foreach(json_object_get(ready, "degraded"), i, reason)
        doctor_say(rows, "host ready", DOCTOR_WARN, "%s", json_string_value(reason));
    if (json_array_size(json_object_get(ready, "degraded")) == 0)
        doctor_say(rows, "host ready", DOCTOR_OK, "/readyz answers");
}

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

/* What the host's own check of its sandbox says of isolation. It counts the tenants' patterns and
 * does not name them: anybody may ask it. */
static void say_isolation(json_t *rows, const struct buf *health)
{
    auto_json body = json_loadb(buf_text(health), health->len, 0, NULL);
    const json_t *sandbox = json_object_get(json_object_get(body, "checks"), "sandbox");
    const char *isolation = json_string_value(json_object_get(sandbox, "isolation"));
    json_int_t warm = json_integer_value(json_object_get(sandbox, "warm_tenants"));

    if (isolation == NULL)
        return;
    if (warm <= 0)
        doctor_say(rows, "host isolation", DOCTOR_OK, "%s; no tenant may ask for warm", isolation);
    else
        doctor_say(
            rows, "host isolation", DOCTOR_WARN,
            "%s; warm, whose attempts are not separated from each other, may be asked for by "
            "the tenants of %lld patterns",
            isolation, (long long)warm);
}

/* Each bundle that is not ready by its own line, so that none is overlooked. */
static void check_plugins(struct cli *cli, json_t *rows)
{
    auto_json reply = NULL;
    struct err e = {0};
    const json_t *bundle;
    size_t i, ready = 0, others = 0;

    if (!client_get(cli, "/admin/plugins", &reply, &e)) {
        doctor_say(rows, "plugins", DOCTOR_WARN, "%s", e.msg);
        return;
    }
    json_array_foreach(json_object_get(reply, "items"), i, bundle)
    {
        const char *file = json_string_value(json_object_get(bundle, "file"));
        const char *verdict = json_string_value(json_object_get(bundle, "verdict"));
        const char *reason = json_string_value(json_object_get(bundle, "reason"));

        if (verdict != NULL && strcmp(verdict, "ready") == 0)
            ready++;
        else if (verdict == NULL || strcmp(verdict, "removed") != 0) {
            others++;
            doctor_say(rows, "plugin", DOCTOR_WARN, "%s: %s: %s", file != NULL ? file : "?",
                       verdict != NULL ? verdict : "no verdict", reason != NULL ? reason : "-");
        }
    }
    doctor_say(rows, "plugins", others == 0 ? DOCTOR_OK : DOCTOR_WARN, "%zu ready of %zu", ready,
               json_array_size(json_object_get(reply, "items")));
}

void doctor_host(struct cli *cli, json_t *rows)
{
    auto_done(buf) body = {0};
    struct err e = {0};

    if (!settings_token(cli, &e)) {
        doctor_say(rows, "access", DOCTOR_FAIL, "%s", e.msg);
    } else if (client_get_bytes(cli, "!/healthz?verbose", &body, &e)) {
        doctor_say(rows, "host", DOCTOR_OK, "%s lives", cli->set.url);
        say_isolation(rows, &body);
        check_ready(cli, rows);
        check_route(cli, rows, "access", "/runs?page_size=1");
        check_plugins(cli, rows);
    } else {
        doctor_say(rows, "host", cli->exit == CLI_EXIT_OFFLINE ? DOCTOR_WARN : DOCTOR_FAIL, "%s",
                   e.msg);
    }
    cli_exit(cli, CLI_EXIT_OK); /* the rows decide */
}
