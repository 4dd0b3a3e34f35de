/* rows.c -- the rows of plugins in the store. No verdict depends on them but who was first. */
#include "engine/catalog/installed.h"

#include "base/log.h"
#include "base/mem.h"

#include <string.h>

static void submit(const struct bundle *b, struct store_batch *batch)
{
    struct err e = {0};

    if (store_submit_take(b->owner->env->store, &batch, NULL, NULL, &e))
        return;
    log_event(LOG_WARN, "plugin.row_lost", F_STR("plugin", b->label), F_ERR(&e));
    store_batch_free(batch);
}

void rows_remember(struct bundle *b)
{
    struct store_batch *batch = store_batch_new();

    if (b->since_us == INT64_MAX)
        b->since_us = b->owner->env->clock.wall_us();
    store_batch_plugin_put(batch, &(struct store_plugin){
                                      .tenant = "",
                                      .plugin_id = b->manifest->id,
                                      .version = b->manifest->version,
                                      .bundle_hash = b->bundle_hash.text,
                                      .manifest = b->payload,
                                      .key_id = b->key_id,
                                      .installed_by = "plugins folder",
                                      .installed_us = b->since_us,
                                  });
    submit(b, batch);
}

/* A ready bundle of the same id and version keeps the row: it is a copy, or for other tenants. */
static bool another_has_row(const struct bundle *b)
{
    const struct bundle *other;

    for (other = b->owner->bundles; other != NULL; other = other->hh.next) {
        if (other != b && other->state == BUNDLE_READY && strcmp(other->label, b->label) == 0)
            return true;
    }
    return false;
}

void rows_forget(const struct bundle *b)
{
    struct store_batch *batch;

    if (another_has_row(b))
        return;
    batch = store_batch_new();
    store_batch_plugin_delete(batch, "", b->manifest->id, b->manifest->version);
    submit(b, batch);
}

void rows_each(const struct agents *agents, rows_each_fn *each, void *arg)
{
    auto_mem char *token = NULL;

    do {
        auto_done(store_plugin_list) rows = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};
        struct err e = {0};

        if (!store_read_plugins(agents->env->reader, NULL, page, &rows, &e)) {
            log_event(LOG_WARN, "plugins.rows_unreadable", F_ERR(&e));
            return;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (!each(arg, &rows.rows[i]))
                return;
        }
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
}

struct wanted {
    const char *bundle_hash;
    int64_t since_us;
};

static bool is_wanted(void *arg, const struct store_plugin *row)
{
    struct wanted *wanted = arg;

    if (strcmp(row->bundle_hash, wanted->bundle_hash) != 0)
        return true;
    wanted->since_us = row->installed_us;
    return false;
}

int64_t rows_since(const struct agents *agents, const char *bundle_hash)
{
    struct wanted wanted = {bundle_hash, INT64_MAX};

    rows_each(agents, is_wanted, &wanted);
    return wanted.since_us;
}
