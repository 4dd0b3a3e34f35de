/* dags_read.c -- definitions: list, show, check, export, draw. */
#include "api/http/jsonw.h"
#include "api/request/reply.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "model/dag/dag.h"
#include "model/dag/draw/graph_text.h"
#include "model/dag/names.h"
#include "model/dag/source/parse.h"

#include <string.h>

/* The newest live version of the path's DAG; false: answered. */
static bool load_latest(struct api_request *req, struct store_dag_list *ret)
{
    struct err e = {0};

    if (store_read_dag_latest(req->server->opt.reader, req->who.tenant, api_param(req, "dag_id"),
                              STORE_DAG_LIVE, ret, &e))
        return true;
    if (e.code == ERR_NOT_FOUND)
        (void)err_set(&e, ERR_NOT_FOUND, "DAG not found");
    api_reply_error(req, &e, e.code == ERR_NOT_FOUND ? "DAG_NOT_FOUND" : NULL);
    return false;
}

/* The stored definition as a model; false: answered. */
static bool load_model(struct api_request *req, struct dag **ret, struct dag_findings *findings)
{
    auto_done(store_dag_list) rows = {0};
    auto_json doc = NULL;
    struct err e = {0};

    if (!load_latest(req, &rows))
        return false;
    if (dag_kept_read(rows.rows[0].definition, &doc, &e) && dag_from_json(doc, ret, findings, &e))
        return true;
    e.code = ERR_CORRUPT;
    api_reply_error(req, &e, NULL);
    return false;
}

/* GreenLang's list: every DAG once. It knows no pages, so it comes with the first one only. */
static bool add_heads(struct api_request *req, struct buf *body, struct err *e)
{
    struct store_dag_filter filter = {.tenant = req->who.tenant,
                                      .dag_id = api_query(req, "dagId"),
                                      .state = STORE_DAG_LIVE,
                                      .heads = true};
    auto_done(store_dag_list) rows = {0};

    if (!store_read_dags(req->server->opt.reader, &filter,
                         (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &rows, e))
        return false;
    jw_open(body, "dags", '[');
    for (size_t i = 0; i < rows.count; i++)
        view_dag_head(body, NULL, &rows.rows[i]);
    jw_close(body, ']');
    jw_int(body, "count", (int64_t)rows.count);
    jw_bool(body, "truncated", rows.next_page != NULL);
    return true;
}

static bool state_of_query(const struct api_request *req, enum store_dag_state *ret, struct err *e)
{
    const char *active = api_query(req, "active");

    *ret = STORE_DAG_LIVE;
    if (active == NULL)
        return true;
    *ret = strcmp(active, "true") == 0 ? STORE_DAG_ENABLED : STORE_DAG_DISABLED;
    return strcmp(active, "true") == 0 || strcmp(active, "false") == 0 ||
           err_set(e, ERR_INVALID, "query parameter 'active' must be true or false");
}

void dag_list(struct api_request *req)
{
    struct store_dag_filter filter = {.tenant = req->who.tenant, .dag_id = api_query(req, "dagId")};
    auto_done(store_dag_list) rows = {0};
    auto_done(buf) body = {0};
    struct store_page page;
    struct err e = {0};

    jw_open(&body, NULL, '{');
    if (!query_page(req, &page, &e) || !state_of_query(req, &filter.state, &e) ||
        !store_read_dags(req->server->opt.reader, &filter, page, &rows, &e) ||
        (page.token == NULL && !add_heads(req, &body, &e))) {
        api_reply_error(req, &e, NULL);
        return;
    }
    jw_open(&body, "items", '[');
    for (size_t i = 0; i < rows.count; i++)
        view_dag_version(&body, NULL, &rows.rows[i]);
    jw_close(&body, ']');
    view_next_page(&body, rows.next_page);
    jw_close(&body, '}');
    api_reply_text(req, 200, &body);
}

void dag_get(struct api_request *req)
{
    auto_done(store_dag_list) rows = {0};
    auto_done(buf) body = {0};
    struct err e = {0};

    if (!load_latest(req, &rows))
        return;
    jw_open(&body, NULL, '{');
    if (!view_dag(&body, "dag", &rows.rows[0], &e)) {
        api_reply_error(req, &e, NULL);
        return;
    }
    jw_close(&body, '}');
    api_reply_text(req, 200, &body);
}

void dag_get_version(struct api_request *req)
{
    auto_done(store_dag_list) rows = {0};
    auto_done(buf) body = {0};
    struct err e = {0};

    if (store_read_dag(req->server->opt.reader, req->who.tenant, api_param(req, "dag_id"),
                       api_param(req, "version"), &rows, &e) &&
        view_dag_full(&body, NULL, &rows.rows[0], &e)) {
        api_reply_text(req, 200, &body);
        return;
    }
    if (e.code == ERR_NOT_FOUND)
        (void)err_set(&e, ERR_NOT_FOUND, "DAG version not found");
    api_reply_error(req, &e, e.code == ERR_NOT_FOUND ? "DAG_NOT_FOUND" : NULL);
}

void dag_validate_stored(struct api_request *req)
{
    auto_done(dag_findings) findings = {0};
    auto_obj(dag) dag = NULL;
    struct buf body = {0};
    auto_json errors = NULL;
    auto_json warnings = NULL;

    if (!load_model(req, &dag, &findings))
        return;
    errors = findings_json_owned(&findings);
    warnings = dag_warnings_owned(dag);
    jw_open(&body, NULL, '{');
    jw_bool(&body, "valid", dag->valid);
    jw_json(&body, "errors", errors);
    jw_int(&body, "error_count", (int64_t)json_array_size(errors));
    jw_json(&body, "warnings", warnings);
    jw_close(&body, '}');
    api_reply_text(req, 200, &body);
}

void dag_export(struct api_request *req)
{
    auto_done(dag_findings) findings = {0};
    auto_done(buf) yaml = {0};
    auto_obj(dag) dag = NULL;
    struct buf body = {0};

    if (!load_model(req, &dag, &findings))
        return;
    dag_yaml(dag, &yaml);
    jw_open(&body, NULL, '{');
    jw_str(&body, "yaml", buf_text(&yaml));
    jw_close(&body, '}');
    api_reply_text(req, 200, &body);
}

void dag_visualize(struct api_request *req)
{
    auto_done(dag_findings) findings = {0};
    auto_done(buf) graph = {0};
    auto_obj(dag) dag = NULL;
    struct buf body = {0};

    if (!load_model(req, &dag, &findings))
        return;
    dag_graph(dag, DAG_GRAPH_MERMAID, &graph);
    jw_open(&body, NULL, '{');
    jw_str(&body, "dag_id", dag->dag_id);
    jw_str(&body, "mermaid", buf_text(&graph));
    jw_close(&body, '}');
    api_reply_text(req, 200, &body);
}
