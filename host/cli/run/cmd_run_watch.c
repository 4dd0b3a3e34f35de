/* cmd_run_watch.c -- run watch: the tree of a run, redrawn until the run ends. The host is asked
 * for the trace, faster at first; a host that restarts is waited for. */
#include "cli/run/cmd_run.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/out.h"
#include "cli/tree.h"
#include "model/words/states.h"

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

enum {
    POLL_MS_MIN = 50,
    POLL_MS_MAX = 500,
    ROWS_DEFAULT = 24,
    ROWS_OURS = 4,        /* head, summary, prompt */
    FINAL_ROWS_MAX = 500, /* nodes in the tree that stays */
    OUTPUT_LINES_MAX = 40,
};

struct watch {
    struct cli *cli;
    const char *run_id;
    const struct watch_options *options;
    json_t *trace;   /* the newest */
    json_t *records; /* node id to record, once the run ended */
    char *version;
    size_t lines_drawn;
    unsigned tries;
    int64_t began_ns;
};

static void watch_done(struct watch *w)
{
    json_decref(w->trace);
    json_decref(w->records);
    free(w->version);
}
DEFINE_AUTO_DONE(watch)

static bool shows_tree(const struct watch *w)
{
    return w->options->tree && w->cli->set.format == CLI_TABLE;
}

static bool fetch_trace(struct watch *w, json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};

    buf_adds(&path, "/executions");
    client_path_add(&path, w->run_id);
    buf_adds(&path, "/trace");
    return client_get(w->cli, buf_text(&path), ret, e) || err_wrap(e, "run %s", w->run_id);
}

static bool fetch_version(struct watch *w, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json run = NULL;

    buf_adds(&path, "/runs");
    client_path_add(&path, w->run_id);
    if (!client_get(w->cli, buf_text(&path), &run, e))
        return err_wrap(e, "run %s", w->run_id);
    w->version = mem_str(json_string_value(json_object_get(run, "dagVersion")));
    return true;
}

static size_t terminal_rows(const struct cli *cli)
{
    struct winsize size = {0};

    if (ioctl(fileno(cli->out), TIOCGWINSZ, &size) < 0 || size.ws_row <= ROWS_OURS)
        return ROWS_DEFAULT - ROWS_OURS;
    return size.ws_row - ROWS_OURS;
}

static size_t count_lines(const struct buf *b)
{
    size_t lines = 0;

    for (size_t i = 0; i < b->len; i++)
        lines += b->data[i] == '\n' ? 1 : 0;
    return lines;
}

/* Over the tree that was drawn before. Line wrap is off meanwhile, so that a line is a row. */
static void redraw(struct watch *w, size_t rows_max)
{
    auto_done(buf) b = {0};
    struct tree_view view = {.trace = w->trace,
                             .records = w->records,
                             .version = w->version,
                             .now_us = clock_wall_us(),
                             .rows_max = rows_max};

    tree_add(w->cli, &b, &view);
    if (w->lines_drawn > 0)
        fprintf(w->cli->out, "\x1b[%zuA\x1b[J", w->lines_drawn);
    fprintf(w->cli->out, w->cli->set.tty ? "\x1b[?7l%s\x1b[?7h" : "%s", buf_text(&b));
    fflush(w->cli->out);
    w->lines_drawn = w->cli->set.tty ? count_lines(&b) : 0;
}

static void show_progress(struct watch *w, const json_t *before)
{
    auto_done(buf) b = {0};

    if (!shows_tree(w))
        return;
    if (w->cli->set.tty) {
        redraw(w, terminal_rows(w->cli));
        return;
    }
    tree_add_changes(&b, before, w->trace);
    fputs(buf_text(&b), w->cli->out);
    fflush(w->cli->out);
}

static void pause_poll(const struct watch *w)
{
    int64_t ms = POLL_MS_MIN + (clock_mono_ns() - w->began_ns) / 1000000 / 10;
    struct timespec wait;

    ms = ms < POLL_MS_MAX ? ms : POLL_MS_MAX;
    wait = (struct timespec){ms / 1000, ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
}

/* One look at the run. *ret_final: it has ended. */
static bool look(struct watch *w, bool *ret_final, struct err *e)
{
    auto_json trace = NULL;
    auto_json before = NULL;

    if (!(w->version != NULL || fetch_version(w, e)) || !fetch_trace(w, &trace, e)) {
        bool again = run_try_again(w->cli, &w->tries, e);

        if (again && w->tries == 1)
            cli_say(w->cli, "the host does not answer, waiting for it");
        return again;
    }
    w->tries = 0;
    before = w->trace;
    w->trace = take(trace);
    *ret_final = run_is_final(json_string_value(json_object_get(w->trace, "status")));
    show_progress(w, before);
    if (!*ret_final)
        pause_poll(w);
    return true;
}

/* Node records by node id: the plugin and the sandbox of each. A run without a completed node has
 * none, and the host says 404. */
static bool fetch_records(struct watch *w, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;
    json_t *record;
    size_t i;

    buf_adds(&path, "/executions");
    client_path_add(&path, w->run_id);
    buf_adds(&path, "/provenance");
    if (!client_get(w->cli, buf_text(&path), &reply, e))
        return e->code == ERR_NOT_FOUND || err_wrap(e, "provenance of run %s", w->run_id);
    w->records = json_object();
    json_array_foreach(json_object_get(reply, "provenances"), i, record)
    {
        const char *id = json_string_value(json_object_get(record, "node_id"));

        if (id != NULL)
            json_object_set(w->records, id, record);
    }
    return true;
}

/* "   totals.scope1_t   12.5": the scalars of a value, one a line. Depth is bounded by the reader
 * of the reply. */
static void put_scalars(const struct watch *w, const char *name, const json_t *value, int *lines)
{
    auto_done(buf) b = {0};
    const json_t *member;
    const char *key;

    if (json_is_object(value)) {
        json_object_foreach((json_t *)value, key, member)
        {
            auto_mem char *below = mem_printf("%s%s%s", name, *name != '\0' ? "." : "", key);

            put_scalars(w, below, member, lines);
        }
        return;
    }
    if (value == NULL || json_is_array(value) || (*lines)++ >= OUTPUT_LINES_MAX)
        return;
    buf_adds(&b, "   ");
    text_add_printable(&b, name, strlen(name));
    for (size_t width = out_width(name); width < 32; width++)
        buf_addc(&b, ' ');
    if (json_is_string(value))
        text_add_printable(&b, json_string_value(value), json_string_length(value));
    else
        json_add_compact(&b, value);
    fprintf(w->cli->out, " %s\n", buf_text(&b));
}

static void show_outputs(const struct watch *w)
{
    const json_t *levels = json_object_get(w->trace, "topology_levels");
    const json_t *last = json_array_get(levels, json_array_size(levels) - 1);
    const json_t *nodes = json_object_get(w->trace, "node_traces");
    const json_t *id;
    int lines = 0;
    size_t i;

    json_array_foreach(last, i, id)
    {
        const json_t *node = json_object_get(nodes, json_string_value(id));

        put_scalars(w, json_string_value(id), json_object_get(node, "outputs"), &lines);
    }
}

/* Part of the tree where there is one; otherwise standard output is the id's alone. */
static bool show_statement(struct watch *w, struct err *e)
{
    auto_done(buf) line = {0};

    if (!run_save_statement(w->cli, w->run_id, w->options->statement, &line, e))
        return false;
    if (shows_tree(w))
        fprintf(w->cli->out, " provenance   %s\n", buf_text(&line));
    else
        cli_say(w->cli, "provenance %s", buf_text(&line));
    return true;
}

/* "run ID failed: Node 'a' failed: why" */
static void say_end(const struct watch *w)
{
    const char *error = json_string_value(json_object_get(w->trace, "error"));
    auto_done(buf) text = {0};

    if (error != NULL) {
        buf_adds(&text, ": ");
        text_add_printable(&text, error, strlen(error));
    }
    cli_say(w->cli, "run %s %s%s", w->run_id,
            json_string_value(json_object_get(w->trace, "status")), buf_text(&text));
}

static bool show_end(struct watch *w, struct err *e)
{
    auto_done(buf) totals = {0};

    if (shows_tree(w)) {
        if (!fetch_records(w, e))
            return false;
        redraw(w, FINAL_ROWS_MAX);
        tree_add_totals(&totals, w->trace);
        fprintf(w->cli->out, " totals       %s\n", buf_text(&totals));
    } else if (w->options->tree) {
        out_value(w->cli, w->trace);
    } else {
        say_end(w);
    }
    if (w->options->outputs)
        show_outputs(w);
    fflush(w->cli->out);
    return w->options->statement == NULL || show_statement(w, e);
}

bool run_watch(struct cli *cli, const char *run_id, const struct watch_options *options,
               struct err *e)
{
    auto_done(watch)
        w = {.cli = cli, .run_id = run_id, .options = options, .began_ns = clock_mono_ns()};
    bool final = false;

    while (!final) {
        if (!look(&w, &final, e))
            return false;
    }
    if (strcmp(json_string_value(json_object_get(w.trace, "status")), STATUS_COMPLETED) != 0)
        cli_exit(cli, CLI_EXIT_FAILED);
    return show_end(&w, e);
}

bool run_watch_verb(struct cli *cli, struct err *e)
{
    struct watch_options options = {.tree = true,
                                    .outputs = cli_flag_bool(cli, "outputs"),
                                    .statement = cli_flag_text(cli, "statement")};
    const char *run_id = NULL;

    return run_id_of(cli, &run_id, e) && run_watch(cli, run_id, &options, e);
}
