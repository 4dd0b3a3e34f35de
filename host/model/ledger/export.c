/* export.c -- see export.h. */
#include "model/ledger/export.h"

#include <assert.h>

/* Ends the line that begins at `from` and counts it in. */
static void end_line(struct ledger_export *x, struct buf *b, size_t from)
{
    buf_addc(b, '\n');
    sha256_stream_add(x->sha, b->data + from, b->len - from);
}

bool ledger_export_begin(struct ledger_export *x, const char *tenant, const json_t *since,
                         struct buf *b, struct err *e)
{
    auto_json line = json_pack("{s:s, s:O?, s:s}", "export", LEDGER_EXPORT_FORMAT, "since", since,
                               "tenant", tenant);
    size_t from = b->len;

    assert(x->sha == NULL && line != NULL);
    if (!jcs_write(line, b, e))
        return err_wrap(e, "export");
    x->sha = sha256_stream_new();
    end_line(x, b, from);
    return true;
}

void ledger_export_event(struct ledger_export *x, const struct ledger_event *event, uint64_t n,
                         const char *prev, const char *hash, struct buf *b)
{
    size_t from = b->len;

    assert(x->sha != NULL);
    event_add_json(b, event, n, prev, hash);
    end_line(x, b, from);
    x->count++;
}

bool ledger_export_end(struct ledger_export *x, const json_t *head, struct buf *b, struct err *e)
{
    struct sha256_hex sha = sha256_stream_end_hex(take(x->sha));
    auto_json line = json_pack("{s:I, s:O, s:s}", "count", (json_int_t)x->count, "head", head,
                               "sha256", sha.text);

    assert(line != NULL);
    if (!jcs_write(line, b, e))
        return err_wrap(e, "export");
    buf_addc(b, '\n');
    return true;
}

void ledger_export_done(struct ledger_export *x)
{
    if (x->sha != NULL)
        (void)sha256_stream_end_hex(take(x->sha));
}
