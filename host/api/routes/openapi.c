/* openapi.c -- the OpenAPI 3.1 document, made from the route table: one operation a row; and the
 * schema of definitions. */
#include "api/request/reply.h"
#include "api/routes/handlers.h"
#include "model/dag/source/schema.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static json_t *text_schema_owned(void)
{
    return json_pack("{s:s}", "type", "string");
}

static void add_path_parameters(json_t *list, const char *pattern)
{
    for (const char *at = strchr(pattern, '{'); at != NULL; at = strchr(at + 1, '{')) {
        json_t *name = json_stringn(at + 1, strcspn(at + 1, "}"));

        json_array_append_new(list, json_pack("{s:o, s:s, s:b, s:o}", "name", name, "in", "path",
                                              "required", 1, "schema", text_schema_owned()));
    }
}

static void add_query_parameters(json_t *list, const char *queries)
{
    while (*queries != '\0') {
        size_t len = strcspn(queries, " ");

        json_array_append_new(list, json_pack("{s:s%, s:s, s:o}", "name", queries, len, "in",
                                              "query", "schema", text_schema_owned()));
        queries += len;
        queries += strspn(queries, " ");
    }
}

static void add_tenant_parameter(json_t *list)
{
    json_array_append_new(list, json_pack("{s:s}", "$ref", "#/components/parameters/Tenant"));
}

/* The body's schema: its members by name, those marked "!" required. */
static json_t *body_schema_owned(const char *fields)
{
    json_t *properties = json_object(), *required = json_array();

    while (*fields != '\0' && strcmp(fields, "*") != 0) {
        size_t len = strcspn(fields, " !");

        json_object_setn_new(properties, fields, len, json_object());
        if (fields[len] == '!')
            json_array_append_new(required, json_stringn(fields, len));
        fields += len + (fields[len] == '!');
        fields += strspn(fields, " ");
    }
    return json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties, "required",
                     required);
}

static json_t *body_owned(const struct route *row)
{
    return json_pack("{s:b, s:{s:{s:o}}}", "required", row->body == BODY_JSON, "content",
                     "application/json", "schema", body_schema_owned(row->fields));
}

static json_t *responses_owned(const struct route *row)
{
    char status[8];

    snprintf(status, sizeof status, "%d", row->success);
    return json_pack("{s:{s:s}, s:{s:s}}", status, "description", http_status_text(row->success),
                     "default", "$ref", "#/components/responses/Problem");
}

static json_t *operation_owned(const struct route *row)
{
    json_t *parameters = json_array(), *operation;

    add_path_parameters(parameters, row->pattern);
    add_query_parameters(parameters, row->queries);
    if (row->need != NEED_NOTHING)
        add_tenant_parameter(parameters);
    operation = json_pack("{s:s, s:s, s:o, s:o}", "operationId", row->operation, "x-orch-need",
                          route_need_text(row->need), "parameters", parameters, "responses",
                          responses_owned(row));
    if (row->body == BODY_JSON || row->body == BODY_OPTIONAL)
        json_object_set_new(operation, "requestBody", body_owned(row));
    if (row->need == NEED_NOTHING)
        json_object_set_new(operation, "security", json_array());
    return operation;
}

static json_t *paths_owned(const struct route_table *table)
{
    json_t *paths = json_object();

    for (size_t i = 0; i < table->count; i++) {
        const struct route *row = &table->rows[i];
        json_t *path = json_object_get(paths, row->pattern);
        char method[8];

        snprintf(method, sizeof method, "%s", http_method_text(row->method));
        for (char *at = method; *at != '\0'; at++)
            *at = (char)(*at | 0x20);
        if (path == NULL) {
            path = json_object();
            json_object_set_new(paths, row->pattern, path);
        }
        json_object_set_new(path, method, operation_owned(row));
    }
    return paths;
}

static json_t *problem_schema_owned(void)
{
    return json_pack("{s:s, s:[s,s,s,s,s], s:{s:o, s:o, s:{s:s}, s:o, s:o, s:o, s:o, s:{s:s}, "
                     "s:{s:s}, s:{s:s}}}",
                     "type", "object", "required", "type", "status", "code", "message", "error",
                     "properties", "type", text_schema_owned(), "title", text_schema_owned(),
                     "status", "type", "integer", "detail", text_schema_owned(), "code",
                     text_schema_owned(), "message", text_schema_owned(), "trace_id",
                     text_schema_owned(), "retryable", "type", "boolean", "error", "type", "object",
                     "errors", "type", "array");
}

static json_t *error_source_schema_owned(void)
{
    return json_pack(
        "{s:[s,s], s:[s,s,n], s:s}", "type", "string", "null", "enum", "agent", "host",
        "description",
        "errorSource of steps and attempts, error_source of node traces and events: whose "
        "words the error and its class are; an agent's may be anything");
}

static json_t *components_owned(void)
{
    return json_pack(
        "{s:{s:{s:s, s:s, s:s}}, s:{s:{s:s, s:s, s:b, s:o}}, s:{s:{s:s, s:{s:{s:{s:s}}}}}, "
        "s:{s:o, s:o}}",
        "securitySchemes", "bearer", "type", "http", "scheme", "bearer", "bearerFormat", "JWT",
        "parameters", "Tenant", "name", "X-Stella-Tenant", "in", "header", "required", 1, "schema",
        text_schema_owned(), "responses", "Problem", "description", "What went wrong (RFC 9457)",
        "content", "application/problem+json", "schema", "$ref", "#/components/schemas/Problem",
        "schemas", "Problem", problem_schema_owned(), "ErrorSource", error_source_schema_owned());
}

void dag_schema_get(struct api_request *req)
{
    json_t *body = dag_schema_owned();

    api_reply_json(req, 200, &body);
}

void openapi_get(struct api_request *req)
{
    json_t *body =
        json_pack("{s:s, s:{s:s, s:s}, s:o, s:o, s:[{s:[]}]}", "openapi", "3.1.0", "info", "title",
                  "orch", "version", ORCH_VERSION, "paths", paths_owned(req->server->opt.routes),
                  "components", components_owned(), "security", "bearer");

    api_reply_json(req, 200, &body);
}
