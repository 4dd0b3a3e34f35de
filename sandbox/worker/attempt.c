/* attempt.c -- a forked child of the zygote, steps A3 to A11: it narrows itself, says which
 * layers it entered, waits for its input, runs one agent and ends with _exit. See worker.h. */
#include "base/buf.h"
#include "sandbox/kernel/landlock.h"
#include "sandbox/worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { EXIT_NO_GO = 71, EXIT_NOT_CONFINED, EXIT_NOT_LOADED, EXIT_NO_INPUT };
enum { STACK_BYTES = 8 << 20, FILES_MAX = 16 };

/* A3. Fixed numbers; everything else but the rule set is closed before the plugin can look. */
static bool place_fds(const struct fork_request *order, const int *fds)
{
    static const int places[] = {FD_CHANNEL, FD_OUT, FD_ERR, FD_SECRETS};
    size_t count = order->has_secrets ? 4 : 3;

    for (size_t i = 0; i < count; i++)
        if (dup3(fds[i], places[i], 0) < 0)
            return false;
    if (!order->has_secrets)
        close(FD_SECRETS);
    return close_range(FD_FIRST_FREE, ~0u, 0) == 0;
}

/* A4. End of file: nobody is there to run for. */
static void await_go(void)
{
    struct attempt_head go = {0};

    if (read(FD_CHANNEL, &go, sizeof go) != (ssize_t)sizeof go || go.type != ATTEMPT_GO)
        _exit(EXIT_NO_GO);
}

/* A5. Setting them on another process would need a right that containers often lack. The worst of
 * a zygote that skips this is bounded by its memory group and the wall clock. */
static bool set_limits(const struct fork_request *order)
{
    rlim_t cpu_s = (order->cpu_ms + 999) / 1000, space = order->address_space_bytes;
    const struct {
        int resource;
        rlim_t soft, hard;
    } limits[] = {
        {RLIMIT_AS, space, space},
        {RLIMIT_DATA, space, space},
        {RLIMIT_STACK, STACK_BYTES, STACK_BYTES},
        {RLIMIT_NOFILE, FILES_MAX, FILES_MAX},
        {RLIMIT_CPU, cpu_s, cpu_s + 1},
        {RLIMIT_NPROC, 0, 0}, /* last: not for those that were granted threads */
    };
    size_t count = ARRAY_LEN(limits) - (order->threads_max > 0);

    for (size_t i = 0; i < count; i++)
        if (setrlimit(limits[i].resource, &(struct rlimit){limits[i].soft, limits[i].hard}) < 0)
            return false;
    return true;
}

/* SIGPROF at the limit; RLIMIT_CPU, which counts in seconds, stands behind it. */
static bool start_cpu_limit(uint64_t cpu_ms)
{
    struct itimerval timer = {
        .it_value = {(time_t)(cpu_ms / 1000), (suseconds_t)(cpu_ms % 1000) * 1000}};

    return setitimer(ITIMER_PROF, &timer, NULL) == 0;
}

/* A7. The C library's generators were copied with the zygote; the context's seed is the host's. */
static void reseed(void)
{
    unsigned seed = 0;

    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed) {
        srand(seed);
        srand48((long)seed);
    }
}

static bool no_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct has[2];

    return syscall(SYS_capget, &head, has) == 0 &&
           (has[0].effective | has[0].permitted | has[1].effective | has[1].permitted) == 0;
}

static bool root_is_closed(bool landlocked)
{
    int fd = open(landlocked ? "/" : "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno == EACCES || errno == ENOENT;
    close(fd);
    return false;
}

/* A9. Tries what must fail. The zygote's number is that of a process outside of our domain. */
static uint32_t look_from_inside(const struct zygote *z, bool landlocked)
{
    uint32_t was = z->confined.layers, mask = was & LAYER_MNTNS;

    if (landlocked && root_is_closed(true))
        mask |= LAYER_LANDLOCK;
    if (!landlocked && (was & LAYER_MNTNS) != 0 && !root_is_closed(false))
        mask &= ~(uint32_t)LAYER_MNTNS;
    if (landlocked && kill(z->pid, 0) < 0 && errno == EPERM)
        mask |= LAYER_SCOPE & was;
    if (no_capabilities())
        mask |= LAYER_CAPS;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        mask |= LAYER_NO_NEW_PRIVS;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)
        mask |= LAYER_DUMPABLE;
    return mask;
}

/* A8 to A10. Returns what was entered. */
static uint32_t confine(struct zygote *z, const struct fork_request *order)
{
    bool landlocked = (z->confined.layers & LAYER_LANDLOCK) != 0;
    uint32_t mask;

    if (landlocked && !landlock_enter(FD_RULESET))
        landlocked = false;
    mask = look_from_inside(z, landlocked);
    if (close_range(order->has_secrets ? FD_SECRETS + 1 : FD_SECRETS, ~0u, 0) == 0)
        mask |= LAYER_FDS;
    if (!enter_filter(&z->filters.own))
        _exit(EXIT_NOT_CONFINED);
    return mask | LAYER_SECCOMP | LAYER_RLIMITS;
}

static bool read_input(struct buf *b)
{
    static struct attempt_packet packet;

    for (;;) {
        if (!channel_read(&packet))
            return false;
        if (packet.head.type == ATTEMPT_STOP)
            continue; /* cancelled before it began: it will be killed if it must be */
        if (packet.head.type != ATTEMPT_INPUT && packet.head.type != ATTEMPT_INPUT_END)
            return false;
        if (b->len + packet.head.bytes > ATTEMPT_INPUT_BYTES_MAX)
            return false;
        buf_add(b, packet.bytes, packet.head.bytes);
        if (packet.head.type == ATTEMPT_INPUT_END)
            return true;
    }
}

static void run_agent(const struct zygote *z, struct orch_run *run,
                      const struct attempt_input *input)
{
    const orch_agent *agent = plugin_agent(z->plugin, input->agent.text, input->agent.bytes);
    orch_status status;

    if (agent == NULL) {
        run_finish(run, ORCH_E_INPUT, RESULT_AGENT_UNKNOWN);
        return;
    }
    status = agent->run(&host_table, run, run_ctx(run));
    fflush(stdout);
    run_finish(run, status, 0);
}

_Noreturn void attempt_main(struct zygote *z, const struct fork_request *order, const int *fds)
{
    struct attempt_ready ready;
    struct attempt_input input;
    struct buf packed = {0};
    struct orch_run *run;
    struct err e;

    if (!place_fds(order, fds) || setsid() < 0)
        _exit(EXIT_NOT_CONFINED);
    await_go();
    if (!set_limits(order) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        !start_cpu_limit(order->cpu_ms))
        _exit(EXIT_NOT_CONFINED);
    if (z->setup.die_with_zygote != 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        _exit(EXIT_NOT_CONFINED);
    prctl(PR_SET_NAME, "orch-attempt", 0, 0, 0);
    signal(SIGCHLD, SIG_DFL);
    reseed();
    if (z->plugin == NULL)
        z->plugin = plugin_load(z, &e);
    if (z->plugin == NULL)
        _exit(EXIT_NOT_LOADED);
    ready.layers = confine(z, order);
    if (!channel_write(ATTEMPT_READY, &ready, sizeof ready, NULL, 0) || !read_input(&packed) ||
        !attempt_input_unpack(packed.data, packed.len, &input, &e))
        _exit(EXIT_NO_INPUT);
    run = run_begin(&input);
    if (order->has_secrets) {
        run_read_secrets(run, FD_SECRETS);
        close(FD_SECRETS);
    }
    run_agent(z, run, &input);
    _exit(0);
}
