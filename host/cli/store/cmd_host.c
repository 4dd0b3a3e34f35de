/* cmd_host.c -- `orch host list`: the hosts that share a running host's store. */
#include "cli/client.h"
#include "cli/out.h"

#include <string.h>

/* For people: whole seconds, by the database's clock. */
static void add_silence(const struct cli *cli, json_t *items)
{
    json_t *host;
    size_t i;

    json_array_foreach(items, i, host)
    {
        auto_done(buf) age = {0};

        if (cli->set.format != CLI_TABLE)
            return;
        buf_addf(&age, "%.0fs", json_number_value(json_object_get(host, "heartbeatAgeMs")) / 1000);
        json_object_set_new(host, "age", json_string(buf_text(&age)));
    }
}

static bool list(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"HOST", "hostId"},
        {"EPOCH", "epoch"},
        {"STATE", "state"},
        {"VERSION", "version"},
        {"ADDRESS", "address"},
        {"STARTED", "startedUtc"},
        {"LAST HEARD", "heartbeatUtc"},
        {"AGO", "age"},
        {"RUNS", "runs"},
        {"JOBS", "jobs"},
        {"AGENTS", "agents"},
        {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/hosts");
    client_query_page(cli, &path);
    if (!client_get(cli, buf_text(&path), &reply, e))
        return false;
    add_silence(cli, json_object_get(reply, "items"));
    client_show_page(cli, columns, "items", reply);
    return true;
}

static const struct cli_verb verbs[] = {
    {.name = "list",
     .summary = "List the hosts that share the store, and what each has",
     .details =
         "Each home that opened the store, by its id, with the epoch of its last opening: alive, "
         "fenced (another host took what it had) or ended (in order). Its runs are those that "
         "go on, its jobs what one host at a time does, its agents what it can run.",
     .needs_server = true,
     .handler = list},
    {.handler = NULL},
};
const struct cli_group cli_group_host = {.name = "host",
                                         .summary = "The hosts of the store",
                                         .verbs = verbs};
