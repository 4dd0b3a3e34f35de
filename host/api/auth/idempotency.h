/* idempotency.h -- may a request with this Idempotency-Key go on? On POSTs that change something
 * the first answer is remembered under (tenant, key, method and path) before it goes out, and given
 * again to a repeat with the same body. A repeat with another body is refused, and so is one while
 * the first still runs.
 *
 * What may happen in which order. A request first looks for an answer, beside the loop, and then
 * takes the claim. It is held from before the handler runs until the request ends, over every turn
 * in which the engine works and the answer is being remembered, and also when the client has left
 * meanwhile. Whoever looked while a twin's claim ended looks again. So a twin finds either the
 * claim or the remembered answer, never the gap between them. Only decisions stand here; the
 * request acts on them. Loop thread, but for idempotency_find. */
#ifndef ORCH_API_AUTH_IDEMPOTENCY_H
#define ORCH_API_AUTH_IDEMPOTENCY_H

#include "api/http/http.h"
#include "base/hash.h"
#include "store/reader.h"

#include <sys/queue.h>

struct idempotency;

struct idempotency *idempotency_new(void) must_check;
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
    bool looks; /* for an answer */
    bool stale; /* a twin's claim ended meanwhile */
    bool held;
    const char *tenant;
    const char *key;
    char path[HTTP_PATH_BYTES_MAX + 16]; /* "POST /runs" */
    struct sha256_hex body_hash;
    LIST_ENTRY(idempotency_claim) link; /* while it looks or is held */
};

/* Begins to look. False: refused; *ret_code is the problem's code. */
bool idempotency_look(struct idempotency *i, const struct idempotency_ask *ask,
                      struct idempotency_claim *claim, const char **ret_code,
                      struct err *e) must_check;
/* On any thread, while it looks: the answer that was remembered, or no row. */
bool idempotency_find(const struct idempotency_claim *claim, struct store_reader *reader,
                      struct store_idempotency_list *ret, struct err *e) must_check;
/* By what was found. True: the same was answered before, with the row, or the claim is held, or it
 * is stale: look again. False: refused, as above. */
bool idempotency_take(struct idempotency *i, struct idempotency_claim *claim,
                      const struct store_idempotency_list *found, const char **ret_code,
                      struct err *e) must_check;
/* The request ends. Does nothing for a claim that neither looks nor is held. */
void idempotency_release(struct idempotency *i, struct idempotency_claim *claim);

#endif
