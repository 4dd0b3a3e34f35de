/* steps_turns.c -- how long orchd's loop is away while much is asked of it: see steps.h. */
#include "dags.h"
#include "report.h"
#include "steps.h"
#include "swarm.h"
#include "turns.h"

#include "base/mem.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that reads /metrics as fast as it is answered, until it is killed. */
static pid_t scrape(const char *url)
{
    pid_t pid = fork();
    char *path;
    CURL *easy;

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    path = mem_printf("%s/metrics", url);
    easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, path);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, load_drop);
    while (curl_easy_perform(easy) == CURLE_OK)
        continue;
    _exit(1);
}

static double percentile_ms(const uint32_t *from, const volatile uint32_t *to, double share)
{
    double total = 0, at = 0;
    int i = 0;

    for (int k = 0; k < TURNS_BUCKETS; k++)
        total += to[k] - from[k];
    while (i < TURNS_BUCKETS - 1 && (at += to[i] - from[i]) < total * share)
        i++;
    return (double)(i + 1) * TURNS_BUCKET_US / 1000;
}

static void load_host(struct steps *s, const struct bench_host *host,
                      const volatile struct turns *turns)
{
    static struct turns before;
    struct load *load = load_open(host->url, host->token);
    struct swarm_order order = {.port = atoi(strrchr(host->url, ':') + 1),
                                .path = "/api/v1/orchestrator/runs/stream?dagId=bench-turns",
                                .token = host->token,
                                .readers = (int)s->stream_clients};
    struct swarm *swarm = swarm_start(&order);
    pid_t scraper = scrape(host->url);

    before = *turns;
    steps_many(s, load, "bench-turns", 10, "cold");
    report_figure("loop_turn_p99_ms", percentile_ms(before.wall, turns->wall, 0.99), "ms");
    report_figure("loop_turn_max_ms", percentile_ms(before.wall, turns->wall, 1), "ms");
    report_figure("loop_turn_cpu_p99_ms", percentile_ms(before.cpu, turns->cpu, 0.99), "ms");
    report_figure("loop_turn_cpu_max_ms", percentile_ms(before.cpu, turns->cpu, 1), "ms");
    if (waitpid(scraper, NULL, WNOHANG) != 0) {
        fputs("bench: /metrics does not answer\n", stderr);
        exit(1);
    }
    kill(scraper, SIGKILL);
    waitpid(scraper, NULL, 0);
    swarm_stop(swarm);
    load_close(load);
}

void steps_turns(struct steps *s)
{
    struct host_order order = s->host;
    struct bench_host host;
    const volatile struct turns *turns;

    if (!steps_wanted(s, "loop_turn"))
        return;
    order.preload = s->turns_library;
    order.shared_name = TURNS_FILE;
    order.shared_bytes = sizeof *turns;
    host_start(&host, &order);
    turns = host.shared;
    load_host(s, &host, turns);
    host_stop(&host);
}
