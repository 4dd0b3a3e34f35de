/* follower.c -- see follower.h. */
#include "stream/follower.h"

#include "base/clock.h"

#include <check.h>
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
    rig_open(&f->rig);
    f->server = stream_server_new(&(struct stream_options){.conn = &ops,
                                                           .reader = f->rig.reader,
                                                           .metrics = f->rig.metrics,
                                                           .tokens = f->rig.tokens,
                                                           .tickets = f->rig.tickets,
                                                           .ring_events = 4,
                                                           .behind_max = 6,
                                                           .heartbeat_s = 10,
                                                           .stall_s = 20,
                                                           .auth_s = 5},
                                  0);
}

void follower_close(struct follower *f)
{
    stream_client_free(f->client);
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

const char *follower_read(struct follower *f)
{
    char *bytes;
    size_t len;

    f->text[0] = '\0';
    if (!stream_client_next(f->client, &bytes, &len))
        return f->text;
    ck_assert_uint_lt(len, sizeof f->text);
    memset(bytes - STREAM_HEADROOM, 'x', STREAM_HEADROOM); /* as a carrier may */
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
