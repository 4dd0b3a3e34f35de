/* hostile.c -- the hostile plugin's table and agents. See hostile.h. */
#include "hostile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const orch_host *host;
orch_run *run;
const orch_ctx *ctx;
char text[2048];
volatile int always = 1;

static const struct attack *const tables[] = {
    process_attacks, file_attacks, memory_attacks, limit_attacks, channel_attacks, leak_attacks,
};

const char *failed(long result)
{
    return result == -1 ? strerrorname_np(errno) : "done";
}

static orch_status emit_raw(const char *json)
{
    return host->emit(run, ORCH_PORT_RESULT, (orch_bytes){json, strlen(json)});
}

static orch_status say(const char *what)
{
    char json[sizeof text + 32];

    if (what == NULL)
        return ORCH_E_CANCELLED;
    snprintf(json, sizeof json, "{\"said\":\"%s\"}", what);
    return emit_raw(json);
}

static orch_status run_hostile(const orch_host *h, orch_run *r, const orch_ctx *c)
{
    const char *what;
    char name[64] = "";
    const char *at = memmem(c->config.ptr, c->config.len, "\"case\":\"", 8);

    host = h;
    run = r;
    ctx = c;
    if (at != NULL)
        sscanf(at + 8, "%63[a-z0-9_]", name);
    if (call_by_name(name, &what))
        return say(what);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct attack *a = tables[i]; a->name != NULL; a++)
            if (strcmp(a->name, name) == 0)
                return say(a->attack());
    h->set_error(r, "ValueError", (orch_bytes){"no such case", 12});
    return ORCH_E_INPUT;
}

static orch_status run_canary(const orch_host *h, orch_run *r, const orch_ctx *c)
{
    return h->emit(r, ORCH_PORT_RESULT, c->inputs[0]);
}

/* Emits its config's text after {"raw": as it is: for outputs that are no JSON. */
static orch_status run_raw(const orch_host *h, orch_run *r, const orch_ctx *c)
{
    orch_bytes raw = c->config;

    return h->emit(r, ORCH_PORT_RESULT, raw);
}

static orch_status run_fails(const orch_host *h, orch_run *r, const orch_ctx *c)
{
    int status = -1;

    sscanf(c->config.ptr, "{\"status\":%d", &status);
    h->set_error(r, "RuntimeError", (orch_bytes){"Node failed", 11});
    return status;
}

static const orch_agent agent = {.size = sizeof(orch_agent), .id = "hostile", .run = run_hostile};
static const orch_agent canary = {.size = sizeof(orch_agent), .id = "canary", .run = run_canary};
static const orch_agent raw = {.size = sizeof(orch_agent), .id = "raw", .run = run_raw};
static const orch_agent fails = {.size = sizeof(orch_agent), .id = "fails", .run = run_fails};

ORCH_PLUGIN("hostile", "1.0.0", NULL, &agent, &canary, &raw, &fails);
