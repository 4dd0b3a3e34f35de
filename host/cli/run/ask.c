/* ask.c -- which run a verb is about, and what more than one verb asks of the host. See cmd_run.h.
 */
#include "cli/run/cmd_run.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/client.h"
#include "cli/ledger/verify.h"
#include "cli/out.h"
#include "cli/out_file.h"

#include <string.h>
#include <time.h>

enum { TRIES_MAX = 60, WAIT_MS_MAX = 2000 };
enum { PREFIX_MIN = 4, UUID_TEXT_LEN = 36, SEARCH_PAGES = 8 };
enum { SIGNED_WITHIN_MS = 5000, SIGNED_POLL_MS = 100 };

bool run_read_object(const char *path, const char *what, json_t **ret, struct err *e)
{
    auto_json object = NULL;

    if (path == NULL) {
        *ret = json_object();
        return true;
    }
    if (!client_read_json(path, RUN_INPUT_BYTES_MAX, what, &object, e))
        return false;
    if (!json_is_object(object))
        return err_set(e, ERR_INVALID, "%s '%s': a JSON object is needed, not %s", what, path,
                       json_type_name(object));
    *ret = take(object);
    return true;
}

/* ---- which run ---- */

struct search {
    const char *prefix;
    size_t prefix_len;
    char *found, *other; /* owned; other: a second one */
};

static void search_done(struct search *s)
{
    free(s->found);
    free(s->other);
}
DEFINE_AUTO_DONE(search)

/* *ret_next: the token of the page behind, owned; NULL at the end. */
static bool search_page(struct cli *cli, struct search *s, const char *token, char **ret_next,
                        struct err *e)
{
    auto_done(buf) path = {0};
    auto_json page = NULL;
    const json_t *run;
    size_t i;

    buf_adds(&path, "/runs?page_size=500");
    client_query_add(&path, "page_token", token);
    if (!client_get(cli, buf_text(&path), &page, e))
        return err_wrap(e, "runs");
    json_array_foreach(json_object_get(page, "items"), i, run)
    {
        const char *id = json_string_value(json_object_get(run, "runId"));

        if (id == NULL || strncmp(id, s->prefix, s->prefix_len) != 0 || s->other != NULL)
            continue;
        *(s->found == NULL ? &s->found : &s->other) = mem_str(id);
    }
    *ret_next = mem_str(json_string_value(json_object_get(page, "next_page_token")));
    return true;
}

/* Among the newest SEARCH_PAGES pages. */
static bool run_of_prefix(struct cli *cli, const char *prefix, struct err *e)
{
    auto_done(search) s = {.prefix = prefix, .prefix_len = strlen(prefix)};
    auto_mem char *token = NULL;
    int pages = 0;

    do {
        auto_mem char *at = take(token);

        if (!search_page(cli, &s, at, &token, e))
            return false;
    } while (token != NULL && s.other == NULL && ++pages < SEARCH_PAGES);
    if (s.other != NULL)
        return err_set(e, ERR_INVALID, "'%s' begins more than one run: %s, %s ...", prefix, s.found,
                       s.other);
    if (s.found == NULL)
        return err_set(e, ERR_NOT_FOUND, "no run begins with '%s'", prefix);
    cli->run_id_owned = take(s.found);
    return true;
}

bool run_id_of(struct cli *cli, const char **ret, struct err *e)
{
    const char *flag = cli_flag_text(cli, "run-id"), *arg = cli_arg(cli, 0);
    const char *id = flag != NULL ? flag : arg;

    if ((flag == NULL) == (arg == NULL))
        return err_set(e, ERR_INVALID, "name one run, as RUN or with --run-id");
    if (strlen(id) < PREFIX_MIN || strlen(id) >= UUID_TEXT_LEN ||
        strspn(id, "0123456789abcdef-") != strlen(id)) {
        *ret = id;
        return true;
    }
    if (!run_of_prefix(cli, id, e))
        return false;
    *ret = cli->run_id_owned;
    return true;
}

/* ---- what the host has of it ---- */

bool run_fetch(struct cli *cli, const char *run_id, json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};

    buf_adds(&path, "/runs");
    client_path_add(&path, run_id);
    return client_get(cli, buf_text(&path), ret, e) || err_wrap(e, "run %s", run_id);
}

bool run_fetch_trace(struct cli *cli, const char *run_id, json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};

    buf_adds(&path, "/executions");
    client_path_add(&path, run_id);
    buf_adds(&path, "/trace");
    return client_get(cli, buf_text(&path), ret, e) || err_wrap(e, "run %s", run_id);
}

bool run_try_again(struct cli *cli, unsigned *tries, const struct err *e)
{
    long wait_ms = *tries < 4 ? 100L << *tries : WAIT_MS_MAX;
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000L};

    if (e->code != ERR_UNAVAILABLE || *tries >= TRIES_MAX)
        return false;
    (*tries)++;
    cli_exit(cli, CLI_EXIT_OK);
    nanosleep(&wait, NULL);
    return true;
}

/* Why there is none; a host that does not say is an older one. */
static bool unsigned_yet(const char *run_id, const json_t *reply, struct err *e)
{
    const char *state = json_string_value(json_object_get(reply, "statementState"));
    const char *why = json_string_value(json_object_get(reply, "statementError"));

    if (state != NULL && strcmp(state, "refused") == 0)
        return err_set(e, ERR_CONFLICT, "run %s has no signed statement, it was refused: %s",
                       run_id, why != NULL ? why : "no reason is known");
    return err_set(e, ERR_NOT_FOUND, "run %s has no signed statement%s", run_id,
                   state == NULL                   ? ""
                   : strcmp(state, "waiting") == 0 ? ": it waits for its signature"
                                                   : ": it has not ended");
}

bool run_fetch_provenance(struct cli *cli, const char *run_id, json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;
    const json_t *envelope;

    buf_adds(&path, "/runs");
    client_path_add(&path, run_id);
    buf_adds(&path, "/provenance?records=false");
    if (!client_get(cli, buf_text(&path), &reply, e))
        return err_wrap(e, "provenance of run %s", run_id);
    envelope = json_object_get(reply, "statement");
    if (!json_is_object(envelope))
        return unsigned_yet(run_id, reply, e);
    *ret = json_incref((json_t *)envelope);
    return true;
}

static bool fetch_when_signed(struct cli *cli, const char *run_id, json_t **ret, struct err *e)
{
    struct timespec wait = {0, SIGNED_POLL_MS * 1000000L};

    for (int waited = 0;; waited += SIGNED_POLL_MS) {
        if (run_fetch_provenance(cli, run_id, ret, e))
            return true;
        if (e->code != ERR_NOT_FOUND || waited >= SIGNED_WITHIN_MS)
            return false;
        nanosleep(&wait, NULL);
    }
}

bool run_save_statement(struct cli *cli, const char *run_id, const char *file, struct buf *line,
                        struct err *e)
{
    auto_obj(trust) trust = NULL;
    auto_json envelope = NULL;
    auto_json facts = NULL;
    auto_done(buf) text = {0};

    if (!verify_trust_open(cli, NULL, &trust, e) || !fetch_when_signed(cli, run_id, &envelope, e))
        return false;
    json_add_compact(&text, envelope);
    if (!verify_envelope(trust, buf_text(&text), text.len, &facts, e)) {
        cli_exit(cli, CLI_EXIT_UNVERIFIED);
        return err_wrap(e, "provenance of run %s", run_id);
    }
    buf_addc(&text, '\n');
    if (!out_file_write(file, buf_text(&text), text.len, 0644, e))
        return false;
    buf_addf(line, "signed, verified %s%s%s -> %s", cli_style(cli, STYLE_GREEN),
             out_sign(cli, "✔", "+"), cli_style(cli, STYLE_RESET), file);
    return true;
}
