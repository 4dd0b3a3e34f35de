/* cmd_dag_file.c -- plan, validate and graph: a definition file and nothing else. */
#include "cli/dag/cmd_dag.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/dag/findings.h"
#include "cli/out.h"
#include "model/dag/draw/graph_text.h"
#include "model/dag/names.h"
#include "model/dag/plan.h"
#include "model/dag/source/parse.h"

#include <string.h>
#include <sys/stat.h>

/* What a definition's text becomes: values, and the model beside them. */
enum { VALUES_A_BYTE = 16, HEAP_A_BYTE = 32, LARGE_BYTES = 64 * 1024 };

/* Before it is read, where the file says how long it is. */
static void expect(const char *name)
{
    struct stat st;
    size_t bytes;

    if (stat(name, &st) < 0 || st.st_size < LARGE_BYTES)
        return;
    bytes = st.st_size < DEFINITION_BYTES_MAX ? (size_t)st.st_size : DEFINITION_BYTES_MAX;
    mem_expect(bytes * HEAP_A_BYTE);
    json_expect(bytes * VALUES_A_BYTE);
}

/* Goes with the process, which ends; nobody reads it, but a leak checker. */
static struct dag_file large __attribute__((used));

/* To walk through a large one once more, to release what is released anyway, is no use to anybody.
 */
void dag_file_done(struct dag_file *file)
{
    if (file->text.len >= LARGE_BYTES) {
        large = *file;
    } else {
        dag_free(file->dag);
        dag_findings_done(&file->findings);
        buf_done(&file->text);
    }
    memset(file, 0, sizeof *file);
}

static void warn(const struct cli *cli, const struct dag *dag)
{
    auto_json warnings = dag_warnings_owned(dag);
    const json_t *warning;
    size_t i;

    json_array_foreach(warnings, i, warning)
    {
        cli_say(cli, "warning: node '%s', input_mapping.%s: %s",
                json_string_value(json_object_get(warning, "node_id")),
                json_string_value(json_object_get(warning, "target")),
                json_string_value(json_object_get(warning, "message")));
    }
}

bool dag_file_read(const struct cli *cli, struct dag_file *ret, struct err *e)
{
    auto_done(dag_file) file = {.name = cli_flag_text(cli, "file")};
    bool parsed;

    expect(file.name);
    if (!file_read(file.name, DEFINITION_BYTES_MAX, &file.text, e))
        return false;
    parsed = dag_parse(buf_text(&file.text), file.text.len, &file.dag, &file.findings, e);
    if (!parsed && file.findings.count == 0)
        return err_wrap(e, "'%s'", file.name);
    if (parsed && file.dag->valid)
        dag_check_names(file.dag, &file.findings);
    file.valid = parsed && file.findings.count == 0;
    if (file.valid)
        warn(cli, file.dag);
    *ret = file;
    memset(&file, 0, sizeof file);
    return true;
}

static void complain(const struct cli *cli, const struct dag_file *file)
{
    auto_done(buf) b = {0};

    findings_add(cli, &b, strcmp(file->name, "-") == 0 ? "(standard input)" : file->name,
                 &file->text, &file->findings);
    fputs(buf_text(&b), cli->err);
}

bool dag_file_refused(struct cli *cli, const struct dag_file *file)
{
    if (file->valid)
        return false;
    complain(cli, file);
    cli_exit(cli, CLI_EXIT_USAGE);
    return true;
}

/* In a table findings are said, in every other form they are part of the result. */
static void report(struct cli *cli, const struct dag_file *file)
{
    if (cli->set.format == CLI_TABLE || cli->set.format == CLI_NAME)
        complain(cli, file);
    if (!file->valid)
        cli_exit(cli, CLI_EXIT_USAGE);
}

static json_t *dep_ids(const struct dag *dag, const struct dag_node *node)
{
    json_t *ids = json_array();

    for (uint32_t i = 0; i < node->dep_count; i++)
        json_array_append_new(ids, json_string(dag->nodes[node->deps[i]].node_id));
    return ids;
}

static json_t *plan_row(const struct dag *dag, const struct dag_node *node)
{
    return json_pack("{s:i, s:s, s:s, s:o, s:i, s:f}", "level", (int)node->level, "node",
                     node->node_id, "agent", node->agent_id, "depends_on", dep_ids(dag, node),
                     "attempts", (int)dag_retry_policy(dag, node)->max_retries + 1, "timeout_s",
                     dag_timeout_policy(dag, node)->attempt_s);
}

static void show_plan(const struct cli *cli, const struct dag *dag)
{
    static const struct out_column columns[] = {
        {"NODE", "node"},
        {"LEVEL", "level"},
        {"AGENT", "agent"},
        {"AFTER", "depends_on"},
        {"ATTEMPTS", "attempts"},
        {"TIMEOUT S", "timeout_s"},
        {NULL, NULL},
    };
    auto_json rows = json_array();

    for (size_t i = 0; i < dag->node_count; i++)
        json_array_append_new(rows, plan_row(dag, &dag->nodes[dag->order[i]]));
    out_rows(cli, columns, rows, NULL);
    cli_say(cli, "%s %s: %zu nodes in %zu levels, at most %u at once, hash %s", dag->dag_id,
            dag->version, dag->node_count, dag->level_count, dag->max_parallel_nodes,
            dag->hash.text);
}

bool dag_plan_verb(struct cli *cli, struct err *e)
{
    auto_done(dag_file) file = {0};
    auto_json plan = NULL;

    if (!dag_file_read(cli, &file, e))
        return false;
    report(cli, &file);
    if (cli->set.format == CLI_TABLE || cli->set.format == CLI_NAME) {
        if (file.valid)
            show_plan(cli, file.dag);
        return true;
    }
    plan = dag_plan_json_owned(file.dag, &file.findings);
    out_value(cli, plan);
    return true;
}

bool dag_validate_verb(struct cli *cli, struct err *e)
{
    auto_done(dag_file) file = {0};
    auto_json verdict = NULL;

    if (!dag_file_read(cli, &file, e))
        return false;
    report(cli, &file);
    if (cli->set.format == CLI_TABLE || cli->set.format == CLI_NAME) {
        if (file.valid)
            cli_say(cli, "%s: valid, %zu nodes in %zu levels", file.name, file.dag->node_count,
                    file.dag->level_count);
        return true;
    }
    verdict =
        json_pack("{s:b, s:o, s:i}", "valid", file.valid, "errors",
                  findings_json_owned(&file.findings), "error_count", (int)file.findings.count);
    out_value(cli, verdict);
    return true;
}

bool dag_graph_verb(struct cli *cli, struct err *e)
{
    auto_done(dag_file) file = {0};
    auto_done(buf) text = {0};

    if (!dag_file_read(cli, &file, e))
        return false;
    if (dag_file_refused(cli, &file))
        return true;
    dag_graph(file.dag, dag_graph_format_of(cli_flag_text(cli, "format")), &text);
    fputs(buf_text(&text), cli->out);
    return true;
}
