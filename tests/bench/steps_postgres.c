/* steps_postgres.c -- hosts on one cluster, beside the same on a file and beside pgbench: see
 * steps.h. */
#include "dags.h"
#include "report.h"
#include "shared.h"
#include "steps.h"
#include "swarm.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVER_BIN "/usr/lib/postgresql/15/bin"
enum { CHAIN = 100, LINE_BYTES = 256, HOSTS_MAX = 8, TIMES_MAX = 1000, LISTENERS = 16 };

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench: %s failed\n", what);
    exit(1);
}

struct host_order steps_cluster_order(const struct steps *s, long number)
{
    struct host_order order = {.bin = s->host.bin, .store = s->store_url};

    order.home = mem_printf("%s-%ld", s->host.home, number);
    return order;
}

/* ---- the cluster's floor ---- */

static void make_table(const char *url)
{
    auto_mem char *command =
        mem_printf(SERVER_BIN "/psql -X -q '%s' -c 'SET client_min_messages = warning;"
                              " CREATE TABLE IF NOT EXISTS"
                              " public.bench_rows (n bigint)' >/dev/null",
                   url);

    if (system(command) != 0)
        die(command);
}

static double tps_of(FILE *told)
{
    char line[LINE_BYTES];
    double tps = 0;

    while (fgets(line, sizeof line, told) != NULL)
        sscanf(line, "tps = %lf", &tps);
    return tps;
}

/* Commits a second, of one row each, by so many clients. */
static double pgbench(const struct steps *s, int clients)
{
    auto_mem char *command =
        mem_printf("echo 'INSERT INTO public.bench_rows VALUES (:client_id);' | " SERVER_BIN
                   "/pgbench -n -M prepared -c %d -j 2 -T %d -f - '%s' 2>/dev/null",
                   clients, s->seconds < 1 ? 1 : (int)s->seconds, s->store_url);
    FILE *told;
    double tps;

    make_table(s->store_url);
    told = popen(command, "r");
    tps = told != NULL ? tps_of(told) : 0;
    if (told == NULL || pclose(told) != 0 || tps == 0)
        die(command);
    return tps;
}

/* ---- one host, on either store ---- */

struct pace {
    double steps_per_s, chain_ms;
};

static double chain_ms(struct steps *s, struct load *load)
{
    static double times[TIMES_MAX];
    struct load_order first = {.dag_id = "bench-pg-chain", .outstanding = 1, .runs = 1};
    struct load_order order = {.dag_id = "bench-pg-chain",
                               .outstanding = 1,
                               .runs = 3,
                               .seconds = s->seconds};
    double spent;
    long ended;

    load_import(load, dag_chain("bench-pg-chain", CHAIN, "cold"));
    load_run(load, &first, times, TIMES_MAX, &spent);
    ended = load_run(load, &order, times, TIMES_MAX, &spent);
    return report_percentile(times, ended < TIMES_MAX ? ended : TIMES_MAX, 0.5) * 1000 / CHAIN;
}

static struct pace pace_of(struct steps *s, const struct host_order *order)
{
    struct pace pace = {0};
    struct bench_host host;
    struct load *load;

    host_start(&host, order);
    load = load_open(host.url, host.token);
    if (steps_wanted(s, "pg_chain100"))
        pace.chain_ms = chain_ms(s, load);
    if (steps_wanted(s, "pg_c50"))
        pace.steps_per_s = steps_many(s, load, "bench-pg-c50", 10, "cold");
    load_close(load);
    host_stop(&host);
    return pace;
}

static void one_host(struct steps *s)
{
    struct host_order order = steps_cluster_order(s, 1);
    struct pace file = pace_of(s, &s->host), cluster;
    double commits = pgbench(s, 8);

    cluster = pace_of(s, &order);
    report_figure("pgbench8_commits_per_s", commits, "/s");
    if (cluster.steps_per_s > 0) {
        report_figure("pg_c50_10step_steps_per_s", cluster.steps_per_s, "steps/s");
        report_ratio("pg_c50_10step_per_sqlite", cluster.steps_per_s / file.steps_per_s, ">= 0.9");
        report_ratio("pg_c50_10step_per_pgbench8", cluster.steps_per_s / commits, ">= 0.25");
    }
    if (cluster.chain_ms > 0) {
        report_figure("pg_chain100_ms_per_step", cluster.chain_ms, "ms");
        report_ratio("pg_chain100_per_sqlite", cluster.chain_ms / file.chain_ms, "");
    }
}

/* ---- several ---- */

/* A client of one host, in a process of its own; 50 runs are outstanding at all of them together.
 */
static void drive(struct steps *s, const struct bench_host *host, long number, double *ret_rate)
{
    auto_mem char *dag = mem_printf("bench-hosts-%ld", number);
    struct load *load = load_open(host->url, host->token);
    struct load_order first = {.dag_id = dag, .outstanding = (int)(50 / s->hosts), .runs = 50};
    struct load_order order = first;
    double spent;
    long runs;

    load_import(load, dag_chain(dag, 10, "cold"));
    load_run(load, &first, NULL, 0, &spent);
    order.runs = 0;
    order.seconds = s->seconds;
    runs = load_run(load, &order, NULL, 0, &spent);
    *ret_rate = (double)runs * 10 / spent;
    load_close(load);
}

/* Steps a second over all hosts. */
static double together(struct steps *s, const struct bench_host *hosts)
{
    double *rates = shared_new(HOSTS_MAX * sizeof *rates), sum = 0;
    int status = 0;

    for (long i = 0; i < s->hosts; i++) {
        if (fork() == 0) {
            drive(s, &hosts[i], i + 1, &rates[i]);
            _exit(0);
        }
    }
    for (long i = 0; i < s->hosts; i++) {
        if (wait(&status) < 0 || status != 0)
            die("a client");
        sum += rates[i];
    }
    return sum;
}

/* How old an event is, by its own time, when a client of the last host has it that the first one's
 * run made: one run of ten nodes at a time. */
static void cross_host_age(struct steps *s, const struct bench_host *hosts)
{
    const struct bench_host *last = &hosts[s->hosts - 1];
    struct swarm_order order = {.port = atoi(strrchr(last->url, ':') + 1),
                                .path = "/api/v1/orchestrator/runs/stream?",
                                .token = last->token,
                                .readers = LISTENERS};
    struct load_order runs = {.dag_id = "bench-cross",
                              .outstanding = 1,
                              .runs = 20,
                              .seconds = s->seconds};
    struct load *load = load_open(hosts[0].url, hosts[0].token);
    struct swarm *swarm = swarm_start(&order);
    double spent;
    long ended;

    load_import(load, dag_chain(runs.dag_id, 10, "cold"));
    ended = load_run(load, &runs, NULL, 0, &spent);
    if (!swarm_wait(swarm, LISTENERS, ended * 22))
        die("the other host's stream");
    report_figure("cross_host_event_p50_ms", swarm_age_ms(swarm, 0.5), "ms");
    report_figure("cross_host_event_p99_ms", swarm_age_ms(swarm, 0.99), "ms");
    swarm_stop(swarm);
    load_close(load);
}

static void several(struct steps *s)
{
    struct bench_host hosts[HOSTS_MAX];
    struct host_order order = steps_cluster_order(s, 1);
    long wanted = s->hosts;
    double one, all;
    auto_mem char *name = mem_printf("pg_hosts%ld_ratio", wanted);

    host_start(&hosts[0], &order);
    s->hosts = 1;
    one = together(s, hosts);
    s->hosts = wanted;
    for (long i = 1; i < wanted; i++) {
        order = steps_cluster_order(s, i + 1);
        host_start(&hosts[i], &order);
    }
    all = together(s, hosts);
    report_figure("pg_hosts1_steps_per_s", one, "steps/s");
    report_ratio(name, all / one, ">= 0.9");
    cross_host_age(s, hosts);
    for (long i = 0; i < wanted; i++)
        host_stop(&hosts[i]);
}

void steps_postgres(struct steps *s)
{
    if (s->store_url == NULL)
        return;
    if (s->hosts > HOSTS_MAX)
        die("--hosts: more than 8");
    if (steps_wanted(s, "pg_c50") || steps_wanted(s, "pg_chain100"))
        one_host(s);
    if (s->hosts > 1 && (steps_wanted(s, "pg_hosts") || steps_wanted(s, "cross_host")))
        several(s);
}
