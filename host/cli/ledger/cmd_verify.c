/* cmd_verify.c -- `orch verify FILE...`: signed statements and bundles, without a host. */
#include "cli/ledger/verify.h"

#include "authority/trust/dsse.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "bundle/bundle.h"
#include "cli/out.h"

#include <string.h>

enum { VERIFY_BYTES_MAX = BUNDLE_BYTES_MAX + 1024 * 1024 };

static bool is_bundle(const char *path)
{
    size_t len = strlen(path), suffix = strlen(BUNDLE_SUFFIX);

    return len > suffix && strcmp(path + len - suffix, BUNDLE_SUFFIX) == 0;
}

/* One row of the result; a failure is a row too, and makes the exit. */
static void add_row(struct cli *cli, json_t *rows, const char *file, bool good, json_t *facts,
                    const struct err *why)
{
    json_t *row = good ? facts : json_object();

    json_object_set_new(row, "file", json_string(file));
    json_object_set_new(row, "verified", json_boolean(good));
    if (!good) {
        json_object_set_new(row, "detail", json_string(why->msg));
        cli_exit(cli, CLI_EXIT_UNVERIFIED);
    }
    json_array_append_new(rows, row);
}

/* The end of the first envelope in text: a line when that is a whole one (in-toto's .jsonl has one
 * a line), otherwise the whole text. */
static size_t envelope_len(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);

    return end != NULL && end > text && end[-1] == '}' && text[0] == '{' && end - text > 2
               ? (size_t)(end - text)
               : len;
}

/* The head in an envelope, and who signed it; false when it is none, or not to be believed. */
static bool head_of(const struct trust *trust, const char *text, size_t len,
                    struct ledger_head *ret, const struct trust_entry **ret_by)
{
    auto_json envelope = json_loadb(text, len, 0, NULL);
    struct err ignored = {0};

    return envelope != NULL && verify_head(trust, envelope, ret, ret_by, &ignored);
}

/* What the other heads of this call are held against; a file that cannot be read is told later. */
static void gather_heads(const struct trust *trust, const char *file, struct known_heads *known)
{
    auto_done(buf) bytes = {0};
    auto_fd fd = -1;
    bool ledger = true;
    struct err ignored = {0};
    const char *at, *end;

    if (is_bundle(file) || strcmp(file, "-") == 0 || !file_open(file, &fd, &ignored) ||
        !verify_is_ledger(fd, &bytes, &ledger, &ignored) || ledger ||
        !fd_read_all(fd, VERIFY_BYTES_MAX, &bytes, &ignored))
        return;
    at = buf_text(&bytes);
    for (end = at + bytes.len; at < end; at += strspn(at, " \t\r\n")) {
        size_t len = envelope_len(at, (size_t)(end - at));
        const struct trust_entry *by;
        struct ledger_head head;

        if (head_of(trust, at, len, &head, &by))
            known_heads_add(known, by->key_id.text, &head, file);
        at += len;
    }
}

static bool verify_one(const struct trust *trust, const struct known_heads *known, const char *text,
                       size_t len, json_t **ret, struct err *e)
{
    const struct trust_entry *by;
    struct ledger_head head;
    auto_json facts = NULL;

    if (!verify_envelope(trust, text, len, &facts, e))
        return false;
    if (head_of(trust, text, len, &head, &by) &&
        !known_heads_check(known, by->key_id.text, &head, e))
        return false;
    *ret = take(facts);
    return true;
}

static void verify_lines(struct cli *cli, const struct trust *trust,
                         const struct known_heads *known, const char *file, const struct buf *text,
                         json_t *rows)
{
    const char *at = buf_text(text);
    const char *end = at + text->len;

    do {
        size_t len = envelope_len(at, (size_t)(end - at));
        json_t *facts = NULL;
        struct err why = {0};
        bool good = verify_one(trust, known, at, len, &facts, &why);

        add_row(cli, rows, file, good, facts, &why);
        at += len;
        at += strspn(at, " \t\r\n");
    } while (at < end);
}

static bool verify_file(struct cli *cli, const struct trust *trust, struct known_heads *known,
                        const char *file, json_t *rows, struct err *e)
{
    const char *tenant = cli->set.tenant != NULL ? cli->set.tenant : "default";
    auto_done(buf) bytes = {0};
    auto_fd fd = -1;
    json_t *facts = NULL;
    struct err why = {0};
    bool good, ledger;

    if (!file_open(file, &fd, e))
        return false;
    if (!verify_is_ledger(fd, &bytes, &ledger, e) ||
        (!ledger && !fd_read_all(fd, VERIFY_BYTES_MAX, &bytes, e)))
        return err_wrap(e, "'%s'", file);
    if (!ledger && !is_bundle(file)) {
        verify_lines(cli, trust, known, file, &bytes, rows);
        return true;
    }
    good = ledger ? verify_ledger(trust, known, file, fd, &bytes, &facts, &why)
                  : verify_bundle(trust, tenant, buf_text(&bytes), bytes.len, &facts, &why);
    add_row(cli, rows, file, good, facts, &why);
    return true;
}

static bool verify(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"FILE", "file"},     {"VERIFIED", "verified"}, {"KIND", "kind"}, {"SUBJECT", "subject"},
        {"SIGNER", "signer"}, {"DETAIL", "detail"},     {NULL, NULL},
    };
    auto_obj(trust) trust = NULL;
    auto_obj(known_heads) known = known_heads_new();
    auto_json rows = json_array();

    if (!verify_trust_open(cli, cli_flag_text(cli, "trust"), &trust, e))
        return false;
    if (trust_count(trust) == 0)
        return err_set(e, ERR_NOT_FOUND,
                       "no key is trusted; name one with --trust, or run where ORCH_HOME/trust is");
    for (size_t i = 0; i < cli->arg_count; i++)
        gather_heads(trust, cli_arg(cli, i), known);
    for (size_t i = 0; i < cli->arg_count; i++) {
        if (!verify_file(cli, trust, known, cli_arg(cli, i), rows, e))
            return false;
    }
    out_rows(cli, columns, rows, NULL);
    return true;
}

static const struct cli_flag flags[] = {
    {.name = "trust",
     .type = FLAG_FILE,
     .value = "PATH",
     .help = "a public key (PEM) or a folder of trust entries (default ORCH_HOME/trust)"},
    {.name = NULL},
};
static const struct cli_arg args[] = {
    {"FILE", true, true,
     "provenance statement, ledger head, signed DAG (DSSE), exported ledger or .orchbundle"},
    {NULL, false, false, NULL},
};
static const struct cli_verb verbs[] = {
    {.summary = "Verify signed files offline",
     .details =
         "Checks the signature against the trusted keys, then computes every hash again: "
         "node records, chains, subjects, Merkle root, archive. Exits 1 when anything differs "
         "and says what.",
     .flags = flags,
     .args = args,
     .handler = verify},
    {.handler = NULL},
};
const struct cli_group cli_group_verify = {.name = "verify",
                                           .summary =
                                               "Verify provenance, ledgers and bundles offline",
                                           .verbs = verbs};
