/* stream_main.c -- `bench_stream`: what the event stream carries (tests/bench/README.md).
 *
 *     bench_stream --bin FOLDER --home FOLDER [--json] [--clients N] [--silent N] [--runs N]
 *
 * The events are those of runs that fail with a long word, so that they are of one KiB on average:
 * two each, which the filter of the clients lets through alone. */
#include "args.h"
#include "bare.h"
#include "dags.h"
#include "floor.h"
#include "host.h"
#include "load.h"
#include "processes.h"
#include "report.h"
#include "swarm.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_OF_RUN = 2, OUTSTANDING = 8, NAME_BYTES = 96, SETTLE_US = 300000, REST_S = 3 };

#define PATH "/api/v1/orchestrator/runs/stream?status=failed"

static struct {
    struct host_order host;
    long silent, runs;
} options = {.silent = 500, .runs = 200};

struct stage {
    struct bench_host host;
    struct load *load;
    struct swarm *swarm;
    int clients;
    long told; /* events so far, to each */
};

static void figure(const struct stage *s, const char *name, double value, const char *unit)
{
    char text[NAME_BYTES + 32];

    snprintf(text, sizeof text, "stream%d_%s", s->clients, name);
    report_figure(text, value, unit);
}

static void ratio(const struct stage *s, const char *name, double value, const char *aim)
{
    char text[NAME_BYTES + 32];

    snprintf(text, sizeof text, "stream%d_%s", s->clients, name);
    report_ratio(text, value, aim);
}

static double rss_kib(const struct stage *s)
{
    return (double)process_rss_kib(s->host.pid);
}

/* Runs that fail, until every client has all of their events; returns the messages a second. */
static double publish(struct stage *s, bool *ret_all)
{
    struct load_order order = {.dag_id = "bench-fails",
                               .outstanding = OUTSTANDING,
                               .runs = options.runs,
                               .fails = true};
    long before = swarm_counts(s->swarm)->messages;
    double begin = bench_now(), spent;

    s->told += options.runs * EVENTS_OF_RUN;
    load_run(s->load, &order, NULL, 0, &spent);
    *ret_all = swarm_wait(s->swarm, s->clients, s->told);
    return (double)(swarm_counts(s->swarm)->messages - before) / (bench_now() - begin);
}

static long lost(const struct stage *s)
{
    return s->told * s->clients - swarm_counts(s->swarm)->messages;
}

static void tell_losses(const struct stage *s, const char *when, bool all)
{
    char name[NAME_BYTES];

    snprintf(name, sizeof name, "%s_lost", when);
    figure(s, name, (double)lost(s), "");
    snprintf(name, sizeof name, "%s_twice", when);
    figure(s, name, (double)swarm_counts(s->swarm)->twice, "");
    if (!all)
        fprintf(stderr, "bench: not all clients got all events\n");
}

/* The same bytes from libwebsockets alone, to a swarm of its own. */
static double bare_rate(const struct stage *s, int messages, int bytes)
{
    struct swarm_order order = {.path = "/", .token = "none", .readers = s->clients};
    struct bare *bare = bare_start(messages, bytes, &order.port);
    struct swarm *swarm = swarm_start(&order);
    double begin = bench_now(), rate;

    bare_go(bare);
    if (!swarm_wait(swarm, s->clients, messages))
        fputs("bench: the bare server does not get on\n", stderr);
    rate = (double)swarm_counts(swarm)->messages / (bench_now() - begin);
    swarm_stop(swarm);
    bare_stop(bare);
    return rate;
}

static void steady(struct stage *s)
{
    bool all;
    double rate = publish(s, &all), bare;
    const volatile struct swarm_counts *counts = swarm_counts(s->swarm);
    int bytes = (int)(counts->bytes / (counts->messages > 0 ? counts->messages : 1));

    figure(s, "event_bytes", bytes, "B");
    figure(s, "msgs_per_s", rate, "1/s");
    figure(s, "p50_ms", swarm_age_ms(s->swarm, 0.5), "ms");
    figure(s, "p99_ms", swarm_age_ms(s->swarm, 0.99), "ms");
    tell_losses(s, "steady", all);
    bare = bare_rate(s, (int)(options.runs * EVENTS_OF_RUN), bytes);
    figure(s, "bare_msgs_per_s", bare, "1/s");
    ratio(s, "per_bare", rate / bare, ">= 0.5");
}

static void storm(struct stage *s)
{
    double begin = bench_now();
    bool all;

    swarm_storm(s->swarm);
    publish(s, &all);
    figure(s, "storm_s", bench_now() - begin, "s");
    tell_losses(s, "storm", all);
}

static void beside_silent(struct stage *s, const struct swarm_order *order)
{
    struct swarm_order deaf = *order;
    struct swarm *silent;
    bool all;

    deaf.readers = 0;
    deaf.silent = (int)options.silent;
    silent = swarm_start(&deaf);
    figure(s, "beside_silent_msgs_per_s", publish(s, &all), "1/s");
    tell_losses(s, "beside_silent", all);
    figure(s, "silent_rss_mib", rss_kib(s) / 1024, "MiB");
    swarm_stop(silent);
}

static void measure(int clients)
{
    struct stage s = {.clients = clients};
    struct swarm_order order = {.path = PATH, .readers = clients};
    double before;

    host_start(&s.host, &options.host);
    s.load = load_open(s.host.url, s.host.token);
    load_import(s.load, dag_fails("bench-fails"));
    order.port = atoi(strrchr(s.host.url, ':') + 1);
    order.token = s.host.token;
    sleep(REST_S); /* what the start needed is given back a second behind its last commit */
    before = rss_kib(&s);
    s.swarm = swarm_start(&order);
    usleep(SETTLE_US);
    figure(&s, "rss_kib_per_client", (rss_kib(&s) - before) / clients, "KiB");
    steady(&s);
    figure(&s, "rss_kib_per_client_after", (rss_kib(&s) - before) / clients, "KiB");
    storm(&s);
    beside_silent(&s, &order);
    swarm_stop(s.swarm);
    load_close(s.load);
    host_stop(&s.host);
}

int main(int argc, char **argv)
{
    static const int usual[] = {1000, 5000};
    bool json = false;
    long clients = 0;
    const struct arg table[] = {
        {"bin", ARG_TEXT, true, &options.host.bin}, {"home", ARG_TEXT, true, &options.host.home},
        {"clients", ARG_NUMBER, false, &clients},   {"silent", ARG_NUMBER, false, &options.silent},
        {"runs", ARG_NUMBER, false, &options.runs}, {"json", ARG_FLAG, false, &json},
    };

    args_parse(table, sizeof table / sizeof *table, argc, argv);
    report_as_json(json);
    for (int i = 0; i < 2; i++)
        if (clients == 0)
            measure(usual[i]);
    if (clients > 0)
        measure((int)clients);
    return 0;
}
