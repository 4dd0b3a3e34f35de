/* plugin.c -- the plugins that attempts may name: checked bytes in, a description out. */
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"
#include "sandbox/client/internal.h"
#include "sandbox/image/plugin_info.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct plugin *plugin_find(struct sandbox *sb, const char *digest)
{
    struct plugin *plugin;

    TAILQ_FOREACH (plugin, &sb->plugins, link)
        if (plugin->state != PLUGIN_REMOVED && strcmp(plugin->digest, digest) == 0)
            return plugin;
    return NULL;
}

/* Over the sealed mapping: what is hashed here is what will be executed. */
static bool check_bytes(const struct sandbox_plugin *given, struct err *e)
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
    munmap(so, (size_t)st.st_size);
    if (strcmp(found.text, given->digest) != 0)
        return err_set(e, ERR_DENIED, "plugin bytes have digest %.12s, not %.12s", found.text,
                       given->digest);
    return true;
}

bool sandbox_plugin_add(struct sandbox *sb, const struct sandbox_plugin *given, struct err *e)
{
    struct attempt_spec describe = {.tenant = "",
                                    .profile = PROFILE_PURE,
                                    .isolation = ISOLATION_WARM};
    struct plugin *plugin;
    int fd;

    if (sb->gone)
        return err_set(e, ERR_UNAVAILABLE, "the supervisor is gone");
    if (!check_bytes(given, e))
        return false;
    if (plugin_find(sb, given->digest) != NULL)
        return err_set(e, ERR_CONFLICT, "plugin %.12s is there already", given->digest);
    fd = fcntl(given->so_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(e, "keep plugin");
    plugin = mem_new(struct plugin);
    snprintf(plugin->digest, sizeof plugin->digest, "%s", given->digest);
    plugin->so_fd = fd;
    plugin->id = mem_str(given->id);
    plugin->version = mem_str(given->version);
    plugin->isolation = given->isolation;
    TAILQ_INSERT_TAIL(&sb->plugins, plugin, link);
    domain_zygote(sb, domain_of(sb, plugin, &describe, true));
    return true;
}

static void remove_plugin(struct sandbox *sb, struct plugin *plugin, const char *why)
{
    struct domain *domain;
    struct pool *pool;

    plugin->state = PLUGIN_REMOVED;
    TAILQ_FOREACH (pool, &sb->pools, link)
        if (pool->domain->plugin == plugin)
            pool_drop_waiting(sb, pool, why);
    TAILQ_FOREACH (domain, &sb->domains, link)
        if (domain->plugin == plugin)
            domain_retire(sb, domain);
    timer_at(sb, sb->now_ns);
    wake_self(sb);
}

void sandbox_plugin_remove(struct sandbox *sb, const char *digest)
{
    struct plugin *plugin = plugin_find(sb, digest);

    if (plugin != NULL)
        remove_plugin(sb, plugin, "the plugin was removed");
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

void plugin_refused(struct sandbox *sb, struct domain *domain, const struct err *why)
{
    struct plugin *plugin = domain->plugin;

    if (plugin->state == PLUGIN_REMOVED)
        return;
    if (sb->events.on_plugin_failed != NULL)
        sb->events.on_plugin_failed(sb->arg, plugin->digest, why);
    remove_plugin(sb, plugin, why->msg);
}

void plugin_loaded(struct sandbox *sb, struct domain *domain, const void *bytes, size_t len)
{
    struct plugin *plugin = domain->plugin;
    auto_obj(plugin_info) info = NULL;
    struct pool *pool;
    struct err e;

    if (plugin->state != PLUGIN_LOADING)
        return;
    info = plugin_info_read(bytes, len, &e);
    if (info == NULL || !check_expected(plugin, &info->public, &e)) {
        plugin_refused(sb, domain, &e);
        return;
    }
    plugin->state = PLUGIN_READY;
    info->public.digest = plugin->digest;
    if (sb->events.on_plugin_ready != NULL)
        sb->events.on_plugin_ready(sb->arg, &info->public);
    TAILQ_FOREACH (pool, &sb->pools, link)
        if (pool->domain->plugin == plugin)
            pool_pump(sb, pool);
}

void plugins_sweep(struct sandbox *sb)
{
    struct plugin *plugin, *next;

    for (plugin = TAILQ_FIRST(&sb->plugins); plugin != NULL; plugin = next) {
        next = TAILQ_NEXT(plugin, link);
        if (plugin->state == PLUGIN_REMOVED && plugin->domains == 0)
            plugin_free(sb, plugin);
    }
}

void plugin_free(struct sandbox *sb, struct plugin *plugin)
{
    TAILQ_REMOVE(&sb->plugins, plugin, link);
    close(plugin->so_fd);
    free(plugin->id);
    free(plugin->version);
    free(plugin);
}
