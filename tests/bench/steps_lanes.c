/* steps_lanes.c -- tasks of a lane: see steps.h. */
#include "base/mem.h"
#include "dags.h"
#include "floor.h"
#include "processes.h"
#include "report.h"
#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMES_MAX = 20000, BATCH = 1000, LOOKED_AT = 500, SLOTS = 50, TENTHS = 10 };
#define LANE "bench"
#define LANE_PATH "/lanes/" LANE

static double times[TIMES_MAX];

static void lane_make(struct load *load)
{
    json_t *body = json_pack("{s:s, s:{s:{}}, s:i, s:i}", "agent_id", "conformance.stub", "config",
                             "return", "slots", SLOTS, "max_depth", 1000000);

    json_decref(load_ask_owned(load, "PUT", LANE_PATH, body));
}

/* Seconds within a day, of a time as the host writes it: 2026-01-02T03:04:05.678901Z. */
static double seconds_of(const char *time)
{
    int hours, minutes;
    double seconds;

    if (time == NULL || sscanf(time, "%*d-%*d-%*dT%d:%d:%lf", &hours, &minutes, &seconds) != 3) {
        fprintf(stderr, "bench: a task has no time: %s\n", time != NULL ? time : "null");
        exit(1);
    }
    return hours * 3600 + minutes * 60 + seconds;
}

static double wait_of(struct load *load, const char *task_id)
{
    auto_mem char *path = mem_printf("/tasks/%s", task_id);
    json_t *task = load_ask_owned(load, "GET", path, NULL);
    double wait = seconds_of(json_string_value(json_object_get(task, "started_at"))) -
                  seconds_of(json_string_value(json_object_get(task, "enqueued_at")));

    json_decref(task);
    return wait < 0 ? wait + 86400 : wait; /* over midnight */
}

/* Of LOOKED_AT of the tasks at most, evenly. */
static void report_waits(struct load *load, const char *name, json_t *tasks)
{
    size_t all = json_array_size(tasks), step = all / LOOKED_AT + 1;
    char figure[64];
    long count = 0;

    for (size_t i = 0; i < all; i += step)
        times[count++] = wait_of(load, json_string_value(json_array_get(tasks, i)));
    snprintf(figure, sizeof figure, "lanes_%s_wait_p50_ms", name);
    report_figure(figure, report_percentile(times, count, 0.5) * 1000, "ms");
    snprintf(figure, sizeof figure, "lanes_%s_wait_p99_ms", name);
    report_figure(figure, report_percentile(times, count, 0.99) * 1000, "ms");
}

/* ---- tasks a second, and what they wait for ---- */

static double rate(struct load *load, const struct load_order *order)
{
    struct load_order first = *order;
    double spent;
    long ended;

    first.seconds = 0;
    first.runs = 100;
    load_run(load, &first, times, TIMES_MAX, &spent);
    ended = load_run(load, order, times, TIMES_MAX, &spent);
    return (double)ended / spent;
}

static double throughput(struct steps *s, struct load *load)
{
    struct load_order runs = {.dag_id = "bench-lanes-run",
                              .outstanding = 50,
                              .seconds = s->seconds};
    struct load_order tasks = {.dag_id = "lane." LANE,
                               .lane = LANE,
                               .outstanding = 50,
                               .seconds = s->seconds};
    double runs_per_s, tasks_per_s;

    load_import(load, dag_chain(runs.dag_id, 1, "cold"));
    runs_per_s = rate(load, &runs);
    tasks_per_s = rate(load, &tasks);
    report_figure("lanes_runs_per_s", runs_per_s, "runs/s");
    report_figure("lanes_tasks_per_s", tasks_per_s, "tasks/s");
    report_ratio("lanes_tasks_per_runs", tasks_per_s / runs_per_s, ">= 0.9");
    return tasks_per_s;
}

static void idle_waits(struct steps *s, struct load *load)
{
    struct load_order order = {.dag_id = "lane." LANE,
                               .lane = LANE,
                               .outstanding = 1,
                               .runs = LOOKED_AT,
                               .seconds = s->seconds,
                               .started = json_array()};
    double spent, p50, p99;
    long count;

    load_run(load, &order, times, TIMES_MAX, &spent);
    report_waits(load, "idle", order.started);
    count = (long)json_array_size(order.started) < LOOKED_AT ? (long)json_array_size(order.started)
                                                             : LOOKED_AT;
    p50 = report_percentile(times, count, 0.5); /* what report_waits left there */
    p99 = report_percentile(times, count, 0.99);
    report_ratio("lanes_idle_wait_p99_per_p50", p99 / p50, "<= 3");
    json_decref(order.started);
}

static void busy_waits(struct steps *s, struct load *load, double tasks_per_s)
{
    struct load_order order = {.dag_id = "lane." LANE,
                               .lane = LANE,
                               .outstanding = 200,
                               .seconds = s->seconds,
                               .per_second = tasks_per_s * 0.8,
                               .started = json_array()};
    double spent;

    load_run(load, &order, times, TIMES_MAX, &spent);
    report_waits(load, "busy", order.started);
    json_decref(order.started);
}

/* ---- a long queue ---- */

static json_t *batch_owned(void)
{
    json_t *tasks = json_array();

    for (int i = 0; i < BATCH; i++)
        json_array_append_new(tasks, json_pack("{s:s, s:{}}", "lane", LANE, "payload"));
    return json_pack("{s:o}", "tasks", tasks);
}

static double enqueue(struct load *load, long batches)
{
    double begin = bench_now();

    for (long i = 0; i < batches; i++)
        json_decref(load_ask_owned(load, "POST", "/tasks:batch", batch_owned()));
    return (double)batches * BATCH / (bench_now() - begin);
}

static void long_queue(struct steps *s, struct load *load, pid_t pid)
{
    long batches = s->queued / BATCH, tenth = batches / TENTHS > 0 ? batches / TENTHS : 1;
    uint64_t before = process_rss_kib(pid);
    double first, last;

    json_decref(load_ask_owned(load, "POST", LANE_PATH ":pause", NULL));
    first = enqueue(load, tenth);
    if (batches > 2 * tenth)
        enqueue(load, batches - 2 * tenth);
    last = enqueue(load, tenth);
    report_figure("lanes_queue_first_per_s", first, "tasks/s");
    report_figure("lanes_queue_last_per_s", last, "tasks/s");
    report_ratio("lanes_queue_flat", first / last, "<= 1.3");
    report_figure("lanes_queue_task_kib",
                  (double)(process_rss_kib(pid) - before) / (double)(batches * BATCH), "KiB");
}

void steps_lanes(struct steps *s)
{
    struct bench_host host;
    struct load *load;
    double tasks_per_s;

    if (!steps_wanted(s, "lanes"))
        return;
    setenv("ORCH_RUNS_WAITING_MAX", "1000000", 1); /* it bounds the tasks of all lanes, too */
    host_start(&host, &s->host);
    unsetenv("ORCH_RUNS_WAITING_MAX");
    load = load_open(host.url, host.token);
    lane_make(load);
    tasks_per_s = throughput(s, load);
    idle_waits(s, load);
    busy_waits(s, load, tasks_per_s);
    long_queue(s, load, host.pid);
    load_close(load);
    host_stop(&host);
}
