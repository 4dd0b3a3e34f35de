/* names.c -- which bundle has which name: agent ids and plugin ids. See agents.h for the rule. */
#include "engine/catalog/installed.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/catalog/patterns.h"
#include "engine/catalog/stock.h"
#include "model/version/version.h"

#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

void names_free(struct agents *agents)
{
    struct name *name, *next;

    HASH_ITER(hh, agents->names, name, next)
    {
        HASH_DEL(agents->names, name);
        free(name->offers);
        free(name);
    }
}

static struct name *name_of(struct agents *agents, const char *id)
{
    struct name *name;

    HASH_FIND_STR(agents->names, id, name);
    if (name != NULL)
        return name;
    name = mem_new(struct name);
    name->id = id;
    HASH_ADD_KEYPTR(hh, agents->names, name->id, strlen(name->id), name);
    return name;
}

static void offer(struct bundle *b, const struct manifest_agent *from)
{
    struct name *name = name_of(b->owner, from->id);
    struct offer *o;

    name->offers = mem_resize(name->offers, name->count + 1, sizeof *name->offers);
    o = &name->offers[name->count++];
    *o = (struct offer){
        .bundle = b,
        .agent = {.id = from->id,
                  .version = from->version,
                  .plugin_id = b->manifest->id,
                  .plugin_version = b->manifest->version,
                  .plugin = b->label,
                  .digest = b->digest,
                  .idempotent = from->idempotent,
                  .warm = b->warm},
    };
    if (!profile_parse(from->profile, &o->agent.profile))
        o->agent.profile = PROFILE_PURE; /* manifest.h let no other word through */
}

void names_rebuild(struct agents *agents)
{
    struct bundle *b;

    names_free(agents);
    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        for (size_t i = 0; bundle_loaded(b) && i < b->manifest->agent_count; i++)
            offer(b, &b->manifest->agents[i]);
    }
    rows_tell_agents(agents);
}

/* Both are as the signed manifest says, and the authority refuses what is no version. */
static bool newer(const struct agent *a, const struct agent *than)
{
    int order = version_compare(a->plugin_version, than->plugin_version);

    return order > 0 || (order == 0 && strcmp(a->digest.text, than->digest.text) > 0);
}

/* NULL: the name is asked for. */
static bool is_asked_for(const struct offer *o, const char *tenant, const char *digest)
{
    return bundle_for(o->bundle, tenant) &&
           (digest == NULL ? o->bundle->state == BUNDLE_READY
                           : strcmp(o->agent.digest.text, digest) == 0);
}

static const struct agent *best_of(const struct name *name, const char *tenant, const char *digest)
{
    const struct agent *best = NULL;

    for (size_t i = 0; i < name->count; i++) {
        const struct offer *o = &name->offers[i];

        if (is_asked_for(o, tenant, digest) && (best == NULL || newer(&o->agent, best)))
            best = &o->agent;
    }
    return best;
}

const struct agent *agents_find(const struct agents *agents, const char *tenant,
                                const char *agent_id, const char *digest)
{
    const struct agent *found;
    struct name *name;

    HASH_FIND_STR(agents->names, agent_id, name);
    if (name == NULL)
        return NULL;
    found = best_of(name, tenant, digest);
    if (found == NULL && digest != NULL && agents->env->set.folder_wins)
        found = best_of(name, tenant, NULL);
    return found;
}

/* ---- who gets a name ---- */

static const char *shared_agent(const struct manifest *a, const struct manifest *b)
{
    for (size_t i = 0; i < a->agent_count; i++) {
        if (manifest_agent_find(b, a->agents[i].id) != NULL)
            return a->agents[i].id;
    }
    return NULL;
}

static bool collides(const struct bundle *b, const struct bundle *with, struct err *e)
{
    const char *agent = shared_agent(b->manifest, with->manifest);
    bool same_id = strcmp(b->manifest->id, with->manifest->id) == 0;
    bool same_key = strcmp(b->key_id, with->key_id) == 0;

    if (!patterns_overlap(b->tenants, with->tenants))
        return false;
    if (same_id && !same_key)
        err_set(e, ERR_CONFLICT, "plugin id '%s' is held by '%s', signed by '%s' (key %s)",
                with->manifest->id, with->file, with->signer, with->key_id);
    else if (!same_id && agent != NULL)
        err_set(e, ERR_CONFLICT,
                "agent '%s' is held by plugin '%s' in '%s', signed by '%s' "
                "(key %s)",
                agent, with->label, with->file, with->signer, with->key_id);
    else if (same_id && strcmp(b->label, with->label) == 0 &&
             strcmp(b->payload, with->payload) != 0)
        err_set(e, ERR_CONFLICT, "'%s' with other content is installed already from '%s'",
                with->label, with->file);
    else
        return false;
    return true;
}

static bool collides_with_any(const struct bundle *b, struct err *e)
{
    const struct bundle *other;

    for (other = b->owner->bundles; other != NULL; other = other->hh.next) {
        if (other != b && other->state == BUNDLE_READY && collides(b, other, e))
            return true;
    }
    return false;
}

static void give_names(struct bundle *b)
{
    struct err why = {0};

    if (!stock_conflicts(b->owner->stock, b, &why) && !collides_with_any(b, &why)) {
        b->state = BUNDLE_READY;
        free(b->reason);
        b->reason = NULL;
        rows_remember(b);
        log_event(LOG_INFO, "plugin.ready", F_STR("plugin", b->manifest->id),
                  F_STR("version", b->manifest->version), F_INT("agents", b->manifest->agent_count),
                  F_STR("bundle", b->file));
        return;
    }
    if (b->state != BUNDLE_CONFLICT || strcmp(b->reason, why.msg) != 0)
        log_event(LOG_ERROR, "plugin.conflict", F_STR("bundle", b->file), F_STR("plugin", b->label),
                  F_ERR(&why));
    b->state = BUNDLE_CONFLICT;
    free(b->reason);
    b->reason = mem_str(why.msg);
}

/* Who was installed first, then whose file comes first. */
static int by_age(const void *a, const void *b)
{
    const struct bundle *x = *(struct bundle *const *)a, *y = *(struct bundle *const *)b;

    if (x->since_us != y->since_us)
        return x->since_us < y->since_us ? -1 : 1;
    return strcmp(x->file, y->file);
}

void names_settle(struct agents *agents)
{
    auto_mem struct bundle **waiting = mem_array(HASH_COUNT(agents->bundles) + 1, struct bundle *);
    struct bundle *b;
    size_t count = 0;

    if (agents_busy(agents))
        return;
    if (agents_fetching(agents)) {
        stock_go_on(agents->stock);
        return;
    }
    for (b = agents->bundles; b != NULL; b = b->hh.next) {
        if (b->state == BUNDLE_AGREED || b->state == BUNDLE_CONFLICT)
            waiting[count++] = b;
    }
    qsort(waiting, count, sizeof *waiting, by_age);
    for (size_t i = 0; i < count; i++)
        give_names(waiting[i]);
    if (count > 0)
        names_rebuild(agents);
    stock_go_on(agents->stock);
}
