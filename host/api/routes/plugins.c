/* plugins.c -- what the tenant may use, and every bundle with its verdict. */
#include "api/http/jsonw.h"
#include "api/request/reply.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"

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

void plugin_list(struct api_request *req)
{
    auto_done(store_plugin_list) rows = {0};
    const struct api_engine *engine = req->server->opt.engine;
    struct store_page page;
    struct buf body = {0};
    struct err e = {0};

    if (!query_page(req, &page, &e) ||
        !store_read_plugins(req->server->opt.reader, req->who.tenant, page, &rows, &e)) {
        api_reply_error(req, &e, NULL);
        return;
    }
    jw_open(&body, NULL, '{');
    jw_open(&body, "items", '[');
    for (size_t i = 0; i < rows.count; i++) {
        if (engine->plugin_serves(engine->arg, req->who.tenant, rows.rows[i].plugin_id,
                                  rows.rows[i].version))
            add_plugin(&body, &rows.rows[i]);
    }
    jw_close(&body, ']');
    view_next_page(&body, rows.next_page);
    jw_close(&body, '}');
    api_reply_text(req, 200, &body);
}

void admin_plugin_list(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    json_t *body = engine->plugins_owned(engine->arg, req->who.tenant);

    api_reply_json(req, 200, &body);
}

static void on_released(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);
    json_t *body;

    if (out->e != NULL) {
        api_reply_outcome_error(req, out);
        return;
    }
    body = json_pack("{s:s, s:s}", "digest", api_param(req, "digest"), "verdict", "checking");
    api_reply_json(req, 202, &body);
}

void admin_plugin_release(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->plugin_release(engine->arg, &who, api_param(req, "digest"), on_released, req);
}
