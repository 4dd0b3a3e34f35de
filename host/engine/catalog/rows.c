/* rows.c -- the rows of plugins in the store. No verdict depends on them but who was first. */
#include "engine/catalog/installed.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/hosts.h"

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

static char *agents_text(const struct agents *agents)
{
    auto_json all = json_object();
    const struct name *name;

    for (name = agents->names; name != NULL; name = name->hh.next) {
        json_t *digests = json_array();

        for (size_t i = 0; i < name->count; i++)
            json_array_append_new(digests, json_string(name->offers[i].agent.digest.text));
        json_object_set_new(all, name->id, digests);
    }
    return json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
}

void rows_tell_agents(struct agents *agents)
{
    struct store *store = agents->env->store;
    auto_mem char *text = agents_text(agents);
    struct store_batch *batch;
    struct err e = {0};

    if (agents->ending || (agents->told != NULL && strcmp(agents->told, text) == 0))
        return;
    batch = store_batch_new();
    store_batch_host_agents(batch, store_host_id(store), store_host_epoch(store), text);
    if (!store_submit_take(store, &batch, NULL, NULL, &e)) {
        log_event(LOG_WARN, "plugin.row_lost", F_ERR(&e));
        store_batch_free(batch);
        return;
    }
    free(agents->told);
    agents->told = take(text);
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

/* ---- what the store remembers ---- */

void expected_free(struct agents *agents)
{
    for (size_t i = 0; i < agents->expected_count; i++) {
        manifest_free(agents->expected[i].manifest);
        free(agents->expected[i].file);
    }
    free(agents->expected);
    agents->expected = NULL;
    agents->expected_count = 0;
}

static bool expect(void *arg, const struct store_plugin *row)
{
    struct agents *agents = arg;
    struct manifest *manifest;
    struct err e = {0};

    if (!manifest_parse(row->manifest, strlen(row->manifest), MANIFEST_SIGNED, &manifest, &e)) {
        log_event(LOG_WARN, "plugin.row_unreadable", F_STR("plugin", row->plugin_id), F_ERR(&e));
        return true;
    }
    agents->expected =
        mem_resize(agents->expected, agents->expected_count + 1, sizeof *agents->expected);
    agents->expected[agents->expected_count++] =
        (struct expected){manifest, manifest_bundle_name(manifest)};
    return true;
}

void expected_read(struct agents *agents)
{
    expected_free(agents);
    rows_each(agents, expect, agents);
}
