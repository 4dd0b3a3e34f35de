/* installed.h -- private to catalog: one bundle file and its verdict, and the table of all.
 *
 * Who owns what: the table owns the bundles; a check (check.c) that the authority was asked for
 * owns the bytes that are verified and is freed by the answer alone, whatever becomes of its bundle
 * meanwhile. The sandbox has a library once, whichever bundles hold it; each of them is judged by
 * its own manifest. */
#ifndef ORCH_ENGINE_CATALOG_INSTALLED_H
#define ORCH_ENGINE_CATALOG_INSTALLED_H

#include "base/buf.h"
#include "base/text.h"
#include "bundle/manifest.h"
#include "engine/catalog/agents.h"
#include "engine/env/env.h"

#include <uthash.h>

/* What a bundle waits for, or its verdict; the words are shown to clients.
 *      state        word           what it means */
#define BUNDLE_STATE_MAP(XX)                                                                       \
    XX(CHECKING, "checking")       /* the authority is asked */                                    \
    XX(LOADING, "loading")         /* verified; the sandbox loads it */                            \
    XX(AGREED, "agreed")           /* it is what its manifest says; names are not given yet */     \
    XX(READY, "ready")             /* its agents may run */                                        \
    XX(CONFLICT, "conflict")       /* another bundle has the name already */                       \
    XX(REFUSED, "refused")         /* tried again by the next scan; so are the next two */         \
    XX(REVOKED, "revoked")         /* it was granted once, and is not any more */                  \
    XX(REMOVED, "removed")         /* its file is gone */                                          \
    XX(QUARANTINED, "quarantined") /* it failed again and again; until it is released */

enum bundle_state {
#define XX(name, word) BUNDLE_##name,
    BUNDLE_STATE_MAP(XX)
#undef XX
        BUNDLE_STATE_COUNT,
};

struct check;

struct bundle {
    struct agents *owner;
    char *file; /* name in the folder */
    enum bundle_state state;
    char *reason;        /* NULL where the state says all */
    bool untrusted;      /* REFUSED: by what its signer may do, not by what became of its bytes */
    struct check *check; /* the authority is asked; NULL: it is not */
    bool again;          /* to be asked once more: trust changed meanwhile */
    struct buf envelope; /* of the verified bundle, to verify it again */
    struct sha256_hex bundle_hash, archive_hash;
    struct sha256_hex digest;  /* of the library; "" before it was unpacked */
    struct manifest *manifest; /* as it was signed; NULL before it was verified */
    char *payload;             /* the same as text */
    char *label;               /* "id@version" */
    char key_id[FINGERPRINT_BYTES], signer[129];
    json_t *tenants;   /* patterns that its key's entry has; an array once verified */
    bool warm;         /* granted */
    bool stored;       /* the store has it */
    char *not_stored;  /* why it could not be put there; NULL: it was not tried in vain */
    int64_t since_us;  /* first installed; INT64_MAX: not before now */
    UT_hash_handle hh; /* by file */
};

/* An agent id and the loaded bundles that have it. Of no two that are ready and have tenants in
 * common do plugin ids or keys differ; the others have no name, and are found by digest alone. */
struct offer {
    struct agent agent; /* its texts are the bundle's */
    const struct bundle *bundle;
};
struct name {
    const char *id;
    struct offer *offers;
    size_t count;
    UT_hash_handle hh; /* by id */
};

/* A plugin that the store remembers: it was ready when a host was here last. */
struct expected {
    struct manifest *manifest;
    char *file; /* its bundle's name, if nobody changed it */
};

struct agents {
    const struct engine_env *env;
    struct bundle *bundles;
    struct name *names;
    struct expected *expected; /* as of the last scan */
    size_t expected_count;
    struct stock *stock;
    char *told;        /* of its agents, in the host's row; NULL: nothing yet */
    int64_t looked_ns; /* when what the store has was wanted last; 0: never */
    bool ending;
};

const char *bundle_state_word(enum bundle_state state);
/* The sandbox has, or is given, its library for its sake. */
bool bundle_in_use(const struct bundle *b);
/* It is loaded, and what its manifest says: its agents can run, whoever has their names. */
bool bundle_loaded(const struct bundle *b);
/* Another bundle in use with the same library; NULL: none. */
struct bundle *bundle_twin(const struct bundle *b);
bool bundle_for(const struct bundle *b, const char *tenant);

/* The file is in the folder: it is looked at, or once more. Borrowed. */
struct bundle *bundle_look_at(struct agents *agents, const char *file);
/* One that was quarantined. */
void bundle_try_again(struct bundle *b);

/* The verdicts against it. Each takes its agents away at once. */
void bundle_refuse(struct bundle *b, const struct err *why);
/* Of its file; the caller owns it. */
char *bundle_path(const struct bundle *b) must_check;
/* REVOKED or REMOVED: attempts that run end, and say why. */
void bundle_withdraw(struct bundle *b, enum bundle_state state, const char *why);

/* check.c: what is in use is verified again under the trust as it is now, what is not is read anew
 * from its file; when the authority is being asked already, it is asked once more after that. */
void check_soon(struct bundle *b);

/* names.c: gives names to those that agreed, once nobody is on the way. */
void names_settle(struct agents *agents);
void names_rebuild(struct agents *agents);
void names_free(struct agents *agents);

/* rows.c: what the store remembers is read anew. */
void expected_read(struct agents *agents);
void expected_free(struct agents *agents);

/* rows.c: what GET /plugins shows and what the next start knows of who was first. */
void rows_remember(struct bundle *b);
void rows_forget(const struct bundle *b);
/* What the names are now goes into the host's row, where the other hosts read it. */
void rows_tell_agents(struct agents *agents);
/* All that the store has, until each says false; what cannot be read is logged and left out. */
typedef bool rows_each_fn(void *arg, const struct store_plugin *row);
void rows_each(const struct agents *agents, rows_each_fn *each, void *arg);
int64_t rows_since(const struct agents *agents, const char *bundle_hash);

#endif
