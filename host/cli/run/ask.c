/* ask.c -- which run a verb is about, and what more than one verb asks of the host. See cmd_run.h.
 */
#include "cli/run/cmd_run.h"

#include "base/json.h"
#include "cli/client.h"
#include "cli/ledger/verify.h"
#include "cli/out_file.h"

#include <time.h>

enum { TRIES_MAX = 60, WAIT_MS_MAX = 2000 };
enum { SIGNED_WITHIN_MS = 5000, SIGNED_POLL_MS = 100 };

bool run_id_of(const struct cli *cli, const char **ret, struct err *e)
{
    const char *flag = cli_flag_text(cli, "run-id");
    const char *arg = cli_arg(cli, 0);

    if ((flag == NULL) == (arg == NULL))
        return err_set(e, ERR_INVALID, "name one run, as RUN or with --run-id");
    *ret = flag != NULL ? flag : arg;
    return true;
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

bool run_fetch_provenance(struct cli *cli, const char *run_id, json_t **ret, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;
    const json_t *envelope;

    buf_adds(&path, "/runs");
    client_path_add(&path, run_id);
    buf_adds(&path, "/provenance");
    if (!client_get(cli, buf_text(&path), &reply, e))
        return err_wrap(e, "provenance of run %s", run_id);
    envelope = json_object_get(reply, "statement");
    if (!json_is_object(envelope))
        return err_set(e, ERR_NOT_FOUND, "run %s has no signed statement", run_id);
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
    buf_addf(line, "signed, verified %s✔%s -> %s", cli_style(cli, STYLE_GREEN),
             cli_style(cli, STYLE_RESET), file);
    return true;
}
