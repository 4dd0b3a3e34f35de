/* dags_read.c -- definitions: list, show, check, export, draw. */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "model/dag/dag.h"
#include "model/dag/draw/graph_text.h"
#include "model/dag/names.h"
#include "model/dag/source/parse.h"

#include <string.h>

/* The newest live version of the path's DAG. */
static bool read_latest(const struct api_request *req, struct store_reader *reader,
                        struct store_dag_list *ret, struct made *made, struct err *e)
{
    if (store_read_dag_latest(reader, req->who.tenant, api_param(req, "dag_id"), STORE_DAG_LIVE,
                              ret, e))
        return true;
    if (e->code != ERR_NOT_FOUND)
        return false;
    made->code = "DAG_NOT_FOUND";
    return err_set(e, ERR_NOT_FOUND, "DAG not found");
}

/* The stored definition as a model. */
static bool read_model(const struct api_request *req, struct store_reader *reader, struct dag **ret,
                       struct dag_findings *findings, struct made *made, struct err *e)
{
    auto_done(store_dag_list) rows = {0};
    auto_json doc = NULL;

    if (!read_latest(req, reader, &rows, made, e))
        return false;
    if (dag_kept_read(rows.rows[0].definition, &doc, e) && dag_from_json(doc, ret, findings, e))
        return true;
    e->code = ERR_CORRUPT;
    return false;
}

/* GreenLang's list: every DAG once. It knows no pages, so it comes with the first one only. */
static bool add_heads(const struct api_request *req, struct store_reader *reader, struct buf *body,
                      struct err *e)
{
    struct store_dag_filter filter = {.tenant = req->who.tenant,
                                      .dag_id = api_query(req, "dagId"),
                                      .state = STORE_DAG_LIVE,
                                      .heads = true};
    auto_done(store_dag_list) rows = {0};

    if (!store_read_dags(reader, &filter, (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &rows,
                         e))
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

bool dag_list(const struct api_request *req, struct store_reader *reader, struct made *made,
              struct err *e)
{
    struct store_dag_filter filter = {.tenant = req->who.tenant, .dag_id = api_query(req, "dagId")};
    auto_done(store_dag_list) rows = {0};
    struct buf *body = &made->body;
    struct store_page page;

    jw_open(body, NULL, '{');
    if (!query_page(req, &page, e) || !state_of_query(req, &filter.state, e) ||
        !store_read_dags(reader, &filter, page, &rows, e) ||
        (page.token == NULL && !add_heads(req, reader, body, e)))
        return false;
    jw_open(body, "items", '[');
    for (size_t i = 0; i < rows.count; i++)
        view_dag_version(body, NULL, &rows.rows[i]);
    jw_close(body, ']');
    view_next_page(body, rows.next_page);
    jw_close(body, '}');
    return true;
}

bool dag_get(const struct api_request *req, struct store_reader *reader, struct made *made,
             struct err *e)
{
    auto_done(store_dag_list) rows = {0};

    if (!read_latest(req, reader, &rows, made, e))
        return false;
    jw_open(&made->body, NULL, '{');
    if (!view_dag(&made->body, "dag", &rows.rows[0], e))
        return false;
    jw_close(&made->body, '}');
    return true;
}

bool dag_get_version(const struct api_request *req, struct store_reader *reader, struct made *made,
                     struct err *e)
{
    auto_done(store_dag_list) rows = {0};

    if (store_read_dag(reader, req->who.tenant, api_param(req, "dag_id"), api_param(req, "version"),
                       &rows, e) &&
        view_dag_full(&made->body, NULL, &rows.rows[0], e))
        return true;
    if (e->code != ERR_NOT_FOUND)
        return false;
    made->code = "DAG_NOT_FOUND";
    return err_set(e, ERR_NOT_FOUND, "DAG version not found");
}

bool dag_validate_stored(const struct api_request *req, struct store_reader *reader,
                         struct made *made, struct err *e)
{
    auto_done(dag_findings) findings = {0};
    auto_obj(dag) dag = NULL;
    auto_json errors = NULL;
    auto_json warnings = NULL;

    if (!read_model(req, reader, &dag, &findings, made, e))
        return false;
    errors = findings_json_owned(&findings);
    warnings = dag_warnings_owned(dag);
    jw_open(&made->body, NULL, '{');
    jw_bool(&made->body, "valid", dag->valid);
    jw_json(&made->body, "errors", errors);
    jw_int(&made->body, "error_count", (int64_t)json_array_size(errors));
    jw_json(&made->body, "warnings", warnings);
    jw_close(&made->body, '}');
    return true;
}

bool dag_export(const struct api_request *req, struct store_reader *reader, struct made *made,
                struct err *e)
{
    auto_done(dag_findings) findings = {0};
    auto_done(buf) yaml = {0};
    auto_obj(dag) dag = NULL;

    if (!read_model(req, reader, &dag, &findings, made, e))
        return false;
    dag_yaml(dag, &yaml);
    jw_open(&made->body, NULL, '{');
    jw_str(&made->body, "yaml", buf_text(&yaml));
    jw_close(&made->body, '}');
    return true;
}

bool dag_visualize(const struct api_request *req, struct store_reader *reader, struct made *made,
                   struct err *e)
{
    auto_done(dag_findings) findings = {0};
    auto_done(buf) graph = {0};
    auto_obj(dag) dag = NULL;

    if (!read_model(req, reader, &dag, &findings, made, e))
        return false;
    dag_graph(dag, DAG_GRAPH_MERMAID, &graph);
    jw_open(&made->body, NULL, '{');
    jw_str(&made->body, "dag_id", dag->dag_id);
    jw_str(&made->body, "mermaid", buf_text(&graph));
    jw_close(&made->body, '}');
    return true;
}
