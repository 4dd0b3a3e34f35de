/* host.c -- see host.h. */
#include "host.h"

#include "floor.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_S = 120, LOG_BYTES_MAX = 64 << 20 };

static _Noreturn void die(const char *what, const char *detail)
{
    fprintf(stderr, "bench: %s: %s\n", what, detail);
    exit(1);
}

static char *text_of(const char *folder, const char *file)
{
    char *path = mem_printf("%s/%s", folder, file);
    auto_done(buf) text = {0};
    struct err e = {0};

    if (!file_read(path, LOG_BYTES_MAX, &text, &e))
        die(path, e.msg);
    free(path);
    return mem_str(buf_text(&text));
}

static void preload(struct bench_host *host, const struct host_order *order)
{
    char *path = mem_printf("%s/shared", order->home);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    void *map;

    if (fd < 0 || ftruncate(fd, (off_t)order->shared_bytes) < 0)
        die(path, strerror(errno));
    map = mmap(NULL, order->shared_bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        die("mmap", strerror(errno));
    host->shared = map;
    host->shared_bytes = order->shared_bytes;
    close(fd);
    setenv(order->shared_name, path, 1);
    setenv("LD_PRELOAD", order->preload, 1);
    free(path);
}

static pid_t spawn(const char *const argv[], int log_fd)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork", strerror(errno));
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* of a benchmark that gave up */
    setsid();
    if (dup2(log_fd, 1) >= 0 && dup2(log_fd, 2) >= 0)
        execv(argv[0], (char *const *)argv);
    perror(argv[0]);
    _exit(127);
}

static void launch(struct bench_host *host, const struct host_order *order, int log_fd)
{
    char *program = mem_printf("%s/orchd", order->bin);
    const char *argv[] = {program,
                          "--dev",
                          "--drain-s=0",
                          "--listen=127.0.0.1:0",
                          "--warm-tenants=default",
                          "--ledger-head-seconds=0", /* a minute's work is no step's */
                          NULL};

    setenv("ORCH_HOME", order->home, 1);
    setenv("ORCH_STORE", order->store != NULL ? order->store : "", 1);
    if (order->preload != NULL)
        preload(host, order);
    if (order->traced)
        host->trace = trace_start(argv, log_fd, order->mode);
    else
        host->pid = spawn(argv, log_fd);
    unsetenv("LD_PRELOAD");
    free(program);
}

/* The document of the log's line that says that the host is ready; NULL: not yet. */
static json_t *ready_line(const char *home)
{
    char *log = text_of(home, "bench.log");
    char *line = strstr(log, "\"event\":\"host.ready\""), *end = NULL;
    json_t *doc = NULL;

    while (line != NULL && line > log && line[-1] != '\n')
        line--;
    if (line != NULL && (end = strchr(line, '\n')) != NULL)
        doc = json_loadb(line, (size_t)(end - line), 0, NULL);
    free(log);
    return doc;
}

static bool is_gone(const struct bench_host *host)
{
    return host->trace == NULL && waitpid(host->pid, NULL, WNOHANG) != 0;
}

static void wait_ready(struct bench_host *host, const struct host_order *order)
{
    double begin = bench_now();
    json_t *doc;

    while ((doc = ready_line(order->home)) == NULL) {
        if (is_gone(host) || bench_now() - begin > READY_S)
            die("the host did not start", text_of(order->home, "bench.log"));
        usleep(500);
    }
    host->ready_s = bench_now() - begin;
    host->url =
        mem_printf("http://127.0.0.1:%d", (int)json_integer_value(json_object_get(doc, "port")));
    host->token = text_of(order->home, "token");
    json_decref(doc);
}

void host_start(struct bench_host *host, const struct host_order *order)
{
    char *path = mem_printf("%s/bench.log", order->home);
    int log_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

    if (log_fd < 0)
        die(path, strerror(errno));
    *host = (struct bench_host){0};
    launch(host, order, log_fd);
    close(log_fd);
    wait_ready(host, order);
    if (host->trace != NULL)
        host->pid = trace_counts(host->trace)->program;
    free(path);
}

void host_stop(struct bench_host *host)
{
    int status = 0;

    kill(host->pid, SIGTERM);
    if (host->trace != NULL)
        trace_wait(host->trace);
    else if (waitpid(host->pid, &status, 0) < 0 || status != 0)
        die("the host did not end well", "see its log");
    if (host->shared != NULL)
        munmap((void *)(uintptr_t)host->shared, host->shared_bytes);
    free(host->url);
    free(host->token);
}
