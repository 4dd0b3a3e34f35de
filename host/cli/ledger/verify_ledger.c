/* verify_ledger.c -- signed heads and exported ledgers, offline; see verify.h. An export may be of
 * any size: it is read line by line. */
#include "authority/trust/dsse.h"
#include "base/mem.h"
#include "cli/ledger/verify.h"
#include "model/ledger/check.h"
#include "model/ledger/export.h"

#include <errno.h>
#include <string.h>

enum { READ_BYTES = 64 * 1024 };

bool verify_head(const struct trust *trust, const json_t *envelope, struct ledger_head *ret,
                 const struct trust_entry **ret_by, struct err *e)
{
    const struct trust_ask ask = {.role = TRUST_HOST, .type = DSSE_TYPE_LEDGER_HEAD};
    auto_obj(dsse_envelope) parsed = NULL;
    auto_done(buf) text = {0};

    if (!json_is_object(envelope))
        return err_set(e, ERR_CORRUPT, "not a signed head");
    json_add_compact(&text, envelope);
    if (!dsse_parse(buf_text(&text), text.len, &parsed, e))
        return false;
    if (strcmp(parsed->type, DSSE_TYPE_LEDGER_HEAD) != 0)
        return err_set(e, ERR_CORRUPT, "the signed content is '%s', not a ledger head",
                       parsed->type);
    if (trust != NULL && !trust_verify(trust, parsed, &ask, ret_by, e))
        return false;
    return ledger_head_parse(buf_text(&parsed->payload), parsed->payload.len, ret, e);
}

void verify_add_time(const struct ledger_head *head, struct buf *b)
{
    buf_addf(b, "signed %s", head->timestamp);
    if (*head->latest != '\0')
        buf_addf(b, " by a clock that was set back: an earlier head has %s", head->latest);
}

/* Appends what one read gives; *ret_end: there is no more. */
static bool read_more(int fd, struct buf *b, bool *ret_end, struct err *e)
{
    ssize_t n;

    buf_reserve(b, READ_BYTES);
    do
        n = read(fd, b->data + b->len, READ_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(e, "read");
    b->len += (size_t)n;
    b->data[b->len] = '\0';
    *ret_end = n == 0;
    return true;
}

bool verify_is_ledger(int fd, struct buf *start, bool *ret, struct err *e)
{
    static const char begins[] = LEDGER_EXPORT_BEGINS;
    bool end = false;

    while (start->len < sizeof begins - 1 && !end) {
        if (!read_more(fd, start, &end, e))
            return false;
    }
    *ret = strncmp(buf_text(start), begins, sizeof begins - 1) == 0;
    return true;
}

/* Checks every whole line that b holds and drops it. */
static bool check_lines(struct ledger_check *check, struct buf *b, struct err *e)
{
    const char *text = buf_text(b), *end;
    size_t at = 0;

    while ((end = memchr(text + at, '\n', b->len - at)) != NULL) {
        size_t len = (size_t)(end - (text + at));

        if (!ledger_check_line(check, text + at, len, e))
            return false;
        at += len + 1;
    }
    buf_cut(b, at);
    return b->len <= LEDGER_LINE_BYTES_MAX ||
           err_set(e, ERR_TOO_LARGE, "a line has more than %u bytes", LEDGER_LINE_BYTES_MAX);
}

/* Who signed the heads; the last is the newest's. */
struct opening {
    const struct trust *trust;
    const struct trust_entry *by;
    struct known_heads *known;
};

static bool open_head(void *arg, const json_t *envelope, struct ledger_head *ret, struct err *e)
{
    struct opening *opening = arg;

    return verify_head(opening->trust, envelope, ret, &opening->by, e) &&
           known_heads_check(opening->known, opening->by->key_id.text, ret, e);
}

static bool pass_tree(void *arg, const char *tenant, const struct merkle *tree,
                      struct err *e unused_arg)
{
    known_heads_pass(((struct opening *)arg)->known, tenant, tree);
    return true;
}

static json_t *facts_json(const struct ledger_facts *facts)
{
    auto_done(buf) detail = {0};

    buf_addf(&detail, "%llu events of %llu runs, %llu to %llu of the ledger, root %s, ",
             (unsigned long long)facts->events, (unsigned long long)facts->runs,
             (unsigned long long)facts->since + (facts->events > 0),
             (unsigned long long)facts->head.tree.leaves, ledger_tree_root(&facts->head.tree).text);
    verify_add_time(&facts->head, &detail);
    return json_pack("{s:s, s:s, s:I, s:I}", "subject", facts->head.tenant, "detail",
                     buf_text(&detail), "events", (json_int_t)facts->events, "tree_size",
                     (json_int_t)facts->head.tree.leaves);
}

bool verify_ledger(const struct trust *trust, struct known_heads *known, const char *file, int fd,
                   struct buf *start, json_t **ret, struct err *e)
{
    struct opening opening = {.trust = trust, .known = known};
    auto_obj(ledger_check) check = ledger_check_new(open_head, &opening);
    struct ledger_facts facts;
    bool end = false;

    ledger_check_trees(check, pass_tree);
    while (!end) {
        if (!check_lines(check, start, e) || !read_more(fd, start, &end, e))
            return false;
    }
    if (start->len > 0)
        return err_set(e, ERR_CORRUPT, "the export was cut short in the middle of a line");
    if (!ledger_check_end(check, &facts, e) ||
        !known_heads_settle(known, opening.by->key_id.text, e))
        return false;
    known_heads_add(known, opening.by->key_id.text, &facts.head, file);
    *ret = facts_json(&facts);
    verify_add_signer(*ret, "ledger-export", opening.by);
    return true;
}
