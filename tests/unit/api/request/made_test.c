/* made_test.c -- what is read of the store for a request: beside the loop, whatever becomes of the
 * client, the server or the room that there is. */
#include "rig.h"
#include "suites.h"

#include "api/request/made.h"
#include "base/mem.h"
#include "store/beside.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

/* The connection, as api/request/server.h knows it. */
struct conn {
    int answers;
    char text[4096]; /* the last */
};

static struct rig rig;
static struct request_server *server;
static struct beside *beside;
static struct conn conn;
static struct api_request *left; /* by the handler */
static int ends;                 /* of what was made in pieces */

static void on_answer(struct conn *c, struct buf *wire, struct buf *body, bool unused_close)
{
    (void)unused_close;
    ck_assert_uint_lt(wire->len, sizeof c->text);
    memcpy(c->text, wire->data, wire->len);
    c->text[wire->len] = '\0';
    c->answers++;
    buf_done(wire);
    buf_done(body);
    *wire = *body = (struct buf){0};
}

static struct reply_pieces pieces; /* of an answer that goes out */
static struct buf pieces_wire;

static void more_pieces(struct conn *c)
{
    enum piece piece;

    while ((piece = pieces.next(pieces.arg, &pieces_wire)) == PIECE_MADE)
        ;
    if (piece == PIECE_LATER)
        return;
    pieces.free(pieces.arg);
    pieces = (struct reply_pieces){0};
    on_answer(c, &pieces_wire, &(struct buf){0}, true);
}

static void on_pieces(struct conn *c, struct buf *wire, const struct reply_pieces *body)
{
    pieces = *body;
    pieces_wire = *wire;
    *wire = (struct buf){0};
    more_pieces(c);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* no read ends while it is locked */

static bool make_row(const struct api_request *req, struct store_reader *reader, struct made *made,
                     struct err *e)
{
    auto_done(store_run_list) rows = {0};

    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    if (api_query(req, "run") == NULL)
        buf_adds(&made->body, "{}");
    else if (!store_read_run(reader, "t", api_query(req, "run"), &rows, e))
        made->code = "NO_SUCH_RUN";
    return made->code == NULL;
}

static void answer_later(struct api_request *req)
{
    left = req;
}

static const struct route rows[] = {
    {HTTP_GET, "/later", NEED_NOTHING, BODY_NONE, 0, "", "", 200, "later", .handle = answer_later},
    {HTTP_GET, "/row", NEED_NOTHING, BODY_NONE, 0, "", "run", 200, "row", .make = make_row},
};
static const struct route_table routes = {rows, ARRAY_LEN(rows)};
static const struct request_conn_ops ops = {.answer = on_answer,
                                            .pieces = on_pieces,
                                            .go_on = more_pieces};

static void setup(void)
{
    struct err e;

    rig_open(&rig);
    ck_assert_msg(beside_start(rig.store, 1, 0, &beside, &e), "%s", e.msg);
    conn = (struct conn){0};
    left = NULL;
    ends = 0;
    server = request_server_new(&(struct request_options){.conn = &ops,
                                                          .routes = &routes,
                                                          .beside = beside,
                                                          .metrics = rig.metrics,
                                                          .tokens = rig.tokens,
                                                          .tickets = rig.tickets,
                                                          .rate_per_s = 1,
                                                          .rate_burst = 1});
}

static void teardown(void)
{
    beside_free(beside);
    request_server_free(server);
    rig_close(&rig);
}

static struct api_request *ask(const char *path, const char *query)
{
    struct http_head head = rig_head(HTTP_GET, path, query, NULL);
    struct early none = {0};

    return request_begin(server, &conn, &head, &none);
}

static void answered(const char *words)
{
    ck_assert_msg(strstr(conn.text, words) != NULL, "'%s' lacks '%s'", conn.text, words);
}

static void work_told(void)
{
    struct pollfd fd = {.fd = beside_fd(beside), .events = POLLIN};

    ck_assert_int_eq(poll(&fd, 1, 10000), 1);
    beside_turn(beside);
}

/* Everything that was read of the store is told. */
static void reads_end(void)
{
    while (server->reads > 0)
        work_told();
}

/* ---- answers ---- */

static struct api_request *row(const char *query)
{
    return ask("/row", query);
}

START_TEST(an_answer_is_made_beside_the_loop)
{
    request_complete(row(NULL));
    ck_assert_int_eq(conn.answers, 0);
    reads_end();
    answered("HTTP/1.1 200 ");
    request_complete(row("run=" READER_ID));
    reads_end();
    answered("HTTP/1.1 404 ");
    answered("\"code\":\"NO_SUCH_RUN\"");
    ck_assert(LIST_EMPTY(&server->open));
}
END_TEST

START_TEST(an_answer_that_was_made_for_a_client_that_left_is_thrown_away)
{
    struct api_request *req = row(NULL);

    pthread_mutex_lock(&gate);
    request_complete(req);
    request_client_gone(req);
    ck_assert(!LIST_EMPTY(&server->open));
    pthread_mutex_unlock(&gate);
    reads_end();
    ck_assert(LIST_EMPTY(&server->open));
    ck_assert_int_eq(conn.answers, 0);
}
END_TEST

START_TEST(what_is_being_made_at_the_end_goes_without_an_answer)
{
    request_complete(row(NULL));
    request_complete(row(NULL));
    beside_free(take(beside));
    ck_assert_int_eq(conn.answers, 0);
}
END_TEST

START_TEST(beyond_a_bound_a_read_is_refused_but_not_what_a_change_owes)
{
    pthread_mutex_lock(&gate);
    for (int i = 0; i < READS_MAX; i++)
        request_complete(row(NULL));
    ck_assert_int_eq(conn.answers, 0);
    request_complete(row(NULL));
    ck_assert_int_eq(conn.answers, 1);
    answered("HTTP/1.1 503 ");
    answered("Retry-After: 1\r\n");
    request_complete(ask("/later", NULL));
    api_reply_made(take(left), &(struct make){.fn = make_row, .status = 200, .owed = true});
    ck_assert_int_eq(conn.answers, 1);
    pthread_mutex_unlock(&gate);
    reads_end();
    ck_assert_int_eq(conn.answers, READS_MAX + 2);
    answered("HTTP/1.1 200 ");
}
END_TEST

/* ---- pieces ---- */

static bool make_letter(void *arg, struct store_reader *reader, struct buf *ret, bool *ret_more,
                        struct err *e)
{
    char *next = arg;

    ck_assert_ptr_nonnull(reader);
    if (*next == 'd')
        return err_set(e, ERR_SYSTEM, "no d");
    buf_addc(ret, *next);
    *ret_more = ++*next <= 'd';
    return true;
}

static void note_cut(void *arg, const struct err *e)
{
    ck_assert_str_eq(e->msg, "no d");
    *(char *)arg = 'x';
}

static void note_end(void *arg)
{
    ends += *(char *)arg == 'x' ? 100 : 1;
}

START_TEST(pieces_are_made_one_by_one_until_one_cannot)
{
    char letter = 'a';

    request_complete(ask("/later", NULL));
    api_reply_made_pieces(take(left), "text/plain",
                          &(struct make_pieces){make_letter, note_cut, note_end, &letter});
    while (pieces.next != NULL)
        work_told();
    ck_assert_msg(strstr(conn.text, "\r\n\r\nabc") != NULL, "%s", conn.text);
    ck_assert_int_eq(ends, 100);
}
END_TEST

START_TEST(a_body_in_pieces_is_let_go_of_when_the_client_left)
{
    struct api_request *req = ask("/later", NULL);
    char letter = 'a';

    request_complete(req);
    request_client_gone(req);
    api_reply_made_pieces(take(left), "text/plain",
                          &(struct make_pieces){make_letter, note_cut, note_end, &letter});
    ck_assert_int_eq(ends, 1);
    ck_assert_int_eq(conn.answers, 0);
}
END_TEST

START_TEST(a_piece_that_is_made_for_a_client_that_left_is_thrown_away)
{
    char letter = 'a';

    request_complete(ask("/later", NULL));
    api_reply_made_pieces(take(left), "text/plain",
                          &(struct make_pieces){make_letter, note_cut, note_end, &letter});
    pieces.free(pieces.arg);
    buf_done(&pieces_wire);
    ck_assert_int_eq(ends, 0);
    work_told();
    ck_assert_int_eq(ends, 1);
}
END_TEST

TCase *made_cases(void)
{
    TCase *tc = tcase_create("made");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_answer_is_made_beside_the_loop);
    tcase_add_test(tc, an_answer_that_was_made_for_a_client_that_left_is_thrown_away);
    tcase_add_test(tc, what_is_being_made_at_the_end_goes_without_an_answer);
    tcase_add_test(tc, beyond_a_bound_a_read_is_refused_but_not_what_a_change_owes);
    tcase_add_test(tc, pieces_are_made_one_by_one_until_one_cannot);
    tcase_add_test(tc, a_body_in_pieces_is_let_go_of_when_the_client_left);
    tcase_add_test(tc, a_piece_that_is_made_for_a_client_that_left_is_thrown_away);
    return tc;
}
