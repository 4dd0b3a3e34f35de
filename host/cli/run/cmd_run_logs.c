/* cmd_run_logs.c -- run logs, and run provenance: what a run leaves behind. */
#include "cli/run/cmd_run.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/out.h"
#include "cli/tree.h"

#include <string.h>
#include <time.h>

enum { FOLLOW_POLL_MS = 300 };

struct tail {
    struct cli *cli;
    const char *run_id;
    char *page_token; /* the cursor of the last line, NULL before the first */
    unsigned tries;
};

static void tail_done(struct tail *t)
{
    free(t->page_token);
}
DEFINE_AUTO_DONE(tail)

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "-";
}

/* "2026-11-22T10:02:11.482913Z  scan#1  warn  text" */
static void put_line(const struct cli *cli, const json_t *entry)
{
    auto_done(buf) b = {0};
    const char *message = text_at(entry, "message");

    if (cli->set.format != CLI_TABLE) {
        json_add_compact(&b, entry);
    } else {
        buf_addf(&b, "%s  ", text_at(entry, "timestamp"));
        text_add_printable(&b, text_at(entry, "stepId"), strlen(text_at(entry, "stepId")));
        buf_addf(&b, "#%d  %s  ", (int)json_integer_value(json_object_get(entry, "attempt")),
                 text_at(entry, "level"));
        text_add_printable(&b, message, strlen(message));
    }
    fprintf(cli->out, "%s\n", buf_text(&b));
}

static bool fetch_page(struct tail *t, json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};

    buf_adds(&path, "/runs");
    client_path_add(&path, t->run_id);
    buf_adds(&path, "/logs");
    client_query_add(&path, "stepId", cli_flag_text(t->cli, "step-id"));
    client_query_add(&path, "page_size", "500");
    client_query_add(&path, "page_token", t->page_token);
    return client_get(t->cli, buf_text(&path), ret, e) || err_wrap(e, "run %s", t->run_id);
}

/* Prints one page. The host names the next one while there are lines; an empty page ends. */
static bool show_page(struct tail *t, bool *ret_more, struct err *e)
{
    auto_json reply = NULL;
    const json_t *entry;
    const char *next;
    size_t i;

    if (!fetch_page(t, &reply, e))
        return false;
    json_array_foreach(json_object_get(reply, "items"), i, entry) put_line(t->cli, entry);
    fflush(t->cli->out);
    next = json_string_value(json_object_get(reply, "next_page_token"));
    *ret_more = next != NULL;
    if (next != NULL) {
        free(t->page_token);
        t->page_token = mem_str(next);
    }
    return true;
}

static bool run_ended(struct tail *t, bool *ret, struct err *e)
{
    auto_json run = NULL;

    if (!run_fetch(t->cli, t->run_id, &run, e))
        return false;
    *ret = run_is_final(json_string_value(json_object_get(run, "status")));
    return true;
}

static bool show_all(struct tail *t, struct err *e)
{
    bool more = true;

    while (more) {
        if (!show_page(t, &more, e))
            return false;
    }
    return true;
}

bool run_logs_verb(struct cli *cli, struct err *e)
{
    struct timespec wait = {0, FOLLOW_POLL_MS * 1000000L};
    auto_done(tail) t = {.cli = cli};
    bool ended = !cli_flag_bool(cli, "follow");

    if (!run_id_of(cli, &t.run_id, e))
        return false;
    while (!ended) { /* asked before the page is read, so that the last lines are not missed */
        bool asked = run_ended(&t, &ended, e) && show_all(&t, e);

        if (!asked && !run_try_again(cli, &t.tries, e))
            return false;
        if (asked && !ended)
            nanosleep(&wait, NULL);
    }
    return cli_flag_bool(cli, "follow") || show_all(&t, e);
}

bool run_provenance_verb(struct cli *cli, struct err *e)
{
    auto_json envelope = NULL;
    auto_done(buf) text = {0};
    const char *run_id = NULL;

    if (!run_id_of(cli, &run_id, e) || !run_fetch_provenance(cli, run_id, &envelope, e))
        return false;
    json_add_compact(&text, envelope);
    fprintf(cli->out, "%s\n", buf_text(&text));
    return true;
}
