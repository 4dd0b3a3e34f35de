/* problem.c -- see problem.h. */
#include "api/http/problem.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { TYPE_BYTES = 128 };

static const struct {
    int status;
    const char *text;
} statuses[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *http_status_text(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (statuses[i].status == status)
            return statuses[i].text;
    }
    return "Unknown";
}

static const char *default_code(enum err_code code)
{
    static const char *const codes[ERR_CODE_COUNT] = {
        [ERR_NONE] = "INTERNAL",
        [ERR_INVALID] = "INVALID_REQUEST",
        [ERR_UNAUTHENTICATED] = "UNAUTHENTICATED",
        [ERR_DENIED] = "DENIED",
        [ERR_NOT_FOUND] = "NOT_FOUND",
        [ERR_CONFLICT] = "CONFLICT",
        [ERR_TOO_LARGE] = "TOO_LARGE",
        [ERR_UNPROCESSABLE] = "UNPROCESSABLE",
        [ERR_LIMIT] = "LIMIT_EXCEEDED",
        [ERR_CORRUPT] = "INTERNAL",
        [ERR_SYSTEM] = "INTERNAL",
        [ERR_UNSUPPORTED] = "NOT_SUPPORTED",
        [ERR_UNAVAILABLE] = "UNAVAILABLE",
        [ERR_TIMEOUT] = "TIMEOUT",
    };

    return codes[code];
}

int problem_status(const struct problem *p)
{
    return p->status != 0 ? p->status : err_code_http(p->e->code);
}

const char *problem_code(const struct problem *p)
{
    return p->code != NULL ? p->code : default_code(p->e->code);
}

bool problem_is_internal(const struct problem *p)
{
    return problem_status(p) == 500;
}

/* "https://orch.invalid/errors/dag-not-found": an identifier, not a place to look. */
static void type_text(const char *code, char out[TYPE_BYTES])
{
    snprintf(out, TYPE_BYTES, "https://orch.invalid/errors/%s", code);
    for (char *at = out + strlen("https://orch.invalid/errors/"); *at != '\0'; at++) {
        if (*at == '_')
            *at = '-';
        else if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    }
}

/* What a peer sent may be cut or not UTF-8; a body never is. */
static const char *printable(struct buf *b, const char *text)
{
    text_add_printable(b, text, strlen(text));
    return buf_text(b);
}

json_t *problem_json_owned(const struct problem *p)
{
    auto_done(buf) message_text = {0}, instance_text = {0};
    int status = problem_status(p);
    const char *code = problem_code(p);
    const char *message = problem_is_internal(p)
                              ? "internal error; the host's log has it under this trace_id"
                              : printable(&message_text, p->e->msg);
    char type[TYPE_BYTES];
    json_t *errors = p->errors != NULL ? json_deep_copy(p->errors) : json_array();

    type_text(code, type);
    return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:s, s:s, s:s}, s:o}",
                     "type", type, "title", http_status_text(status), "status", status, "detail",
                     message, "instance", printable(&instance_text, p->instance), "code", code,
                     "message", message, "trace_id", p->trace_id, "retryable",
                     err_code_retryable(p->e->code), "error", "code", code, "message", message,
                     "trace_id", p->trace_id, "errors", errors);
}
