/* api.c -- makes the rooms of the server, lowest first, and gives each what it needs; see api.h. */
#include "api/api.h"

#include "api/auth/tokens.h"
#include "api/auth/verdicts.h"
#include "api/request/request.h"
#include "api/request/server.h"
#include "api/routes/routes.h"
#include "api/stream/server.h"
#include "api/transport/net.h"
#include "base/clock.h"
#include "base/json_thread.h"
#include "base/mem.h"
#include "base/work_pool.h"
#include "observe/metrics.h"
#include "store/reader.h"

#include <assert.h>
#include <uv.h>

struct ticker;
struct beside;

enum { READ_THREADS = 2 }; /* one long answer does not hold the next */

struct api {
    struct api_options opt; /* with the defaults filled in */
    struct tokens *tokens;
    struct verdicts *tickets; /* one-time, for browsers */
    struct stream_server *streams;
    struct request_server *requests;
    struct net *net;
    struct ticker *ticker;
    struct json_thread *json;
    struct work_pool *work;
    struct store_reader *readers[READ_THREADS]; /* of work's threads */
    struct beside *json_poll, *work_poll;
};

/* The timer outlives the api by one turn of the loop: libuv closes handles later. */
struct ticker {
    uv_timer_t timer;
    struct api *api;
};

static void on_tick(uv_timer_t *timer)
{
    struct ticker *t = timer->data;

    stream_server_tick(t->api->streams, clock_mono_ns());
}

static void on_handle_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void ticker_start(struct api *api)
{
    struct ticker *t = mem_new(struct ticker);
    int failed;

    t->api = api;
    failed = uv_timer_init(api->opt.loop, &t->timer);
    assert(failed == 0);
    t->timer.data = t;
    failed = uv_timer_start(&t->timer, on_tick, 1000, 1000);
    assert(failed == 0);
    api->ticker = t;
}

static void ticker_stop(struct api *api)
{
    if (api->ticker != NULL)
        uv_close((uv_handle_t *)&api->ticker->timer, on_handle_closed);
    api->ticker = NULL;
}

/* A descriptor of threads beside the loop. As the ticker: outlives the api by one turn. */
struct beside {
    uv_poll_t poll;
    struct api *api;
};

static void on_json(uv_poll_t *poll, int status unused_arg, int events unused_arg)
{
    struct api *api = ((struct beside *)poll->data)->api;

    json_thread_turn(api->json);
    request_turn_over(api->requests);
}

static void on_work(uv_poll_t *poll, int status unused_arg, int events unused_arg)
{
    struct api *api = ((struct beside *)poll->data)->api;

    work_pool_turn(api->work);
    request_turn_over(api->requests);
}

static struct beside *beside_start(struct api *api, int fd, uv_poll_cb told)
{
    struct beside *b = mem_new(struct beside);
    int failed;

    b->api = api;
    failed = uv_poll_init(api->opt.loop, &b->poll, fd);
    assert(failed == 0);
    b->poll.data = b;
    failed = uv_poll_start(&b->poll, UV_READABLE, told);
    assert(failed == 0);
    return b;
}

static void beside_stop(struct beside **b)
{
    if (*b != NULL)
        uv_close((uv_handle_t *)&(*b)->poll, on_handle_closed);
    *b = NULL;
}

static void fill_defaults(struct api_options *opt)
{
    const struct {
        uint32_t *field;
        uint32_t value;
    } defaults[] = {
        {&opt->connections_max, 10000},   {&opt->idle_timeout_s, 30},
        {&opt->probe_connections, 64},    {&opt->head_timeout_s, 10},
        {&opt->body_timeout_s, 60},       {&opt->waiting_mib_max, 256},
        {&opt->rate_per_s, 2000},         {&opt->rate_burst, 4000},
        {&opt->stream_ring_events, 8192}, {&opt->stream_behind_max, 100000},
        {&opt->stream_heartbeat_s, 15},   {&opt->stream_stall_s, 30},
        {&opt->stream_auth_s, 5},
    };

    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        if (*defaults[i].field == 0)
            *defaults[i].field = defaults[i].value;
    }
}

static void release(struct api *api)
{
    json_thread_free(api->json);
    work_pool_free(api->work);
    for (size_t i = 0; i < READ_THREADS; i++)
        store_reader_free(api->readers[i]);
    request_server_free(api->requests);
    stream_server_free(api->streams);
    tokens_free(api->tokens);
    verdicts_free(api->tickets);
    free(api);
}

static struct stream_server *make_streams(const struct api *api, int64_t newest)
{
    const struct api_options *opt = &api->opt;

    return stream_server_new(&(struct stream_options){.conn = &net_stream_ops,
                                                      .reader = opt->reader,
                                                      .metrics = opt->metrics,
                                                      .tokens = api->tokens,
                                                      .tickets = api->tickets,
                                                      .dev = opt->dev,
                                                      .ring_events = opt->stream_ring_events,
                                                      .behind_max = opt->stream_behind_max,
                                                      .heartbeat_s = opt->stream_heartbeat_s,
                                                      .stall_s = opt->stream_stall_s,
                                                      .auth_s = opt->stream_auth_s},
                             newest);
}

static struct request_server *make_requests(const struct api *api)
{
    const struct api_options *opt = &api->opt;

    return request_server_new(&(struct request_options){.conn = &net_request_ops,
                                                        .routes = &api_routes,
                                                        .engine = opt->engine,
                                                        .json = api->json,
                                                        .work = api->work,
                                                        .readers = api->readers,
                                                        .reader = opt->reader,
                                                        .metrics = opt->metrics,
                                                        .tokens = api->tokens,
                                                        .tickets = api->tickets,
                                                        .turn = opt->turn,
                                                        .turn_arg = opt->turn_arg,
                                                        .dev = opt->dev,
                                                        .rate_per_s = opt->rate_per_s,
                                                        .rate_burst = opt->rate_burst});
}

static bool listen_open(struct api *api, struct err *e)
{
    const struct api_options *opt = &api->opt;
    const char *host = opt->listen_host != NULL ? opt->listen_host : "127.0.0.1";

    return net_open(&(struct net_options){.loop = opt->loop,
                                          .listen_host = host,
                                          .listen_port = opt->listen_port,
                                          .connections_max = opt->connections_max,
                                          .reserve = opt->probe_connections,
                                          .connections_peer_max = opt->connections_peer_max,
                                          .idle_timeout_s = opt->idle_timeout_s,
                                          .head_timeout_s = opt->head_timeout_s,
                                          .body_timeout_s = opt->body_timeout_s,
                                          .waiting_bytes_max = (size_t)opt->waiting_mib_max << 20,
                                          .requests = api->requests,
                                          .streams = api->streams},
                    &api->net, e);
}

static bool threads_start(struct api *api, struct err *e)
{
    for (size_t i = 0; i < READ_THREADS; i++) {
        if (!store_reader_open(api->opt.store, &api->readers[i], e))
            return false;
    }
    return json_thread_start(&api->json, e) && work_pool_start(READ_THREADS, 0, &api->work, e);
}

/* What needs neither a socket nor a handle of the loop. */
static void rooms_make(struct api *api, int64_t newest)
{
    api->tokens = tokens_new(api->opt.auth);
    api->tickets = verdicts_new();
    api->streams = make_streams(api, newest);
    api->requests = make_requests(api);
}

bool api_open(const struct api_options *options, struct api **ret, struct err *e)
{
    int64_t oldest, newest;
    struct api *api;

    if (!store_read_event_bounds(options->reader, &oldest, &newest, e))
        return err_wrap(e, "events");
    api = mem_new(struct api);
    api->opt = *options;
    fill_defaults(&api->opt);
    if (!threads_start(api, e)) {
        release(api);
        return false;
    }
    rooms_make(api, newest);
    if (!listen_open(api, e)) {
        release(api);
        return false;
    }
    ticker_start(api);
    api->json_poll = beside_start(api, json_thread_fd(api->json), on_json);
    api->work_poll = beside_start(api, work_pool_fd(api->work), on_work);
    metrics_set(api->opt.metrics, METRIC_BUILD, METRIC_LABELS(ORCH_VERSION), 1);
    *ret = api;
    return true;
}

/* The connections go first: what they carry lets go of the streams and requests it belongs to. */
void api_close(struct api *api)
{
    if (api == NULL)
        return;
    ticker_stop(api);
    beside_stop(&api->json_poll);
    beside_stop(&api->work_poll);
    net_close(api->net);
    release(api);
}

uint16_t api_port(const struct api *api)
{
    return net_port(api->net);
}

void api_drain(struct api *api)
{
    api->requests->draining = true;
}

void api_tokens_forget(struct api *api)
{
    tokens_forget(api->tokens);
    verdicts_clear(api->tickets);
}

void api_token_revoked(struct api *api, const char *token_id)
{
    tokens_revoke(api->tokens, token_id);
    stream_server_revoke(api->streams, token_id);
}

void api_stream_publish(struct api *api, const struct api_event *events, size_t count)
{
    stream_server_publish(api->streams, events, count);
}
