/* dsse.h -- DSSE 1.0.2 envelopes: {payload, payloadType, signatures[{keyid, sig}]}.
 *
 * What is signed is PAE(type, body), so a signature made for one payload type is worth nothing for
 * another. Pure: bytes in, bytes out; whom to believe is trust.h. An envelope owns its payload.
 * Parsing follows envelope.md: either base64 alphabet, unknown members are passed over, keyid is a
 * hint. A member that is missing or of the wrong type, bad base64, too many signatures and
 * oversized texts are refused as envelope_malformed; an empty list of signatures as unsigned
 * (refusal.h). Source: https://github.com/secure-systems-lab/dsse, protocol.md and envelope.md,
 * v1.0.2. */
#ifndef ORCH_AUTHORITY_TRUST_DSSE_H
#define ORCH_AUTHORITY_TRUST_DSSE_H

#include "authority/keys/key.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

enum {
    DSSE_TYPE_BYTES_MAX = 128,
    DSSE_KEY_ID_BYTES_MAX = 256,
    DSSE_SIGNATURES_MAX = 8,
};

/* The payload types that we sign, by what they are for. */
#define DSSE_TYPE_BUNDLE "application/vnd.orch.bundle-manifest+json"
#define DSSE_TYPE_DAG "application/vnd.orch.dag+json"
#define DSSE_TYPE_PROVENANCE "application/vnd.in-toto+json"
#define DSSE_TYPE_LEDGER_HEAD "application/vnd.orch.ledger-head+json"

struct dsse_signature {
    char key_id[DSSE_KEY_ID_BYTES_MAX + 1]; /* a hint, never believed; "" when there is none */
    bool ed25519;                           /* false: another algorithm's, nobody can check it */
    uint8_t bytes[SIGNATURE_BYTES];
};

struct dsse_envelope {
    char type[DSSE_TYPE_BYTES_MAX + 1];
    struct buf payload;
    struct dsse_signature signatures[DSSE_SIGNATURES_MAX];
    unsigned count; /* at least 1 */
};

void dsse_envelope_free(struct dsse_envelope *envelope);
DEFINE_AUTO(dsse_envelope)

/* Appends PAE(type, payload): "DSSEv1" SP len SP type SP len SP payload. */
void dsse_pae(const char *type, const void *payload, size_t len, struct buf *b);

bool dsse_parse(const char *text, size_t len, struct dsse_envelope **ret, struct err *e) must_check;

/* Appends an envelope (one line of JSON, no line feed) with one signature a key. type and len are
 * the caller's to bound; count is 1 to DSSE_SIGNATURES_MAX. */
void dsse_sign(const char *type, const void *payload, size_t len,
               const struct key_secret *const *keys, unsigned count, struct buf *ret);

/* True when this signature of the envelope is one by key over the envelope's type and payload. */
bool dsse_signed_by(const struct dsse_envelope *envelope, unsigned index,
                    const struct key_public *key) must_check;

#endif
