/* dags.c -- definitions: create, publish, import, change, disable, delete. The host
 * validates and stores; what it refuses comes back with its findings. */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/mem.h"

#include <string.h>

#define GREENLANG_FIELDS                                                                           \
    "name! nodes! description version default_retry_policy default_timeout_policy on_failure "     \
    "max_parallel_nodes metadata run_timeout_seconds deadline"
#define STELLAOPS_FIELDS                                                                           \
    "dagId! version steps! edges name description metadata signature on_failure "                  \
    "max_parallel_nodes default_retry_policy default_timeout_policy run_timeout_seconds deadline"

/* prefix: what GreenLang's text puts before the joined findings. */
static void refuse(struct api_request *req, const struct api_outcome *out, enum err_code code,
                   const char *prefix)
{
    struct err e = *out->e;

    if (json_array_size(out->findings) == 0) {
        api_reply_outcome_error(req, out);
        return;
    }
    e.code = code;
    (void)err_wrap(&e, "%s", prefix);
    api_reply_findings(req, &e, "DEFINITION_INVALID", out->findings);
}

static void add_warnings(struct buf *b, const json_t *warnings)
{
    if (json_array_size(warnings) > 0)
        jw_json(b, "warnings", warnings);
}

/* What a change stored, for the answer that shows it. */
struct stored {
    char *dag_id, *version;
    const char *message;
    json_t *warnings;
};

static void stored_free(void *arg)
{
    struct stored *stored = arg;

    free(stored->dag_id);
    free(stored->version);
    json_decref(stored->warnings);
    free(stored);
}

static bool make_stored(const struct api_request *req, struct store_reader *reader,
                        struct made *made, struct err *e)
{
    const struct stored *stored = made->arg;
    auto_done(store_dag_list) rows = {0};
    struct buf *body = &made->body;

    jw_open(body, NULL, '{');
    if (!store_read_dag(reader, req->who.tenant, stored->dag_id, stored->version, &rows, e) ||
        !view_dag(body, "dag", &rows.rows[0], e))
        return false;
    jw_str(body, "message", stored->message);
    jw_str(body, "dagId", stored->dag_id);
    jw_str(body, "version", stored->version);
    add_warnings(body, stored->warnings);
    jw_close(body, '}');
    return true;
}

static bool make_version(const struct api_request *req, struct store_reader *reader,
                         struct made *made, struct err *e)
{
    const struct stored *stored = made->arg;
    auto_done(store_dag_list) rows = {0};
    struct buf *body = &made->body;

    if (!store_read_dag_head(reader, req->who.tenant, stored->dag_id, stored->version, &rows, e))
        return false;
    jw_open(body, NULL, '{');
    view_dag_version_members(body, &rows.rows[0]);
    add_warnings(body, stored->warnings);
    jw_close(body, '}');
    return true;
}

static void reply_stored(struct api_request *req, const struct api_outcome *out, made_fn *fn,
                         int status, const char *message)
{
    struct stored *stored = mem_new(struct stored);

    *stored = (struct stored){mem_str(out->dag_id), mem_str(out->version), message,
                              json_deep_copy(out->warnings)};
    api_reply_made(req, &(struct make){.fn = fn,
                                       .status = status,
                                       .arg = stored,
                                       .free = stored_free,
                                       .owed = true});
}

/* {dag, message}: GreenLang's answer to every change. */
static void reply_dag(struct api_request *req, const struct api_outcome *out, int status,
                      const char *message)
{
    reply_stored(req, out, make_stored, status, message);
}

static void reply_version(struct api_request *req, const struct api_outcome *out, int status)
{
    reply_stored(req, out, make_version, status, NULL);
}

static void on_created(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        refuse(request_of(arg), out, ERR_INVALID, "DAG validation failed");
    else
        reply_dag(request_of(arg), out, 201, "DAG created");
}

static void on_published(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        refuse(request_of(arg), out, ERR_UNPROCESSABLE, "the definition is not valid");
    else
        reply_version(request_of(arg), out, out->created ? 201 : 200);
}

static void on_imported(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        refuse(request_of(arg), out, ERR_INVALID, "Imported DAG validation failed");
    else
        reply_dag(request_of(arg), out, out->created ? 201 : 200, "DAG imported");
}

static void on_updated(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL)
        refuse(request_of(arg), out, ERR_INVALID, "Updated DAG validation failed");
    else
        reply_dag(request_of(arg), out, 200, "DAG updated");
}

/* One path, two families: StellaOps sends steps[], GreenLang a nodes map. */
void dag_create(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    bool steps = json_object_get(req->json, "steps") != NULL;
    struct api_publish what = {.form = API_DEFINITION_JSON, .dag_id_generated = !steps};
    struct api_actor who = api_actor(req);

    if (!api_fields_known(req, steps ? STELLAOPS_FIELDS : GREENLANG_FIELDS))
        return;
    what.json = take(req->json);
    what.signature = json_incref(json_object_get(what.json, "signature"));
    engine->dag_publish(engine->arg, &who, &what, steps ? on_published : on_created, req);
}

void dag_import(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_publish what = {.form = API_DEFINITION_TEXT};
    struct api_actor who = api_actor(req);
    const char *text;
    struct err e = {0};

    if (!json_get_str(req->json, "yaml_content", "", &text, &e)) {
        api_reply_error(req, &e, NULL);
        return;
    }
    what.json = *text != '\0' ? json_incref(json_object_get(req->json, "yaml_content"))
                              : json_string(""); /* null is an empty one */
    what.signature = json_incref(json_object_get(req->json, "signature"));
    json_decref(take(req->json)); /* what is left of it are the two */
    engine->dag_publish(engine->arg, &who, &what, on_imported, req);
}

static void reply_missing(struct api_request *req, const struct api_outcome *out, const char *text)
{
    struct err e = {0};

    if (out->e->code != ERR_NOT_FOUND || out->code != NULL) {
        api_reply_outcome_error(req, out);
        return;
    }
    (void)err_set(&e, ERR_NOT_FOUND, "%s", text);
    api_reply_error(req, &e, "DAG_NOT_FOUND");
}

static void on_updated_or_missing(void *arg, const struct api_outcome *out)
{
    if (out->e != NULL && out->e->code == ERR_NOT_FOUND)
        reply_missing(request_of(arg), out, "DAG not found");
    else
        on_updated(arg, out);
}

void dag_update(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->dag_update(engine->arg, &who, api_param(req, "dag_id"), take(req->json),
                       on_updated_or_missing, req);
}

static void on_deleted(void *arg, const struct api_outcome *out)
{
    json_t *body;

    if (out->e != NULL) {
        reply_missing(request_of(arg), out, "DAG not found");
        return;
    }
    body = json_pack("{s:s}", "message", "DAG deleted");
    api_reply_json(request_of(arg), 200, &body);
}

void dag_delete(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->dag_delete(engine->arg, &who, api_param(req, "dag_id"), on_deleted, req);
}

static void on_disabled(void *arg, const struct api_outcome *out)
{
    struct api_request *req = request_of(arg);
    struct api_outcome named = {.dag_id = api_param(req, "dag_id"),
                                .version = api_param(req, "version")};

    if (out->e != NULL)
        reply_missing(req, out, "DAG version not found");
    else
        reply_version(req, &named, 200);
}

void dag_disable(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->dag_disable(engine->arg, &who, api_param(req, "dag_id"), api_param(req, "version"),
                        on_disabled, req);
}
