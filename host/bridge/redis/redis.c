/* redis.c -- see redis.h. hiredis knows no time: each step has a deadline of ours. */
#include "bridge/redis/redis.h"

#include "base/clock.h"
#include "base/mem.h"
#include "bridge/redis/poll.h"

#include <assert.h>
#include <hiredis/async.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define MS_NS 1000000LL
enum { BACKOFF_MIN_MS = 100, WHY_BYTES = 200 };

enum redis_phase {
    REDIS_RESTING,   /* until the timer */
    REDIS_RESOLVING, /* the name */
    REDIS_GREETING,  /* connects, and says who it is */
    REDIS_UP,
    REDIS_ENDED,
};

struct redis {
    uv_loop_t *loop;
    struct redis_options opt;
    enum redis_phase phase;
    redisAsyncContext *ac; /* NULL: none */
    uv_timer_t timer;
    uv_getaddrinfo_t resolving;
    bool timer_closed, resolved; /* what must be before it is freed */
    uint32_t backoff_ms;
    unsigned awaited;    /* replies */
    int64_t progress_ns; /* the last one came, or the first of those awaited was asked for */
};

struct asked {
    struct redis *redis;
    redis_reply_fn *fn;
    void *arg;
};

static void begin(struct redis *r);

/* ---- the end of a connection ---- */

static void on_rested(uv_timer_t *timer)
{
    begin(timer->data);
}

/* ac is freed by whoever calls, or was. */
static void lost(struct redis *r, const char *why)
{
    char text[WHY_BYTES];

    snprintf(text, sizeof text, "%s", why); /* it may be in the context that goes */
    r->ac = NULL;
    r->awaited = 0;
    if (r->phase == REDIS_ENDED)
        return;
    r->phase = REDIS_RESTING;
    uv_timer_start(&r->timer, on_rested, r->backoff_ms, 0);
    r->backoff_ms *= 2;
    if (r->backoff_ms > r->opt.backoff_max_ms)
        r->backoff_ms = r->opt.backoff_max_ms;
    r->opt.on_lost(r->opt.arg, text);
}

static void give_up(struct redis *r, const char *why)
{
    redisAsyncContext *ac = r->ac;

    lost(r, why);
    if (ac == NULL)
        return;
    ac->data = NULL;
    redisAsyncFree(ac);
}

static void on_disconnect(const redisAsyncContext *ac, int status unused_arg)
{
    struct redis *r = ac->data;

    if (r != NULL && r->ac == ac)
        lost(r,
             ac->errstr != NULL && *ac->errstr != '\0' ? ac->errstr : "it closed the connection");
}

/* ---- what is asked ---- */

static void on_reply(redisAsyncContext *ac unused_arg, void *reply, void *privdata)
{
    auto_mem struct asked *asked = privdata;
    struct redis *r = asked->redis;

    if (reply != NULL) {
        r->awaited -= r->awaited > 0;
        r->progress_ns = clock_mono_ns();
    }
    asked->fn(asked->arg, reply);
}

/* status: hiredis has taken what is asked, or not. */
static bool taken(struct redis *r, struct asked *asked, int status)
{
    if (status != REDIS_OK) {
        free(asked);
        return false;
    }
    if (r->awaited++ == 0)
        r->progress_ns = clock_mono_ns();
    return true;
}

static struct asked *asked_of(struct redis *r, redis_reply_fn *fn, void *arg)
{
    struct asked *asked = mem_new(struct asked);

    *asked = (struct asked){r, fn, arg};
    return asked;
}

static bool ask(struct redis *r, int argc, const char *const *argv, const size_t *lens,
                redis_reply_fn *fn, void *arg)
{
    struct asked *asked = asked_of(r, fn, arg);

    return taken(r, asked,
                 redisAsyncCommandArgv(r->ac, on_reply, asked, argc, (const char **)argv, lens));
}

bool redis_vcommandf(struct redis *r, redis_reply_fn *fn, void *arg, const char *format,
                     va_list args)
{
    struct asked *asked;

    if (r == NULL || r->phase != REDIS_UP)
        return false;
    asked = asked_of(r, fn, arg);
    return taken(r, asked, redisvAsyncCommand(r->ac, on_reply, asked, format, args));
}

bool redis_commandf(struct redis *r, redis_reply_fn *fn, void *arg, const char *format, ...)
{
    va_list args;
    bool ok;

    va_start(args, format);
    ok = redis_vcommandf(r, fn, arg, format, args);
    va_end(args);
    return ok;
}

bool redis_command(struct redis *r, int argc, const char *const *argv, const size_t *lens,
                   redis_reply_fn *fn, void *arg)
{
    return r->phase == REDIS_UP && ask(r, argc, argv, lens, fn, arg);
}

/* ---- time ---- */

static void on_ping(void *arg unused_arg, const redisReply *reply unused_arg)
{
}

/* While a connection is there, twice in the time that it has. */
static void on_tick(uv_timer_t *timer)
{
    struct redis *r = timer->data;
    static const char *const ping[] = {"PING"};
    static const size_t lens[] = {4};

    if (r->phase == REDIS_RESOLVING ||
        (r->awaited > 0 && clock_mono_ns() - r->progress_ns >= r->opt.timeout_ms * MS_NS))
        give_up(r, r->phase == REDIS_UP ? "it does not answer" : "it cannot be reached in time");
    else if (r->phase == REDIS_UP && r->awaited == 0 && !ask(r, 1, ping, lens, on_ping, r))
        give_up(r, "it takes no command");
}

/* ---- the beginning of a connection ---- */

static void greeted(struct redis *r)
{
    r->phase = REDIS_UP;
    r->backoff_ms = BACKOFF_MIN_MS;
    r->opt.on_up(r->opt.arg);
}

static bool refused(struct redis *r, const redisReply *reply)
{
    char why[WHY_BYTES];

    if (reply == NULL)
        return true; /* told by whoever ended the connection */
    if (reply->type != REDIS_REPLY_ERROR)
        return false;
    snprintf(why, sizeof why, "%.*s", (int)reply->len, reply->str);
    give_up(r, why);
    return true;
}

static void on_selected(void *arg, const redisReply *reply)
{
    struct redis *r = arg;

    if (!refused(r, reply))
        greeted(r);
}

static void select_database(struct redis *r)
{
    char number[16];
    const char *words[] = {"SELECT", number};
    size_t lens[] = {6, (size_t)snprintf(number, sizeof number, "%d", r->opt.target.database)};

    if (!ask(r, 2, words, lens, on_selected, r))
        give_up(r, "it takes no command");
}

static void on_authenticated(void *arg, const redisReply *reply)
{
    struct redis *r = arg;

    if (!refused(r, reply))
        select_database(r);
}

static void authenticate(struct redis *r)
{
    const struct redis_target *t = &r->opt.target;
    const char *words[3] = {"AUTH"};
    size_t lens[3] = {4};
    int argc = 1;

    if (t->user != NULL && *t->user != '\0')
        words[argc++] = t->user;
    words[argc++] = t->password;
    for (int i = 1; i < argc; i++)
        lens[i] = strlen(words[i]);
    if (!ask(r, argc, words, lens, on_authenticated, r))
        give_up(r, "it takes no command");
}

/* hiredis frees the context behind a failure. */
static void on_connect(const redisAsyncContext *ac, int status)
{
    struct redis *r = ac->data;

    if (r == NULL)
        return;
    if (status != REDIS_OK) {
        lost(r, ac->errstr != NULL ? ac->errstr : "it cannot be reached");
        ((redisAsyncContext *)ac)->data = NULL;
        return;
    }
    r->awaited = 0;
    if (r->opt.target.password != NULL)
        authenticate(r);
    else
        select_database(r);
}

static void greet(struct redis *r, const char *address)
{
    redisAsyncContext *ac = redisAsyncConnect(address, atoi(r->opt.target.port));

    r->phase = REDIS_GREETING;
    r->awaited = 1; /* the connection itself */
    r->progress_ns = clock_mono_ns();
    if (ac == NULL || ac->err != 0 || !redis_poll(ac, r->loop)) {
        lost(r, ac != NULL && ac->err != 0 ? ac->errstr : "no connection can be made");
        if (ac != NULL)
            redisAsyncFree(ac);
        return;
    }
    r->ac = ac;
    ac->data = r;
    redisAsyncSetConnectCallback(ac, on_connect);
    redisAsyncSetDisconnectCallback(ac, on_disconnect);
}

static void free_when_closed(struct redis *r)
{
    if (r->phase == REDIS_ENDED && r->timer_closed && r->resolved)
        free(r);
}

static void on_resolved(uv_getaddrinfo_t *asked, int status, struct addrinfo *found)
{
    struct redis *r = asked->data;
    char address[64] = "", why[WHY_BYTES];

    r->resolved = true;
    if (r->phase == REDIS_RESOLVING && status == 0 &&
        getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0,
                    NI_NUMERICHOST) == 0) {
        greet(r, address);
    } else if (r->phase == REDIS_RESOLVING) {
        snprintf(why, sizeof why, "its name cannot be resolved: %s", uv_strerror(status));
        lost(r, why);
    }
    uv_freeaddrinfo(found);
    free_when_closed(r);
}

static bool is_address(const char *host)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    return uv_ip4_addr(host, 0, &v4) == 0 || uv_ip6_addr(host, 0, &v6) == 0;
}

static void begin(struct redis *r)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    const char *host = r->opt.target.host, *port = r->opt.target.port;

    uv_timer_start(&r->timer, on_tick, r->opt.timeout_ms, r->opt.timeout_ms / 2);
    if (is_address(host)) {
        greet(r, host);
        return;
    }

    if (!r->resolved) { /* the last time it took longer than there was */
        lost(r, "its name is still being resolved");
        return;
    }
    r->phase = REDIS_RESOLVING;
    r->resolving.data = r;
    r->resolved = false;
    if (uv_getaddrinfo(r->loop, &r->resolving, on_resolved, host, port, &hints) != 0) {
        r->resolved = true;
        lost(r, "its name cannot be asked for");
    }
}

struct redis *redis_new(uv_loop_t *loop, const struct redis_options *options)
{
    struct redis *r = mem_new(struct redis);

    r->loop = loop;
    r->opt = *options;
    r->resolved = true;
    r->backoff_ms = BACKOFF_MIN_MS;
    uv_timer_init(loop, &r->timer);
    r->timer.data = r;
    begin(r);
    return r;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct redis *r = handle->data;

    r->timer_closed = true;
    free_when_closed(r);
}

void redis_free(struct redis *r)
{
    redisAsyncContext *ac;

    if (r == NULL)
        return;
    ac = r->ac;
    r->phase = REDIS_ENDED;
    r->ac = NULL;
    if (ac != NULL) {
        ac->data = NULL;
        redisAsyncFree(ac);
    }
    uv_close((uv_handle_t *)&r->timer, on_timer_closed);
    if (!r->resolved)
        uv_cancel((uv_req_t *)&r->resolving);
}
