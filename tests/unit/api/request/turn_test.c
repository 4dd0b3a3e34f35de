/* turn_test.c -- whose turn of the loop it is, as whoever watches that is told. */
#include "rig.h"
#include "suites.h"

#include "api/request/reply.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

struct conn {
    int answers;
};

static struct api_request *left;
static char told[256]; /* each turn that is another's, in order; "-": nobody's */

static void on_answer(struct conn *c, struct buf *wire, struct buf *body, bool close unused_arg)
{
    c->answers++;
    buf_done(wire);
    buf_done(body);
    *wire = (struct buf){0};
    *body = (struct buf){0};
}

static void on_turn(void *arg unused_arg, const char *method, const char *route)
{
    size_t len = strlen(told);

    snprintf(told + len, sizeof told - len, "%s%s%s;", route != NULL ? method : "-",
             route != NULL ? " " : "", route != NULL ? route : "");
}

static void answer_now(struct api_request *req)
{
    json_t *body = json_object();

    on_turn(NULL, "in", "handler");
    api_reply_json(req, 200, &body);
}

static void answer_later(struct api_request *req)
{
    left = req;
}

static const struct route rows[] = {
    {HTTP_GET, "/now/{when}", NEED_NOTHING, BODY_NONE, 0, "", "", 200, "now", .handle = answer_now},
    {HTTP_GET, "/later", NEED_NOTHING, BODY_NONE, 0, "", "", 200, "later", .handle = answer_later},
};
static const struct route_table routes = {rows, ARRAY_LEN(rows)};
static const struct request_conn_ops ops = {.answer = on_answer};

static void ask(struct request_server *server, struct conn *conn, const char *path)
{
    struct http_head head = rig_head(HTTP_GET, path, NULL, NULL);
    struct early none = {0};

    request_complete(request_begin(server, conn, &head, &none));
}

START_TEST(while_a_request_is_worked_on_the_turn_is_its_own)
{
    struct metrics *metrics = metrics_new();
    struct request_server *server = request_server_new(&(struct request_options){
        .conn = &ops, .routes = &routes, .metrics = metrics, .turn = on_turn});
    struct conn conn = {0};
    json_t *body = json_object();

    told[0] = '\0';
    ask(server, &conn, "/now/7"); /* over with its answer, and again with the call */
    ck_assert_str_eq(told, "GET /now/{when};in handler;-;-;");
    told[0] = '\0';
    ask(server, &conn, "/nothing");
    ck_assert_str_eq(told, "GET none;-;-;");
    told[0] = '\0';
    ask(server, &conn, "/later");
    ck_assert_str_eq(told, "GET /later;-;"); /* it waits: what the loop does now is not for it */
    api_reply_json(request_of(left), 200, &body);
    ck_assert_str_eq(told, "GET /later;-;GET /later;-;");
    ck_assert_int_eq(conn.answers, 3);
    request_server_free(server);
    metrics_free(metrics);
}
END_TEST

TCase *turn_cases(void)
{
    TCase *tc = tcase_create("turn");

    tcase_add_test(tc, while_a_request_is_worked_on_the_turn_is_its_own);
    return tc;
}
