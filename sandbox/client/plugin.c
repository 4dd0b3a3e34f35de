/* plugin.c -- see plugin.h. */
#include "sandbox/client/plugin.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"
#include "sandbox/client/domain.h"
#include "sandbox/client/pool.h"
#include "sandbox/client/supply.h"
#include "sandbox/image/plugin_info.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void plugins_init(struct plugins *plugins, struct pools *pools, struct events *events)
{
    plugins->pools = pools;
    plugins->events = events;
    TAILQ_INIT(&plugins->list);
}

static void plugin_free(struct plugins *plugins, struct plugin *plugin)
{
    assert(plugin->users == 0);
    TAILQ_REMOVE(&plugins->list, plugin, link);
    shared_fd_drop(plugin->so);
    free(plugin->id);
    free(plugin->version);
    free(plugin->undescribed);
    free(plugin);
}

void plugins_done(struct plugins *plugins)
{
    struct plugin *plugin;

    while ((plugin = TAILQ_FIRST(&plugins->list)) != NULL)
        plugin_free(plugins, plugin);
}

struct plugin *plugin_find(struct plugins *plugins, const char *digest)
{
    struct plugin *plugin;

    TAILQ_FOREACH (plugin, &plugins->list, link)
        if (plugin->state != PLUGIN_REMOVED && strcmp(plugin->digest, digest) == 0)
            return plugin;
    return NULL;
}

/* Who needs the library names it, somewhere. Nothing here reads what a plugin is made of: whoever
 * names it without need has it for nothing. */
static bool names_math(const void *so, size_t bytes)
{
    static const char name[] = "libm.so.6";

    return memmem(so, bytes, name, sizeof name - 1) != NULL;
}

/* Over the sealed mapping: what is hashed here is what will be executed. */
static bool check_bytes(const struct sandbox_plugin *given, bool *ret_math, struct err *e)
{
    struct sha256_hex found;
    struct stat st;
    void *so;

    if (!text_is_sha256(given->digest))
        return err_set(e, ERR_INVALID, "plugin digest is not lower-case SHA-256");
    if (!memfd_is_sealed(given->so_fd))
        return err_set(e, ERR_DENIED, "plugin %.12s is not in a sealed memfd", given->digest);
    if (fstat(given->so_fd, &st) < 0)
        return err_sys(e, "stat plugin");
    if (st.st_size <= 0 || st.st_size > PLUGIN_SO_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "plugin %.12s has %jd bytes, at most %d are loaded",
                       given->digest, (intmax_t)st.st_size, PLUGIN_SO_BYTES_MAX);
    so = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, given->so_fd, 0);
    if (so == MAP_FAILED)
        return err_sys(e, "map plugin");
    found = sha256_hex(so, (size_t)st.st_size);
    *ret_math = names_math(so, (size_t)st.st_size);
    munmap(so, (size_t)st.st_size);
    if (strcmp(found.text, given->digest) != 0)
        return err_set(e, ERR_DENIED, "plugin bytes have digest %.12s, not %.12s", found.text,
                       given->digest);
    return true;
}

bool plugin_add(struct plugins *plugins, const struct sandbox_plugin *given, struct err *e)
{
    struct plugin *plugin;
    bool math = false;
    int fd;

    if (!check_bytes(given, &math, e))
        return false;
    if (plugin_find(plugins, given->digest) != NULL)
        return err_set(e, ERR_CONFLICT, "plugin %.12s is there already", given->digest);
    fd = fcntl(given->so_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(e, "keep plugin");
    plugin = mem_new(struct plugin);
    plugin->home = plugins;
    snprintf(plugin->digest, sizeof plugin->digest, "%s", given->digest);
    plugin->so = shared_fd_new(fd);
    plugin->math = math;
    plugin->id = mem_str(given->id);
    plugin->version = mem_str(given->version);
    plugin->terms = (struct spec_terms){given->isolation, given->warm_granted};
    TAILQ_INSERT_TAIL(&plugins->list, plugin, link);
    pool_pump(pool_describe(plugins->pools, plugin));
    return true;
}

/* ---- taken away ---- */

void plugin_remove(struct plugin *plugin, enum outcome outcome, const char *why)
{
    struct pools *pools = plugin->home->pools;
    struct domain *domain;

    assert(plugin->state != PLUGIN_REMOVED);
    plugin->state = PLUGIN_REMOVED;
    pools_end_plugin(pools, plugin, outcome, why);
    TAILQ_FOREACH (domain, &pools->domains->list, link)
        if (domain->plugin == plugin)
            supply_retire(pools, domain);
    loop_timer_at(pools->loop, pools->loop->now_ns);
    loop_wake(pools->loop);
}

static void plugin_revoke(struct plugin *plugin, const char *why)
{
    if (plugin->state != PLUGIN_REMOVED)
        plugin_remove(plugin, OUTCOME_REVOKED, why);
    pools_revoke(plugin->home->pools, plugin, why);
}

void plugins_revoke(struct plugins *plugins, const char *digest, const char *why)
{
    struct plugin *plugin;

    TAILQ_FOREACH (plugin, &plugins->list, link)
        if (strcmp(plugin->digest, digest) == 0)
            plugin_revoke(plugin, why);
}

/* ---- strikes ---- */

void plugin_struck(struct plugin *plugin, int64_t began_ns, const char *why)
{
    struct plugins *home = plugin->home;
    struct err e = {0};

    if (plugin->state == PLUGIN_REMOVED ||
        !backoff_failed(&plugin->strikes, home->pools->loop, began_ns) ||
        plugin->strikes.failures < FAILURES_MAX)
        return;
    err_set(&e, ERR_UNPROCESSABLE, "failed %u times in a row before it was used: %.900s",
            plugin->strikes.failures, why);
    events_plugin_quarantined(home->events, plugin->digest, &e);
    plugin_revoke(plugin, e.msg);
}

void plugin_served(struct plugin *plugin)
{
    backoff_reset(&plugin->strikes);
}

/* ---- what a plugin says of itself ---- */

static bool check_expected(const struct plugin *plugin, const struct sandbox_plugin_info *info,
                           struct err *e)
{
    if (plugin->id != NULL && strcmp(plugin->id, info->id) != 0)
        return err_set(e, ERR_DENIED, "plugin says it is '%.127s', its manifest says '%s'",
                       info->id, plugin->id);
    if (plugin->version != NULL && strcmp(plugin->version, info->version) != 0)
        return err_set(e, ERR_DENIED, "plugin says version '%.63s', its manifest says '%s'",
                       info->version, plugin->version);
    return true;
}

void plugin_refused(struct plugin *plugin, const struct err *why)
{
    if (plugin->state == PLUGIN_REMOVED)
        return;
    events_plugin_failed(plugin->home->events, plugin->digest, why);
    plugin_remove(plugin, OUTCOME_INFRA, why->msg);
}

void plugin_described(struct plugin *plugin, const void *bytes, size_t len)
{
    struct plugins *home = plugin->home;
    auto_obj(plugin_info) info = NULL;
    struct err e = {0};

    if (plugin->state != PLUGIN_LOADING)
        return;
    info = plugin_info_read(bytes, len, &e);
    if (info == NULL || !check_expected(plugin, &info->public, &e)) {
        plugin_refused(plugin, &e);
        return;
    }
    plugin->state = PLUGIN_READY;
    events_plugin_ready(home->events, plugin->digest, take(info));
    pools_pump_plugin(home->pools, plugin);
    loop_timer_at(home->pools->loop, home->pools->loop->now_ns); /* others wait for their turn */
}

/* ---- timers ---- */

static void refuse_undescribed(struct plugin *plugin)
{
    struct err why = {0};

    err_set(&why, ERR_UNAVAILABLE, "%s", plugin->undescribed);
    plugin_refused(plugin, &why);
}

void plugins_turn(struct plugins *plugins)
{
    struct plugin *plugin, *next;

    for (plugin = TAILQ_FIRST(&plugins->list); plugin != NULL; plugin = next) {
        next = TAILQ_NEXT(plugin, link);
        if (plugin->state == PLUGIN_LOADING && plugin->undescribed != NULL)
            refuse_undescribed(plugin);
        if (plugin->state == PLUGIN_REMOVED && plugin->users == 0)
            plugin_free(plugins, plugin);
    }
}
