/* client.h -- orchd's end of the authority's socket, for its one-threaded loop.
 *
 * A client outlives authorities: the supervisor restarts a dead one and the host attaches the
 * new socket. A request that was accepted (true) has its callback called exactly once, from
 * authority_client_turn, _attach or _free and never from inside the request call; one that was not
 * accepted (false: ERR_UNAVAILABLE when no authority is attached, ERR_LIMIT when
 * AUTHORITY_PENDING_MAX wait, ERR_TOO_LARGE) never calls it. When the authority dies, sends what
 * it may not, or leaves a request unanswered for AUTHORITY_ANSWER_NS, every pending request fails
 * with ERR_UNAVAILABLE and the socket is closed, which ends the authority.
 * A callback may make new requests. Everything in a result is borrowed until it returns.
 *
 *   first                     then             so
 *   request                   authority ends   fails: whether it was done is not known
 *   authority ends            request          fails as above, or is not accepted once that is seen
 *   request                   attach           fails with the old socket; nothing is asked again
 *   request 1                 request 2        answered in any order: SECRET_UNSEAL waits for its
 *                                              pipe, others overtake it
 *   orchd ends                -                the authority sees the end of its socket and ends */
#ifndef ORCH_AUTHORITY_CLIENT_CLIENT_H
#define ORCH_AUTHORITY_CLIENT_CLIENT_H

#include "authority/keys/key.h"
#include "authority/keys/secret.h"
#include "authority/token/token.h"
#include "authority/wire/purpose.h"
#include "base/err.h"
#include "base/hash.h"

#include <stddef.h>
#include <stdint.h>

#define AUTHORITY_ANSWER_NS (10LL * 1000 * 1000 * 1000)

enum { AUTHORITY_PENDING_MAX = 1024 };

struct authority_client;

struct authority_client *authority_client_new(void) must_check;
/* Closes the socket; every request fails, and so does each that comes later. */
void authority_client_end(struct authority_client *client);
void authority_client_free(struct authority_client *client);
DEFINE_AUTO(authority_client)

/* Takes the socket: *fd is -1 afterwards. An earlier socket is closed, its requests fail. */
void authority_client_attach(struct authority_client *client, int *fd);
bool authority_client_attached(const struct authority_client *client);

/* closing is called before each socket is closed: whoever polls its number ends that there, for the
 * number may be another's at once. NULL: nobody does. */
void authority_client_watch(struct authority_client *client, void (*closing)(void *arg), void *arg);
/* For the loop: -1 when none is attached; POLLIN and, while something waits to be sent, POLLOUT;
 * the time on the monotonic clock at which the oldest request runs out (INT64_MAX: none). */
int authority_client_fd(const struct authority_client *client);
short authority_client_events(const struct authority_client *client);
int64_t authority_client_deadline_ns(const struct authority_client *client);
/* Sends what waits, takes what came, calls the callbacks. */
void authority_client_turn(struct authority_client *client, int64_t now_ns);
/* For start-up and tests: turns until nothing is pending. ERR_TIMEOUT leaves them pending. */
bool authority_client_wait(struct authority_client *client, int timeout_ms,
                           struct err *e) must_check;

struct authority_bytes {
    const char *data; /* a NUL behind the last byte only where the comment says text */
    size_t len;
};

/* One member is set: the one named after the request. */
struct authority_result {
    struct {
        struct authority_bytes payload; /* the manifest or the DAG, as it was signed */
        char key[FINGERPRINT_BYTES];
        char signer[129];               /* the trust entry's name */
        struct authority_bytes tenants; /* text: a JSON array of patterns, the entry's */
        bool warm;                      /* the entry grants attempts that share a loaded plugin */
    } verified;
    struct {
        unsigned count; /* as many as were asked, in that order */
        struct authority_bytes envelopes[AUTHORITY_SIGN_MAX]; /* one line of JSON each */
    } signatures;
    struct authority_bytes token; /* minted */
    struct token_claims claims;   /* minted or verified */
    struct authority_bytes blob;  /* sealed: for the store */
    struct {
        struct key_public host;      /* signs provenance and ledger heads */
        struct key_public publisher; /* signs bundles and DAGs that this host makes */
        struct key_public token;
        uint8_t box[SECRET_BOX_KEY_BYTES]; /* what secrets are boxed for */
        struct authority_bytes jwks;       /* text */
    } keys;
    struct authority_bytes heads; /* what was signed last for each tenant, one payload a line */
    struct authority_bytes trust; /* text: a JSON array of the entries with their fingerprint */
};

/* result is NULL when err is set, err is NULL when it is not. */
typedef void (*authority_done_fn)(void *arg, const struct authority_result *result,
                                  const struct err *err);

/* Where the answer goes. */
struct authority_reply {
    authority_done_fn done;
    void *arg;
};

/* Result: verified. tenant "" asks for whichever the signer's entry lists. archive_sha256 is the
 * lower hex that the host computed over the sealed bytes of the archive; the authority refuses when
 * the signed manifest names another. */
bool authority_verify_bundle(struct authority_client *client, const char *tenant,
                             const void *envelope, size_t len, const char *archive_sha256,
                             struct authority_reply reply, struct err *e) must_check;
/* Result: verified. The payload is the canonical JSON of the normalised definition: the caller
 * compares its SHA-256 with the definition's hash. */
bool authority_verify_dag(struct authority_client *client, const char *tenant, const void *envelope,
                          size_t len, struct authority_reply reply, struct err *e) must_check;

struct authority_sign_item {
    enum authority_purpose purpose;
    const char *type; /* must be the purpose's */
    const void *payload;
    size_t len;
    /* Of a ledger head: the envelope of the head before it (NULL: it is the first), and the hashes
     * of the events since, 32 bytes each. */
    struct authority_bytes before, leaves;
};
/* Result: signatures. All or none. ERR_CONFLICT: a head of a smaller or another history than was
 * signed before; nothing of the request is signed. */
bool authority_sign(struct authority_client *client, const struct authority_sign_item *items,
                    unsigned count, struct authority_reply reply, struct err *e) must_check;

/* Result: heads. The store that this host has; another than the first is ERR_CONFLICT, unless it is
 * to be taken anew: then what was signed for the old one is put aside. */
bool authority_store_bind(struct authority_client *client, const char *store_id, bool anew,
                          struct authority_reply reply, struct err *e) must_check;

/* Result: token and claims. */
bool authority_token_mint(struct authority_client *client, const struct token_request *request,
                          struct authority_reply reply, struct err *e) must_check;
/* Result: claims. ERR_UNAUTHENTICATED with the reason when it is not good. */
bool authority_token_verify(struct authority_client *client, const char *token, size_t len,
                            struct authority_reply reply, struct err *e) must_check;
/* Result: none. Durable before the answer. expires_s is when it would have ended by itself. */
bool authority_token_revoke(struct authority_client *client, const char *token_id,
                            int64_t expires_s, struct authority_reply reply,
                            struct err *e) must_check;

/* Result: blob. */
bool authority_secret_seal(struct authority_client *client, const struct secret_name *name,
                           const void *box, size_t len, struct authority_reply reply,
                           struct err *e) must_check;
struct authority_secret_ref {
    const char *env_name; /* the name under which the node asks for it */
    const char *name;
    uint32_t version;
    const void *blob;
    size_t len;
};
/* Result: none, once the values are in the pipe and the authority has closed its end. Takes the
 * pipe's write end, also when it is not accepted: *pipe_fd is -1 afterwards. */
bool authority_secret_unseal(struct authority_client *client, const char *tenant,
                             const struct authority_secret_ref *refs, unsigned count, int *pipe_fd,
                             struct authority_reply reply, struct err *e) must_check;

/* Result: keys. */
bool authority_public_keys(struct authority_client *client, struct authority_reply reply,
                           struct err *e) must_check;
/* Result: none. An error leaves the store as it was. */
bool authority_trust_reload(struct authority_client *client, struct authority_reply reply,
                            struct err *e) must_check;
/* Result: trust. */
bool authority_trust_list(struct authority_client *client, struct authority_reply reply,
                          struct err *e) must_check;
/* Result: none. entry is the JSON of trust.h. Durable before the answer. */
bool authority_trust_add(struct authority_client *client, const char *entry, size_t len,
                         struct authority_reply reply, struct err *e) must_check;
bool authority_trust_revoke(struct authority_client *client, const char *key_id, const char *reason,
                            struct authority_reply reply, struct err *e) must_check;

#endif
