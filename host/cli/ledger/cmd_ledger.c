/* cmd_ledger.c -- `orch ledger head` and `orch ledger export`: the tenant's ledger, to keep and to
 * prove elsewhere. What comes is checked while it is written, all but the signatures: whose key is
 * to be believed is `orch verify`'s question. */
#include "cli/client.h"
#include "cli/ledger/verify.h"
#include "cli/out.h"
#include "cli/out_file.h"
#include "model/ledger/check.h"

#include <string.h>

enum { IDLE_MS = 60 * 1000 };

/* What the host sent is not what it should be. */
static bool unproven(struct cli *cli, const struct err *why, struct err *e)
{
    cli_exit(cli, CLI_EXIT_UNVERIFIED);
    *e = *why;
    return false;
}

static bool fetch_head(struct cli *cli, json_t **ret, struct ledger_head *ret_head, struct err *e)
{
    auto_json envelope = NULL;
    struct err why = {0};

    if (!client_get(cli, "/ledger/head", &envelope, e))
        return false;
    if (!verify_head(NULL, envelope, ret_head, NULL, &why))
        return unproven(cli, &why, e);
    *ret = take(envelope);
    return true;
}

static bool head(struct cli *cli, struct err *e)
{
    const char *file = cli_flag_text(cli, "out");
    auto_json envelope = NULL;
    auto_done(buf) text = {0};
    struct ledger_head facts;

    if (!fetch_head(cli, &envelope, &facts, e))
        return err_wrap(e, "ledger head");
    json_add_compact(&text, envelope);
    buf_addc(&text, '\n');
    if (strcmp(file, "-") == 0)
        fputs(buf_text(&text), cli->out);
    else if (!out_file_write(file, buf_text(&text), text.len, 0644, e))
        return false;
    cli_say(cli, "head of tenant %s: %llu events, root %s, signed %s", facts.tenant,
            (unsigned long long)facts.tree.leaves, ledger_tree_root(&facts.tree).text,
            facts.timestamp);
    return true;
}

/* ---- export ---- */

struct download {
    struct ledger_check *check;
    FILE *out;
    struct err fail; /* code set: why it was stopped */
};

static bool open_head(void *arg unused_arg, const json_t *envelope, struct ledger_head *ret,
                      struct err *e)
{
    return verify_head(NULL, envelope, ret, NULL, e);
}

static bool on_line(void *arg, const char *line, size_t len)
{
    struct download *d = arg;

    if (!ledger_check_line(d->check, line, len, &d->fail))
        return false;
    if (fwrite(line, 1, len, d->out) == len && fputc('\n', d->out) != EOF)
        return true;
    return err_sys(&d->fail, "write");
}

static bool download(struct cli *cli, FILE *out, struct ledger_facts *ret, struct err *e)
{
    auto_obj(ledger_check) check = ledger_check_new(open_head, NULL);
    struct download d = {.check = check, .out = out};
    auto_done(buf) path = {0};

    buf_adds(&path, "/ledger/export");
    client_query_add(&path, "from", cli_flag_text(cli, "from"));
    client_query_add(&path, "to", cli_flag_text(cli, "to"));
    if (!client_stream(cli, buf_text(&path), IDLE_MS, on_line, &d, e))
        return false;
    if (d.fail.code != ERR_NONE || !ledger_check_end(check, ret, &d.fail))
        return unproven(cli, &d.fail, e);
    return true;
}

static bool download_to(struct cli *cli, const char *path, struct ledger_facts *ret, struct err *e)
{
    auto_done(out_file) file = {0};

    return out_file_open(path, 0644, &file, e) && download(cli, file.stream, ret, e) &&
           out_file_keep(&file, e);
}

static json_t *export_json(const char *file, const struct ledger_facts *facts)
{
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s}", "file", file, "tenant",
                     facts->head.tenant, "events", (json_int_t)facts->events, "runs",
                     (json_int_t)facts->runs, "since", (json_int_t)facts->since, "tree_size",
                     (json_int_t)facts->head.tree.leaves, "root_hash",
                     ledger_tree_root(&facts->head.tree).text, "timestamp", facts->head.timestamp);
}

static bool export(struct cli *cli, struct err *e)
{
    const char *file = cli_flag_text(cli, "out");
    bool to_file = strcmp(file, "-") != 0;
    struct ledger_facts facts;
    auto_json reply = NULL;

    if (!(to_file ? download_to(cli, file, &facts, e) : download(cli, cli->out, &facts, e)))
        return err_wrap(e, "ledger export");
    reply = export_json(file, &facts);
    if (to_file)
        out_id(cli, file, reply);
    cli_say(cli, "%llu events of %llu runs; prove it with: orch verify %s",
            (unsigned long long)facts.events, (unsigned long long)facts.runs, file);
    return true;
}

static const struct cli_flag head_flags[] = {
    {.name = "out",
     .type = FLAG_FILE,
     .value = "FILE",
     .fallback = "-",
     .help = "where to write it (- is standard output)"},
    {.name = NULL},
};
static const struct cli_flag export_flags[] = {
    {.name = "out",
     .type = FLAG_FILE,
     .required = true,
     .value = "FILE",
     .help = "where to write it (- is standard output)"},
    {.name = "from",
     .type = FLAG_TEXT,
     .value = "TIME",
     .help = "from the head before this time (RFC 3339)"},
    {.name = "to",
     .type = FLAG_TEXT,
     .value = "TIME",
     .help = "to the first head at this time or later (RFC 3339)"},
    {.name = NULL},
};
static const struct cli_verb verbs[] = {
    {.name = "head",
     .summary = "Print the newest signed head of the tenant's ledger",
     .details = "The head is a signature over the Merkle root (RFC 6962) of every event of the "
                "tenant so far. Keep it elsewhere: an export that does not lead to it was changed.",
     .flags = head_flags,
     .needs_server = true,
     .handler = head},
    {.name = "export",
     .summary = "Write the tenant's ledger to a file that proves itself",
     .details = "NDJSON: one event a line, then a line with their count, hash and the signed head "
                "over them. The window is widened to signed heads, so that orch verify FILE can "
                "compute all of it again, without a host.",
     .flags = export_flags,
     .needs_server = true,
     .handler = export},
    {.handler = NULL},
};
const struct cli_group cli_group_ledger = {.name = "ledger",
                                           .summary = "The tenant's ledger: head and export",
                                           .verbs = verbs};
