/* tree.c -- see tree.h. */
#include "cli/tree.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/out.h"
#include "model/words/states.h"

#include <string.h>

/* State by shape and by word, never by colour alone (WCAG 1.4.1). */
static const struct state {
    const char *word;
    const char *mark, *ascii;
    enum cli_style style;
    bool final;  /* of a run */
    bool urgent; /* of a node: shown first when not all fit */
} states[] = {
    {STATUS_PENDING, "○", ".", STYLE_DIM, false, false},
    {STATUS_RUNNING, "●", "*", STYLE_CYAN, false, true},
    {STATUS_COMPLETED, "✔", "+", STYLE_GREEN, true, false},
    {STATUS_FAILED, "✘", "x", STYLE_RED, true, true},
    {STATUS_CANCELLED, "⊘", "-", STYLE_YELLOW, true, false},
    {STATUS_SKIPPED, "⏭", ">", STYLE_DIM, false, false},
    {STATUS_TIMED_OUT, "✘", "x", STYLE_RED, false, true},
    {STATUS_RETRYING, "↻", "~", STYLE_YELLOW, false, true},
    {STATUS_PAUSED, "⏸", "=", STYLE_YELLOW, false, false},
    {"not run", "·", ":", STYLE_DIM, false, false}, /* pending, and the run has ended */
};
static const struct state unknown_state = {"", "?", "?", STYLE_DIM, false, true};
static const struct state *const never_ran = &states[ARRAY_LEN(states) - 1];

static const struct state *state_of(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (word != NULL && strcmp(states[i].word, word) == 0)
            return &states[i];
    }
    return &unknown_state;
}

bool run_is_final(const char *status)
{
    return state_of(status)->final;
}

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void add_text(struct buf *b, const char *text)
{
    if (text != NULL)
        text_add_printable(b, text, strlen(text));
}

/* Short times show their milliseconds. */
static int decimals(double seconds)
{
    return seconds < 0.1 ? 3 : 2;
}

/* What a node or a run took so far, in seconds; negative when it has not started. */
static double seconds_of(const json_t *object, const char *start_key, const char *end_key,
                         int64_t now_us)
{
    const char *start = text_at(object, start_key);
    const char *end = text_at(object, end_key);
    int64_t start_us, end_us = now_us;

    if (json_is_number(json_object_get(object, "duration_ms")) && end != NULL)
        return json_number_value(json_object_get(object, "duration_ms")) / 1000.0;
    if (start == NULL || !clock_parse(start, &start_us) ||
        (end != NULL && !clock_parse(end, &end_us)))
        return -1.0;
    return end_us > start_us ? (double)(end_us - start_us) / 1e6 : 0.0;
}

static const json_t *node_at(const struct tree_view *view, const char *id)
{
    return json_object_get(json_object_get(view->trace, "node_traces"), id);
}

/* The ids of topology_levels in order, borrowed; at most rows_max when it is not 0. */
struct rows {
    const char **ids;
    size_t count;
    size_t total;
    size_t id_width;
};

static const struct state *state_in(const json_t *trace, const json_t *node)
{
    const char *status = text_at(node, "status");

    if (status != NULL && strcmp(status, STATUS_PENDING) != 0)
        return state_of(status);
    return run_is_final(text_at(trace, "status")) ? never_ran : state_of(STATUS_PENDING);
}

static const struct state *node_state(const struct tree_view *view, const char *id)
{
    return state_in(view->trace, node_at(view, id));
}

static void take_rows(const struct tree_view *view, bool urgent_only, bool urgent,
                      struct rows *rows)
{
    const json_t *level, *id;
    size_t i, j;

    json_array_foreach(json_object_get(view->trace, "topology_levels"), i, level)
    {
        json_array_foreach(level, j, id)
        {
            const char *text = json_string_value(id);

            if (text == NULL || (view->rows_max > 0 && rows->count >= view->rows_max))
                continue;
            if (!urgent_only || node_state(view, text)->urgent == urgent)
                rows->ids[rows->count++] = text;
        }
    }
}

static void choose_rows(const struct tree_view *view, struct rows *rows)
{
    const json_t *level;
    size_t i;

    json_array_foreach(json_object_get(view->trace, "topology_levels"), i, level) rows->total +=
        json_array_size(level);
    rows->ids = mem_array(rows->total + 1, const char *);
    if (view->rows_max == 0 || rows->total <= view->rows_max) {
        take_rows(view, false, false, rows);
    } else {
        take_rows(view, true, true, rows);
        take_rows(view, true, false, rows);
    }
    for (i = 0; i < rows->count; i++) {
        size_t width = out_width(rows->ids[i]);

        rows->id_width = width > rows->id_width ? width : rows->id_width;
    }
}

static void add_padded(struct buf *b, const char *text, size_t width)
{
    add_text(b, text);
    for (size_t w = out_width(text); w < width; w++)
        buf_addc(b, ' ');
}

/* "pure, warm, level 4; attempts are not separated": what the record, or the row, has of it. */
static void add_confinement(struct buf *b, const json_t *from)
{
    static const char *const words[] = {"profile", "isolation"};
    const json_t *level = json_object_get(from, "level");
    const char *between = "";

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (text_at(from, words[i]) == NULL)
            continue;
        buf_adds(b, between);
        add_text(b, text_at(from, words[i]));
        between = ", ";
    }
    if (json_is_integer(level))
        buf_addf(b, "%slevel %d", between, (int)json_integer_value(level));
    if (text_at(from, "isolation_note") != NULL) {
        buf_adds(b, "; ");
        add_text(b, text_at(from, "isolation_note"));
    }
}

/* "  emissions@1.0.0 (pure, cold, level 4)"; without a record what the node's row says. */
static void add_sandbox(struct buf *b, const json_t *record, const json_t *sandbox)
{
    const char *plugin = text_at(record, "plugin");

    if (plugin == NULL && !json_is_object(sandbox))
        return;
    buf_adds(b, "  ");
    if (plugin != NULL) {
        add_text(b, plugin);
        buf_addc(b, ' ');
    }
    buf_addc(b, '(');
    add_confinement(b, plugin != NULL ? record : sandbox);
    buf_addc(b, ')');
}

static void add_attempts(struct buf *b, const json_t *node)
{
    int attempts = (int)json_integer_value(json_object_get(node, "attempt_count"));

    if (attempts == 1)
        buf_adds(b, "  1 attempt");
    else if (attempts > 1)
        buf_addf(b, "  %d attempts", attempts);
}

/* An agent may say anything, in our words too: it is named. */
static void add_error(struct buf *b, const json_t *node, const char *error)
{
    const char *source = text_at(node, "error_source");

    if (source != NULL && strcmp(source, "agent") == 0)
        buf_adds(b, "agent: ");
    add_text(b, error);
}

static void add_node(const struct cli *cli, struct buf *b, const struct tree_view *view,
                     const char *id, size_t id_width, bool last)
{
    const json_t *node = node_at(view, id);
    const struct state *state = node_state(view, id);
    double seconds = seconds_of(node, "started_at", "completed_at", view->now_us);
    const char *error = text_at(node, "error");

    buf_addf(b, " %s %s%s%s ", out_sign(cli, last ? "└─" : "├─", last ? "`-" : "|-"),
             cli_style(cli, state->style), out_sign(cli, state->mark, state->ascii),
             cli_style(cli, STYLE_RESET));
    add_padded(b, id, id_width);
    if (seconds >= 0 && state != state_of(STATUS_PENDING) && state != never_ran)
        buf_addf(b, "  %7.*fs", decimals(seconds), seconds);
    else
        buf_addf(b, "  %8s", state->word);
    add_attempts(b, node);
    add_sandbox(b, json_object_get(view->records, id), json_object_get(node, "sandbox"));
    if (error != NULL) {
        buf_addf(b, "  %s", cli_style(cli, state->style));
        add_error(b, node, error);
        buf_adds(b, cli_style(cli, STYLE_RESET));
    }
    buf_addc(b, '\n');
}

static void add_head(const struct cli *cli, struct buf *b, const struct tree_view *view)
{
    const char *status = text_at(view->trace, "status");
    const struct state *state = state_of(status);
    double seconds = seconds_of(view->trace, "start_time", "end_time", view->now_us);

    buf_addf(b, " %s", cli_style(cli, STYLE_BOLD));
    add_text(b, text_at(view->trace, "dag_id"));
    buf_adds(b, cli_style(cli, STYLE_RESET));
    if (view->version != NULL) {
        buf_adds(b, "  v");
        add_text(b, view->version);
    }
    buf_addf(b, "  %s%s%s ", cli_style(cli, state->style), out_sign(cli, "●", "*"),
             cli_style(cli, STYLE_RESET));
    add_text(b, status);
    if (seconds >= 0)
        buf_addf(b, state->final ? " in %.*fs" : " %.*fs", decimals(seconds), seconds);
    buf_addc(b, '\n');
}

void tree_add(const struct cli *cli, struct buf *b, const struct tree_view *view)
{
    struct rows rows = {0};

    choose_rows(view, &rows);
    add_head(cli, b, view);
    for (size_t i = 0; i < rows.count; i++)
        add_node(cli, b, view, rows.ids[i], rows.id_width, i + 1 == rows.total);
    if (rows.count < rows.total)
        buf_addf(b, " %s %zu more nodes\n", out_sign(cli, "└─", "`-"), rows.total - rows.count);
    free(rows.ids);
}

void tree_add_totals(struct buf *b, const json_t *trace)
{
    const json_t *nodes = json_object_get(trace, "node_traces");
    const json_t *node;
    const char *id;
    size_t counts[ARRAY_LEN(states)] = {0};
    int64_t attempts = 0;
    const char *comma = ": ";

    json_object_foreach((json_t *)nodes, id, node)
    {
        const struct state *state = state_in(trace, node);

        if (state != &unknown_state)
            counts[state - states]++;
        attempts += json_integer_value(json_object_get(node, "attempt_count"));
    }
    buf_addf(b, "%zu nodes", json_object_size(nodes));
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (counts[i] > 0)
            buf_addf(b, "%s%zu %s", comma, counts[i], states[i].word);
        comma = counts[i] > 0 ? ", " : comma;
    }
    buf_addf(b, "; %lld attempts", (long long)attempts);
}

static bool node_changed(const json_t *before, const json_t *after)
{
    static const char *const keys[] = {"status", "attempt_count"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const json_t *a = json_object_get(before, keys[i]);
        const json_t *b = json_object_get(after, keys[i]);

        if (b != NULL && (a == NULL || !json_same(a, b)))
            return true;
    }
    return false;
}

static void add_change(struct buf *b, const char *id, const json_t *node)
{
    const char *status = text_at(node, "status");
    const char *error = text_at(node, "error");
    double seconds = seconds_of(node, "started_at", "completed_at", 0);

    add_text(b, id);
    buf_adds(b, "  ");
    add_text(b, status);
    if (text_at(node, "completed_at") != NULL && seconds >= 0)
        buf_addf(b, " in %.*fs", decimals(seconds), seconds);
    add_attempts(b, node);
    if (error != NULL) {
        buf_adds(b, "  ");
        add_error(b, node, error);
    }
    buf_addc(b, '\n');
}

void tree_add_changes(struct buf *b, const json_t *before, const json_t *after)
{
    const json_t *old = json_object_get(before, "node_traces");
    const json_t *nodes = json_object_get(after, "node_traces");
    const json_t *level, *id;
    size_t i, j;

    json_array_foreach(json_object_get(after, "topology_levels"), i, level)
    {
        json_array_foreach(level, j, id)
        {
            const char *text = json_string_value(id);
            const json_t *node = text != NULL ? json_object_get(nodes, text) : NULL;
            const char *status = text_at(node, "status");

            if (status != NULL && strcmp(status, STATUS_PENDING) != 0 &&
                node_changed(json_object_get(old, text), node))
                add_change(b, text, node);
        }
    }
}
