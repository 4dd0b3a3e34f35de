/* history.h -- the last head that was signed for each tenant, and the store that it was signed for.
 *
 * A head is signed when its tree is the remembered one with more events behind it (RFC 6962: the
 * remembered frontier and the leaves since give the new root): a store that was put back, or
 * another that grew under the same key, gets no signature. Where nothing is remembered, or less
 * than a head of our own that the host shows, that head is taken: this is how a memory that was
 * lost is made again.
 *
 * FOLDER/ledger-heads has one head a line, the payload as it was signed; the last of a tenant
 * counts. FOLDER/store has the id of the store. Authority process only. */
#ifndef ORCH_AUTHORITY_HISTORY_HISTORY_H
#define ORCH_AUTHORITY_HISTORY_HISTORY_H

#include "authority/keys/key.h"
#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/ledger/head.h"

enum { HISTORY_TENANTS_MAX = 65536 };

struct history;

/* own: the key that signs heads. ERR_CORRUPT names the bad line. */
bool history_load(const char *folder, const struct key_public *own, struct history **ret,
                  struct err *e) must_check;
void history_free(struct history *h); /* accepts NULL */
DEFINE_AUTO(history)

/* A head to sign and what it goes on from. */
struct history_ask {
    const void *payload;
    size_t len;
    const char *before; /* the envelope of the head before it; before_len 0: it is the first */
    size_t before_len;
    const uint8_t *leaves; /* the hashes of the events since, SHA256_BYTES each */
    size_t leaves_len;
};

/* ERR_CONFLICT: a smaller or another history than was signed before. Changes nothing. */
bool history_check(struct history *h, const struct history_ask *ask, struct ledger_head *ret,
                   struct err *e) must_check;
/* Remembers heads that were checked; on the disk when it returns true, all or none. Two of one
 * tenant are ERR_INVALID. */
bool history_keep(struct history *h, const struct ledger_head *heads, size_t count,
                  struct err *e) must_check;

/* Binds the host's store: the first one is taken, another is ERR_CONFLICT. anew: it is taken all
 * the same; what was remembered is kept beside, under the old store's id, and forgotten. */
bool history_bind(struct history *h, const char *store_id, bool anew, struct err *e) must_check;
/* Appends the remembered heads, one payload a line. */
void history_list(const struct history *h, struct buf *b);

#endif
