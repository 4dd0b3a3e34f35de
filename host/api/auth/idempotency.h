/* idempotency.h -- may a request with this Idempotency-Key go on? On POSTs that change something
 * the first answer is remembered under (tenant, key, method and path) before it goes out, and given
 * again to a repeat with the same body. A repeat with another body is refused, and so is one while
 * the first still runs.
 *
 * What may happen in which order. A claim is held from before the handler runs until the request
 * ends, over every turn in which the engine works and the answer is being remembered, and also when
 * the client has left meanwhile. So a twin finds either the claim or the remembered answer, never
 * the gap between them. Only decisions stand here; the request acts on them. Loop thread. */
#ifndef ORCH_API_AUTH_IDEMPOTENCY_H
#define ORCH_API_AUTH_IDEMPOTENCY_H

#include "api/http/http.h"
#include "base/hash.h"
#include "store/reader.h"

#include <sys/queue.h>

struct idempotency;

/* reader is borrowed. */
struct idempotency *idempotency_new(struct store_reader *reader) must_check;
/* Accepts NULL. No claim may be held any more. */
void idempotency_free(struct idempotency *i);

/* The request's own texts, which live as long as its claim. */
struct idempotency_ask {
    const char *tenant;
    const char *key;
    const char *path;
    const char *body; /* NULL when body_len is 0 */
    size_t body_len;
};

/* A key that one request holds; lies in the request, all zero before. */
struct idempotency_claim {
    bool held;
    const char *tenant;
    const char *key;
    char path[HTTP_PATH_BYTES_MAX + 16]; /* "POST /runs" */
    struct sha256_hex body_hash;
    LIST_ENTRY(idempotency_claim) link;
};

/* True with a row in ret: the same was answered before, with this. True without: the claim is held.
 * False: refused; *ret_code is the problem's code, NULL for the error's own. */
bool idempotency_take(struct idempotency *i, const struct idempotency_ask *ask,
                      struct idempotency_claim *claim, struct store_idempotency_list *ret,
                      const char **ret_code, struct err *e) must_check;
/* The request ends. Does nothing for a claim that is not held. */
void idempotency_release(struct idempotency_claim *claim);

#endif
