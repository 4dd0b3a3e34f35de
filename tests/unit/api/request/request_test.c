/* request_test.c -- the order of checks, and what may come between a request and its answer, over
 * a connection that is none. */
#include "rig.h"
#include "suites.h"

#include "api/http/rate.h"
#include "api/request/reply.h"
#include "base/clock.h"
#include "base/json_thread.h"
#include "base/limits.h"
#include "base/mem.h"
#include "store/beside.h"

#include <poll.h>
#include <string.h>

/* The connection, as api/request/server.h knows it. */
struct conn {
    int answers;
    char text[4096];  /* the last answer */
    const char *body; /* its body's bytes, when they came apart */
    bool closes, takes_streams;
};

static struct rig rig;
static struct request_server *server;
static struct json_thread *json;
static struct beside *beside;
static struct conn conn;
static struct api_request *left; /* by the handler, for an answer that comes later */
static int handled;
static struct {
    api_done_fn done;
    void *arg;
    int status;
} remembering; /* what the engine was asked to remember */

static void on_answer(struct conn *c, struct buf *wire, struct buf *body, bool close)
{
    ck_assert_uint_lt(wire->len, sizeof c->text);
    memcpy(c->text, wire->data, wire->len);
    c->text[wire->len] = '\0';
    c->answers++;
    c->closes = close;
    c->body = body->data;
    buf_done(wire);
    buf_done(body);
    *wire = *body = (struct buf){0};
}

static bool on_stream(struct conn *c, struct buf *wire, const char *content_type,
                      struct http_head *asked, const struct identity *who, const char **ret_code,
                      struct err *e)
{
    ck_assert_str_eq(content_type, "text/event-stream");
    ck_assert_str_eq(who->tenant, "t");
    if (!c->takes_streams) {
        *ret_code = "CURSOR_IN_FUTURE";
        return err_set(e, ERR_INVALID, "the cursor is in the future");
    }
    http_head_done(asked);
    *asked = (struct http_head){0};
    on_answer(c, wire, &(struct buf){0}, true);
    return true;
}

static void answer_now(struct api_request *req)
{
    json_t *body = json_pack("{s:b}", "done", 1);

    handled++;
    api_reply_json(req, 201, &body);
}

static void answer_later(struct api_request *req)
{
    handled++;
    left = req;
}

static void answer_events(struct api_request *req)
{
    api_reply_streams(req, "text/event-stream");
}

static const struct route rows[] = {
    {HTTP_POST, "/things", NEED_WRITE, BODY_JSON, 64, "a!", "q", 201, "now", .handle = answer_now},
    {HTTP_POST, "/later", NEED_WRITE, BODY_OPTIONAL, 64, "*", "", 201, "later",
     .handle = answer_later},
    {HTTP_POST, "/large", NEED_WRITE, BODY_JSON, RUN_INPUT_BYTES_MAX, "*", "", 201, "large",
     .handle = answer_now},
    {HTTP_GET, "/later", NEED_NOTHING, BODY_NONE, 0, "", "", 200, "get", .handle = answer_later},
    {HTTP_GET, "/events", NEED_READ, BODY_NONE, 0, "", "", 200, "events", .handle = answer_events},
};
static const struct route_table routes = {rows, ARRAY_LEN(rows)};

static void remember(void *arg, const struct api_idempotency *what, api_done_fn done,
                     void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    (void)arg;
    store_batch_idempotency_put(batch,
                                &(struct store_idempotency){.tenant = what->tenant,
                                                            .key = what->key,
                                                            .path = what->path,
                                                            .request_hash = what->request_hash,
                                                            .status = what->status,
                                                            .body = what->body,
                                                            .created_us = 1,
                                                            .expires_us = INT64_MAX});
    (void)rig_commit(&rig, batch);
    remembering.done = done;
    remembering.arg = done_arg;
    remembering.status = what->status;
}

static const struct api_engine engine = {.idempotency_put = remember};
static const struct request_conn_ops ops = {.answer = on_answer, .stream = on_stream};

static void setup(void)
{
    struct err e;

    rig_open(&rig);
    ck_assert_msg(json_thread_start(&json, &e) && beside_start(rig.store, 1, 0, &beside, &e), "%s",
                  e.msg);
    conn = (struct conn){0};
    left = NULL;
    handled = 0;
    memset(&remembering, 0, sizeof remembering);
    server = request_server_new(&(struct request_options){.conn = &ops,
                                                          .routes = &routes,
                                                          .engine = &engine,
                                                          .json = json,
                                                          .beside = beside,
                                                          .metrics = rig.metrics,
                                                          .tokens = rig.tokens,
                                                          .tickets = rig.tickets,
                                                          .rate_per_s = 1,
                                                          .rate_burst = 20});
}

static void teardown(void)
{
    json_thread_free(json);
    beside_free(beside);
    request_server_free(server);
    rig_close(&rig);
}

/* Takes head's contents. */
static struct api_request *begin(struct http_head head, const char *body)
{
    struct early none = {0};
    struct api_request *req;

    if (head.body_bytes == 0)
        head.body_bytes = strlen(body);
    req = request_begin(server, &conn, &head, &none);
    ck_assert(!req->has_body || request_body(req, body, strlen(body)));
    return req;
}

/* Everything that was read of the store is told. */
static void reads_end(void)
{
    struct pollfd fd = {.fd = beside_fd(beside), .events = POLLIN};

    while (server->reads > 0) {
        ck_assert_int_eq(poll(&fd, 1, 10000), 1);
        beside_turn(beside);
    }
}

static void answered(const char *words)
{
    ck_assert_msg(strstr(conn.text, words) != NULL, "'%s' lacks '%s'", conn.text, words);
}

/* ---- the order of checks ---- */

enum fault {
    F_ROUTE,
    F_LENGTH,
    F_NO_TOKEN,
    F_TOKEN,
    F_TENANT,
    F_SCOPE,
    F_RATE,
    F_QUERY,
    F_BODY,
    F_KEY,
    F_COUNT,
};

static const char *const fault_codes[F_COUNT + 1] = {
    [F_ROUTE] = "\"code\":\"ROUTE_NOT_FOUND\"",
    [F_LENGTH] = "\"code\":\"BODY_TOO_LARGE\"",
    [F_NO_TOKEN] = "\"code\":\"TOKEN_REQUIRED\"",
    [F_TOKEN] = "\"code\":\"TOKEN_INVALID\"",
    [F_TENANT] = "\"code\":\"TENANT_MISMATCH\"",
    [F_SCOPE] = "\"code\":\"ERR_SCOPE_MISMATCH\"",
    [F_RATE] = "\"code\":\"RATE_LIMITED\"",
    [F_QUERY] = "\"code\":\"QUERY_INVALID\"",
    [F_BODY] = "\"code\":\"JSON_INVALID\"",
    [F_KEY] = "\"code\":\"IDEMPOTENCY_KEY_INVALID\"",
    [F_COUNT] = "HTTP/1.1 201 ",
};

static const char *token_of(enum fault first)
{
    if (first <= F_NO_TOKEN)
        return NULL;
    if (first == F_TOKEN)
        return "forged";
    return first <= F_SCOPE ? "reader" : "writer";
}

/* Wrong in every check from the first on: so the first one answers. */
START_TEST(of_all_that_is_wrong_the_first_check_answers)
{
    enum fault first = (enum fault)_i;
    struct http_head head = rig_head(HTTP_POST, first <= F_ROUTE ? "/nothing" : "/things",
                                     first <= F_QUERY ? "unknown=1" : "q=1", token_of(first));

    if (first <= F_LENGTH)
        head.body_bytes = 65;
    if (first <= F_TENANT)
        rig_header(&head, HTTP_HEADER_TENANT, "other");
    if (first <= F_KEY)
        rig_header(&head, HTTP_HEADER_IDEMPOTENCY_KEY, "no blanks");
    while (first <= F_RATE && rate_take(server->rate, "t", clock_mono_ns()).admitted)
        ;
    request_complete(begin(head, first <= F_BODY ? "[1" : "{\"a\":1}"));
    answered(fault_codes[first]);
    ck_assert_int_eq(conn.answers, 1);
    ck_assert_int_eq(handled, first == F_COUNT);
    ck_assert(LIST_EMPTY(&server->open));
}
END_TEST

/* ---- what comes in between ---- */

START_TEST(a_client_that_leaves_before_its_body_is_forgotten)
{
    struct api_request *req = begin(rig_head(HTTP_POST, "/things", NULL, "writer"), "{\"a\":1}");

    request_client_gone(req);
    ck_assert(LIST_EMPTY(&server->open));
    ck_assert_int_eq(rig.asked, 0);
}
END_TEST

START_TEST(a_client_that_leaves_while_its_token_is_verified_changes_nothing)
{
    struct api_request *req = begin(rig_head(HTTP_POST, "/things", NULL, "writer"), "{\"a\":1}");

    rig.late = true;
    request_complete(req);
    request_client_gone(req);
    ck_assert(!LIST_EMPTY(&server->open));
    rig_verdict(&rig);
    ck_assert(LIST_EMPTY(&server->open));
    ck_assert_int_eq(handled + conn.answers, 0);
}
END_TEST

START_TEST(an_answer_after_the_client_left_is_thrown_away)
{
    struct api_request *req = begin(rig_head(HTTP_GET, "/later", NULL, NULL), "");
    json_t *body = json_object();

    request_complete(req);
    ck_assert_ptr_eq(left, req);
    request_client_gone(req);
    api_reply_json(request_of(left), 200, &body);
    ck_assert(LIST_EMPTY(&server->open));
    ck_assert_int_eq(conn.answers, 0);
}
END_TEST

START_TEST(what_is_open_at_the_end_goes_without_an_answer)
{
    request_complete(begin(rig_head(HTTP_GET, "/later", NULL, NULL), ""));
    ck_assert_ptr_nonnull(left);
    request_server_free(server);
    server = NULL;
    ck_assert_int_eq(conn.answers, 0);
}
END_TEST

/* ---- answers ---- */

START_TEST(a_long_body_goes_out_from_where_it_was_made)
{
    char *made = mem_array(100000, char);

    request_complete(begin(rig_head(HTTP_GET, "/later", NULL, NULL), ""));
    api_reply_text(take(left), 200, &(struct buf){made, 100000, 100000});
    ck_assert_ptr_eq(conn.body, made);
}
END_TEST

START_TEST(a_stream_takes_the_head_or_the_request_answers)
{
    request_complete(begin(rig_head(HTTP_GET, "/events", NULL, "reader"), ""));
    answered("\"code\":\"CURSOR_IN_FUTURE\"");
    answered("\"instance\":\"/events\"");
    ck_assert(!conn.closes);
    conn.takes_streams = true;
    request_complete(begin(rig_head(HTTP_GET, "/events", NULL, "reader"), ""));
    answered("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
    answered("Connection: close\r\n\r\n");
    ck_assert_int_eq(conn.answers, 2);
    ck_assert(LIST_EMPTY(&server->open));
}
END_TEST

static struct api_request *keyed(const char *body)
{
    struct http_head head = rig_head(HTTP_POST, "/later", NULL, "writer");

    rig_header(&head, HTTP_HEADER_IDEMPOTENCY_KEY, "k1");
    return begin(head, body);
}

static void repeat(const char *body)
{
    request_complete(keyed(body));
    reads_end();
}

static void answer_left(void)
{
    json_t *body = json_pack("{s:i}", "n", 1);

    api_reply_json(request_of(take(left)), 202, &body);
}

START_TEST(an_answer_goes_out_when_it_is_remembered_and_again_to_a_repeat)
{
    repeat("{}");
    answer_left();
    ck_assert_int_eq(conn.answers, 0);
    ck_assert_int_eq(remembering.status, 202);
    repeat("{}"); /* before the first is over */
    answered("\"code\":\"IDEMPOTENCY_IN_PROGRESS\"");
    remembering.done(remembering.arg, &(struct api_outcome){0});
    answered("HTTP/1.1 202 ");
    ck_assert_ptr_null(strstr(conn.text, "Idempotency-Replayed"));
    repeat("{}");
    answered("HTTP/1.1 202 ");
    answered("Idempotency-Replayed: true\r\n");
    answered("{\"n\":1}");
    repeat("{\"b\":2}");
    answered("\"code\":\"IDEMPOTENCY_KEY_REUSED\"");
    ck_assert_int_eq(handled, 1);
    ck_assert_int_eq(conn.answers, 4);
}
END_TEST

START_TEST(a_key_is_held_although_its_client_left)
{
    struct api_request *first = keyed("{}");

    request_complete(first);
    reads_end();
    request_client_gone(first);
    repeat("{}");
    answered("\"code\":\"IDEMPOTENCY_IN_PROGRESS\"");
    answer_left();
    remembering.done(remembering.arg, &(struct api_outcome){0});
    ck_assert_int_eq(conn.answers, 1);
    repeat("{}");
    answered("Idempotency-Replayed: true\r\n");
}
END_TEST

START_TEST(an_answer_that_was_not_kept_goes_out_all_the_same)
{
    struct err e;

    (void)err_set(&e, ERR_UNAVAILABLE, "the disk is full");
    repeat("{}");
    answer_left();
    remembering.done(remembering.arg, &(struct api_outcome){.e = &e});
    answered("HTTP/1.1 202 ");
    ck_assert(LIST_EMPTY(&server->open));
}
END_TEST

/* ---- bodies that the loop does not read itself ---- */

/* {"a":[{},{},...]} with so many values in all. */
static char *body_of(size_t values)
{
    struct buf text = {0};

    buf_adds(&text, "{\"a\":[");
    for (size_t i = 2; i < values; i++)
        buf_adds(&text, i > 2 ? ",{}" : "{}");
    buf_adds(&text, "]}");
    return buf_take(&text);
}

static struct api_request *large(size_t values)
{
    auto_mem char *body = body_of(values);

    return begin(rig_head(HTTP_POST, "/large", NULL, "writer"), body);
}

static void json_comes(void)
{
    struct pollfd ready = {.fd = json_thread_fd(json), .events = POLLIN};

    ck_assert_int_eq(poll(&ready, 1, 60000), 1);
    json_thread_turn(json);
}

START_TEST(a_large_body_is_read_beside_the_loop)
{
    request_complete(large(RUN_INPUT_VALUES_MAX));
    ck_assert_int_eq(conn.answers, 0);
    json_comes();
    answered("HTTP/1.1 201 ");
    ck_assert_int_eq(conn.answers, 1);
    ck_assert(LIST_EMPTY(&server->open));
}
END_TEST

START_TEST(a_body_of_too_many_values_is_too_large)
{
    request_complete(large(RUN_INPUT_VALUES_MAX + 1));
    json_comes();
    answered("HTTP/1.1 413 ");
    answered("\"code\":\"BODY_TOO_LARGE\"");
    answered("more than 100000 values");
    ck_assert_int_eq(handled, 0);
}
END_TEST

START_TEST(a_client_that_leaves_while_its_body_is_read_changes_nothing)
{
    struct api_request *req = large(10000);

    request_complete(req);
    request_client_gone(req);
    json_comes();
    ck_assert_int_eq(handled + conn.answers, 0);
    ck_assert(LIST_EMPTY(&server->open));
}
END_TEST

START_TEST(a_body_that_is_being_read_at_the_end_goes_without_an_answer)
{
    request_complete(large(10000));
    ck_assert(!LIST_EMPTY(&server->open));
}
END_TEST

TCase *request_cases(void)
{
    TCase *tc = tcase_create("request");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, of_all_that_is_wrong_the_first_check_answers, 0, F_COUNT + 1);
    tcase_add_test(tc, a_client_that_leaves_before_its_body_is_forgotten);
    tcase_add_test(tc, a_client_that_leaves_while_its_token_is_verified_changes_nothing);
    tcase_add_test(tc, an_answer_after_the_client_left_is_thrown_away);
    tcase_add_test(tc, what_is_open_at_the_end_goes_without_an_answer);
    tcase_add_test(tc, a_long_body_goes_out_from_where_it_was_made);
    tcase_add_test(tc, a_stream_takes_the_head_or_the_request_answers);
    tcase_add_test(tc, an_answer_goes_out_when_it_is_remembered_and_again_to_a_repeat);
    tcase_add_test(tc, a_key_is_held_although_its_client_left);
    tcase_add_test(tc, an_answer_that_was_not_kept_goes_out_all_the_same);
    tcase_add_test(tc, a_large_body_is_read_beside_the_loop);
    tcase_add_test(tc, a_body_of_too_many_values_is_too_large);
    tcase_add_test(tc, a_client_that_leaves_while_its_body_is_read_changes_nothing);
    tcase_add_test(tc, a_body_that_is_being_read_at_the_end_goes_without_an_answer);
    return tc;
}
