/* verify.c -- see verify.h. */
#include "cli/ledger/verify.h"

#include "authority/keys/keyring.h"
#include "authority/trust/dsse.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "bundle/bundle.h"
#include "bundle/manifest.h"
#include "model/ledger/layers.h"
#include "model/ledger/statement.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever holds a host's root key trusts that host's statements: on the machine itself its own key
 * needs no entry. Absent or not ours to read: the entries alone decide. */
static bool add_own_key(const char *home, struct trust *trust, struct err *e)
{
    auto_mem char *path = mem_printf("%s/root.key", home);
    auto_obj(keyring) keyring = NULL;
    const struct key_public *key;
    struct sha256_hex id;

    if (access(path, R_OK) != 0)
        return true;
    if (!keyring_load(home, &keyring, e))
        return false;
    key = key_secret_public(keyring_key(keyring, KEYRING_HOST));
    id = key_id(key);
    return trust_find(trust, id.text) != NULL ||
           trust_add_key(trust, key, "this-host", 1u << TRUST_HOST, e);
}

static bool open_home_trust(const char *home, struct trust **ret, struct err *e)
{
    auto_mem char *dir = mem_printf("%s/trust", home);
    auto_obj(trust) trust = NULL;

    if (!trust_load(dir, &trust, e) || !add_own_key(home, trust, e))
        return err_wrap(e, "trust of '%s'", home);
    *ret = take(trust);
    return true;
}

/* What the key of a file is called: the path, or the end of one that is too long for a name. */
static const char *name_of(const char *path)
{
    size_t len = strlen(path);

    if (len > TRUST_NAME_BYTES_MAX)
        path += len - TRUST_NAME_BYTES_MAX;
    while (((unsigned char)*path & 0xc0) == 0x80) /* not from the middle of a character */
        path++;
    return path;
}

bool verify_trust_open(const struct cli *cli, const char *path, struct trust **ret, struct err *e)
{
    auto_obj(trust) trust = NULL;
    struct key_public key;
    struct stat st;

    if (path == NULL)
        return open_home_trust(cli->set.home, ret, e);
    if (stat(path, &st) < 0)
        return err_sys(e, "trust '%s'", path);
    if (S_ISDIR(st.st_mode))
        return trust_load(path, ret, e) || err_wrap(e, "trust '%s'", path);
    if (!key_public_load(path, &key, e))
        return err_wrap(e, "trust '%s'", path);
    trust = trust_new();
    if (!trust_add_key(trust, &key, name_of(path), (1u << TRUST_ROLE_COUNT) - 1, e))
        return err_wrap(e, "trust '%s'", path);
    *ret = take(trust);
    return true;
}

/* What each payload type is, who may sign it, and what of it can be computed again. Each check
 * gives {subject, detail}. */
typedef bool check_fn(const json_t *payload, const struct trust_entry *by, json_t **ret,
                      struct err *e);

static void add_confinement(const struct statement_facts *facts, struct buf *b)
{
    if (facts->node_count > 0)
        buf_addf(b, ", sandbox level %d", facts->level);
    if (facts->warm_count > 0)
        buf_addf(b, "; %zu nodes were warm: %s", facts->warm_count, isolation_note(ISOLATION_WARM));
    if (facts->mixed_count > 0)
        buf_addf(b, "; %zu nodes do not say what was seen from outside, nor their isolation",
                 facts->mixed_count);
}

/* Whoever signs says that it was the builder. A host that signed a v1 before it knew its key said
 * nothing. */
static bool built_by(const struct statement_facts *facts, const struct trust_entry *by,
                     struct err *e)
{
    auto_mem char *want = mem_printf("orch:host/%s", by->key_id.text);

    if (*facts->builder_id == '\0' || strcmp(facts->builder_id, want) == 0)
        return true;
    return err_set(e, ERR_CORRUPT, "the statement says that '%.200s' built it, but '%s' signed it",
                   facts->builder_id, want);
}

static bool check_provenance(const json_t *payload, const struct trust_entry *by, json_t **ret,
                             struct err *e)
{
    struct statement_facts facts;
    auto_done(buf) detail = {0};

    if (!statement_verify(payload, &facts, e) || !built_by(&facts, by, e))
        return false;
    buf_addf(&detail, "%s %s %s, %zu nodes, %zu plugins, chain %s", facts.dag_id, facts.dag_version,
             facts.status, facts.node_count, facts.plugin_count, facts.chain_hash);
    add_confinement(&facts, &detail);
    *ret = json_pack("{s:s, s:s, s:s}", "subject", facts.run_id, "detail", buf_text(&detail),
                     "chain_hash", facts.chain_hash);
    return true;
}

static bool check_signature_only(const json_t *payload, const struct trust_entry *by, json_t **ret,
                                 struct err *e)
{
    (void)by;
    (void)e;
    *ret =
        json_pack("{s:s*, s:s}", "subject", json_string_value(json_object_get(payload, "dag_id")),
                  "detail", "signature over the whole content");
    return true;
}

static bool check_head(const json_t *payload, const struct trust_entry *by, json_t **ret,
                       struct err *e)
{
    auto_done(buf) text = {0};
    auto_done(buf) detail = {0};
    struct ledger_head head;

    (void)by;
    if (!jcs_write(payload, &text, e) || !ledger_head_parse(buf_text(&text), text.len, &head, e))
        return false;
    buf_addf(&detail, "%llu events, root %s, ", (unsigned long long)head.tree.leaves,
             ledger_tree_root(&head.tree).text);
    verify_add_time(&head, &detail);
    *ret = json_pack("{s:s, s:s}", "subject", head.tenant, "detail", buf_text(&detail));
    return true;
}

static const struct kind {
    const char *type;
    const char *name;
    enum trust_role role;
    check_fn *check;
} kinds[] = {
    {DSSE_TYPE_PROVENANCE, "provenance", TRUST_HOST, check_provenance},
    {DSSE_TYPE_LEDGER_HEAD, "ledger-head", TRUST_HOST, check_head},
    {DSSE_TYPE_DAG, "dag", TRUST_DAG, check_signature_only},
};

static const struct kind *kind_of(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].type, type) == 0)
            return &kinds[i];
    }
    return NULL;
}

void verify_add_signer(json_t *facts, const char *kind, const struct trust_entry *by)
{
    struct fingerprint key = key_fingerprint(&by->key);

    json_object_set_new(facts, "kind", json_string(kind));
    json_object_set_new(facts, "signer", json_string(by->name));
    json_object_set_new(facts, "signer_key", json_string(key.text));
}

bool verify_envelope(const struct trust *trust, const char *text, size_t len, json_t **ret,
                     struct err *e)
{
    static const struct json_limits limits = {DSSE_PAYLOAD_BYTES_MAX, 2 * JSON_DEPTH_MAX, 0};
    auto_obj(dsse_envelope) envelope = NULL;
    auto_json payload = NULL;
    auto_json facts = NULL;
    const struct trust_entry *by = NULL;
    const struct kind *kind;

    if (!dsse_parse(text, len, &envelope, e))
        return false;
    kind = kind_of(envelope->type);
    if (kind == NULL)
        return err_set(e, ERR_UNSUPPORTED, "nothing here knows the payload type '%s'",
                       envelope->type);
    if (!trust_verify(trust, envelope, &(struct trust_ask){.role = kind->role, .type = kind->type},
                      &by, e))
        return false;
    if (!json_parse(buf_text(&envelope->payload), envelope->payload.len, &limits, &payload, NULL,
                    e))
        return err_wrap(e, "signed content");
    if (!kind->check(payload, by, &facts, e))
        return false;
    verify_add_signer(facts, kind->name, by);
    *ret = take(facts);
    return true;
}

bool verify_bundle(const struct trust *trust, const char *tenant, const void *bytes, size_t len,
                   json_t **ret, struct err *e)
{
    auto_obj(dsse_envelope) envelope = NULL;
    auto_obj(manifest) manifest = NULL;
    auto_mem char *detail = NULL;
    const struct trust_entry *by = NULL;
    struct trust_bundle bundle;
    struct bundle_view view;
    struct sha256_hex archive;

    if (!bundle_open(bytes, len, &view, e))
        return false;
    archive = sha256_hex(view.archive, view.archive_bytes);
    bundle = (struct trust_bundle){tenant, view.envelope, view.envelope_bytes, archive.text};
    if (!trust_verify_bundle(trust, &bundle, &envelope, &by, e) ||
        !manifest_parse(buf_text(&envelope->payload), envelope->payload.len, MANIFEST_SIGNED,
                        &manifest, e))
        return false;
    detail = mem_printf("%zu agents, %zu files, archive %s", manifest->agent_count,
                        manifest->file_count, archive.text);
    *ret = json_pack("{s:s+++, s:s}", "subject", manifest->id, "@", manifest->version, "", "detail",
                     detail);
    verify_add_signer(*ret, "bundle", by);
    return true;
}
