/* attempt.c -- a forked child of the zygote, steps A3 to A11: it becomes its own user, narrows
 * itself, tells the supervisor which layers it entered and waits until it is let go; only then it
 * loads its plugin, tells the host that it is ready, runs one agent and ends with _exit. See
 * worker.h. */
#include "base/buf.h"
#include "base/signals.h"
#include "sandbox/kernel/landlock.h"
#include "sandbox/worker/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EXIT_NO_GO = 71, EXIT_NOT_CONFINED, EXIT_NOT_LOADED, EXIT_NO_INPUT };

static bool has(const struct fork_request *order, enum spawn_flags flag)
{
    return (order->flags & flag) != 0;
}

/* A3. Fixed numbers; everything else but the rule set is closed before the plugin can look. */
static bool place_fds(const struct fork_request *order, const int *fds)
{
    const int places[] = {FD_GATE, FD_CHANNEL, FD_OUT, FD_ERR};

    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (dup3(*fds++, places[i], 0) < 0)
            return false;
    if (!has(order, SPAWN_SECRETS))
        close(FD_SECRETS);
    else if (dup3(*fds++, FD_SECRETS, 0) < 0)
        return false;
    if (!has(order, SPAWN_LOAD))
        close(FD_PLUGIN);
    else if (dup3(*fds, FD_PLUGIN, 0) < 0)
        return false;
    return close_range(FD_FIRST_FREE, ~0u, 0) == 0;
}

/* A5, where the supervisor lacks the right to set them from outside. No code but this has run in
 * this process yet. */
static bool set_limits(const struct fork_request *order)
{
    uint64_t cpu_s = order->cpu_ms / 1000 + 1;

    return enter_limit(RLIMIT_AS, order->address_space_bytes, order->address_space_bytes) &&
           enter_limit(RLIMIT_DATA, order->address_space_bytes, order->address_space_bytes) &&
           enter_limit(RLIMIT_STACK, ATTEMPT_STACK_BYTES, ATTEMPT_STACK_BYTES) &&
           enter_limit(RLIMIT_NOFILE, ATTEMPT_FILES_MAX, ATTEMPT_FILES_MAX) &&
           enter_limit(RLIMIT_CPU, cpu_s, cpu_s + 1) &&
           (order->threads_max > 0 || enter_limit(RLIMIT_NPROC, 0, 0));
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
    return mask;
}

/* What the kernel says of this process, but for its filter. */
static uint32_t ask_kernel(void)
{
    uint32_t mask = rights_are_gone() ? LAYER_CAPS : 0;

    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        mask |= LAYER_NO_NEW_PRIVS;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)
        mask |= LAYER_DUMPABLE;
    return mask;
}

/* What the profile takes away, tried: without its filter the answer is the mode. */
static bool filter_stands(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EPERM;
}

/* The zygote has given up everything else already. */
static bool become_user(const struct zygote *z, const struct fork_request *order)
{
    return z->setup.give_ids == 0 ||
           (rights_become(order->uid, order->gid, false) && rights_are(order->uid, false));
}

/* A6 and A8 to A10, in a process that no plugin has touched. Returns what it sees of itself. */
static uint32_t confine(struct zygote *z, const struct fork_request *order, struct confined *ret)
{
    bool landlocked = (z->confined.layers & LAYER_LANDLOCK) != 0;
    uint32_t seen = 0;

    if (!become_user(z, order) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        (z->setup.die_with_zygote != 0 && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) ||
        (order->limit_inside != 0 && !set_limits(order)))
        _exit(EXIT_NOT_CONFINED);
    if (landlocked && !landlock_enter(FD_RULESET))
        landlocked = false;
    close(FD_RULESET);
    /* What a warm zygote loaded would answer for the kernel: only the zygote's own word counts. */
    ret->layers = has(order, SPAWN_LOAD) ? look_from_inside(z, landlocked)
                                         : z->confined.layers & ~(uint32_t)LAYER_RLIMITS;
    ret->layers |= LAYER_FDS | LAYER_DUMPABLE;
    if (order->limit_inside != 0)
        ret->layers |= LAYER_RLIMITS;
    if (has(order, SPAWN_LOAD)) {
        code_map(FD_PLUGIN);
        seen = ask_kernel() | (ret->layers & ~(uint32_t)LAYER_DUMPABLE);
    }
    if (!enter_filter(&z->filters.own[order->threads_max > 0]))
        _exit(EXIT_NOT_CONFINED);
    return has(order, SPAWN_LOAD) && filter_stands() ? seen | LAYER_SECCOMP : seen;
}

/* A4. End of file: nobody is there to run for. The filter stands: plain read and write. */
static void await_go(const struct confined *confined)
{
    char go;

    if (write(FD_GATE, confined, sizeof *confined) != (ssize_t)sizeof *confined ||
        read(FD_GATE, &go, sizeof go) != sizeof go)
        _exit(EXIT_NO_GO);
    close(FD_GATE);
}

/* ---- the plugin ---- */

static _Noreturn void refuse_load(const struct err *e)
{
    channel_write(ATTEMPT_LOAD_FAILED, e->msg, strlen(e->msg), NULL, 0);
    _exit(EXIT_NOT_LOADED);
}

static _Noreturn void describe(const orch_plugin *plugin)
{
    auto_done(buf) b = {0};
    size_t at = 0, part;
    struct err e = {0};

    if (!plugin_describe(plugin, &b, &e))
        refuse_load(&e);
    do {
        part = b.len - at < ATTEMPT_CHUNK_BYTES_MAX ? b.len - at : ATTEMPT_CHUNK_BYTES_MAX;
        at += part;
        if (!channel_write(at == b.len ? ATTEMPT_ABOUT_END : ATTEMPT_ABOUT, b.data + at - part,
                           part, NULL, 0))
            break;
    } while (at < b.len);
    _exit(at == b.len ? 0 : EXIT_NOT_LOADED);
}

static void load(struct zygote *z, const struct fork_request *order)
{
    struct err e = {0};

    z->plugin = plugin_load(has(order, SPAWN_DESCRIBE), &e);
    if (z->plugin == NULL)
        refuse_load(&e);
    if (has(order, SPAWN_DESCRIBE))
        describe(z->plugin);
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
    crash_watch(run, z->plugin);
    status = agent->run(&host_table, run, run_ctx(run));
    fflush(stdout);
    run_finish(run, status, 0);
}

_Noreturn void attempt_main(struct zygote *z, const struct fork_request *order, const int *fds)
{
    struct confined confined = {.landlock_abi = z->confined.landlock_abi};
    struct attempt_ready ready;
    uint32_t seen;
    struct attempt_input input;
    struct buf packed = {0};
    struct orch_run *run;
    struct err e = {0};

    if (!place_fds(order, fds) || setsid() < 0)
        _exit(EXIT_NOT_CONFINED);
    prctl(PR_SET_NAME, "orch-attempt", 0, 0, 0);
    signal(SIGCHLD, SIG_DFL);
    if (has(order, SPAWN_LOAD))
        signals_let_through();
    reseed();
    seen = confine(z, order, &confined);
    await_go(&confined);
    if (has(order, SPAWN_LOAD))
        load(z, order);
    ready.layers = has(order, SPAWN_LOAD) ? seen : confined.layers;
    if (!channel_write(ATTEMPT_READY, &ready, sizeof ready, NULL, 0) || !read_input(&packed) ||
        !attempt_input_unpack(packed.data, packed.len, &input, &e))
        _exit(EXIT_NO_INPUT);
    title_set(&input.title);
    run = run_begin(&input);
    if (has(order, SPAWN_SECRETS)) {
        run_read_secrets(run, FD_SECRETS);
        close(FD_SECRETS);
    }
    run_agent(z, run, &input);
    _exit(0);
}
