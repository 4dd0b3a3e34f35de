/* server_main.c -- the real server over loopback with a made-up engine, for server_test.py.
 *
 * usage: api_test_server FOLDER [NAME=NUMBER...]: prints its port, ends at the end of its input.
 * Names: ring, behind, heartbeat, stall, auth, idle, head, body, places, probes, address, waiting,
 * rate, burst, dev. */
#include "server_engine.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "observe/metrics.h"
#include "observe/task_times.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const struct err *e)
{
    fprintf(stderr, "api_test_server: %s\n", e->msg);
    exit(1);
}

static void on_store(uv_poll_t *poll, int status, int events)
{
    struct server *s = poll->data;

    (void)status;
    (void)events;
    store_turn(s->store);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *ret)
{
    static char bytes[256];

    (void)handle;
    (void)wanted;
    *ret = uv_buf_init(bytes, sizeof bytes);
}

static void on_input(uv_stream_t *stream, ssize_t len, const uv_buf_t *bytes)
{
    struct server *s = stream->data;

    (void)bytes;
    if (len < 0)
        uv_stop(&s->loop);
}

/* Everything that the loop holds is closed, so that it ends and leaks show. What the api waits for
 * is answered first: its contract. */
static void close_all(struct server *s)
{
    while (s->answers_open > 0)
        uv_run(&s->loop, UV_RUN_ONCE);
    api_close(s->api);
    s->api = NULL;
    uv_close((uv_handle_t *)&s->store_poll, NULL);
    uv_close((uv_handle_t *)&s->input, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    store_reader_free(s->reader);
    store_close(s->store);
    metrics_free(s->metrics);
    task_times_free(s->task_times);
    json_decref(s->checks);
    json_decref(s->depth);
    json_decref(s->event_n);
}

static void open_all(struct server *s, const char *folder)
{
    auto_mem char *path = mem_printf("%s/store.db", folder);
    struct store_options options = {.url = path};
    struct err e;

    uv_loop_init(&s->loop);
    if (!store_open(&options, &s->store, &e) || !store_reader_open(s->store, &s->reader, &e))
        die(&e);
    s->metrics = metrics_new();
    s->task_times = task_times_new(clock_mono_ns());
    task_times_add(s->task_times, clock_mono_ns(), true, 0.25);
    task_times_add(s->task_times, clock_mono_ns(), false, TASK_TIME_UNKNOWN);
    s->checks = json_pack("{s:{s:s}}", "store", "status", "ok");
    s->event_n = json_object();
    s->depth = json_pack("{s:i, s:i}", "default", 3, "acme", 5);
    uv_poll_init(&s->loop, &s->store_poll, store_poll_fd(s->store));
    s->store_poll.data = s;
    uv_poll_start(&s->store_poll, UV_READABLE, on_store);
    uv_pipe_init(&s->loop, &s->input, 0);
    s->input.data = s;
    uv_pipe_open(&s->input, 0);
    uv_read_start((uv_stream_t *)&s->input, on_alloc, on_input);
}

static void set_option(struct api_options *opt, const char *text)
{
    const struct {
        const char *name;
        uint32_t *field;
    } names[] = {
        {"ring", &opt->stream_ring_events},
        {"behind", &opt->stream_behind_max},
        {"heartbeat", &opt->stream_heartbeat_s},
        {"stall", &opt->stream_stall_s},
        {"auth", &opt->stream_auth_s},
        {"idle", &opt->idle_timeout_s},
        {"head", &opt->head_timeout_s},
        {"body", &opt->body_timeout_s},
        {"places", &opt->connections_max},
        {"probes", &opt->probe_connections},
        {"address", &opt->connections_peer_max},
        {"waiting", &opt->waiting_mib_max},
        {"rate", &opt->rate_per_s},
        {"burst", &opt->rate_burst},
    };
    size_t len = strcspn(text, "=");

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strlen(names[i].name) == len && memcmp(text, names[i].name, len) == 0) {
            *names[i].field = (uint32_t)strtoul(text + len + 1, NULL, 10);
            return;
        }
    }
    fprintf(stderr, "api_test_server: no option '%s'\n", text);
    exit(2);
}

int main(int argc, char **argv)
{
    struct server s = {0};
    struct api_engine engine = server_engine_of(&s);
    struct api_auth auth = server_auth_of(&s);
    struct api_options opt = {.loop = &s.loop, .engine = &engine, .auth = &auth};
    struct err e;

    if (argc < 2)
        return 2;
    json_setup();
    log_setup("api_test_server", LOG_WARN, true);
    open_all(&s, argv[1]);
    opt.store = s.store;
    opt.reader = s.reader;
    opt.metrics = s.metrics;
    opt.task_times = s.task_times;
    for (int i = 2; i < argc; i++) {
        opt.dev = opt.dev || strcmp(argv[i], "dev") == 0;
        if (strcmp(argv[i], "dev") != 0)
            set_option(&opt, argv[i]);
    }
    if (!api_open(&opt, &s.api, &e))
        die(&e);
    printf("%u\n", api_port(s.api));
    fflush(stdout);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    close_all(&s);
    if (uv_loop_close(&s.loop) != 0) {
        fprintf(stderr, "api_test_server: the loop still holds handles\n");
        return 1;
    }
    return 0;
}
