/* doctor.h -- one finding of `orch doctor`, and the checks: local.c looks at this machine,
 * store.c at the store that this shell names, host.c at the host. A check tries the thing itself
 * where it can: it starts the sandbox, it syncs a file. */
#ifndef ORCH_CLI_DOCTOR_DOCTOR_H
#define ORCH_CLI_DOCTOR_DOCTOR_H

#include "base/json.h"
#include "cli/cli.h"

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_VERDICT_COUNT };

/* Appends {check, verdict, detail} to rows. */
void doctor_say(json_t *rows, const char *check, enum doctor_verdict verdict, const char *fmt, ...)
    printf_like(4, 5);

typedef void doctor_fn(struct cli *cli, json_t *rows);

doctor_fn doctor_sandbox;
doctor_fn doctor_libraries;
doctor_fn doctor_home;
doctor_fn doctor_disk;
doctor_fn doctor_store;
doctor_fn doctor_host;

#endif
