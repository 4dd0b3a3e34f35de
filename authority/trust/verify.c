/* verify.c -- is this envelope to be believed, and may its manifest have what it asks?
 * See trust.h. */
#include "authority/trust/trust.h"

#include "authority/trust/refusal.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/version/version.h"

#include <assert.h>
#include <string.h>

/* The entry whose key made this signature, or NULL. The hint only says where to look first:
 * "it MUST NOT be used for security decisions" (DSSE protocol.md). */
static const struct trust_entry *signer(const struct trust *trust,
                                        const struct dsse_envelope *envelope, unsigned index)
{
    const struct trust_entry *hinted = trust_find(trust, envelope->signatures[index].key_id);

    if (hinted != NULL && dsse_signed_by(envelope, index, &hinted->key))
        return hinted;
    for (size_t i = 0; i < trust_count(trust); i++) {
        const struct trust_entry *entry = trust_at(trust, i);

        if (entry != hinted && dsse_signed_by(envelope, index, &entry->key))
            return entry;
    }
    return NULL;
}

static bool judge_signer(const struct trust_entry *entry, const struct trust_ask *ask,
                         struct err *e)
{
    const json_t *revoked = json_object_get(entry->json, "revoked");

    if (entry->revoked)
        return refuse(e, REFUSAL_KEY_REVOKED, "key '%s' (%s) was revoked at %s: %s", entry->name,
                      entry->fingerprint.text, json_string_value(json_object_get(revoked, "at")),
                      json_string_value(json_object_get(revoked, "reason")));
    if ((entry->roles & 1u << ask->role) == 0)
        return refuse(e, REFUSAL_PURPOSE_DENIED, "key '%s' (%s) is not trusted as %s", entry->name,
                      entry->fingerprint.text, trust_role_text(ask->role));
    if (ask->tenant != NULL && !trust_lists(entry, "tenants", ask->tenant))
        return refuse(e, REFUSAL_TENANT_DENIED, "key '%s' (%s) is not trusted in tenant '%s'",
                      entry->name, entry->fingerprint.text, ask->tenant);
    return true;
}

static bool judge_signature(const struct trust *trust, const struct dsse_envelope *envelope,
                            unsigned index, const struct trust_ask *ask,
                            const struct trust_entry **ret, struct err *e)
{
    const char *hint = envelope->signatures[index].key_id;
    const struct trust_entry *entry = signer(trust, envelope, index);
    struct fingerprint room;

    if (entry == NULL && trust_find(trust, hint) != NULL)
        return refuse(e, REFUSAL_SIGNATURE_WRONG, "the signature by key %s does not match",
                      text_fingerprint_of(hint, &room));
    if (entry == NULL)
        return refuse(e, REFUSAL_KEY_UNKNOWN, "signed by key '%s', which is not in the trust store",
                      hint[0] != '\0' ? text_fingerprint_of(hint, &room) : "(not named)");
    if (!judge_signer(entry, ask, e))
        return false;
    *ret = entry;
    return true;
}

/* How near a refusal came to being accepted: the nearest one is told. */
static int nearness(enum refusal refusal)
{
    static const enum refusal order[] = {
        REFUSAL_KEY_UNKNOWN,    REFUSAL_SIGNATURE_WRONG, REFUSAL_KEY_REVOKED,
        REFUSAL_PURPOSE_DENIED, REFUSAL_TENANT_DENIED,
    };

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        if (order[i] == refusal)
            return (int)i;
    }
    return -1;
}

bool trust_verify(const struct trust *trust, const struct dsse_envelope *envelope,
                  const struct trust_ask *ask, const struct trust_entry **ret, struct err *e)
{
    struct err nearest = {0};

    if (strcmp(envelope->type, ask->type) != 0)
        return refuse(e, REFUSAL_PAYLOAD_TYPE_WRONG, "the payload is '%s', not '%s'",
                      envelope->type, ask->type);
    for (unsigned i = 0; i < envelope->count; i++) {
        struct err why = {0};

        if (judge_signature(trust, envelope, i, ask, ret, &why))
            return true;
        if (nearness(refusal_of(&why)) > nearness(refusal_of(&nearest)))
            nearest = why;
    }
    if (e != NULL)
        *e = nearest;
    return false;
}

static bool grant_version(const struct trust_entry *entry, const char *id, const char *version,
                          struct err *e)
{
    const json_t *pins = json_object_get(entry->json, "min_versions");
    const char *pin = json_string_value(json_object_get(pins, id));

    if (!version_valid(version))
        return refuse(e, REFUSAL_MANIFEST_MALFORMED, "version '%.64s' is not MAJOR.MINOR.PATCH",
                      version);
    if (pin != NULL && version_compare(version, pin) < 0)
        return refuse(e, REFUSAL_VERSION_DOWNGRADE, "plugin '%s' %s is older than the pinned %s",
                      id, version, pin);
    return true;
}

static bool profile_granted(const struct trust_entry *entry, const char *profile)
{
    if (json_object_get(entry->json, "profiles") == NULL)
        return strcmp(profile, "pure") == 0;
    return trust_lists(entry, "profiles", profile);
}

static bool grant_profile(const struct trust_entry *entry, const json_t *profile, struct err *e)
{
    if (!json_is_string(profile))
        return refuse(e, REFUSAL_MANIFEST_MALFORMED, "a profile is not a text");
    if (!profile_granted(entry, json_string_value(profile)))
        return refuse(e, REFUSAL_GRANT_EXCEEDED,
                      "the manifest asks for profile '%.32s', which key '%s' is not granted",
                      json_string_value(profile), entry->name);
    return true;
}

static bool grant_profiles(const struct trust_entry *entry, const json_t *asked,
                           const json_t *agents, struct err *e)
{
    const json_t *item;
    size_t i;

    if ((asked != NULL && !json_is_array(asked)) || !json_is_array(agents))
        return refuse(e, REFUSAL_MANIFEST_MALFORMED, "'profiles' or 'agents' is not an array");
    json_array_foreach(asked, i, item)
    {
        if (!grant_profile(entry, item, e))
            return false;
    }
    json_array_foreach(agents, i, item)
    {
        const json_t *profile = json_object_get(item, "profile");

        if (profile != NULL && !grant_profile(entry, profile, e))
            return false;
    }
    return true;
}

static bool grant_agents(const struct trust_entry *entry, const json_t *agents, struct err *e)
{
    const json_t *item;
    size_t i;

    json_array_foreach(agents, i, item)
    {
        const char *id = json_string_value(json_object_get(item, "id"));

        if (id == NULL)
            return refuse(e, REFUSAL_MANIFEST_MALFORMED, "an agent has no 'id'");
        if (!trust_lists(entry, "agents", id))
            return refuse(e, REFUSAL_AGENT_DENIED, "key '%s' is not trusted for agent '%.128s'%s",
                          entry->name, id,
                          json_object_get(entry->json, "agents") == NULL
                              ? ": its entry has no list 'agents'"
                              : "");
    }
    return true;
}

static bool grant_network(const struct trust_entry *entry, const json_t *asked, struct err *e)
{
    const json_t *item;
    size_t i;

    if (asked != NULL && !json_is_array(asked))
        return refuse(e, REFUSAL_MANIFEST_MALFORMED, "'network' is not an array");
    json_array_foreach(asked, i, item)
    {
        if (!json_is_string(item))
            return refuse(e, REFUSAL_MANIFEST_MALFORMED, "a network target is not a text");
        if (!trust_lists(entry, "network", json_string_value(item)))
            return refuse(e, REFUSAL_GRANT_EXCEEDED,
                          "the manifest asks for network target '%.128s', which key '%s' is not "
                          "granted",
                          json_string_value(item), entry->name);
    }
    return true;
}

static bool grant_archive(const json_t *manifest, const char *archive_sha256, struct err *e)
{
    const char *named =
        json_string_value(json_object_get(json_object_get(manifest, "archive"), "sha256"));

    if (named == NULL)
        return refuse(e, REFUSAL_MANIFEST_MALFORMED, "'archive.sha256' is missing");
    if (strcmp(named, archive_sha256) != 0)
        return refuse(e, REFUSAL_CONTENT_MISMATCH,
                      "the signature is for archive %.64s, this one is %.64s", named,
                      archive_sha256);
    return true;
}

bool trust_grant(const struct trust_entry *entry, const void *manifest, size_t len,
                 const char *archive_sha256, struct err *e)
{
    static const struct json_limits limits = {MANIFEST_BYTES_MAX, 32, 0};
    auto_json json = NULL;
    struct err why = {0};
    const char *id, *version;
    const json_t *requests;

    if (!json_parse(manifest, len, &limits, &json, NULL, &why))
        return refuse(e, REFUSAL_MANIFEST_MALFORMED, "%s", why.msg);
    id = json_string_value(json_object_get(json, "id"));
    version = json_string_value(json_object_get(json, "version"));
    requests = json_object_get(json, "requests");
    if (id == NULL || version == NULL)
        return refuse(e, REFUSAL_MANIFEST_MALFORMED, "'id' or 'version' is missing");
    if (requests != NULL && !json_is_object(requests))
        return refuse(e, REFUSAL_MANIFEST_MALFORMED, "'requests' is not an object");
    if (!trust_lists(entry, "plugins", id))
        return refuse(e, REFUSAL_PLUGIN_DENIED, "key '%s' is not trusted for plugin '%.128s'",
                      entry->name, id);
    return grant_archive(json, archive_sha256, e) && grant_version(entry, id, version, e) &&
           grant_profiles(entry, json_object_get(requests, "profiles"),
                          json_object_get(json, "agents"), e) &&
           grant_agents(entry, json_object_get(json, "agents"), e) &&
           grant_network(entry, json_object_get(requests, "network"), e);
}

bool trust_verify_bundle(const struct trust *trust, const struct trust_bundle *bundle,
                         struct dsse_envelope **ret, const struct trust_entry **ret_by,
                         struct err *e)
{
    const struct trust_ask ask = {TRUST_PUBLISHER, DSSE_TYPE_BUNDLE, bundle->tenant};
    auto_obj(dsse_envelope) parsed = NULL;
    const struct trust_entry *by = NULL;

    if (!dsse_parse(bundle->envelope, bundle->len, &parsed, e) ||
        !trust_verify(trust, parsed, &ask, &by, e))
        return false;
    assert(by != NULL);
    if (bundle->tenant == NULL && json_array_size(json_object_get(by->json, "tenants")) == 0)
        return refuse(e, REFUSAL_TENANT_DENIED, "key '%s' (%s) is trusted in no tenant", by->name,
                      by->fingerprint.text);
    if (!trust_grant(by, buf_text(&parsed->payload), parsed->payload.len, bundle->archive_sha256,
                     e))
        return false;
    *ret = take(parsed);
    *ret_by = by;
    return true;
}
