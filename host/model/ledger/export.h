/* export.h -- a tenant's ledger as NDJSON. Every line is one JSON object in canonical form
 * (RFC 8785) and a line feed, so there is one way only to write it:
 *
 *   first   {"export":"orch.ledger/1","since":HEAD,"tenant":TENANT}
 *   then    {"data":{},"hash":H,"n":N,"prev":H,"run_id":R,"timestamp":T,"type":Y}, one an event
 *   last    {"count":N,"head":HEAD,"sha256":H}
 *
 * The events are the tenant's in the order of its Merkle tree (head.h), each with what its hash is
 * made of (event.h) and nothing else. HEAD is the DSSE envelope of a signed head; the events are
 * all those under `head` that are not under `since`, which is null in an export from the first
 * event. count is the number of event lines, sha256 is of every line before the last with its line
 * feed. So the two heads prove every line, and a file that was cut short shows it: no last line.
 *
 * This is the writing half, used by the host; check.h is the reader's. The writer borrows nothing
 * after a call. Pure. */
#ifndef ORCH_MODEL_LEDGER_EXPORT_H
#define ORCH_MODEL_LEDGER_EXPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "model/ledger/event.h"

#include <stdint.h>

#define LEDGER_EXPORT_FORMAT "orch.ledger/1"
#define LEDGER_EXPORT_BEGINS "{\"export\":" /* what no other signed file of ours begins with */
#define LEDGER_LINE_BYTES_MAX (256u * 1024) /* without the line feed */

/* Embedded; {0} before the first call. */
struct ledger_export {
    struct sha256_stream *sha; /* of what was written so far; NULL before and after */
    uint64_t count;
};

/* Each appends its line. since and head are parsed envelopes; since may be NULL. The export is
 * over after ledger_export_end. */
bool ledger_export_begin(struct ledger_export *x, const char *tenant, const json_t *since,
                         struct buf *b, struct err *e) must_check;
void ledger_export_event(struct ledger_export *x, const struct ledger_event *event, uint64_t n,
                         const char *prev, const char *hash, struct buf *b);
bool ledger_export_end(struct ledger_export *x, const json_t *head, struct buf *b,
                       struct err *e) must_check;
/* Lets go of an export, finished or not. */
void ledger_export_done(struct ledger_export *x);
DEFINE_AUTO_DONE(ledger_export)

#endif
