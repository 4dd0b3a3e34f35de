/* check.c -- a bundle on its way from the file to the sandbox: verified, unpacked, loaded.
 * See installed.h for who owns what. */
#include "engine/catalog/installed.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "bundle/archive.h"
#include "bundle/bundle.h"
#include "bundle/words.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

/* The host asks in no tenant: the answer says in which the key is trusted. */
#define ANY_TENANT ""

/* What the authority was asked; the request owns it until it is answered. */
struct check {
    struct bundle *bundle;
    void *map; /* the sealed bundle; NULL: only the envelope was verified again */
    size_t map_bytes;
};

static void check_free(struct check *check)
{
    if (check->map != NULL)
        munmap(check->map, check->map_bytes);
    free(check);
}

/* ---- what was verified ---- */

static bool grants_read(struct bundle *b, const struct authority_result *result, struct err *e)
{
    json_t *tenants =
        json_loadb(result->verified.tenants.data, result->verified.tenants.len, 0, NULL);

    if (!json_is_array(tenants)) {
        json_decref(tenants);
        return err_set(e, ERR_CORRUPT, "the authority did not say for which tenants");
    }
    json_decref(b->tenants);
    b->tenants = tenants;
    b->warm = result->verified.warm;
    memcpy(b->key_id, result->verified.key, sizeof b->key_id);
    memcpy(b->signer, result->verified.signer, sizeof b->signer);
    return true;
}

static void keep_manifest(struct bundle *b, struct manifest **manifest,
                          const struct authority_result *result)
{
    manifest_free(b->manifest);
    free(b->payload);
    free(b->label);
    b->manifest = take(*manifest);
    b->payload = mem_strn(result->verified.payload.data, result->verified.payload.len);
    b->label = mem_printf("%s@%s", b->manifest->id, b->manifest->version);
}

/* ---- load ---- */

static bool give_to_sandbox(struct bundle *b, const struct buf *so, struct err *e)
{
    const struct engine_sandbox *sandbox = &b->owner->env->sandbox;
    auto_fd fd = -1;

    return memfd_sealed("orch-plugin", so->data, so->len, true, &fd, e) &&
           sandbox->plugin_add(sandbox->sandbox,
                               &(struct sandbox_plugin){
                                   .digest = b->digest.text,
                                   .so_fd = fd,
                                   .warm_granted = b->warm,
                               },
                               e);
}

static const struct bundle *quarantined_twin(const struct bundle *b)
{
    const struct bundle *other;

    for (other = b->owner->bundles; other != NULL; other = other->hh.next) {
        if (other->state == BUNDLE_QUARANTINED && strcmp(other->digest.text, b->digest.text) == 0)
            return other;
    }
    return NULL;
}

/* The sandbox has a library once: one that another bundle brought has said already what it is. */
static bool load(struct bundle *b, const struct buf *so, struct err *e)
{
    const struct bundle *twin = bundle_twin(b), *bad = quarantined_twin(b);
    struct sandbox_agent agents[MANIFEST_AGENTS_MAX];
    struct sandbox_plugin_info words;

    if (bad != NULL) {
        b->state = BUNDLE_QUARANTINED;
        b->reason = mem_str(bad->reason);
        return true;
    }
    if (twin == NULL || twin->state == BUNDLE_LOADING) {
        if (twin == NULL && !give_to_sandbox(b, so, e))
            return false;
        b->state = BUNDLE_LOADING;
        return true;
    }
    words = manifest_words(twin->manifest, agents);
    if (!manifest_agrees(b->manifest, &words, e))
        return false;
    b->state = BUNDLE_AGREED;
    return true;
}

static bool unpack_and_load(struct bundle *b, const struct check *check,
                            const struct authority_result *result, struct err *e)
{
    auto_obj(manifest) manifest = NULL;
    auto_done(buf) so = {0};
    struct bundle_view view;

    if (!manifest_parse(result->verified.payload.data, result->verified.payload.len,
                        MANIFEST_SIGNED, &manifest, e) ||
        !bundle_open(check->map, check->map_bytes, &view, e) ||
        !manifest_archive_matches(manifest, view.archive, view.archive_bytes, e) ||
        !bundle_unpack_so(manifest, view.archive, view.archive_bytes, &so, e) ||
        !grants_read(b, result, e))
        return false;
    keep_manifest(b, &manifest, result);
    if (strcmp(b->manifest->arch, manifest_arch()) != 0)
        return err_set(e, ERR_UNSUPPORTED, "built for %s, this host is %s", b->manifest->arch,
                       manifest_arch());
    b->digest = sha256_hex(so.data, so.len);
    log_event(LOG_INFO, "plugin.verified", F_STR("bundle", b->file),
              F_STR("plugin", b->manifest->id), F_STR("version", b->manifest->version),
              F_STR("digest", b->digest.text), F_STR("signer", b->signer), F_STR("key", b->key_id));
    return load(b, &so, e);
}

/* ---- the authority's answers ---- */

/* Nobody could say: the bundle stays what it was until the next scan. */
static bool unanswered(const struct err *why)
{
    return why->code == ERR_UNAVAILABLE || why->code == ERR_TIMEOUT;
}

/* A bundle that was verified before, under the trust as it is now. */
static void verified_again(struct bundle *b, const struct authority_result *result,
                           const struct err *why)
{
    auto_json tenants = json_incref(b->tenants);
    auto_mem char *key = mem_str(b->key_id);
    struct err e = {0};

    if (why != NULL && unanswered(why)) {
        log_event(LOG_WARN, "plugin.not_verified_again", F_STR("bundle", b->file), F_ERR(why));
    } else if (why != NULL || !grants_read(b, result, &e)) {
        bundle_withdraw(b, BUNDLE_REVOKED, why != NULL ? why->msg : e.msg);
    } else if (b->state == BUNDLE_READY) {
        /* For other tenants, or another key's, it may be in the way of others. */
        if (!json_equal(tenants, b->tenants) || strcmp(key, b->key_id) != 0)
            b->state = BUNDLE_AGREED;
        names_rebuild(b->owner); /* the grant of warm attempts may be another */
    }
}

static void verified(void *arg, const struct authority_result *result, const struct err *why)
{
    struct check *check = arg;
    struct bundle *b = check->bundle;
    bool fresh = check->map != NULL;
    struct err e = {0};

    assert(b->check == check);
    b->check = NULL;
    if (b->again || b->state == BUNDLE_REMOVED) {
        /* below */
    } else if (!fresh && bundle_in_use(b)) {
        verified_again(b, result, why);
    } else if (fresh && why != NULL) {
        bundle_refuse(b, why);
    } else if (fresh && b->state == BUNDLE_CHECKING && !unpack_and_load(b, check, result, &e)) {
        bundle_refuse(b, &e);
    }
    check_free(check);
    if (b->again && b->state != BUNDLE_REMOVED && b->state != BUNDLE_QUARANTINED)
        check_soon(b);
    names_settle(b->owner);
}

/* ---- asking ---- */

static bool ask(struct bundle *b, struct check **check, const char *envelope, size_t len,
                struct err *e)
{
    const struct engine_authority *authority = &b->owner->env->authority;

    if (!authority->verify_bundle(authority->client, ANY_TENANT, envelope, len,
                                  b->archive_hash.text, (struct authority_reply){verified, *check},
                                  e))
        return false;
    b->check = take(*check);
    return true;
}

/* The bytes that are verified are those in the sealed memfd, whatever becomes of the file. */
static bool map_sealed(struct bundle *b, struct check *check, struct err *e)
{
    auto_mem char *path = bundle_path(b);
    auto_done(buf) bytes = {0};
    auto_fd fd = -1;

    if (!file_read(path, BUNDLE_BYTES_MAX, &bytes, e) ||
        !memfd_sealed("orch-bundle", bytes.data, bytes.len, false, &fd, e))
        return false;
    b->bundle_hash = sha256_hex(bytes.data, bytes.len);
    check->map_bytes = bytes.len;
    check->map = mmap(NULL, bytes.len > 0 ? bytes.len : 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (check->map == MAP_FAILED) {
        check->map = NULL;
        return err_sys(e, "map '%s'", path);
    }
    return true;
}

static bool verify_file(struct bundle *b, struct check **check, struct err *e)
{
    struct bundle_view view;

    if (!map_sealed(b, *check, e) || !bundle_open((*check)->map, (*check)->map_bytes, &view, e))
        return false;
    b->archive_hash = sha256_hex(view.archive, view.archive_bytes);
    b->since_us = rows_since(b->owner, b->bundle_hash.text);
    buf_clear(&b->envelope);
    buf_add(&b->envelope, view.envelope, view.envelope_bytes);
    return ask(b, check, view.envelope, view.envelope_bytes, e);
}

static struct check *check_new(struct bundle *b)
{
    struct check *check = mem_new(struct check);

    assert(b->check == NULL);
    check->bundle = b;
    b->again = false;
    return check;
}

static void check_file(struct bundle *b)
{
    struct check *check = check_new(b);
    struct err e = {0};

    b->state = BUNDLE_CHECKING;
    free(b->reason);
    b->reason = NULL;
    if (!verify_file(b, &check, &e)) {
        check_free(check);
        bundle_refuse(b, &e);
    }
}

static void check_again(struct bundle *b)
{
    struct check *check = check_new(b);
    struct err e = {0};

    if (!ask(b, &check, buf_text(&b->envelope), b->envelope.len, &e)) {
        check_free(check);
        log_event(LOG_WARN, "plugin.not_verified_again", F_STR("bundle", b->file), F_ERR(&e));
    }
}

void check_soon(struct bundle *b)
{
    if (b->check != NULL)
        b->again = true;
    else if (bundle_in_use(b))
        check_again(b);
    else
        check_file(b);
}
