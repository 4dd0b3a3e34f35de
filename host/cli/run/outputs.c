/* outputs.c -- what the last level of a run returned; see cmd_run.h. */
#include "base/mem.h"
#include "base/text.h"
#include "cli/out.h"
#include "cli/run/cmd_run.h"

#include <string.h>

enum { LINES_MAX = 40, NAME_COLUMNS = 32, VALUE_COLUMNS = 120 };

/* The ids of the last level, and what each node of it has; a node that never ran has nothing. */
static const json_t *last_level(const json_t *trace)
{
    const json_t *levels = json_object_get(trace, "topology_levels");
    size_t count = json_array_size(levels);

    return count > 0 ? json_array_get(levels, count - 1) : NULL;
}

static const json_t *outputs_of(const json_t *trace, const json_t *id)
{
    const json_t *nodes = json_object_get(trace, "node_traces");

    return json_object_get(json_object_get(nodes, json_string_value(id)), "outputs");
}

json_t *run_outputs(const json_t *trace)
{
    json_t *all = json_object();
    const json_t *id;
    size_t i;

    json_array_foreach(last_level(trace), i, id)
    {
        const json_t *outputs = outputs_of(trace, id);

        if (outputs != NULL && !json_is_null(outputs))
            json_object_set(all, json_string_value(id), (json_t *)outputs);
    }
    return all;
}

static void put_value(const struct cli *cli, const char *name, const json_t *value)
{
    auto_done(buf) line = {0}, text = {0}, shown = {0};

    buf_adds(&line, "   ");
    text_add_printable(&line, name, strlen(name));
    for (size_t width = out_width(name); width < NAME_COLUMNS; width++)
        buf_addc(&line, ' ');
    if (json_is_string(value))
        text_add_printable(&text, json_string_value(value), json_string_length(value));
    else
        json_add_compact(&text, value);
    out_add_clipped(cli, &shown, buf_text(&text), VALUE_COLUMNS);
    fprintf(cli->out, " %s%s\n", buf_text(&line), buf_text(&shown));
}

/* "   totals.scope1_t   12.5": one line for each value that is no object. Depth is bounded by the
 * reader of the reply. */
static void put_values(const struct cli *cli, const char *name, const json_t *value, int *lines)
{
    const json_t *member;
    const char *key;

    if (!json_is_object(value) || json_object_size(value) == 0) {
        if ((*lines)++ < LINES_MAX)
            put_value(cli, name, value);
        return;
    }
    json_object_foreach((json_t *)value, key, member)
    {
        auto_mem char *below = mem_printf("%s.%s", name, key);

        put_values(cli, below, member, lines);
    }
}

void run_show_outputs(const struct cli *cli, const json_t *trace)
{
    auto_json all = run_outputs(trace);
    const json_t *outputs;
    const char *id;
    int lines = 0;

    if (cli->set.format != CLI_TABLE) {
        out_value(cli, all);
        return;
    }
    if (json_object_size(all) == 0)
        cli_say(cli, "no node of the last level has outputs");
    json_object_foreach(all, id, outputs) put_values(cli, id, outputs, &lines);
    if (lines > LINES_MAX)
        cli_say(cli, "%d more values; 'orch run show RUN --outputs -o json' has all",
                lines - LINES_MAX);
}
