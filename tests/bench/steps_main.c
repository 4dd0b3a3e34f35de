/* steps_main.c -- `bench_steps`: the figures of tests/bench/README.md, of hosts of its own.
 *
 *     bench_steps --bin FOLDER --home FOLDER --preload LIBRARY [--folder FOLDER] [--json]
 *                 [--seconds N] [--only FIGURE] [--old-runs N] [--stream-clients N]
 *                 [--queued N] [--store postgres --store-url URL] [--hosts N] [--restate URL] */
#include "args.h"
#include "report.h"
#include "steps.h"

#include <string.h>

bool steps_wanted(const struct steps *s, const char *group)
{
    return s->only == NULL || strncmp(s->only, group, strlen(group)) == 0;
}

static void classes(struct steps *s)
{
    static const char *const groups[] = {"chain100", "c50_", "idle_1step", "dag500"};
    struct bench_host host;
    bool any = false;

    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        any = any || steps_wanted(s, groups[i]);
    if (!any)
        return;
    host_start(&host, &s->host);
    steps_runs(s, host.url, host.token, "cold");
    steps_runs(s, host.url, host.token, "warm");
    host_stop(&host);
}

int main(int argc, char **argv)
{
    struct steps s = {
        .folder = ".", .seconds = 3, .stream_clients = 1000, .hosts = 1, .queued = 100000};
    bool json = false;
    const struct arg table[] = {
        {"bin", ARG_TEXT, true, &s.host.bin},
        {"home", ARG_TEXT, true, &s.host.home},
        {"preload", ARG_TEXT, true, &s.turns_library},
        {"folder", ARG_TEXT, false, &s.folder},
        {"json", ARG_FLAG, false, &json},
        {"only", ARG_TEXT, false, &s.only},
        {"seconds", ARG_SECONDS, false, &s.seconds},
        {"old-runs-program", ARG_TEXT, false, &s.old_runs_program},
        {"old-runs", ARG_NUMBER, false, &s.old_runs},
        {"queued", ARG_NUMBER, false, &s.queued},
        {"hosts", ARG_NUMBER, false, &s.hosts},
        {"store", ARG_TEXT, false, &s.store},
        {"store-url", ARG_TEXT, false, &s.store_url},
        {"stream-clients", ARG_NUMBER, false, &s.stream_clients},
        {"restate", ARG_TEXT, false, &s.restate},
    };

    args_parse(table, sizeof table / sizeof *table, argc, argv);
    report_as_json(json);
    steps_floors(&s);
    classes(&s);
    steps_postgres(&s);
    steps_restate(&s);
    steps_quiet(&s);
    steps_turns(&s);
    steps_growth(&s);
    steps_lanes(&s); /* last: its home has a long queue then */
    report_end();
    return 0;
}
