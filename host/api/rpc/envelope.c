/* envelope.c -- see envelope.h. */
#include "api/rpc/envelope.h"

#include "api/http/fields.h"
#include "api/http/jsonw.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

#define RPC_VERSION "2.0"
#define KEPT_NAMES "rpc."

bool rpc_body_read(const json_t *body, size_t *ret, struct err *e)
{
    *ret = json_is_array(body) ? json_array_size(body) : 1;
    return (*ret > 0 && *ret <= RPC_CALLS_MAX) ||
           err_set(e, ERR_INVALID, "a batch has 1 to %d calls, not %zu", RPC_CALLS_MAX, *ret);
}

static bool id_is_good(const json_t *id)
{
    return json_is_integer(id) || json_is_null(id) ||
           (json_is_string(id) && json_string_length(id) <= RPC_ID_BYTES_MAX);
}

static bool read_id(const json_t *item, struct rpc_ask *ret, struct err *e)
{
    const json_t *id = json_object_get(item, "id");

    if (id == NULL || id_is_good(id)) {
        ret->id = id;
        return true;
    }
    return err_set(e, ERR_INVALID, "'id' is a string of at most %d bytes, an integer or null",
                   RPC_ID_BYTES_MAX);
}

static bool read_method(const json_t *item, struct rpc_ask *ret, struct err *e)
{
    if (strcmp(json_text_of(item, "jsonrpc"), RPC_VERSION) != 0)
        return err_set(e, ERR_INVALID, "'jsonrpc' is not \"" RPC_VERSION "\"");
    ret->method = json_string_value(json_object_get(item, "method"));
    if (ret->method == NULL)
        return err_set(e, ERR_INVALID, "'method' is not a string");
    return strncmp(ret->method, KEPT_NAMES, strlen(KEPT_NAMES)) != 0 ||
           err_set(e, ERR_INVALID, "names of methods do not begin with '" KEPT_NAMES "'");
}

static bool read_params(const json_t *item, struct rpc_ask *ret, struct err *e)
{
    const json_t *params = json_object_get(item, "params");

    ret->params = params;
    return params == NULL || json_is_object(params) || json_is_array(params) ||
           err_set(e, ERR_INVALID, "'params' is an object, not %s", json_type_name(params));
}

static bool check_members(const json_t *item, struct err *e)
{
    auto_json unknown = fields_check_owned(item, "jsonrpc method params id");

    return json_array_size(unknown) == 0 ||
           err_set(e, ERR_INVALID, "a call has 'jsonrpc', 'method', 'params' and 'id', no more");
}

bool rpc_ask_read(const json_t *item, struct rpc_ask *ret, struct err *e)
{
    *ret = (struct rpc_ask){0};
    if (!json_is_object(item))
        return err_set(e, ERR_INVALID, "a call is an object, not %s", json_type_name(item));
    return read_id(item, ret, e) && read_method(item, ret, e) && read_params(item, ret, e) &&
           check_members(item, e);
}

/* ---- errors ---- */

enum rpc_code rpc_code_of(enum err_code code)
{
    switch (code) {
    case ERR_INVALID:
    case ERR_NOT_FOUND:
    case ERR_TOO_LARGE:
    case ERR_UNPROCESSABLE:
    case ERR_UNSUPPORTED:
        return RPC_PARAMS;
    case ERR_CONFLICT:
        return RPC_VALIDATION;
    case ERR_LIMIT:
        return RPC_RATE;
    case ERR_UNAVAILABLE:
        return RPC_AGENT;
    case ERR_UNAUTHENTICATED:
        return RPC_TOKEN;
    case ERR_DENIED:
        return RPC_SCOPE;
    default:
        return RPC_INTERNAL;
    }
}

int rpc_http_status(enum rpc_code code)
{
    switch (code) {
    case RPC_PARSE:
    case RPC_REQUEST:
        return 400;
    case RPC_TOKEN:
        return 401;
    case RPC_SCOPE:
        return 403;
    case RPC_RATE:
        return 429;
    default:
        return 200;
    }
}

/* ---- answers ---- */

static void begin(struct buf *b, const json_t *id)
{
    jw_open(b, NULL, '{');
    jw_str(b, "jsonrpc", RPC_VERSION);
    jw_json(b, "id", id);
}

void rpc_add_result(struct buf *b, const json_t *id, const char *data, int64_t took_ns,
                    int64_t at_us)
{
    begin(b, id);
    jw_open(b, "result", '{');
    jw_raw(b, "data", data);
    jw_open(b, "metadata", '{');
    jw_real(b, "execution_time", (double)took_ns * 1e-9);
    jw_time(b, "timestamp", at_us);
    jw_close(b, '}');
    jw_close(b, '}');
    jw_close(b, '}');
}

void rpc_add_error(struct buf *b, const json_t *id, const struct rpc_error *error)
{
    auto_done(buf) message = {0};

    text_add_printable(&message, error->message, strlen(error->message));
    begin(b, id);
    jw_open(b, "error", '{');
    jw_int(b, "code", error->code);
    jw_str(b, "message", buf_text(&message));
    if (error->data != NULL)
        jw_json(b, "data", error->data);
    jw_close(b, '}');
    jw_close(b, '}');
}
