/* main.c -- orch-supervisor: arguments, start, turns, end. See super.h. */
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signals.h"
#include "sandbox/supervisor/probe.h"
#include "sandbox/supervisor/requests.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOST_FD = 3, END_MS = 1000 };

static bool parse_without(struct super *s, char *list)
{
    for (char *save, *word = strtok_r(list, ",", &save); word != NULL;
         word = strtok_r(NULL, ",", &save)) {
        enum layer_bit bit = layer_bit_of(word);

        if (bit == LAYER_COUNT)
            return false;
        s->layers.without |= 1u << bit;
    }
    return true;
}

static bool parse_arguments(struct super *s, int argc, char **argv)
{
    static const struct option options[] = {
        {"worker", required_argument, NULL, 'w'},     {"authority", required_argument, NULL, 'a'},
        {"bridge", required_argument, NULL, 'b'},     {"home", required_argument, NULL, 'h'},
        {"without", required_argument, NULL, 'o'},    {"fault", required_argument, NULL, 'f'},
        {"create-root", no_argument, NULL, 'c'},      {"log-level", required_argument, NULL, 'l'},
        {"log-format", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0},
    };
    bool ok = true;

    for (int c; ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'w')
            s->worker_path = optarg;
        else if (c == 'a')
            s->authority.path = optarg;
        else if (c == 'b')
            s->bridge.path = optarg;
        else if (c == 'h')
            s->authority.words[1] = optarg;
        else if (c == 'c')
            s->authority.words[2] = "--create-root";
        else if (c == 'l')
            ok = log_level_parse(optarg, &s->log_least);
        else if (c == 'm')
            s->log_json = strcmp(optarg, "json") == 0;
        else if (c == 'o')
            ok = parse_without(s, optarg);
        else
            ok = c == 'f' && faults_parse(&s->faults, optarg);
    }
    return ok && optind == argc && s->worker_path != NULL &&
           (s->authority.path == NULL || s->authority.words[1] != NULL);
}

static bool start(struct super *s, struct err *e)
{
    files_raise(&s->files);
    s->loop.slow_ms = s->faults.slow_ms;
    s->worker_fd = open(s->worker_path, O_PATH | O_CLOEXEC);
    if (s->worker_fd < 0)
        return err_sys(e, "open '%s'", s->worker_path);
    if (fcntl(HOST_FD, F_SETFD, FD_CLOEXEC) < 0)
        return err_sys(e, "no socket at descriptor %d", HOST_FD);
    s->host.watch.fd = HOST_FD; /* may be spoken to before it is listened to */
    if (!loop_open(&s->loop, e) || !fd_set_nonblock(HOST_FD, e))
        return false;
    kept_begin(&s->authority, &s->loop, &s->host); /* it starts while we probe */
    kept_begin(&s->bridge, &s->loop, &s->host);
    if (!probe_layers(s, e))
        return false;
    /* Without root the id maps of a child are only ours to write while we are dumpable. */
    if (s->layers.root)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    loop_watch(&s->loop, &s->host.watch, HOST_FD, requests_on_host, s);
    host_tell(&s->host, MSG_HELLO, 0, &s->layers.report, sizeof s->layers.report, -1);
    kept_hand_over(&s->authority);
    kept_hand_over(&s->bridge);
    attempts_start(&s->attempts, &s->loop);
    hangs_start(&s->hangs, &s->zygotes, &s->attempts, &s->loop);
    return true;
}

static void turn(struct super *s, int timeout_ms)
{
    loop_wait(&s->loop, timeout_ms);
    host_flush(&s->host);
    attempts_bury(&s->attempts);
    zygotes_bury(&s->zygotes, &s->files);
}

/* Everything below us is gone when this returns, and so are our groups. Timers are over:
 * none that is kept is started again. */
static void end(struct super *s)
{
    int64_t until = clock_mono_ns() + END_MS * 1000000LL;
    struct super_zygote *z;

    LIST_FOREACH (z, &s->zygotes.live, link)
        zygote_kill(z);
    while (!LIST_EMPTY(&s->zygotes.live) && clock_mono_ns() < until)
        turn(s, 10);
    kept_kill(&s->authority); /* they end by themselves when the host is gone, unless they hang */
    kept_kill(&s->bridge);
    cgroups_free(s->layers.cgroups);
}

static struct super *super_new(void)
{
    struct super *s = mem_new(struct super);

    s->host.watch.fd = -1;
    s->authority =
        (struct kept){.process = &kept_authority, .words = {"--home"}, .life.fd = -1, .socket = -1};
    s->bridge = (struct kept){.process = &kept_bridge, .life.fd = -1, .socket = -1};
    s->log_least = LOG_INFO;
    s->log_json = isatty(STDERR_FILENO) == 0;
    s->attempts = (struct attempts){
        .host = &s->host,
        .zygotes = &s->zygotes,
        .layers = &s->layers,
        .files = &s->files,
        .faults = &s->faults,
    };
    return s;
}

int main(int argc, char **argv)
{
    struct super *s = super_new();
    struct err e = {0};

    if (!parse_arguments(s, argc, argv)) {
        fputs("orch-supervisor is started by orchd\n", stderr);
        return 64;
    }
    log_setup("supervisor", s->log_least, s->log_json);
    log_own_output();
    signals_pass_over(); /* it ends when the host does, and by nothing else */
    umask(022);          /* orchd may be stricter: a worker reads the root that is made for it */
    if (!start(s, &e)) {
        log_event(LOG_ERROR, "supervisor.start_failed", F_ERR(&e));
        host_tell_text(&s->host, MSG_START_FAILED, 0, e.msg);
        end(s);
        return 70;
    }
    while (!s->host.gone)
        turn(s, loop_due(&s->loop, clock_mono_ns()));
    end(s);
    return 0;
}
