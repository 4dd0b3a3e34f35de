/* steps_quiet.c -- the floors, and what a host costs that has nothing to do: see steps.h. */
#include "dags.h"
#include "floor.h"
#include "processes.h"
#include "report.h"
#include "steps.h"

#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LAYERED = 500, VALIDATED = 10000, TIMES = 5, SETTLE_S = 3, IDLE_S = 10 };

/* The seconds that a program takes to end well; it says nothing. */
static double seconds_of(const char *const argv[])
{
    double begin = bench_now();
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        dup2(null, 1);
        execvp(argv[0], (char *const *)argv);
        perror(argv[0]);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "bench: %s did not end well\n", argv[0]);
        exit(1);
    }
    return bench_now() - begin;
}

static double median_seconds_of(const char *const argv[])
{
    double times[TIMES];

    for (int i = 0; i < TIMES; i++)
        times[i] = seconds_of(argv);
    return report_percentile(times, TIMES, 0.5);
}

static void make_floor(struct steps *s)
{
    char *path = mem_printf("%s/bench.mk", s->folder);
    const char *argv[] = {"make", "-j", "-s", "-f", path, NULL};

    dag_layers_makefile(path, LAYERED);
    s->make_ms_per_node = median_seconds_of(argv) * 1000 / LAYERED;
    report_figure("make500_ms_per_node", s->make_ms_per_node, "ms");
    unlink(path);
    free(path);
}

/* What bench_confined says, which lies beside this program. */
static double confined_rate(const char *plugin)
{
    char folder[4096], command[3 * 4096];
    ssize_t len = readlink("/proc/self/exe", folder, sizeof folder - 1);
    double rate = 0;
    FILE *f;

    folder[len > 0 ? len : 0] = '\0';
    *strrchr(folder, '/') = '\0';
    snprintf(command, sizeof command, "'%s/bench_confined' %ld 1 %s", folder,
             sysconf(_SC_NPROCESSORS_ONLN), plugin);
    f = popen(command, "re");
    if (f == NULL || fscanf(f, "%lf", &rate) != 1 || pclose(f) != 0) {
        fprintf(stderr, "bench: bench_confined did not end well\n");
        exit(1);
    }
    return rate;
}

/* How far the aims that are by forkn_per_s can be met at all by who keeps every wall. */
static void confined_floor(const struct steps *s)
{
    char *plugin = mem_printf("'%s/../plugins/conformance/conformance.so'", s->host.bin);
    double walls = confined_rate(""), loaded = confined_rate(plugin);

    report_figure("confinedn_per_s", walls, "1/s");
    report_figure("confinedn_loaded_per_s", loaded, "1/s");
    if (s->forkn_per_s > 0) {
        report_ratio("confinedn_per_forkn", walls / s->forkn_per_s, "no aim: a bound");
        report_ratio("confinedn_loaded_per_forkn", loaded / s->forkn_per_s, "no aim: a bound");
    }
    free(plugin);
}

void steps_floors(struct steps *s)
{
    if (steps_wanted(s, "fdatasync_per_s"))
        report_figure("fdatasync_per_s", s->fdatasync_per_s = floor_fdatasync(s->folder, 1.0),
                      "1/s");
    if (steps_wanted(s, "fork1_per_s"))
        report_figure("fork1_per_s", s->fork1_per_s = floor_fork(1, 1.0), "1/s");
    if (steps_wanted(s, "forkn_per_s")) {
        s->forkn_per_s = floor_fork((int)sysconf(_SC_NPROCESSORS_ONLN), 1.0);
        report_figure("forkn_per_s", s->forkn_per_s, "1/s");
    }
    if (steps_wanted(s, "confinedn"))
        confined_floor(s);
    if (steps_wanted(s, "make500_ms_per_node"))
        make_floor(s);
}

/* ---- idle ---- */

static void validate(struct steps *s)
{
    char *path = mem_printf("%s/bench-10000.json", s->folder);
    char *orch = mem_printf("%s/orch", s->host.bin);
    const char *argv[] = {orch, "dag", "validate", "--quiet", "--file", path, NULL};
    json_t *dag = dag_layers("bench-validate", VALIDATED, "cold");

    if (json_dump_file(dag, path, JSON_COMPACT) != 0) {
        perror(path);
        exit(1);
    }
    report_figure("validate_10000_ms", median_seconds_of(argv) * 1000, "ms");
    json_decref(dag);
    unlink(path);
    free(path);
    free(orch);
}

static void start(struct steps *s)
{
    double times[TIMES];

    for (int i = 0; i < TIMES; i++) {
        struct bench_host host;

        host_start(&host, &s->host);
        times[i] = host.ready_s;
        host_stop(&host);
    }
    report_figure("start_ms", report_percentile(times, TIMES, 0.5) * 1000, "ms");
}

static void idle(struct steps *s)
{
    struct bench_host host;
    struct tree_use from, to;

    host_start(&host, &s->host);
    sleep(SETTLE_S);
    from = tree_use(host.pid);
    sleep(IDLE_S);
    to = tree_use(host.pid);
    host_stop(&host);
    report_figure("idle_processes", to.processes, "");
    report_figure("idle_rss_mib", (double)to.rss_kib / 1024, "MiB");
    report_figure("idle_pss_mib", (double)to.pss_kib / 1024, "MiB");
    report_figure("idle_wakeups_10s", (double)to.wakeups - (double)from.wakeups, "");
}

void steps_quiet(struct steps *s)
{
    if (steps_wanted(s, "validate_10000"))
        validate(s);
    if (steps_wanted(s, "start_ms"))
        start(s);
    if (steps_wanted(s, "idle_processes") || steps_wanted(s, "idle_rss") ||
        steps_wanted(s, "idle_pss") || steps_wanted(s, "idle_wakeups"))
        idle(s);
}
