/* cmd_dag.c -- `orch dag`: the table of its verbs, and those that talk to the host. */
#include "cli/dag/cmd_dag.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/out.h"

#include <string.h>

static bool list(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"DAG", "dagId"}, {"VERSION", "version"},      {"ACTIVE", "active"},
        {"NAME", "name"}, {"PUBLISHED", "createdUtc"}, {"HASH", "hash"},
        {NULL, NULL},
    };
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/dags");
    client_query_add(&path, "dagId", cli_flag_text(cli, "dag-id"));
    client_query_add(&path, "active", cli_flag_bool(cli, "active") ? "true" : NULL);
    client_query_page(cli, &path);
    if (!client_get(cli, buf_text(&path), &reply, e))
        return false;
    client_show_page(cli, columns, "items", reply);
    return true;
}

/* The definition is checked here first: the host has no file names and lines to show. */
static bool publish_file(struct cli *cli, const json_t *signature, struct err *e)
{
    auto_done(dag_file) file = {0};
    auto_json body = NULL;
    auto_json reply = NULL;
    const char *id;

    if (!dag_file_read(cli, &file, e))
        return false;
    if (dag_file_refused(cli, &file))
        return true;
    body = json_pack("{s:s%, s:O*}", "yaml_content", buf_text(&file.text), file.text.len,
                     "signature", signature);
    if (!client_send(cli, "POST", "/dags/import", body, &reply, e))
        return err_wrap(e, "publish '%s'", file.dag->dag_id);
    id = json_string_value(json_object_get(json_object_get(reply, "dag"), "dag_id"));
    out_id(cli, id != NULL ? id : file.dag->dag_id, reply);
    cli_say(cli, "published %s version %s, %zu nodes, hash %s", file.dag->dag_id, file.dag->version,
            file.dag->node_count, file.dag->hash.text);
    return true;
}

static bool import(struct cli *cli, struct err *e)
{
    return publish_file(cli, NULL, e);
}

static bool publish(struct cli *cli, struct err *e)
{
    const char *path = cli_flag_text(cli, "signature");
    auto_json signature = NULL;

    if (path == NULL)
        return publish_file(cli, NULL, e);
    return client_read_json(path, HTTP_BODY_BYTES_MAX, "signature", &signature, e) &&
           publish_file(cli, signature, e);
}

static bool export(struct cli *cli, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;
    const char *yaml;

    buf_adds(&path, "/dags");
    client_path_add(&path, cli_flag_text(cli, "dag-id"));
    buf_adds(&path, "/export");
    if (!client_get(cli, buf_text(&path), &reply, e))
        return false;
    yaml = json_string_value(json_object_get(reply, "yaml"));
    if (yaml == NULL)
        return err_set(e, ERR_SYSTEM, "the host's reply holds no definition");
    if (cli->set.format == CLI_TABLE || cli->set.format == CLI_YAML)
        fputs(yaml, cli->out);
    else
        out_value(cli, reply);
    return true;
}

static bool disable(struct cli *cli, struct err *e)
{
    const char *dag_id = cli_flag_text(cli, "dag-id");
    const char *version = cli_flag_text(cli, "version");
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/dags");
    client_path_add(&path, dag_id);
    client_path_add(&path, version);
    buf_adds(&path, ":disable");
    if (!client_send(cli, "POST", buf_text(&path), NULL, &reply, e))
        return false;
    out_id(cli, dag_id, reply);
    cli_say(cli, "disabled %s version %s; runs of it go on", dag_id, version);
    return true;
}

#define FLAG_DEFINITION                                                                            \
    {                                                                                              \
        .name = "file", .letter = 'f', .type = FLAG_FILE, .required = true, .value = "FILE",       \
        .help = "the definition, YAML or JSON (- is standard input)"                               \
    }
#define FLAG_DAG_ID(must, text)                                                                    \
    {                                                                                              \
        .name = "dag-id", .type = FLAG_TEXT, .required = (must), .value = "ID", .help = (text)     \
    }

static const struct cli_flag list_flags[] = {
    FLAG_DAG_ID(false, "only versions of this DAG"),
    {.name = "active", .type = FLAG_BOOL, .help = "leave out disabled versions"},
    {.name = NULL},
};
static const struct cli_flag publish_flags[] = {
    FLAG_DEFINITION,
    {.name = "signature",
     .type = FLAG_FILE,
     .value = "FILE",
     .help = "DSSE envelope over the definition"},
    {.name = NULL},
};
static const struct cli_flag file_flags[] = {FLAG_DEFINITION, {.name = NULL}};
static const struct cli_flag export_flags[] = {FLAG_DAG_ID(true, "the DAG"), {.name = NULL}};
static const struct cli_flag disable_flags[] = {
    FLAG_DAG_ID(true, "the DAG"),
    {.name = "version",
     .type = FLAG_TEXT,
     .required = true,
     .value = "VERSION",
     .help = "the version to disable"},
    {.name = NULL},
};
static const struct cli_flag graph_flags[] = {
    FLAG_DEFINITION,
    {.name = "format",
     .type = FLAG_CHOICE,
     .value = "FORMAT",
     .fallback = "ascii",
     .choices = "ascii|mermaid|dot",
     .help = "what to draw it in"},
    {.name = NULL},
};

static const struct cli_verb verbs[] = {
    {.name = "plan",
     .summary = "Show what a definition would run",
     .details = "Prints levels, order, attempts, timeouts and the definition's hash; exits 1 when "
                "the definition is not valid. Findings name file, line and column.",
     .flags = file_flags,
     .handler = dag_plan_verb},
    {.name = "validate",
     .summary = "Check a definition",
     .details = "Exits 0 when it is valid, 1 when not.",
     .flags = file_flags,
     .handler = dag_validate_verb},
    {.name = "graph",
     .summary = "Draw a definition as text",
     .flags = graph_flags,
     .handler = dag_graph_verb},
    {.name = "list",
     .summary = "List published versions, by id, newest first",
     .flags = list_flags,
     .needs_server = true,
     .handler = list},
    {.name = "publish",
     .summary = "Publish a version, signed or not",
     .details = "A version never changes once it is published: publishing the same definition "
                "again changes nothing, another definition needs another version.",
     .flags = publish_flags,
     .needs_server = true,
     .handler = publish},
    {.name = "import",
     .summary = "Publish a definition file without a signature",
     .flags = file_flags,
     .needs_server = true,
     .handler = import},
    {.name = "export",
     .summary = "Print the newest version as YAML",
     .flags = export_flags,
     .needs_server = true,
     .handler = export},
    {.name = "disable",
     .summary = "Disable a version: it starts no more runs",
     .flags = disable_flags,
     .needs_server = true,
     .handler = disable},
    {.handler = NULL},
};

const struct cli_group cli_group_dag = {.name = "dag",
                                        .summary = "Definitions: plan, check, publish",
                                        .verbs = verbs};
