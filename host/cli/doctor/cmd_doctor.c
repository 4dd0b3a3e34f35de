/* cmd_doctor.c -- `orch doctor`: runs every check, fails when one does. */
#include "cli/doctor/doctor.h"

#include "base/mem.h"
#include "cli/out.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const verdicts[DOCTOR_VERDICT_COUNT] = {
    [DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "fail"};

void doctor_say(json_t *rows, const char *check, enum doctor_verdict verdict, const char *fmt, ...)
{
    char detail[ERR_MSG_BYTES];
    va_list ap;

    assert(verdict < DOCTOR_VERDICT_COUNT);
    va_start(ap, fmt);
    vsnprintf(detail, sizeof detail, fmt, ap);
    va_end(ap);
    json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "check", check, "verdict",
                                          verdicts[verdict], "detail", detail));
}

static bool any_failed(const json_t *rows)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "verdict")), "fail") == 0)
            return true;
    }
    return false;
}

static bool doctor(struct cli *cli, struct err *e)
{
    static doctor_fn *const checks[] = {doctor_sandbox, doctor_libraries, doctor_home,
                                        doctor_disk,    doctor_store,     doctor_host};
    static const struct out_column columns[] = {{"CHECK", "check"},
                                                {"VERDICT", "verdict"},
                                                {"DETAIL", "detail"},
                                                {NULL, NULL}};
    auto_json rows = json_array();

    (void)e;
    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        checks[i](cli, rows);
    out_rows(cli, columns, rows, NULL);
    if (any_failed(rows))
        cli_exit(cli, CLI_EXIT_FAILED);
    return true;
}

static const struct cli_verb verbs[] = {
    {.summary = "Check this machine and the host",
     .details = "Starts the sandbox to see which layers the kernel gives, names the libraries in "
                "use, looks at ORCH_HOME and the store that ORCH_STORE names, and asks a running "
                "host. Exits 1 when a check fails; a "
                "warning does not.",
     .handler = doctor},
    {.handler = NULL},
};
const struct cli_group cli_group_doctor = {.name = "doctor",
                                           .summary = "Check this machine and the host",
                                           .verbs = verbs};
