/* confined.c -- `bench_confined`: how many attempts a second the walls alone leave, with so many
 * parents at the same time. A program of its own, because it forks from what a zygote is: small,
 * and confined by the worker's own code, in namespaces and a group that its children inherit. Each
 * child enters what an attempt has to enter by itself, loads a plugin if there is one, and exits:
 * no host, no supervisor, no store, no channel.
 *
 *     bench_confined PARENTS SECONDS [PLUGIN] */
#include "sandbox/kernel/landlock.h"
#include "sandbox/supervisor/cgroup.h"
#include "sandbox/supervisor/ids.h"
#include "sandbox/worker/worker.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PARENTS_MAX = 256, ZYGOTE_MEMORY_BYTES = 1 << 30, ZYGOTE_PIDS = 64 };
enum { NAMESPACES = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS };
#define ID_FIRST 0x6f780000u /* none that a supervisor gives */

static struct zygote zygote;
static struct shared {
    bool by_right;
    const char *plugin; /* NULL: none is loaded */
    int64_t for_ns;
    volatile long counts[PARENTS_MAX];
} * shared;

static void must(bool ok, const char *what)
{
    if (!ok) {
        dprintf(2, "bench_confined: %s: %s\n", what, strerror(errno));
        _exit(1);
    }
}

static void compile_filters(struct filter_set *f)
{
    profile_compile(STAGE_ZYGOTE, STAGE_ZYGOTE, true, &f->zygote);
    profile_compile(STAGE_PURE, STAGE_ZYGOTE, true, &f->own[0]);
}

/* ---- an attempt ---- */

static bool set_limits(void)
{
    return enter_limit(RLIMIT_AS, ATTEMPT_ADDRESS_SPACE_BYTES, ATTEMPT_ADDRESS_SPACE_BYTES) &&
           enter_limit(RLIMIT_DATA, ATTEMPT_ADDRESS_SPACE_BYTES, ATTEMPT_ADDRESS_SPACE_BYTES) &&
           enter_limit(RLIMIT_STACK, ATTEMPT_STACK_BYTES, ATTEMPT_STACK_BYTES) &&
           enter_limit(RLIMIT_NOFILE, ATTEMPT_FILES_MAX, ATTEMPT_FILES_MAX) &&
           enter_limit(RLIMIT_CPU, 600, 601) && enter_limit(RLIMIT_NPROC, 0, 0);
}

static bool become_user(uint32_t uid)
{
    return !shared->by_right || (rights_become(uid, uid, false) && rights_are(uid, false));
}

static _Noreturn void attempt(uint32_t uid)
{
    struct err e = {0};

    if (setsid() < 0 || !become_user(uid) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        !set_limits() || !landlock_enter(FD_RULESET) || close(FD_RULESET) < 0)
        _exit(1);
    if (shared->plugin != NULL)
        code_map(FD_PLUGIN);
    if (!enter_filter(&zygote.filters.own[0]))
        _exit(1);
    _exit(shared->plugin == NULL || plugin_load(false, &e) != NULL ? 0 : 2);
}

/* ---- its parent ---- */

/* The raw call, which is what the filter permits. */
static void attempt_once(uint32_t uid)
{
    int status = 1;
    pid_t pid;

    if (shared->plugin != NULL)
        lseek(FD_PLUGIN, 0, SEEK_SET);
    pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        attempt(uid);
    must(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
    must(status == 0, "an attempt did not enter its walls");
}

static _Noreturn void serve(int number)
{
    uint32_t uid = ID_FIRST + 2u * (uint32_t)number;
    int64_t until_ns;

    zygote.setup = (struct zygote_setup){.layers = ~0u,
                                         .uid = shared->by_right ? uid : 0,
                                         .gid = shared->by_right ? uid : 0,
                                         .own_name = 1,
                                         .give_ids = shared->by_right,
                                         .deaf = 1};
    enter_zygote(&zygote);
    until_ns = clock_mono_ns() + shared->for_ns;
    while (clock_mono_ns() < until_ns) {
        attempt_once(uid + 1);
        shared->counts[number]++;
    }
    _exit(0);
}

/* Each parent's own: the loader reads from where the last one left it. */
static void open_plugin(void)
{
    int fd = shared->plugin != NULL ? open(shared->plugin, O_RDONLY | O_CLOEXEC) : FD_DEAD;

    must(fd >= 0 && dup2(fd, FD_PLUGIN) == FD_PLUGIN, "open the plugin");
}

static _Noreturn void init(int number, int go)
{
    int status = 1;
    char byte;
    pid_t pid;

    must(read(go, &byte, 1) == 1, "read");
    open_plugin();
    pid = fork();
    if (pid == 0)
        serve(number);
    must(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
    _exit(status == 0 ? 0 : 1);
}

static void start(int number, struct cgroups *groups)
{
    const struct cgroup_limits limits = {ZYGOTE_MEMORY_BYTES, ZYGOTE_PIDS};
    unsigned long flags = NAMESPACES | (shared->by_right ? 0 : CLONE_NEWUSER);
    struct cgroup *group;
    struct err e = {0};
    int go[2];
    pid_t pid;

    must(pipe2(go, O_CLOEXEC) == 0, "pipe");
    pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0)
        init(number, go[0]);
    must(pid > 0, "make namespaces");
    must(shared->by_right || ids_map_own(pid, &e), e.msg);
    must(cgroup_take(groups, &limits, &group, &e) && cgroup_enter(group, pid, &e), e.msg);
    must(write(go[1], "", 1) == 1, "write");
    close(go[0]);
    close(go[1]);
}

int main(int argc, char **argv)
{
    int parents = argc > 2 ? atoi(argv[1]) : 0, errnos[CGROUP_KINDS], failed = 0, status = 1;
    struct cgroups *groups;
    long total = 0;

    if (parents < 1 || parents > PARENTS_MAX)
        return 2;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(shared != MAP_FAILED, "shared memory");
    shared->by_right = geteuid() == 0 && ids_are_mapped();
    shared->plugin = argc > 3 ? argv[3] : NULL;
    shared->for_ns = (int64_t)(atof(argv[2]) * 1e9);
    compile_filters(&zygote.filters);
    groups = cgroups_open(NULL, 1u << CGROUP_MEMORY | 1u << CGROUP_PIDS, errnos);
    for (int i = 0; i < parents; i++)
        start(i, groups);
    for (int i = 0; i < parents; i++)
        failed += wait(&status) < 0 || status != 0;
    cgroups_free(groups);
    for (int i = 0; i < parents; i++)
        total += shared->counts[i];
    printf("%.0f\n", (double)total / ((double)shared->for_ns / 1e9));
    return failed != 0;
}
