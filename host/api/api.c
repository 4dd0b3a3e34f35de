/* api.c -- the server's life; see api.h. */
#include "api/api.h"

#include "api/http/server.h"
#include "api/transport/net.h"
#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <uv.h>

/* The timer outlives the api by one turn of the loop: libuv closes handles later. */
struct ticker {
    uv_timer_t timer;
    struct api *api;
};

static void on_tick(uv_timer_t *timer)
{
    struct ticker *t = timer->data;

    stream_server_tick(t->api->stream, clock_mono_ns());
}

static void on_timer_closed(uv_handle_t *handle)
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
        uv_close((uv_handle_t *)&api->ticker->timer, on_timer_closed);
    api->ticker = NULL;
}

static void fill_defaults(struct api_options *opt)
{
    const struct {
        uint32_t *field;
        uint32_t value;
    } defaults[] = {
        {&opt->connections_max, 10000},   {&opt->idle_timeout_s, 30},
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
    while (!LIST_EMPTY(&api->requests))
        request_free(LIST_FIRST(&api->requests));
    stream_server_free(api->stream);
    rate_free(api->rate);
    idempotency_free(api->idempotency);
    tokens_free(api->tokens);
    verdicts_free(api->tickets);
    free(api->listen_host);
    free(api);
}

static struct stream_server *stream_open(struct api *api, int64_t newest)
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

bool api_open(const struct api_options *options, struct api **ret, struct err *e)
{
    struct api *api = mem_new(struct api);
    int64_t oldest, newest;

    api->opt = *options;
    api->listen_host = mem_str(options->listen_host != NULL ? options->listen_host : "127.0.0.1");
    api->opt.listen_host = api->listen_host; /* lws keeps the pointer */
    fill_defaults(&api->opt);
    api->engine = options->engine;
    api->reader = options->reader;
    api->metrics = options->metrics;
    LIST_INIT(&api->requests);
    if (!store_read_event_bounds(api->reader, &oldest, &newest, e)) {
        release(api);
        return err_wrap(e, "events");
    }
    api->rate = rate_new(api->opt.rate_per_s, api->opt.rate_burst);
    api->tokens = tokens_new(options->auth);
    api->tickets = verdicts_new();
    api->idempotency = idempotency_new(api->reader);
    api->stream = stream_open(api, newest);
    if (!net_open(api, &api->net, e)) {
        release(api);
        return false;
    }
    ticker_start(api);
    metrics_set(api->metrics, METRIC_BUILD, METRIC_LABELS(ORCH_VERSION), 1);
    *ret = api;
    return true;
}

void api_close(struct api *api)
{
    if (api == NULL)
        return;
    ticker_stop(api);
    net_close(api->net);
    release(api);
}

uint16_t api_port(const struct api *api)
{
    return net_port(api->net);
}

void api_drain(struct api *api)
{
    api->draining = true;
}

void api_tokens_forget(struct api *api)
{
    tokens_forget(api->tokens);
    verdicts_clear(api->tickets);
}

void api_stream_publish(struct api *api, const struct api_event *events, size_t count)
{
    stream_server_publish(api->stream, events, count);
}
