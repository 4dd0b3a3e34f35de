/* api.c -- makes the rooms of the server, lowest first, and gives each what it needs; see api.h. */
#include "api/api.h"

#include "api/auth/tokens.h"
#include "api/auth/verdicts.h"
#include "api/request/request.h"
#include "api/request/server.h"
#include "api/routes/routes.h"
#include "api/rpc/history.h"
#include "api/stream/server.h"
#include "api/transport/net.h"
#include "base/json_thread.h"
#include "base/mem.h"
#include "observe/metrics.h"
#include "store/beside.h"
#include "store/reader.h"

#include <assert.h>
#include <uv.h>

struct watched;

enum {
    READ_THREADS = 2, /* unless said: one long answer does not hold the next */
    READ_AHEAD = 16,  /* answers in memory that the loop has not taken */
};

struct api {
    struct api_options opt; /* with the defaults filled in */
    struct tokens *tokens;
    struct verdicts *tickets; /* one-time, for browsers */
    struct rpc_history *rpc_history;
    struct stream_server *streams;
    struct request_server *requests;
    struct net *net;
    struct json_thread *json;
    struct beside *beside;
    struct watched *json_poll, *beside_poll;
};

static void on_handle_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* A descriptor of threads beside the loop. It outlives the api by one turn: libuv closes later. */
struct watched {
    uv_poll_t poll;
    struct api *api;
};

static void on_json(uv_poll_t *poll, int status unused_arg, int events unused_arg)
{
    struct api *api = ((struct watched *)poll->data)->api;

    json_thread_turn(api->json);
    request_turn_over(api->requests);
}

static void on_beside(uv_poll_t *poll, int status unused_arg, int events unused_arg)
{
    struct api *api = ((struct watched *)poll->data)->api;

    beside_turn(api->beside);
    request_turn_over(api->requests);
}

static struct watched *watch(struct api *api, int fd, uv_poll_cb told)
{
    struct watched *w = mem_new(struct watched);
    int failed;

    w->api = api;
    failed = uv_poll_init(api->opt.loop, &w->poll, fd);
    assert(failed == 0);
    w->poll.data = w;
    failed = uv_poll_start(&w->poll, UV_READABLE, told);
    assert(failed == 0);
    return w;
}

static void watch_no_more(struct watched **w)
{
    if (*w != NULL)
        uv_close((uv_handle_t *)&(*w)->poll, on_handle_closed);
    *w = NULL;
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
        {&opt->stream_auth_s, 5},         {&opt->read_threads, READ_THREADS},
    };

    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        if (*defaults[i].field == 0)
            *defaults[i].field = defaults[i].value;
    }
}

static void release(struct api *api)
{
    json_thread_free(api->json);
    beside_free(api->beside);
    request_server_free(api->requests);
    stream_server_free(api->streams);
    tokens_free(api->tokens);
    verdicts_free(api->tickets);
    rpc_history_free(api->rpc_history);
    free(api);
}

static struct stream_server *make_streams(const struct api *api)
{
    const struct api_options *opt = &api->opt;

    return stream_server_new(&(struct stream_options){.conn = &net_stream_ops,
                                                      .reader = opt->reader,
                                                      .beside = api->beside,
                                                      .metrics = opt->metrics,
                                                      .tokens = api->tokens,
                                                      .tickets = api->tickets,
                                                      .dev = opt->dev,
                                                      .ring_events = opt->stream_ring_events,
                                                      .behind_max = opt->stream_behind_max,
                                                      .heartbeat_s = opt->stream_heartbeat_s,
                                                      .stall_s = opt->stream_stall_s,
                                                      .auth_s = opt->stream_auth_s});
}

static struct request_server *make_requests(const struct api *api)
{
    const struct api_options *opt = &api->opt;

    return request_server_new(&(struct request_options){.conn = &net_request_ops,
                                                        .routes = &api_routes,
                                                        .engine = opt->engine,
                                                        .json = api->json,
                                                        .beside = api->beside,
                                                        .metrics = opt->metrics,
                                                        .task_times = opt->task_times,
                                                        .tokens = api->tokens,
                                                        .tickets = api->tickets,
                                                        .rpc_history = api->rpc_history,
                                                        .turn = opt->turn,
                                                        .turn_arg = opt->turn_arg,
                                                        .admin_loopback = opt->admin_loopback,
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
    return json_thread_start(&api->json, e) &&
           beside_start(api->opt.store, api->opt.read_threads, READ_AHEAD, &api->beside, e);
}

/* What needs neither a socket nor a handle of the loop. */
static void rooms_make(struct api *api)
{
    api->tokens = tokens_new(api->opt.auth);
    api->tickets = verdicts_new();
    api->rpc_history = rpc_history_new();
    api->streams = make_streams(api);
    api->requests = make_requests(api);
}

bool api_open(const struct api_options *options, struct api **ret, struct err *e)
{
    struct api *api = mem_new(struct api);

    api->opt = *options;
    fill_defaults(&api->opt);
    if (!threads_start(api, e)) {
        release(api);
        return false;
    }
    rooms_make(api);
    if (!listen_open(api, e)) {
        release(api);
        return false;
    }
    api->json_poll = watch(api, json_thread_fd(api->json), on_json);
    api->beside_poll = watch(api, beside_fd(api->beside), on_beside);
    metrics_set(api->opt.metrics, METRIC_BUILD, METRIC_LABELS(ORCH_VERSION), 1);
    *ret = api;
    return true;
}

/* The connections go first: what they carry lets go of the streams and requests it belongs to. */
void api_close(struct api *api)
{
    if (api == NULL)
        return;
    watch_no_more(&api->json_poll);
    watch_no_more(&api->beside_poll);
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

void api_stream_passed(struct api *api, const char *tenant, int64_t first, int64_t last)
{
    stream_server_passed(api->streams, tenant, first, last);
}

void api_stream_heard(struct api *api, const char *tenant, int64_t number)
{
    stream_server_heard(api->streams, tenant, number);
}

void api_stream_look(struct api *api)
{
    stream_server_look(api->streams);
}
