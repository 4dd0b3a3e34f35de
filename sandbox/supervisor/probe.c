/* probe.c -- see probe.h. */
#include "sandbox/supervisor/probe.h"

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/kernel/landlock.h"
#include "sandbox/kernel/pidfd.h"
#include "sandbox/profile/profile.h"
#include "sandbox/supervisor/limits.h"
#include "sandbox/supervisor/look.h"
#include "sandbox/supervisor/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROBE_MS = 5000, GROUP_FILES_KEPT = 512 };

static const struct {
    enum layer_bit bit;
    uint64_t flags;
} namespaces[] = {
    {LAYER_BIT_MNTNS, CLONE_NEWNS},
    {LAYER_BIT_PIDNS, CLONE_NEWPID},
    {LAYER_BIT_NETNS, CLONE_NEWNET},
    {LAYER_BIT_IPCNS, CLONE_NEWIPC | CLONE_NEWUTS},
};

static void note(struct layers *l, enum layer_bit bit, enum layer_state state, int sys_errno)
{
    l->report.layers[bit].state = state;
    l->report.layers[bit].sys_errno = sys_errno;
}

/* Holds a clone until its parent is done with it. */
static void await_end(int fd)
{
    char byte;

    (void)!read(fd, &byte, 1);
    _exit(0);
}

/* 0, or the errno of making a process with these flags; of a user namespace also of mapping an id
 * into it, without which it is of no use. */
static int try_clone(uint64_t flags)
{
    int hold[2], why = 0;
    struct err e = {0};
    long pid;

    if (pipe2(hold, O_CLOEXEC) < 0)
        return errno;
    pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        close(hold[1]);
        await_end(hold[0]);
    }
    if (pid < 0)
        why = errno;
    else if ((flags & CLONE_NEWUSER) != 0 && !ids_map_own((pid_t)pid, &e))
        why = e.sys_errno != 0 ? e.sys_errno : EPERM;
    close(hold[0]);
    close(hold[1]);
    if (pid > 0)
        waitpid((pid_t)pid, NULL, 0);
    return why;
}

/* Root makes namespaces by right, if it is one: where our ids are not there to be given, in a user
 * namespace, uid 0 is as anybody. Everybody else makes them inside of a user namespace, if there
 * are any. */
static void probe_owner(struct layers *l)
{
    bool root = geteuid() == 0 && (l->without & LAYER_UID) == 0 && ids_are_mapped() &&
                try_clone(CLONE_NEWNS) == 0;
    int why;

    l->root = root;
    note(l, LAYER_BIT_UID, root ? LAYER_ENFORCED : LAYER_ABSENT, root ? 0 : EPERM);
    if (root || (l->without & LAYER_USERNS) != 0) {
        note(l, LAYER_BIT_USERNS, LAYER_ABSENT, 0);
        return;
    }
    why = try_clone(CLONE_NEWUSER);
    note(l, LAYER_BIT_USERNS, why == 0 ? LAYER_ENFORCED : LAYER_ABSENT, why);
    if (why == 0)
        l->clone_flags |= CLONE_NEWUSER;
}

static void probe_namespaces(struct layers *l)
{
    for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
        bool wanted = (l->without & 1u << namespaces[i].bit) == 0;
        int why = wanted ? try_clone(l->clone_flags | namespaces[i].flags) : 0;

        note(l, namespaces[i].bit, wanted && why == 0 ? LAYER_ENFORCED : LAYER_ABSENT, why);
        if (wanted && why == 0)
            l->clone_flags |= namespaces[i].flags;
    }
}

static void probe_cgroups(struct layers *l, struct files *files)
{
    static const enum layer_bit bits[CGROUP_KINDS] = {
        [CGROUP_MEMORY] = LAYER_BIT_MEMORY, [CGROUP_PIDS] = LAYER_BIT_PIDS};
    int errnos[CGROUP_KINDS];
    uint32_t wanted = 0;

    for (int kind = 0; kind < CGROUP_KINDS; kind++)
        if ((l->without & 1u << bits[kind]) == 0)
            wanted |= 1u << kind;
    l->cgroups = cgroups_open(NULL, wanted, errnos);
    cgroups_keep_files(l->cgroups, files_set_aside(files, GROUP_FILES_KEPT));
    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        bool have = cgroups_have(l->cgroups, (enum cgroup_kind)kind);

        /* Not absent: limits of the process and the poll stand in. */
        note(l, bits[kind], have ? LAYER_ENFORCED : LAYER_DEGRADED, errnos[kind]);
    }
}

static bool compile_filters(struct layers *l, bool empty_root, struct err *e)
{
    static const enum stage own[] = {STAGE_PURE, STAGE_PURE_THREADS};
    auto_mem struct filter_set *set = mem_new(struct filter_set);

    if (l->filters > 0)
        close(l->filters);
    profile_compile(STAGE_ZYGOTE, STAGE_ZYGOTE, empty_root, &set->zygote);
    set->telling = set->zygote;
    profile_tell_kills(&set->telling);
    profile_compile(STAGE_WARM, STAGE_ZYGOTE, empty_root, &set->warm);
    for (int threads = 0; threads < 2; threads++)
        profile_compile(own[threads], threads != 0 ? own[threads] : STAGE_ZYGOTE, empty_root,
                        &set->own[threads]);
    return memfd_sealed("orch-filters", set, sizeof *set, false, &l->filters, e);
}

/* Lets the loop's own handlers run until the probe zygote said CONFINED or ended. */
static bool probe_zygote(struct super *s, struct confined *ret, struct err *e)
{
    struct super_zygote *z;
    int none = -1;

    if (!start_zygote(s, 0, ZYGOTE_PROBE, &none, &z, e))
        return false;
    s->layers.limits = LIMITS_INSIDE;
    while (z->state < ZYGOTE_LOADING)
        if (loop_wait(&s->loop, PROBE_MS) == 0)
            return err_set(e, ERR_TIMEOUT, "the probe zygote did not answer in %d ms", PROBE_MS);
    *ret = z->confined;
    if (!s->faults.limit_inside)
        s->layers.limits = limits_probe(z->pid, z->uid);
    zygote_kill(z);
    if (z->state == ZYGOTE_GONE && ret->layers == 0)
        return err_set(e, ERR_UNSUPPORTED, "the probe zygote could not confine itself: %s",
                       z->last_words);
    return true;
}

static void take_report(struct layers *l, const struct confined *confined)
{
    static const enum layer_bit inner[] = {
        LAYER_BIT_SECCOMP, LAYER_BIT_NO_NEW_PRIVS, LAYER_BIT_CAPS,
        LAYER_BIT_MNTNS,   LAYER_BIT_LANDLOCK,     LAYER_BIT_SCOPE,
        LAYER_BIT_RLIMITS, LAYER_BIT_DUMPABLE,     LAYER_BIT_FDS,
    };

    for (size_t i = 0; i < ARRAY_LEN(inner); i++) {
        bool in = (confined->layers & 1u << inner[i]) != 0;

        note(l, inner[i], in ? LAYER_ENFORCED : LAYER_ABSENT, confined->errnos[inner[i]]);
    }
    for (int i = 0; i < LAYER_COUNT; i++)
        if (l->report.layers[i].state == LAYER_ENFORCED)
            l->report.mask |= 1u << i;
    l->report.landlock_abi = confined->landlock_abi;
    l->report.landlock_errata = confined->landlock_errata;
    l->report.level = layer_level(l->report.mask);
    l->outer = l->report.mask & OUTER_LAYERS;
    l->inner = l->report.mask & INNER_LAYERS;
}

bool probe_layers(struct super *s, struct err *e)
{
    struct layers *l = &s->layers;
    struct confined confined = {0};
    struct seen own;
    bool exit_info = (l->without & LAYER_EXIT_INFO) == 0 && pidfd_exit_works();

    if (!limits_suffice(e))
        return err_wrap(e, "probe this host's layers");
    l->own_filters = look_at(getpid(), NULL, &own) ? own.filters : -1;
    probe_owner(l);
    probe_namespaces(l);
    probe_cgroups(l, &s->files);
    note(l, LAYER_BIT_EXIT_INFO, exit_info ? LAYER_ENFORCED : LAYER_DEGRADED, 0);
    if (!compile_filters(l, false, e) || !probe_zygote(s, &confined, e))
        return err_wrap(e, "probe this host's layers");
    take_report(l, &confined);
    return compile_filters(l, (l->inner & LAYER_MNTNS) != 0 && (l->clone_flags & CLONE_NEWUTS) != 0,
                           e);
}
