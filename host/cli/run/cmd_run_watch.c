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

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    POLL_MS_MIN = 50,
    POLL_MS_MAX = 500,
    ROWS_DEFAULT = 24,
    COLUMNS_DEFAULT = 80,
    ROWS_OURS = 4,        /* head, summary, prompt */
    FINAL_ROWS_MAX = 500, /* nodes in the tree that stays */
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

static bool fetch_version(struct watch *w, struct err *e)
{
    auto_json run = NULL;

    if (!run_fetch(w->cli, w->run_id, &run, e))
        return false;
    w->version = mem_str(json_string_value(json_object_get(run, "dagVersion")));
    return true;
}

static void terminal_size(const struct cli *cli, size_t *ret_rows, size_t *ret_columns)
{
    struct winsize size = {0};

    if (ioctl(fileno(cli->out), TIOCGWINSZ, &size) < 0)
        size = (struct winsize){0};
    *ret_rows = (size.ws_row > ROWS_OURS ? size.ws_row : ROWS_DEFAULT) - ROWS_OURS;
    *ret_columns = size.ws_col > 1 ? size.ws_col : COLUMNS_DEFAULT;
}

/* One column stays free: a cursor behind the last one is somewhere else on every terminal. */
static size_t add_clipped_lines(const struct cli *cli, struct buf *b, char *text, size_t columns)
{
    size_t lines = 0;

    for (char *end; (end = strchr(text, '\n')) != NULL; text = end + 1, lines++) {
        *end = '\0';
        out_add_clipped(cli, b, text, columns - 1);
        buf_addc(b, '\n');
    }
    return lines;
}

/* Over the tree that was drawn before. While the run goes on a line is cut to a row of the
 * terminal, so that the next one finds its place; the tree that stays is whole. */
static void redraw(struct watch *w, bool final)
{
    auto_done(buf) tree = {0}, rows = {0};
    struct tree_view view = {.trace = w->trace,
                             .records = w->records,
                             .version = w->version,
                             .now_us = clock_wall_us(),
                             .rows_max = FINAL_ROWS_MAX};
    size_t columns, drawn = w->lines_drawn;

    if (!final)
        terminal_size(w->cli, &view.rows_max, &columns);
    tree_add(w->cli, &tree, &view);
    if (!final)
        w->lines_drawn = add_clipped_lines(w->cli, &rows, tree.data, columns);
    if (drawn > 0)
        fprintf(w->cli->out, "\x1b[%zuA\x1b[J", drawn);
    fputs(buf_text(final ? &tree : &rows), w->cli->out);
    fflush(w->cli->out);
}

static void show_progress(struct watch *w, const json_t *before)
{
    auto_done(buf) b = {0};

    if (!shows_tree(w))
        return;
    if (w->cli->set.tty) {
        redraw(w, false);
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

    if (!(w->version != NULL || fetch_version(w, e)) ||
        !run_fetch_trace(w->cli, w->run_id, &trace, e)) {
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
    buf_adds(&path, "/provenance?parents=false");
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
        redraw(w, true);
        tree_add_totals(&totals, w->trace);
        fprintf(w->cli->out, " totals       %s\n", buf_text(&totals));
    } else if (w->options->tree) {
        out_value(w->cli, w->trace);
    } else {
        say_end(w);
    }
    if (w->options->outputs && !(w->options->tree && !shows_tree(w))) /* a trace has them in it */
        run_show_outputs(w->cli, w->trace);
    fflush(w->cli->out);
    return w->options->statement == NULL || show_statement(w, e);
}

/* ---- Ctrl-C ---- */

static char farewell[256];
static int farewell_fd;

/* Only the watching ends, and says so; then as if nobody had caught the signal. */
static void on_interrupt(int number)
{
    if (write(farewell_fd, farewell, strlen(farewell)) < 0)
        farewell[0] = '\0';
    signal(number, SIG_DFL);
    raise(number);
}

static void say_farewell_on_interrupt(const struct watch *w)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_NODEFER};

    if (w->cli->set.quiet)
        return;
    farewell_fd = fileno(w->cli->err);
    snprintf(farewell, sizeof farewell,
             "\norch: run %s goes on; 'orch run watch %s' looks again, 'orch run cancel' ends it\n",
             w->run_id, w->run_id);
    sigaction(SIGINT, &action, NULL);
}

bool run_watch(struct cli *cli, const char *run_id, const struct watch_options *options,
               struct err *e)
{
    auto_done(watch)
        w = {.cli = cli, .run_id = run_id, .options = options, .began_ns = clock_mono_ns()};
    bool final = false;

    say_farewell_on_interrupt(&w);
    while (!final) {
        if (!look(&w, &final, e))
            return false;
    }
    signal(SIGINT, SIG_DFL);
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
