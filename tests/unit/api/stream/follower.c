/* follower.c -- see follower.h. */
#include "stream/follower.h"

#include "base/clock.h"

#include <check.h>
#include <poll.h>
#include <string.h>

static void on_wake(struct conn *conn)
{
    conn->wakes++;
}

static void on_kill(struct conn *conn)
{
    conn->kills++;
}

static const struct stream_conn_ops ops = {.wake = on_wake, .kill = on_kill};

void follower_open(struct follower *f)
{
    *f = (struct follower){0};
    struct err e;

    rig_open(&f->rig);
    ck_assert_msg(beside_start(f->rig.store, 1, 0, &f->beside, &e), "%s", e.msg);
    f->server = stream_server_new(&(struct stream_options){.conn = &ops,
                                                           .reader = f->rig.reader,
                                                           .beside = f->beside,
                                                           .metrics = f->rig.metrics,
                                                           .tokens = f->rig.tokens,
                                                           .tickets = f->rig.tickets,
                                                           .ring_events = 4,
                                                           .behind_max = 6,
                                                           .heartbeat_s = 10,
                                                           .stall_s = 20,
                                                           .auth_s = 5});
}

void follower_close(struct follower *f)
{
    stream_client_free(f->client);
    beside_free(f->beside);
    stream_server_free(f->server);
    rig_close(&f->rig);
}

void follower_begin(struct follower *f, enum stream_kind kind, struct http_head head)
{
    f->client = stream_client_new(f->server, &f->conn, kind, &head);
}

bool follower_follow(struct follower *f, enum stream_kind kind, const char *query,
                     const char **ret_code)
{
    const struct identity who = {.tenant = "t",
                                 .claims = {.token_id = READER_ID, .expires_unix = INT64_MAX}};
    struct err e;

    follower_begin(f, kind, rig_head(HTTP_GET, "/runs/stream", query, NULL));
    return stream_client_follow(f->client, &who, ret_code, &e);
}

int64_t follower_event(struct follower *f, const char *tenant)
{
    const struct api_event event = {.seq = rig_event(&f->rig, tenant, "r"),
                                    .tenant = tenant,
                                    .dag_id = "d",
                                    .run_id = "r",
                                    .type = "run.updated",
                                    .status = "running",
                                    .wall_us = 1,
                                    .payload = "{}"};

    stream_server_publish(f->server, &event, 1);
    return event.seq;
}

void follower_page_comes(struct follower *f)
{
    struct pollfd fd = {.fd = beside_fd(f->beside), .events = POLLIN};

    ck_assert_int_eq(poll(&fd, 1, 10000), 1);
    beside_turn(f->beside);
}

const char *follower_read(struct follower *f)
{
    const char *bytes;
    size_t len;

    f->text[0] = '\0';
    while (!stream_client_next(f->client, &bytes, &len)) {
        if (beside_left(f->beside) == 0)
            return f->text;
        follower_page_comes(f);
    }
    ck_assert_uint_lt(len, sizeof f->text);
    memcpy(f->text, bytes, len);
    f->text[len] = '\0';
    stream_client_wrote(f->client, clock_mono_ns());
    return f->text;
}

void follower_hears(struct follower *f, const char *words)
{
    const char *text = follower_read(f);

    ck_assert_msg(strstr(text, words) != NULL, "'%s' lacks '%s'", text, words);
}

void follower_hears_nothing(struct follower *f)
{
    ck_assert_str_eq(follower_read(f), "");
}
