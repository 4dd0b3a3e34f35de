/* head.h -- what the signed head of a tenant's ledger says (DESIGN 6).
 *
 * The head is the root of the Merkle tree of RFC 6962 section 2.1 (merkle.h) over the tenant's
 * events in the order of their commits; a leaf is the 32 bytes of an event's hash (event.h). The
 * payload is one JSON object in canonical form (RFC 8785):
 *
 *   {frontier, last_seq, root_hash, tenant, timestamp, tree_size}
 *
 * timestamp is what the clock said when it was signed, also when it was set back. Then, and only
 * then, there is a seventh member, latest_timestamp: the latest time of any head before, which is
 * after timestamp. So the later of the two never falls from head to head (ADR 34), and whoever has
 * two heads of a ledger knows whether the clock is one to believe.
 *
 * frontier holds the root of each complete subtree, the largest first, one for each bit that is set
 * in tree_size: the next head is made of it and of the events since, and whoever trusts one head
 * can check an export that begins behind it. What always holds of a parsed head: its frontier has
 * the root that it says. The DSSE envelope around the payload is the authority's
 * (authority/trust/dsse.h). Pure. Errors: ERR_CORRUPT names the first thing that does not hold. */
#ifndef ORCH_MODEL_LEDGER_HEAD_H
#define ORCH_MODEL_LEDGER_HEAD_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "model/ledger/merkle.h"

#include <stdint.h>

#define LEDGER_HEAD_BYTES_MAX (16u * 1024)

struct ledger_head {
    char tenant[TENANT_BYTES_MAX + 1];
    char timestamp[CLOCK_TEXT_BYTES]; /* RFC 3339 UTC */
    char latest[CLOCK_TEXT_BYTES];    /* of the heads before it; "" unless it is after timestamp */
    int64_t last_seq;                 /* the store's number of the newest event under the head */
    struct merkle tree;               /* of tree_size leaves, at least 1 */
};

/* Appends the event with this hash (64 lower-case hex digits) to a tree. */
bool ledger_tree_add(struct merkle *tree, const char *event_hash, struct err *e) must_check;
struct sha256_hex ledger_tree_root(const struct merkle *tree);

/* Sets the times of the head that follows `before` (NULL: the first) and is signed now. */
void ledger_head_date(struct ledger_head *head, const struct ledger_head *before, int64_t wall_us);
/* Can the larger head have these times? ERR_CORRUPT when a time that the smaller one has seen is
 * hidden. Both are parsed, or dated. */
bool ledger_head_times_follow(const struct ledger_head *smaller, const struct ledger_head *larger,
                              struct err *e) must_check;

/* Appends the payload. */
void ledger_head_write(const struct ledger_head *head, struct buf *b);
bool ledger_head_parse(const char *text, size_t len, struct ledger_head *ret,
                       struct err *e) must_check;

#endif
