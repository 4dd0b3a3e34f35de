/* agents.c -- the table of bundles and their verdicts; see agents.h and installed.h. */
#include "engine/catalog/agents.h"

#include "authority/trust/refusal.h"
#include "base/log.h"
#include "base/mem.h"
#include "bundle/bundle.h"
#include "bundle/words.h"
#include "engine/catalog/installed.h"
#include "engine/catalog/patterns.h"
#include "engine/catalog/stock.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>

/* Without news: they may be lost. */
#define LOOK_EVERY_NS (30LL * 1000 * 1000 * 1000)

const char *bundle_state_word(enum bundle_state state)
{
    static const char *const words[BUNDLE_STATE_COUNT] = {
#define XX(name, word) [BUNDLE_##name] = word,
        BUNDLE_STATE_MAP(XX)
#undef XX
    };

    assert(state < BUNDLE_STATE_COUNT);
    return words[state];
}

struct agents *agents_new(const struct engine_env *env)
{
    struct agents *agents = mem_new(struct agents);

    agents->env = env;
    agents->stock = stock_new(agents);
    return agents;
}

static void bundle_free(struct bundle *b)
{
    assert(b->check == NULL);
    buf_done(&b->envelope);
    manifest_free(b->manifest);
    json_decref(b->tenants);
    free(b->payload);
    free(b->label);
    free(b->reason);
    free(b->not_stored);
    free(b->file);
    free(b);
}

void agents_end(struct agents *agents)
{
    agents->ending = true;
}

void agents_free(struct agents *agents)
{
    struct bundle *b, *next;

    if (agents == NULL)
        return;
    names_free(agents);
    expected_free(agents);
    stock_free(agents->stock);
    free(agents->told);
    HASH_ITER(hh, agents->bundles, b, next)
    {
        HASH_DEL(agents->bundles, b);
        bundle_free(b);
    }
    free(agents);
}

/* ---- one bundle ---- */

static bool is_loaded(enum bundle_state state)
{
    return state == BUNDLE_AGREED || state == BUNDLE_READY || state == BUNDLE_CONFLICT;
}

bool bundle_loaded(const struct bundle *b)
{
    return is_loaded(b->state);
}

bool bundle_in_use(const struct bundle *b)
{
    return b->state == BUNDLE_LOADING || bundle_loaded(b);
}

struct bundle *bundle_twin(const struct bundle *b)
{
    struct bundle *other;

    for (other = b->owner->bundles; other != NULL; other = other->hh.next) {
        if (other != b && bundle_in_use(other) && strcmp(other->digest.text, b->digest.text) == 0)
            return other;
    }
    return NULL;
}

bool bundle_for(const struct bundle *b, const char *tenant)
{
    return patterns_match(b->tenants, tenant);
}

/* Sets the verdict; what it was before decides what else is due. */
static enum bundle_state end(struct bundle *b, enum bundle_state state, const char *why)
{
    enum bundle_state before = b->state;

    b->state = state;
    free(b->reason);
    b->reason = mem_str(why);
    if (is_loaded(before))
        names_rebuild(b->owner);
    return before;
}

/* The others say that its bytes are damaged, or nothing of it. */
static bool is_of_trust(enum refusal refusal)
{
    switch (refusal) {
    case REFUSAL_UNSIGNED:
    case REFUSAL_KEY_UNKNOWN:
    case REFUSAL_KEY_REVOKED:
    case REFUSAL_PURPOSE_DENIED:
    case REFUSAL_TENANT_DENIED:
    case REFUSAL_PLUGIN_DENIED:
    case REFUSAL_AGENT_DENIED:
    case REFUSAL_VERSION_DOWNGRADE:
    case REFUSAL_GRANT_EXCEEDED:
        return true;
    default:
        return false;
    }
}

void bundle_refuse(struct bundle *b, const struct err *why)
{
    const struct engine_sandbox *sandbox = &b->owner->env->sandbox;
    bool used = bundle_in_use(b);

    if (b->owner->ending)
        return;
    end(b, BUNDLE_REFUSED, why->msg);
    b->untrusted = is_of_trust(refusal_of(why));
    log_event(LOG_ERROR, "plugin.refused", F_STR("bundle", b->file), F_ERR(why));
    if (used && bundle_twin(b) == NULL)
        sandbox->plugin_remove(sandbox->sandbox, b->digest.text);
}

/* A copy of it, by the same key, is ready too: what runs may go on. */
static bool granted_by_twin(const struct bundle *b)
{
    const struct bundle *other;

    for (other = b->owner->bundles; other != NULL; other = other->hh.next) {
        if (other != b && other->state == BUNDLE_READY &&
            strcmp(other->digest.text, b->digest.text) == 0 &&
            strcmp(other->key_id, b->key_id) == 0)
            return true;
    }
    return false;
}

/* Its attempts end. Another key's bundle of the same library, for other tenants, begins anew. */
static void end_attempts(struct bundle *b, const char *why)
{
    const struct engine_sandbox *sandbox = &b->owner->env->sandbox;
    struct bundle *twin;

    if (granted_by_twin(b))
        return;
    sandbox->plugin_revoke(sandbox->sandbox, b->digest.text, why);
    while ((twin = bundle_twin(b)) != NULL) {
        end(twin, BUNDLE_REFUSED, "its library was revoked with another bundle");
        check_soon(twin);
    }
}

static bool has_ready_copy(const struct bundle *b)
{
    const struct bundle *other;

    for (other = b->owner->bundles; other != NULL; other = other->hh.next) {
        if (other != b && other->state == BUNDLE_READY &&
            strcmp(other->archive_hash.text, b->archive_hash.text) == 0 &&
            strcmp(other->key_id, b->key_id) == 0)
            return true;
    }
    return false;
}

char *bundle_path(const struct bundle *b)
{
    return mem_printf("%s/plugins/%s", b->owner->env->set.home, b->file);
}

void bundle_withdraw(struct bundle *b, enum bundle_state state, const char *why)
{
    const struct engine_sandbox *sandbox = &b->owner->env->sandbox;
    bool used = bundle_in_use(b);
    enum bundle_state before = end(b, state, why);

    log_event(LOG_WARN, state == BUNDLE_REMOVED ? "plugin.removed" : "plugin.revoked",
              F_STR("bundle", b->file), F_STR("plugin", b->label), F_STR("reason", why));
    if (before == BUNDLE_READY && state == BUNDLE_REMOVED) {
        rows_forget(b); /* whoever gets its names now keeps them */
        if (!has_ready_copy(b))
            stock_forget(b->owner->stock, b);
    }
    if (before == BUNDLE_READY)
        end_attempts(b, why);
    else if (used && bundle_twin(b) == NULL)
        sandbox->plugin_remove(sandbox->sandbox, b->digest.text);
}

/* ---- the folder ---- */

static int is_bundle(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name), suffix = strlen(BUNDLE_SUFFIX);

    return len > suffix && strcmp(entry->d_name + len - suffix, BUNDLE_SUFFIX) == 0;
}

static int by_file(const struct bundle *a, const struct bundle *b)
{
    return strcmp(a->file, b->file);
}

/* Immutable once loaded: a new version is a new file. */
struct bundle *bundle_look_at(struct agents *agents, const char *file)
{
    struct bundle *b;

    HASH_FIND_STR(agents->bundles, file, b);
    if (b == NULL) {
        b = mem_new(struct bundle);
        b->owner = agents;
        b->state = BUNDLE_REFUSED;
        b->file = mem_str(file);
        HASH_ADD_KEYPTR(hh, agents->bundles, b->file, strlen(b->file), b);
        HASH_SRT(hh, agents->bundles, by_file);
    }
    if (b->state != BUNDLE_QUARANTINED)
        check_soon(b);
    return b;
}

static bool listed(struct dirent **entries, int count, const char *file)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(entries[i]->d_name, file) == 0)
            return true;
    }
    return false;
}

static void remove_absent(struct agents *agents, struct dirent **entries, int count)
{
    struct bundle *b;

    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (b->state != BUNDLE_REMOVED && !listed(entries, count, b->file))
            bundle_withdraw(b, BUNDLE_REMOVED, "its file is gone from the plugins folder");
    }
}

void agents_scan(struct agents *agents)
{
    auto_mem char *folder = mem_printf("%s/plugins", agents->env->set.home);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_bundle, alphasort);

    if (count < 0 && errno != ENOENT) {
        log_event(LOG_ERROR, "plugins.unreadable", F_STR("folder", folder),
                  F_STR("error", strerror(errno)));
        return; /* nothing is known of the files: nothing changes */
    }
    count = count < 0 ? 0 : count;
    expected_read(agents);
    remove_absent(agents, entries, count);
    for (int i = 0; i < count; i++) {
        bundle_look_at(agents, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    agents->looked_ns = agents->env->clock.mono_ns();
    stock_look(agents->stock);
    names_settle(agents);
}

void agents_look(struct agents *agents)
{
    stock_look(agents->stock);
}

int64_t agents_turn(struct agents *agents, int64_t now_ns)
{
    if (agents->looked_ns == 0)
        return INT64_MAX;
    if (now_ns >= agents->looked_ns + LOOK_EVERY_NS) {
        agents->looked_ns = now_ns;
        stock_look(agents->stock);
    }
    return agents->looked_ns + LOOK_EVERY_NS;
}

bool agents_fetching(const struct agents *agents)
{
    return stock_is_first(agents->stock);
}

bool agents_settled(const struct agents *agents)
{
    return !agents_busy(agents) && !stock_busy(agents->stock);
}

bool agents_busy(const struct agents *agents)
{
    const struct bundle *b;

    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (b->check != NULL || b->state == BUNDLE_LOADING)
            return true;
    }
    return false;
}

void agents_counts(const struct agents *agents, unsigned *ret_loaded, unsigned *ret_refused)
{
    const struct bundle *b;

    *ret_loaded = *ret_refused = 0;
    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        *ret_loaded += b->state == BUNDLE_READY;
        *ret_refused += b->state >= BUNDLE_CONFLICT && b->state != BUNDLE_REMOVED;
    }
}

/* ---- what the sandbox tells ---- */

void agents_on_ready(struct agents *agents, const struct sandbox_plugin_info *info)
{
    struct bundle *b;
    struct err e = {0};

    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (b->state != BUNDLE_LOADING || strcmp(b->digest.text, info->digest) != 0)
            continue;
        if (manifest_agrees(b->manifest, info, &e))
            b->state = BUNDLE_AGREED;
        else
            bundle_refuse(b, &e);
    }
    names_rebuild(agents); /* who is pinned to it needs no name */
    names_settle(agents);
}

void agents_on_failed(struct agents *agents, const char *digest, const struct err *why)
{
    struct bundle *b;

    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (bundle_in_use(b) && strcmp(b->digest.text, digest) == 0)
            bundle_refuse(b, why);
    }
    names_settle(agents);
}

void agents_on_quarantined(struct agents *agents, const char *digest, const struct err *why)
{
    struct bundle *b;

    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (!bundle_in_use(b) || strcmp(b->digest.text, digest) != 0)
            continue;
        end(b, BUNDLE_QUARANTINED, why->msg);
        log_event(LOG_ERROR, "plugin.quarantined", F_STR("bundle", b->file),
                  F_STR("plugin", b->label), F_STR("digest", digest), F_ERR(why));
    }
    names_settle(agents);
}

void bundle_try_again(struct bundle *b)
{
    b->state = BUNDLE_REFUSED;
    check_soon(b);
}

bool agents_release(struct agents *agents, const char *tenant, const char *digest, struct err *e)
{
    struct bundle *b;
    bool found = false;

    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (b->state != BUNDLE_QUARANTINED || strcmp(b->digest.text, digest) != 0 ||
            !bundle_for(b, tenant))
            continue;
        bundle_try_again(b);
        stock_release(agents->stock, b);
        found = true;
    }
    return found || err_set(e, ERR_NOT_FOUND, "no quarantined plugin has digest %.64s", digest);
}

bool agents_remove(struct agents *agents, const char *tenant, const char *digest, struct err *e)
{
    struct bundle *b;
    bool found = false;

    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (b->state == BUNDLE_REMOVED || *digest == '\0' || strcmp(b->digest.text, digest) != 0 ||
            !bundle_for(b, tenant))
            continue;
        stock_put_aside(b);
        bundle_withdraw(b, BUNDLE_REMOVED, "it was removed by an operator");
        found = true;
    }
    names_settle(agents);
    return found || err_set(e, ERR_NOT_FOUND, "no plugin has digest %.64s", digest);
}
