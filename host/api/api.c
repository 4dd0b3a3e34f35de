/* api.c -- makes the rooms of the server, lowest first, and gives each what it needs; see api.h. */
#include "api/api.h"

#include "api/auth/tokens.h"
#include "api/auth/verdicts.h"
#include "api/request/server.h"
#include "api/routes/routes.h"
#include "api/stream/server.h"
#include "api/transport/net.h"
#include "base/clock.h"
#include "base/json_thread.h"
#include "base/mem.h"
#include "observe/metrics.h"
#include "store/reader.h"

#include <assert.h>
#include <uv.h>

struct ticker;
struct json_poll;

struct api {
    struct api_options opt; /* with the defaults filled in */
    struct tokens *tokens;
    struct verdicts *tickets; /* one-time, for browsers */
    struct stream_server *streams;
    struct request_server *requests;
    struct net *net;
    struct ticker *ticker;
    struct json_thread *json;
    struct json_poll *json_poll;
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

/* As the ticker: outlives the api by one turn. */
struct json_poll {
    uv_poll_t poll;
    struct api *api;
};

static void on_json(uv_poll_t *poll, int status unused_arg, int events unused_arg)
{
    struct json_poll *p = poll->data;

    json_thread_turn(p->api->json);
}

static void json_poll_start(struct api *api)
{
    struct json_poll *p = mem_new(struct json_poll);
    int failed;

    p->api = api;
    failed = uv_poll_init(api->opt.loop, &p->poll, json_thread_fd(api->json));
    assert(failed == 0);
    p->poll.data = p;
    failed = uv_poll_start(&p->poll, UV_READABLE, on_json);
    assert(failed == 0);
    api->json_poll = p;
}

static void json_poll_stop(struct api *api)
{
    if (api->json_poll != NULL)
        uv_close((uv_handle_t *)&api->json_poll->poll, on_handle_closed);
    api->json_poll = NULL;
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
                                                        .reader = opt->reader,
                                                        .metrics = opt->metrics,
                                                        .tokens = api->tokens,
                                                        .tickets = api->tickets,
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

/* What needs neither a socket nor a handle of the loop. */
static struct api *api_new(const struct api_options *options, struct json_thread **json,
                           int64_t newest)
{
    struct api *api = mem_new(struct api);

    api->opt = *options;
    fill_defaults(&api->opt);
    api->json = take(*json);
    api->tokens = tokens_new(options->auth);
    api->tickets = verdicts_new();
    api->streams = make_streams(api, newest);
    api->requests = make_requests(api);
    return api;
}

bool api_open(const struct api_options *options, struct api **ret, struct err *e)
{
    int64_t oldest, newest;
    auto_obj(json_thread) json = NULL;
    struct api *api;

    if (!store_read_event_bounds(options->reader, &oldest, &newest, e))
        return err_wrap(e, "events");
    if (!json_thread_start(&json, e))
        return false;
    api = api_new(options, &json, newest);
    if (!listen_open(api, e)) {
        release(api);
        return false;
    }
    ticker_start(api);
    json_poll_start(api);
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
    json_poll_stop(api);
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

void api_stream_publish(struct api *api, const struct api_event *events, size_t count)
{
    stream_server_publish(api->streams, events, count);
}
