/* plugins.c -- what the tenant may use, and every bundle with its verdict. */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"

#include <string.h>

static void add_plugin(struct buf *b, const struct store_plugin *row)
{
    jw_open(b, NULL, '{');
    jw_str(b, "pluginId", row->plugin_id);
    jw_str(b, "version", row->version);
    jw_str(b, "bundleHash", row->bundle_hash);
    jw_str(b, "keyId", row->key_id);
    jw_bool(b, "shared", *row->tenant == '\0');
    jw_time(b, "installedUtc", row->installed_us);
    jw_raw(b, "manifest", row->manifest);
    jw_close(b, '}');
}

/* owned: what the host says of each bundle. */
static bool serves(const json_t *owned, const struct store_plugin *row)
{
    const json_t *bundle;
    size_t i;

    json_array_foreach(json_object_get(owned, "items"), i, bundle)
    {
        if (json_is_true(json_object_get(bundle, "allowed")) &&
            strcmp(json_text_of(bundle, "verdict"), "ready") == 0 &&
            strcmp(json_text_of(bundle, "pluginId"), row->plugin_id) == 0 &&
            strcmp(json_text_of(bundle, "version"), row->version) == 0)
            return true;
    }
    return false;
}

static bool make_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                      struct err *e)
{
    auto_done(store_plugin_list) rows = {0};
    struct buf *body = &made->body;
    struct store_page page;

    if (!query_page(req, &page, e) || !store_read_plugins(reader, req->who.tenant, page, &rows, e))
        return false;
    jw_open(body, NULL, '{');
    jw_open(body, "items", '[');
    for (size_t i = 0; i < rows.count; i++) {
        if (serves(made->arg, &rows.rows[i]))
            add_plugin(body, &rows.rows[i]);
    }
    jw_close(body, ']');
    view_next_page(body, rows.next_page);
    jw_close(body, '}');
    return true;
}

static void owned_free(void *arg)
{
    json_decref(arg);
}

void plugin_list(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;

    api_reply_made(req, &(struct make){.fn = make_list,
                                       .arg = engine->plugins_owned(engine->arg, req->who.tenant),
                                       .free = owned_free});
}

void admin_plugin_list(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    json_t *body = engine->plugins_owned(engine->arg, req->who.tenant);

    api_reply_json(req, 200, &body);
}

static void answer(struct api_request *req, const struct api_outcome *out, int status,
                   const char *verdict)
{
    json_t *body;

    if (out->e != NULL) {
        api_reply_outcome_error(req, out);
        return;
    }
    body = json_pack("{s:s, s:s}", "digest", api_param(req, "digest"), "verdict", verdict);
    api_reply_json(req, status, &body);
}

static void on_released(void *arg, const struct api_outcome *out)
{
    answer(request_of(arg), out, 202, "checking");
}

static void on_removed(void *arg, const struct api_outcome *out)
{
    answer(request_of(arg), out, 200, "removed");
}

void admin_plugin_release(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->plugin_release(engine->arg, &who, api_param(req, "digest"), on_released, req);
}

void admin_plugin_remove(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->plugin_remove(engine->arg, &who, api_param(req, "digest"), on_removed, req);
}
