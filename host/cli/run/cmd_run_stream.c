/* cmd_run_stream.c -- run stream: the committed events as NDJSON, resumed by cursor. */
#include "cli/run/cmd_run.h"

#include "base/mem.h"
#include "cli/client.h"
#include "cli/tree.h"

#include <string.h>

enum { IDLE_MS = 45 * 1000 /* three heartbeats */ };

struct follow {
    struct cli *cli;
    const char *run_id; /* NULL: every run */
    int64_t cursor;     /* -1: none yet */
    unsigned tries;
    bool was_final; /* the run had ended when it was last asked for: a heartbeat ends the stream */
    bool ended;
    char *final_time; /* of the run's final event that stopped this connection, or NULL */
    struct err fail;  /* what the host said was wrong */
};

static void follow_done(struct follow *f)
{
    free(f->final_time);
}
DEFINE_AUTO_DONE(follow)

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* Control messages have no dot in their type; they tell where the stream stands. */
static bool on_control(struct follow *f, const char *type, const json_t *message)
{
    const json_t *cursor = json_object_get(message, "cursor");
    const char *code = text_at(message, "code"), *text = text_at(message, "message");
    const char *reason = text_at(message, "reason");

    if (strcmp(type, "error") == 0 && (code == NULL || strcmp(code, "UNAVAILABLE") != 0))
        return err_set(&f->fail, ERR_INVALID, "%s (%s)", text != NULL ? text : "stream ended",
                       code != NULL ? code : "no code");
    if (strcmp(type, "reset") == 0 || strcmp(type, "lagging") == 0)
        cli_say(f->cli, "stream: %s%s%s", type, reason != NULL ? ": " : "",
                reason != NULL ? reason : "");
    if (json_is_integer(cursor) && json_integer_value(cursor) > f->cursor)
        f->cursor = json_integer_value(cursor);
    f->ended = f->was_final && strcmp(type, "heartbeat") == 0;
    return !f->ended;
}

static void on_event(struct follow *f, const char *type, const json_t *message, const char *line)
{
    f->cursor = json_integer_value(json_object_get(message, "cursor"));
    fprintf(f->cli->out, "%s\n", line);
    fflush(f->cli->out);
    if (f->run_id != NULL && strncmp(type, "run.", 4) == 0 && run_is_final(type + 4)) {
        const char *when = text_at(message, "timestamp");

        free(f->final_time);
        f->final_time = mem_str(when != NULL ? when : "");
    }
}

static bool on_line(void *arg, const char *line, size_t len)
{
    struct follow *f = arg;
    auto_json message = NULL;
    const char *type;

    if (!json_parse(line, len, &json_limits_default, &message, NULL, &f->fail))
        return err_wrap(&f->fail, "a line of the stream");
    f->tries = 0;
    type = text_at(message, "type");
    if (type == NULL)
        return true;
    if (strchr(type, '.') == NULL)
        return on_control(f, type, message);
    on_event(f, type, message, line);
    return f->final_time == NULL;
}

static void stream_path(const struct follow *f, struct buf *path)
{
    auto_mem char *after = f->cursor >= 0 ? mem_printf("%lld", (long long)f->cursor) : NULL;

    buf_adds(path, "/runs/stream");
    client_query_add(path, "runId", f->run_id);
    client_query_add(path, "dagId", cli_flag_text(f->cli, "dag-id"));
    client_query_add(path, "status", cli_flag_text(f->cli, "status"));
    client_query_add(path, "after", after);
}

/* Has the run ended for good? A run that was resumed has an earlier final event; the host's own end
 * time is then later than that event (RFC 3339 texts of one precision sort as times do). */
static bool ask_run(struct follow *f, struct err *e)
{
    auto_json run = NULL;
    const char *ended_at;

    if (!run_fetch(f->cli, f->run_id, &run, e))
        return false;
    f->was_final = run_is_final(text_at(run, "status"));
    ended_at = text_at(run, "endedUtc");
    f->ended = f->was_final && f->final_time != NULL &&
               (ended_at == NULL || strcmp(ended_at, f->final_time) <= 0);
    free(take(f->final_time));
    return true;
}

/* One connection; false when it was lost or could not be made. */
static bool follow_once(struct follow *f, struct err *e)
{
    auto_done(buf) path = {0};

    if (f->run_id != NULL && !ask_run(f, e))
        return false;
    if (f->ended)
        return true;
    stream_path(f, &path);
    if (!client_stream(f->cli, buf_text(&path), IDLE_MS, on_line, f, e))
        return false;
    if (f->fail.code != ERR_NONE) {
        *e = f->fail;
        return false;
    }
    return f->ended || f->final_time != NULL ||
           err_set(e, ERR_UNAVAILABLE, "the host ended the stream");
}

bool run_stream_verb(struct cli *cli, struct err *e)
{
    auto_done(follow) f = {.cli = cli, .cursor = -1};

    if ((cli_arg(cli, 0) != NULL || cli_flag_given(cli, "run-id")) && !run_id_of(cli, &f.run_id, e))
        return false;
    if (f.run_id != NULL)
        f.cursor = 0;
    if (cli_flag_given(cli, "after"))
        f.cursor = cli_flag_int(cli, "after");
    while (!f.ended) {
        if (follow_once(&f, e))
            continue;
        if (!run_try_again(cli, &f.tries, e))
            return false;
        cli_say(cli, "connection lost, resuming behind cursor %lld", (long long)f.cursor);
    }
    return true;
}
