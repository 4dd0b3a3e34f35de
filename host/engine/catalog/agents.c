/* agents.c -- see agents.h. */
#include "engine/catalog/agents.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "bundle/archive.h"
#include "bundle/bundle.h"
#include "engine/env/env.h"
#include "model/version/version.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <uthash.h>

/* Every tenant may use what is installed for the host. */
#define ALL_TENANTS "*"

/* VERIFYING until the authority answers, LOADING until the sandbox does; what either gives up is
 * REFUSED, and tried again by the next scan. */
enum plugin_state { PLUGIN_VERIFYING, PLUGIN_LOADING, PLUGIN_READY, PLUGIN_REFUSED };

/* One bundle file. */
struct plugin {
    struct agents *owner;
    char *file; /* name in the folder */
    enum plugin_state state;
    struct sha256_hex bundle_hash;
    struct sha256_hex digest; /* of the shared object; "" before it was unpacked */
    char *manifest;           /* as it was signed; NULL before it was verified */
    char signer_key[SHA256_HEX_BYTES];
    void *map; /* the sealed bundle, while it is verified */
    size_t map_bytes;
    UT_hash_handle hh; /* by file */
};

struct registered {
    struct agent agent;
    char *id, *version, *plugin_id, *plugin_version, *plugin;
    UT_hash_handle hh; /* by agent id */
};

struct agents {
    const struct engine_env *env;
    struct plugin *plugins;
    struct registered *by_id;
};

struct agents *agents_new(const struct engine_env *env)
{
    struct agents *agents = mem_new(struct agents);

    agents->env = env;
    return agents;
}

static void registered_free(struct registered *r)
{
    free(r->id);
    free(r->version);
    free(r->plugin_id);
    free(r->plugin_version);
    free(r->plugin);
    free(r);
}

static void plugin_unmap(struct plugin *p)
{
    if (p->map != NULL)
        munmap(p->map, p->map_bytes);
    p->map = NULL;
}

void agents_free(struct agents *agents)
{
    struct registered *r, *next_r;
    struct plugin *p, *next_p;

    if (agents == NULL)
        return;
    HASH_ITER(hh, agents->by_id, r, next_r)
    {
        HASH_DEL(agents->by_id, r);
        registered_free(r);
    }
    HASH_ITER(hh, agents->plugins, p, next_p)
    {
        HASH_DEL(agents->plugins, p);
        plugin_unmap(p);
        free(p->manifest);
        free(p->file);
        free(p);
    }
    free(agents);
}

const struct agent *agents_find(const struct agents *agents, const char *agent_id)
{
    struct registered *r;

    HASH_FIND_STR(agents->by_id, agent_id, r);
    return r != NULL ? &r->agent : NULL;
}

static void refuse(struct plugin *p, const struct err *why)
{
    plugin_unmap(p);
    p->state = PLUGIN_REFUSED;
    log_event(LOG_ERROR, "plugin.refused", F_STR("bundle", p->file), F_ERR(why));
}

/* ---- verify, unpack, load ---- */

static bool unpack_and_load(struct plugin *p, const struct authority_result *result, struct err *e)
{
    const struct engine_sandbox *sandbox = &p->owner->env->sandbox;
    auto_obj(manifest) manifest = NULL;
    auto_done(buf) so = {0};
    auto_fd fd = -1;
    struct bundle_view view;

    if (!manifest_parse(result->verified.payload.data, result->verified.payload.len,
                        MANIFEST_SIGNED, &manifest, e) ||
        !bundle_open(p->map, p->map_bytes, &view, e) ||
        !manifest_archive_matches(manifest, view.archive, view.archive_bytes, e) ||
        !bundle_unpack_so(manifest, view.archive, view.archive_bytes, &so, e))
        return false;
    if (strcmp(manifest->arch, manifest_arch()) != 0)
        return err_set(e, ERR_UNSUPPORTED, "built for %s, this host is %s", manifest->arch,
                       manifest_arch());
    p->digest = sha256_hex(so.data, so.len);
    free(p->manifest);
    p->manifest = mem_strn(result->verified.payload.data, result->verified.payload.len);
    memcpy(p->signer_key, result->verified.key_id, sizeof p->signer_key);
    if (!memfd_sealed("orch-plugin", so.data, so.len, true, &fd, e))
        return false;
    p->state = PLUGIN_LOADING;
    log_event(LOG_INFO, "plugin.verified", F_STR("bundle", p->file), F_STR("plugin", manifest->id),
              F_STR("version", manifest->version), F_STR("digest", p->digest.text),
              F_STR("signer", result->verified.signer), F_STR("key_id", result->verified.key_id));
    return sandbox->plugin_add(sandbox->sandbox,
                               &(struct sandbox_plugin){
                                   .digest = p->digest.text,
                                   .so_fd = fd,
                                   .id = manifest->id,
                                   .version = manifest->version,
                               },
                               e);
}

static void verified(void *arg, const struct authority_result *result, const struct err *why)
{
    struct plugin *p = arg;
    struct err e;

    assert(p->state == PLUGIN_VERIFYING);
    if (why != NULL) {
        refuse(p, why);
        return;
    }
    if (!unpack_and_load(p, result, &e))
        refuse(p, &e);
    plugin_unmap(p);
}

/* The bytes that are verified are those in the sealed memfd, whatever becomes of the file. */
static bool map_sealed(struct plugin *p, const char *path, struct err *e)
{
    auto_done(buf) bytes = {0};
    auto_fd fd = -1;

    if (!file_read(path, BUNDLE_BYTES_MAX, &bytes, e) ||
        !memfd_sealed("orch-bundle", bytes.data, bytes.len, false, &fd, e))
        return false;
    p->bundle_hash = sha256_hex(bytes.data, bytes.len);
    p->map_bytes = bytes.len;
    p->map = mmap(NULL, bytes.len > 0 ? bytes.len : 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p->map == MAP_FAILED) {
        p->map = NULL;
        return err_sys(e, "map '%s'", path);
    }
    return true;
}

static bool verify(struct plugin *p, const char *path, struct err *e)
{
    const struct engine_authority *authority = &p->owner->env->authority;
    struct bundle_view view;
    struct sha256_hex archive;

    if (!map_sealed(p, path, e) || !bundle_open(p->map, p->map_bytes, &view, e))
        return false;
    archive = sha256_hex(view.archive, view.archive_bytes);
    return authority->verify_bundle(authority->client, ALL_TENANTS, view.envelope,
                                    view.envelope_bytes, archive.text,
                                    (struct authority_reply){verified, p}, e);
}

static void begin(struct agents *agents, const char *folder, const char *file)
{
    auto_mem char *path = mem_printf("%s/%s", folder, file);
    struct plugin *p;
    struct err e;

    HASH_FIND_STR(agents->plugins, file, p);
    if (p != NULL && p->state != PLUGIN_REFUSED)
        return; /* immutable once loaded: a new version is a new file */
    if (p == NULL) {
        p = mem_new(struct plugin);
        p->owner = agents;
        p->file = mem_str(file);
        HASH_ADD_KEYPTR(hh, agents->plugins, p->file, strlen(p->file), p);
    }
    p->state = PLUGIN_VERIFYING;
    if (!verify(p, path, &e))
        refuse(p, &e);
}

static int is_bundle(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name), suffix = strlen(BUNDLE_SUFFIX);

    return len > suffix && strcmp(entry->d_name + len - suffix, BUNDLE_SUFFIX) == 0;
}

void agents_scan(struct agents *agents)
{
    auto_mem char *folder = mem_printf("%s/plugins", agents->env->set.home);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_bundle, alphasort);

    if (count < 0 && errno != ENOENT)
        log_event(LOG_ERROR, "plugins.unreadable", F_STR("folder", folder),
                  F_STR("error", strerror(errno)));
    for (int i = 0; i < count; i++) {
        begin(agents, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

bool agents_busy(const struct agents *agents)
{
    const struct plugin *p;

    for (p = agents->plugins; p != NULL; p = p->hh.next) {
        if (p->state == PLUGIN_VERIFYING || p->state == PLUGIN_LOADING)
            return true;
    }
    return false;
}

void agents_counts(const struct agents *agents, unsigned *ret_loaded, unsigned *ret_refused)
{
    const struct plugin *p;

    *ret_loaded = *ret_refused = 0;
    for (p = agents->plugins; p != NULL; p = p->hh.next) {
        *ret_loaded += p->state == PLUGIN_READY;
        *ret_refused += p->state == PLUGIN_REFUSED;
    }
}

/* ---- what the sandbox tells ---- */

static struct plugin *find_digest(const struct agents *agents, const char *digest)
{
    struct plugin *p;

    for (p = agents->plugins; p != NULL; p = p->hh.next) {
        if (strcmp(p->digest.text, digest) == 0)
            return p;
    }
    return NULL;
}

/* Both are as the signed manifest says, and the authority refuses what is no version. */
static bool newer(const struct sandbox_plugin_info *info, const struct agent *than)
{
    int order = version_compare(info->version, than->plugin_version);

    return order > 0 || (order == 0 && strcmp(info->digest, than->digest.text) > 0);
}

static void register_agent(struct agents *agents, const struct sandbox_plugin_info *info,
                           const struct sandbox_agent *from)
{
    struct registered *r;

    HASH_FIND_STR(agents->by_id, from->id, r);
    if (r != NULL && !newer(info, &r->agent))
        return;
    if (r != NULL) {
        HASH_DEL(agents->by_id, r);
        registered_free(r);
    }
    r = mem_new(struct registered);
    r->id = mem_str(from->id);
    r->version = mem_str(from->version);
    r->plugin_id = mem_str(info->id);
    r->plugin_version = mem_str(info->version);
    r->plugin = mem_printf("%s@%s", info->id, info->version);
    r->agent = (struct agent){
        .id = r->id,
        .version = r->version,
        .plugin_id = r->plugin_id,
        .plugin_version = r->plugin_version,
        .plugin = r->plugin,
        .flags = from->flags,
        .digest = find_digest(agents, info->digest)->digest,
    };
    if (!profile_parse(from->profile, &r->agent.profile))
        r->agent.profile = PROFILE_PURE;
    HASH_ADD_KEYPTR(hh, agents->by_id, r->id, strlen(r->id), r);
}

/* What GET /plugins shows; nothing depends on the row. */
static void remember(const struct plugin *p, const struct sandbox_plugin_info *info)
{
    struct store_batch *batch = store_batch_new();
    struct err e;

    store_batch_plugin_put(batch, &(struct store_plugin){
                                      .tenant = "",
                                      .plugin_id = info->id,
                                      .version = info->version,
                                      .bundle_hash = p->bundle_hash.text,
                                      .manifest = p->manifest,
                                      .key_id = p->signer_key,
                                      .installed_by = "plugins folder",
                                      .installed_us = p->owner->env->clock.wall_us(),
                                  });
    if (store_submit_take(p->owner->env->store, &batch, NULL, NULL, &e))
        return;
    log_event(LOG_WARN, "plugin.row_lost", F_STR("plugin", info->id), F_ERR(&e));
    store_batch_free(batch);
}

void agents_on_ready(struct agents *agents, const struct sandbox_plugin_info *info)
{
    struct plugin *p = find_digest(agents, info->digest);

    if (p == NULL)
        return;
    p->state = PLUGIN_READY;
    remember(p, info);
    for (uint32_t i = 0; i < info->n_agents; i++)
        register_agent(agents, info, &info->agents[i]);
    log_event(LOG_INFO, "plugin.ready", F_STR("plugin", info->id), F_STR("version", info->version),
              F_INT("agents", info->n_agents));
}

void agents_on_failed(struct agents *agents, const char *digest, const struct err *why)
{
    struct plugin *p = find_digest(agents, digest);

    if (p != NULL)
        refuse(p, why);
}
