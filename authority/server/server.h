/* server.h -- the authority's state and its answers. Authority process only.
 *
 * One request, one reply; server_handle decides it, server_run is the loop around it. The state is
 * the keys, the trust store, the revoked tokens and what was signed of each ledger; what a request
 * changes is on disk before its reply. Handlers are in serve_sign.c, serve_store.c, serve_token.c,
 * serve_secret.c and serve_trust.c.
 *
 *   first                     then             so
 *   a change is on disk       killed           it holds after the restart, though nobody was told
 *   killed                    -                what was not on disk never was
 *   SECRET_UNSEAL, pipe full  other requests   answered meanwhile; pour.h bounds the wait
 *   SECRET_UNSEAL             attempt ends     an error reply, nothing more is written
 *   the host is gone          pipes wait       server_run returns, what waits is wiped */
#ifndef ORCH_AUTHORITY_SERVER_SERVER_H
#define ORCH_AUTHORITY_SERVER_SERVER_H

#include "authority/history/history.h"
#include "authority/keys/keyring.h"
#include "authority/server/pour.h"
#include "authority/token/revoked.h"
#include "authority/trust/trust.h"
#include "authority/wire/protocol.h"
#include "base/log_limit.h"

struct server {
    struct keyring *keyring;
    struct trust *trust;
    struct revoked *revoked;
    struct history *history;
    char *trust_dir;
    struct pours pours;
    struct log_limit refused[MESSAGE_COUNT]; /* the lines of what is refused, by what was asked */
};

/* Loads HOME/root.key (keyring.h), HOME/trust/ and, in HOME/authority, revoked-tokens and
 * what history.h keeps; makes the two folders where they are missing. */
bool server_open(const char *home, struct server **ret, struct err *e) must_check;
void server_free(struct server *server);
DEFINE_AUTO(server)

/* One request as its handler sees it. */
struct request {
    uint64_t id;
    struct unpack body;
    int *fd;       /* the handler may take it */
    bool deferred; /* set by a handler whose reply comes later */
};

/* Appends the reply's fields to reply. An error is the reply, not the server's end. */
typedef bool (*serve_fn)(struct server *server, struct request *request, struct buf *reply,
                         struct err *e);

bool serve_verify_bundle(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_verify_dag(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_sign(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_public_keys(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_token_mint(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_token_verify(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_token_revoke(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_store_bind(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_secret_seal(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_secret_unseal(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_trust_reload(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_trust_list(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_trust_add(struct server *, struct request *, struct buf *, struct err *) must_check;
bool serve_trust_revoke(struct server *, struct request *, struct buf *, struct err *) must_check;

/* Appends the whole reply, an error included. False when the reply comes later. */
bool server_handle(struct server *server, struct message *message, struct buf *reply) must_check;

/* Answers until the peer is gone (true) or sent what it may not (false). */
bool server_run(struct server *server, int sock, struct err *e) must_check;

#endif
