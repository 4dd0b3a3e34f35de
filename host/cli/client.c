/* client.c -- see client.h. */
#include "cli/client.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/curl.h"
#include "cli/out.h"

#include <curl/curl.h>
#include <string.h>

#define API_BASE "/api/v1/orchestrator"

enum { CONNECT_TIMEOUT_MS = 10 * 1000, REPLY_TIMEOUT_MS = 60 * 1000, CODE_BYTES = 64 };

struct client {
    CURL *curl;
    struct curl_slist *headers;
    int64_t deadline_ns; /* monotonic; 0: none */
    char curl_error[CURL_ERROR_SIZE];
};

/* What one request does with the bytes that come. */
struct reply {
    struct client *client;
    struct buf body;         /* the whole reply, or the line that is not complete yet */
    client_line_fn *on_line; /* NULL: collect */
    void *arg;
    bool stopped;
    bool too_large;
};

static void reply_done(struct reply *reply)
{
    buf_done(&reply->body);
}
DEFINE_AUTO_DONE(reply)

void client_free(struct client *client)
{
    if (client == NULL)
        return;
    curl_slist_free_all(client->headers);
    curl_easy_cleanup(client->curl);
    curl_global_cleanup();
    free(client);
}
DEFINE_AUTO(client)

/* ---- paths -----------------------------------------------------------------------------------*/

static void add_encoded(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     strchr("-._~", c) != NULL;

        if (plain)
            buf_addc(b, *text);
        else
            buf_addf(b, "%%%02X", c);
    }
}

bool client_read_json(const char *path, size_t bytes_max, const char *what, json_t **ret,
                      struct err *e)
{
    auto_done(buf) text = {0};

    return (file_read(path, bytes_max, &text, e) &&
            json_parse(buf_text(&text), text.len, &json_limits_default, ret, NULL, e)) ||
           err_wrap(e, "%s '%s'", what, path);
}

void client_path_add(struct buf *path, const char *segment)
{
    buf_addc(path, '/');
    add_encoded(path, segment);
}

void client_query_add(struct buf *path, const char *key, const char *value)
{
    if (value == NULL)
        return;
    buf_addc(path, strchr(buf_text(path), '?') == NULL ? '?' : '&');
    add_encoded(path, key);
    buf_addc(path, '=');
    add_encoded(path, value);
}

void client_query_page(const struct cli *cli, struct buf *path)
{
    auto_mem char *size = mem_printf("%d", cli->set.page_size);

    client_query_add(path, "page_size", size);
    client_query_add(path, "page_token", cli->set.page_token);
}

/* The base may be given with or without /api/v1/orchestrator. */
static void add_url(struct buf *url, const char *base, const char *path)
{
    size_t len = strlen(base);
    size_t api_len = strlen(API_BASE);

    while (len > 0 && base[len - 1] == '/')
        len--;
    if (len > api_len && strncmp(base + len - api_len, API_BASE, api_len) == 0)
        len -= api_len;
    buf_add(url, base, len);
    buf_adds(url, path[0] == '!' ? path + 1 : API_BASE);
    buf_adds(url, path[0] == '!' ? "" : path);
}

/* ---- one handle for the command --------------------------------------------------------------*/

/* A value that could end the header line is refused: it came from a flag or the environment. */
static bool add_header(struct client *client, const char *name, const char *value, struct err *e)
{
    auto_mem char *line = NULL;
    struct curl_slist *longer;

    if (value == NULL)
        return true;
    for (const char *p = value; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            return err_set(e, ERR_INVALID, "%s holds a control character", name);
    }
    line = value[0] != '\0' ? mem_printf("%s: %s", name, value) : mem_printf("%s:", name);
    longer = curl_slist_append(client->headers, line);
    if (longer == NULL)
        return err_set(e, ERR_SYSTEM, "no memory for a header");
    client->headers = longer;
    return true;
}

static bool add_headers(struct client *client, const struct cli_settings *set, struct err *e)
{
    auto_mem char *bearer = set->token != NULL ? mem_printf("Bearer %s", set->token) : NULL;

    return add_header(client, "Authorization", bearer, e) &&
           add_header(client, "X-Stella-Tenant", set->tenant, e) &&
           add_header(client, "traceparent", set->traceparent, e) &&
           add_header(client, "X-Stella-Reason", set->reason, e) &&
           add_header(client, "X-Stella-Ticket", set->ticket, e) &&
           add_header(client, "Content-Type", "application/json", e) &&
           add_header(client, "User-Agent", "orch/" ORCH_VERSION, e) &&
           add_header(client, "Expect", "", e);
}

/* A proxy in the environment is not for this machine. */
static bool is_loopback(const char *url)
{
    static const char *const hosts[] = {"localhost", "[::1]"};
    CURLU *parts = curl_url();
    char *host = NULL;
    bool found = false;

    if (parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        found = strncmp(host, "127.", 4) == 0;
        for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
            found = found || strcmp(host, hosts[i]) == 0;
    }
    curl_free(host);
    curl_url_cleanup(parts);
    return found;
}

static bool client_make(const struct cli *cli, struct client **ret, struct err *e)
{
    auto_obj(client) client = NULL;

    if (!curl_load(e))
        return false;
    client = mem_new(struct client);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(e, ERR_SYSTEM, "libcurl does not start");
    client->curl = curl_easy_init();
    if (client->curl == NULL)
        return err_set(e, ERR_SYSTEM, "libcurl gives no handle");
    if (cli->set.timeout_ms > 0)
        client->deadline_ns = clock_mono_ns() + cli->set.timeout_ms * 1000000;
    if (!add_headers(client, &cli->set, e))
        return false;
    curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->curl_error);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(client->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (is_loopback(cli->set.url))
        curl_easy_setopt(client->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    *ret = take(client);
    return true;
}

static bool client_of(struct cli *cli, struct client **ret, struct err *e)
{
    if (cli->client == NULL && !client_make(cli, &cli->client, e))
        return false;
    *ret = cli->client;
    return true;
}

/* ---- bytes that come -------------------------------------------------------------------------*/

/* Hands out every complete line; false when on_line wants no more. */
static bool give_lines(struct reply *reply)
{
    size_t start = 0;
    char *end;

    while (reply->body.len > start &&
           (end = memchr(reply->body.data + start, '\n', reply->body.len - start)) != NULL) {
        size_t len = (size_t)(end - (reply->body.data + start));

        *end = '\0';
        if (len > 0 && !reply->on_line(reply->arg, reply->body.data + start, len))
            return false;
        start += len + 1;
    }
    buf_cut(&reply->body, start);
    return true;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
    struct reply *reply = arg;
    size_t len = size * count;
    long status = 0;
    size_t limit;

    curl_easy_getinfo(reply->client->curl, CURLINFO_RESPONSE_CODE, &status);
    limit = reply->on_line != NULL ? CLIENT_LINE_BYTES_MAX : CLIENT_REPLY_BYTES_MAX;
    if (reply->body.len + len > limit) {
        reply->too_large = true;
        return 0;
    }
    buf_add(&reply->body, bytes, len);
    if (reply->on_line != NULL && status == 200 && !give_lines(reply)) {
        reply->stopped = true;
        return 0; /* libcurl: stop the transfer */
    }
    return len;
}

/* ---- errors ----------------------------------------------------------------------------------*/

/* 500 stands for several codes; of the host's inside nothing more is known than that it failed. */
static enum err_code code_of_status(long status)
{
    enum err_code found = status >= 500 ? ERR_SYSTEM : ERR_INVALID;

    for (int code = ERR_NONE + 1; status != 500 && code < ERR_CODE_COUNT; code++) {
        if (err_code_http((enum err_code)code) == status)
            found = (enum err_code)code;
    }
    return found;
}

static const char *problem_text(const json_t *problem, const char *key)
{
    const char *text = json_string_value(json_object_get(problem, key));

    return text != NULL
               ? text
               : json_string_value(json_object_get(json_object_get(problem, "error"), key));
}

/* A problem+json body (USERS.md 2, note A), or whatever else answered in the host's place. */
static bool problem_error(const struct cli *cli, long status, const struct buf *body, struct err *e)
{
    auto_json problem = NULL;
    auto_done(buf) text = {0};
    const char *message, *code, *trace;

    if (!json_parse(buf_text(body), body->len, &json_limits_default, &problem, NULL, NULL))
        return err_set(e, code_of_status(status), "the host answered HTTP %ld without a reason",
                       status);
    message = problem_text(problem, "message");
    if (message == NULL)
        message = problem_text(problem, "detail");
    code = problem_text(problem, "code");
    trace = problem_text(problem, "trace_id");
    if (message == NULL)
        message = "the host gave no message";
    text_add_printable(&text, message, strlen(message));
    if (code != NULL)
        buf_addf(&text, " (%.*s)", CODE_BYTES, code);
    if (cli->set.verbose)
        buf_addf(&text, "\n  HTTP %ld, trace id %.*s", status, CODE_BYTES,
                 trace != NULL ? trace : "not given");
    return err_set(e, code_of_status(status), "%s", buf_text(&text));
}

static bool transfer_error(struct cli *cli, const struct reply *reply, CURLcode result,
                           struct err *e)
{
    const char *why = reply->client->curl_error[0] != '\0' ? reply->client->curl_error
                                                           : curl_easy_strerror(result);

    if (reply->too_large)
        return err_set(e, ERR_TOO_LARGE, "the host's reply is larger than this client takes");
    if (result == CURLE_OPERATION_TIMEDOUT)
        return err_set(e, ERR_TIMEOUT, "%s: %s", cli->set.url, why);
    if (result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST) {
        cli_exit(cli, CLI_EXIT_OFFLINE);
        return err_set(e, ERR_UNAVAILABLE, "%s: %s; %s", cli->set.url, why,
                       result == CURLE_COULDNT_RESOLVE_HOST
                           ? "is the name in --api-url or ORCH_URL right?"
                       : is_loopback(cli->set.url) ? "is the host running? './up' starts one"
                                                   : "is the host running there?");
    }
    if (result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL)
        return err_set(e, ERR_INVALID, "--api-url '%s': %s", cli->set.url, why);
    return err_set(e, ERR_UNAVAILABLE, "%s: %s", cli->set.url, why);
}

/* ---- one request -----------------------------------------------------------------------------*/

struct request {
    const char *method;
    const char *path;
    const char *body; /* NULL: a GET has none, others send an empty one */
    long timeout_ms;  /* 0: none */
    long idle_s;      /* 0: none; silence that ends a stream */
};

/* What is left of --timeout; false when nothing is. */
static bool time_left(const struct client *client, long *timeout_ms, struct err *e)
{
    int64_t left_ms;

    if (client->deadline_ns == 0)
        return true;
    left_ms = (client->deadline_ns - clock_mono_ns()) / 1000000;
    if (left_ms <= 0)
        return err_set(e, ERR_TIMEOUT, "--timeout passed");
    if (*timeout_ms == 0 || left_ms < *timeout_ms)
        *timeout_ms = (long)left_ms;
    return true;
}

static void set_request(CURL *curl, const struct request *request, const char *url,
                        struct reply *reply)
{
    bool get = strcmp(request->method, "GET") == 0;
    const char *body = request->body != NULL ? request->body : "";

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (get) {
        curl_easy_setopt(curl, CURLOPT_POST, 0L);
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    } else { /* the size is known, so libcurl sends Content-Length and never chunks */
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    }
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, request->idle_s > 0 ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, request->idle_s);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
}

/* reply->client is set; true: a 2xx reply is in reply->body, or on_line had what it wanted. */
static bool perform(struct cli *cli, struct request request, struct reply *reply, struct err *e)
{
    auto_done(buf) url = {0};
    CURLcode result;
    long status = 0;

    if (!client_of(cli, &reply->client, e) || !time_left(reply->client, &request.timeout_ms, e))
        return false;
    add_url(&url, cli->set.url, request.path);
    set_request(reply->client->curl, &request, buf_text(&url), reply);
    reply->client->curl_error[0] = '\0';
    result = curl_easy_perform(reply->client->curl);
    if (reply->stopped)
        return true;
    if (result != CURLE_OK)
        return transfer_error(cli, reply, result, e);
    curl_easy_getinfo(reply->client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299)
        return problem_error(cli, status, &reply->body, e);
    return true;
}

static bool body_json(const struct reply *reply, json_t **ret, struct err *e)
{
    static const struct json_limits limits = {CLIENT_REPLY_BYTES_MAX, 2 * JSON_DEPTH_MAX, 0};

    *ret = NULL;
    if (reply->body.len == 0)
        return true;
    return json_parse(reply->body.data, reply->body.len, &limits, ret, NULL, e) ||
           err_wrap(e, "the host's reply");
}

bool client_get(struct cli *cli, const char *path, json_t **ret, struct err *e)
{
    auto_done(reply) reply = {0};
    struct request request = {.method = "GET", .path = path, .timeout_ms = REPLY_TIMEOUT_MS};

    return perform(cli, request, &reply, e) && body_json(&reply, ret, e);
}

bool client_get_bytes(struct cli *cli, const char *path, struct buf *ret, struct err *e)
{
    auto_done(reply) reply = {0};
    struct request request = {.method = "GET", .path = path, .timeout_ms = REPLY_TIMEOUT_MS};

    if (!perform(cli, request, &reply, e))
        return false;
    buf_add(ret, buf_text(&reply.body), reply.body.len);
    return true;
}

bool client_send(struct cli *cli, const char *method, const char *path, const json_t *body,
                 json_t **ret, struct err *e)
{
    auto_done(reply) reply = {0};
    auto_done(buf) text = {0};
    struct request request = {.method = method, .path = path, .timeout_ms = REPLY_TIMEOUT_MS};

    if (body != NULL) {
        json_add_compact(&text, body);
        request.body = buf_text(&text);
    }
    return perform(cli, request, &reply, e) && body_json(&reply, ret, e);
}

void client_show_page(struct cli *cli, const struct out_column *columns, const char *rows,
                      const json_t *reply)
{
    const char *next = json_string_value(json_object_get(reply, "next_page_token"));

    out_rows(cli, columns, json_object_get(reply, rows), reply);
    if (next != NULL)
        cli_say(cli, "more: --page-token %s", next);
}

bool client_stream(struct cli *cli, const char *path, int64_t idle_ms, client_line_fn *on_line,
                   void *arg, struct err *e)
{
    auto_done(reply) reply = {.on_line = on_line, .arg = arg};
    struct request request = {.method = "GET",
                              .path = path,
                              .idle_s = (long)((idle_ms + 999) / 1000)};

    return perform(cli, request, &reply, e);
}
