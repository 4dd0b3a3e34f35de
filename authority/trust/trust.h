/* trust.h -- whom to believe, for what: the trust store and the checks made against it.
 *
 * One JSON file a key in ORCH_HOME/trust:
 *   {"name", "public_key" (SPKI PEM or base64 of 32 bytes), "roles": ["publisher","dag","host"],
 *    "tenants": ["acme"] or ["*"], "plugins": ["hello*"], "agents": ["hello.*"],
 *    "profiles": ["pure","files","net"], "isolation": ["warm"],
 *    "network": ["api.example:443","*.example:443"], "min_versions": {"hello": "1.2.0"},
 *    "revoked": {"at": RFC 3339, "reason"}}
 * Only name, public_key and roles are required. Absent means nothing: no tenants, no plugins,
 * no agents; profiles alone defaults to ["pure"]. "isolation" lists what a plugin may be run as
 * besides a process of its own for each attempt: "warm" shares a loaded plugin among attempts.
 * Unknown members are refused. "quorum" (k-of-n) is not
 * supported and is refused as such. Members of the lists are fnmatch(3) patterns.
 *
 * A grant is what the manifest asks AND what the operator's entry allows: a manifest that asks for
 * more is refused whole, never trimmed. trust.c keeps the entries, verify.c judges with them.
 * Owns its entries; borrowed entries live until the next
 * change. Used by the authority process and, offline, by the CLI. Refusals: refusal.h. */
#ifndef ORCH_AUTHORITY_TRUST_TRUST_H
#define ORCH_AUTHORITY_TRUST_TRUST_H

#include "authority/keys/key.h"
#include "authority/trust/dsse.h"
#include "base/err.h"

#include <jansson.h>

#define TRUST_WARM "warm"

enum {
    TRUST_KEYS_MAX = 128,
    TRUST_LIST_MAX = 256, /* members of one list of an entry */
    TRUST_NAME_BYTES_MAX = 128,
    TRUST_FILE_BYTES_MAX = 64 * 1024,
};

/*     role       word */
#define TRUST_ROLE_MAP(XX)                                                                         \
    XX(PUBLISHER, "publisher")                                                                     \
    XX(DAG, "dag")                                                                                 \
    XX(HOST, "host")

enum trust_role {
#define XX(name, word) TRUST_##name,
    TRUST_ROLE_MAP(XX)
#undef XX
        TRUST_ROLE_COUNT,
};
const char *trust_role_text(enum trust_role role);

struct trust_entry {
    char name[TRUST_NAME_BYTES_MAX + 1];
    struct key_public key;
    struct sha256_hex key_id;
    struct fingerprint fingerprint;
    unsigned roles; /* 1u << enum trust_role */
    bool revoked;
    char *file;   /* its name in the folder */
    json_t *json; /* the entry as its file has it; lists and texts are read from here */
};

struct trust;

struct trust *trust_new(void) must_check;
void trust_free(struct trust *trust);
DEFINE_AUTO(trust)

/* Reads every *.json of the folder; one bad file fails the whole with its name, so does one that
 * others may write. A folder that is not there is an empty store. */
bool trust_load(const char *dir, struct trust **ret, struct err *e) must_check;
/* Adds one entry from its JSON text. A key that is there already is ERR_CONFLICT. */
bool trust_add(struct trust *trust, const char *text, size_t len, const struct trust_entry **ret,
               struct err *e) must_check;
/* Adds a bare key for offline verification: every tenant, every plugin and profile, these roles. */
bool trust_add_key(struct trust *trust, const struct key_public *key, const char *name,
                   unsigned roles, struct err *e) must_check;
/* Marks the key as revoked, at wall time now_us. ERR_NOT_FOUND, or ERR_CONFLICT when it is. */
bool trust_revoke(struct trust *trust, const char *key_id, const char *reason, int64_t now_us,
                  const struct trust_entry **ret, struct err *e) must_check;
/* Writes the entry to its file in the folder (a new one is KEY_ID.json), atomically. */
bool trust_save(const struct trust_entry *entry, const char *dir, struct err *e) must_check;

/* True when a pattern (fnmatch(3)) of the entry's list matches value; no list matches nothing. */
bool trust_lists(const struct trust_entry *entry, const char *list, const char *value);

size_t trust_count(const struct trust *trust);
const struct trust_entry *trust_at(const struct trust *trust, size_t index);
const struct trust_entry *trust_find(const struct trust *trust, const char *key_id);

/* What the caller expects of an envelope. */
struct trust_ask {
    enum trust_role role;
    const char *type;   /* the payload type */
    const char *tenant; /* NULL: a host statement, which belongs to no tenant */
};

/* Accepts when at least one signature is good, by a key that is trusted, not revoked and may sign
 * this for this tenant; *ret is that key's entry. Otherwise refuses with the reason that came
 * nearest: unknown key, wrong signature, revoked, purpose, tenant. */
bool trust_verify(const struct trust *trust, const struct dsse_envelope *envelope,
                  const struct trust_ask *ask, const struct trust_entry **ret,
                  struct err *e) must_check;

/* Checks a verified manifest against its signer's entry and the archive that came with it:
 * plugin id, agent ids, downgrade, archive hash (lower hex), profiles and network targets. */
bool trust_grant(const struct trust_entry *entry, const void *manifest, size_t len,
                 const char *archive_sha256, struct err *e) must_check;

struct trust_bundle {
    const char *tenant;   /* NULL: in whichever its entry lists; one that lists none is refused */
    const char *envelope; /* as it came: len bytes */
    size_t len;
    const char *archive_sha256; /* lower hex */
};

/* All of it for one bundle: parse, verify as publisher for the tenant, grant. */
bool trust_verify_bundle(const struct trust *trust, const struct trust_bundle *bundle,
                         struct dsse_envelope **ret, const struct trust_entry **ret_by,
                         struct err *e) must_check;

#endif
