/* server.c -- see server.h. */
#include "bridge/server/server.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "bridge/nats/tasks.h"
#include "bridge/redis/keys.h"
#include "bridge/redis/redis.h"
#include "bridge/redis/target.h"
#include "bridge/redis/tasks.h"
#include "bridge/server/routes.h"
#include "bridge/wire/outbox.h"
#include "bridge/wire/teller.h"

#include <stdio.h>

enum { REQUESTS_A_TURN = 256, ENTRIES_WAIT_ABOVE = OUTBOX_BYTES_MAX / 4 };

struct server {
    uv_loop_t uv;
    uv_poll_t link;
    int sock;
    bool over; /* e says why, unless the host is gone */
    struct err e;
    bool set_up;
    struct redis_target target;
    struct redis *redis; /* NULL: none is wanted */
    struct redis_keys *keys;
    struct redis_tasks *tasks; /* NULL: as redis */
    struct nats_tasks *nats;   /* the same */
    bool told_lost;
    struct routes *routes;
    struct bridge_teller teller;
    struct outbox out;
    struct frame_in in;
};

static void end(struct server *s)
{
    s->over = true;
    uv_stop(&s->uv);
}

/* ---- to the host ---- */

static void on_link(uv_poll_t *link, int status, int events);

static void send_out(struct server *s)
{
    if (s->over)
        return;
    if (!outbox_send(&s->out, s->sock)) {
        end(s); /* the host is gone */
        return;
    }
    uv_poll_start(&s->link, UV_READABLE | (outbox_empty(&s->out) ? 0 : UV_WRITABLE), on_link);
}

/* Takes the bytes of body. */
static void say(void *arg, enum bridge_message type, struct buf *body)
{
    struct server *s = arg;

    if (!outbox_add(&s->out, type, body)) {
        (void)err_set(&s->e, ERR_LIMIT, "the host does not hear what it is told");
        end(s);
    }
    send_out(s);
}

static bool has_room(void *arg)
{
    return ((struct server *)arg)->out.bytes <= ENTRIES_WAIT_ABOVE;
}

static void say_state(struct server *s, bool up, const char *why)
{
    struct bridge_state state = {.backend = BRIDGE_REDIS, .up = up};
    struct buf body = {0};

    snprintf(state.why, sizeof state.why, "%s", why);
    bridge_state_pack(&body, &state);
    say(s, BRIDGE_STATE, &body);
}

/* ---- Redis ---- */

static void on_up(void *arg)
{
    struct server *s = arg;

    s->told_lost = false;
    log_event(LOG_INFO, "redis.connected", F_STR("host", s->target.host),
              F_STR("port", s->target.port), F_INT("database", s->target.database));
    redis_keys_use(s->keys, s->redis);
    say_state(s, true, "");
    redis_tasks_use(s->tasks, s->redis);
}

/* msg: what the runbooks look for (contract/mcp.md 7.3). */
static void on_lost(void *arg, const char *why)
{
    struct server *s = arg;

    if (!s->told_lost)
        log_event(LOG_WARN, "redis.lost", F_STR("msg", "Redis connection lost"),
                  F_STR("host", s->target.host), F_STR("port", s->target.port),
                  F_STR("error", why));
    s->told_lost = true;
    redis_keys_use(s->keys, NULL);
    redis_tasks_use(s->tasks, NULL);
    say_state(s, false, why);
}

/* ---- from the host ---- */

static void set_up_redis(struct server *s, const struct bridge_setup *setup)
{
    struct err e = {0};

    if (!redis_target_parse(setup->redis_url, &s->target, &e)) {
        log_event(LOG_ERROR, "redis.unusable", F_ERR(&e));
        say_state(s, false, e.msg);
        return;
    }
    s->tasks = redis_tasks_new(&s->uv, &s->target, setup, &s->teller);
    routes_open(s->routes, BRIDGE_REDIS, redis_tasks_hear, s->tasks);
    s->redis =
        redis_new(&s->uv, &(struct redis_options){.target = s->target,
                                                  .timeout_ms = setup->redis.timeout_ms,
                                                  .backoff_max_ms = setup->redis.backoff_max_ms,
                                                  .on_up = on_up,
                                                  .on_lost = on_lost,
                                                  .arg = s});
}

static bool set_up(struct server *s, const struct message *m)
{
    struct bridge_setup setup;

    if (s->set_up || !bridge_setup_unpack(m, &setup, &s->e))
        return false;
    s->set_up = true;
    if (setup.redis_url[0] != '\0')
        set_up_redis(s, &setup);
    if (setup.nats_url[0] != '\0') {
        s->nats = nats_tasks_new(&s->uv, &setup, &s->teller);
        if (s->nats != NULL)
            routes_open(s->routes, BRIDGE_NATS, nats_tasks_hear, s->nats);
    }
    return true;
}

static bool keep(struct server *s, const struct message *m)
{
    struct bridge_keep keep;
    struct err e = {0};

    if (!bridge_keep_unpack(m, &keep, &s->e))
        return false;
    if (!redis_keys_keep(s->keys, keep.key, keep.value, keep.value_bytes, keep.ttl_ms, &e))
        log_event(LOG_WARN, "redis.key_left_out", F_STR("key", keep.key), F_ERR(&e));
    return true;
}

static bool forget(struct server *s, const struct message *m)
{
    char key[BRIDGE_KEY_BYTES_MAX];

    if (!bridge_forget_unpack(m, key, &s->e))
        return false;
    redis_keys_forget(s->keys, key);
    return true;
}

/* False: it said what it may not. */
static bool hear(struct server *s, const struct message *m)
{
    struct buf body = {0};

    switch (m->type) {
    case BRIDGE_SETUP:
        return set_up(s, m);
    case BRIDGE_PING:
        say(s, BRIDGE_PONG, &body);
        return true;
    case BRIDGE_KEEP:
        return keep(s, m);
    case BRIDGE_FORGET:
        return forget(s, m);
    default: /* of tasks: the others are no requests */
        return routes_hear(s->routes, m, &s->e);
    }
}

static void on_link(uv_poll_t *link, int status unused_arg, int events unused_arg)
{
    struct server *s = link->data;

    for (int i = 0; i < REQUESTS_A_TURN && !s->over; i++) {
        auto_done(message) m = {.fd = -1};
        enum frame_recv got = bridge_request_recv(s->sock, &s->in, &m, &s->e);

        if (got == FRAME_NONE)
            break;
        if (got != FRAME_GOT)
            end(s);
        else if (!hear(s, &m)) {
            if (s->e.code == ERR_NONE)
                (void)err_set(&s->e, ERR_DENIED, "the host set the bridge up twice");
            end(s);
        }
    }
    send_out(s);
}

static struct server *server_new(int sock)
{
    struct server *s = mem_new(struct server);

    s->sock = sock;
    outbox_init(&s->out);
    uv_loop_init(&s->uv);
    s->keys = redis_keys_new(&s->uv);
    s->routes = routes_new();
    s->teller = (struct bridge_teller){say, has_room, s};
    uv_poll_init(&s->uv, &s->link, sock);
    s->link.data = s;
    uv_poll_start(&s->link, UV_READABLE, on_link);
    return s;
}

static void server_free(struct server *s)
{
    redis_free(s->redis); /* those below hear that what they asked is lost */
    redis_keys_free(s->keys);
    redis_tasks_free(s->tasks);
    nats_tasks_free(s->nats);
    routes_free(s->routes);
    uv_close((uv_handle_t *)&s->link, NULL);
    uv_run(&s->uv, UV_RUN_DEFAULT);
    uv_loop_close(&s->uv);
    redis_target_done(&s->target);
    outbox_clear(&s->out);
    free(s);
}

bool bridge_run(int sock, struct err *e)
{
    struct server *s;
    bool ok;

    if (!fd_set_nonblock(sock, e))
        return false;
    s = server_new(sock);
    uv_run(&s->uv, UV_RUN_DEFAULT);
    ok = s->e.code == ERR_NONE;
    if (e != NULL)
        *e = s->e;
    server_free(s);
    return ok;
}
