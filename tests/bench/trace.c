/* trace.c -- see trace.h. ptrace, because it needs no right over one's own children and no package,
 * and sees what a preloaded library cannot: the calls of confined processes. */
#include "trace.h"

#include "shared.h"
#include "tally.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uthash.h>

#define OPTIONS                                                                                    \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |      \
     PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

struct trace {
    struct trace_counts *counts; /* shared */
    pid_t tracer;
};

struct tracer {
    struct trace_counts *counts;
    struct task *tasks;
    enum trace_mode mode;
    struct task *loop; /* held before its wait, until everybody sleeps; NULL: it is not */
    int looks;         /* that found everybody asleep, in a row */
};

enum { LOOKS = 2, LOOK_US = 200 };

static void must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

/* ---- tasks ---- */

static struct task *task_of(struct tracer *t, pid_t pid)
{
    struct task *task;

    HASH_FIND_INT(t->tasks, &pid, task);
    if (task != NULL)
        return task;
    task = mem_new(struct task);
    task->pid = pid;
    HASH_ADD_INT(t->tasks, pid, task);
    return task;
}

static void live_set(struct tracer *t, pid_t from, pid_t to, enum trace_role role)
{
    for (int i = 0; i < TRACE_LIVE_MAX; i++) {
        if (t->counts->live[i] == from) {
            t->counts->live[i] = to;
            t->counts->live_role[i] = (int)role;
            return;
        }
    }
}

static void set_role(struct tracer *t, struct task *task, enum trace_role role)
{
    task->role = role;
    if (task->thread || role == ROLE_ATTEMPT)
        return;
    live_set(t, task->pid, 0, ROLE_NONE);
    live_set(t, 0, task->pid, role);
}

static bool counts_calls(const struct tracer *t, enum trace_role role)
{
    return t->mode == (role == ROLE_HOST ? TRACE_HOST : TRACE_BELOW);
}

static void resume(struct tracer *t, struct task *task, int signal)
{
    int request = counts_calls(t, task->role) ? PTRACE_SYSCALL : PTRACE_CONT;

    /* A task that was killed meanwhile is gone: its end comes as an event of its own. */
    if (ptrace(request, task->pid, 0, (long)signal) < 0 && errno != ESRCH)
        must(false, "resume");
}

static void ended(struct tracer *t, struct task *task, const struct rusage *usage)
{
    uint64_t switches = (uint64_t)(usage->ru_nvcsw + usage->ru_nivcsw);
    struct trace_role_counts *counts = &t->counts->roles[task->role];

    /* What a thread or a long-lived process used is read where it lives (count_main.c). */
    if (task->role == ROLE_ATTEMPT)
        counts->switches += switches > task->stops ? switches - task->stops : 0;
    else
        live_set(t, task->pid, 0, ROLE_NONE);
    if (t->loop == task)
        t->loop = NULL;
    HASH_DEL(t->tasks, task);
    free(task);
}

/* ---- events ---- */

static enum trace_role role_of_child(enum trace_role parent)
{
    static const enum trace_role children[ROLE_COUNT] = {
        [ROLE_HOST] = ROLE_SUPERVISOR, [ROLE_SUPERVISOR] = ROLE_INIT,
        [ROLE_INIT] = ROLE_ZYGOTE,     [ROLE_ZYGOTE] = ROLE_ATTEMPT,
        [ROLE_ATTEMPT] = ROLE_ATTEMPT, [ROLE_AUTHORITY] = ROLE_AUTHORITY,
    };

    return children[parent];
}

/* The child stops too, before or after its parent tells of it. */
static void forked(struct tracer *t, struct task *parent, bool thread)
{
    unsigned long pid = 0;
    struct task *child;

    must(ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) == 0, "event of a fork");
    child = task_of(t, (pid_t)pid);
    child->thread = thread;
    set_role(t, child, thread ? parent->role : role_of_child(parent->role));
    if (thread)
        t->counts->roles[parent->role].threads++;
    else
        t->counts->roles[parent->role].forks++;
    if (child->held)
        resume(t, child, 0);
    child->held = false;
}

static void execed(struct tracer *t, struct task *task)
{
    /* The supervisor's own child is an init until it is the authority. */
    if (task->role == ROLE_INIT)
        set_role(t, task, ROLE_AUTHORITY);
}

static void stopped(struct tracer *t, struct task *task, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;

    task->stops++;
    t->counts->roles[task->role].stops++;
    t->counts->news++;
    if (event == PTRACE_EVENT_STOP && task->role == ROLE_NONE) {
        task->held = true;
        return;
    }
    if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK)
        forked(t, task, false);
    else if (event == PTRACE_EVENT_CLONE)
        forked(t, task, true); /* a clone that ends without SIGCHLD: here, a thread */
    else if (event == PTRACE_EVENT_EXEC)
        execed(t, task);
    else if (event == 0 && signal == (SIGTRAP | 0x80))
        tally_call(t->counts, task);
    if (task->waits && !task->thread && t->counts->in_step != 0) {
        t->loop = task;
        return;
    }
    resume(t, task, event == 0 && signal != (SIGTRAP | 0x80) ? signal : 0);
}

/* ---- in step ---- */

/* Asleep, or ended. One that only wants a CPU is neither. */
static bool sleeps(pid_t pid)
{
    char path[64], text[512], *end;
    FILE *file;
    size_t n;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return true;
    n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    end = strrchr(text, ')');
    return end == NULL || strchr("SZX", end[2]) != NULL;
}

static bool all_sleep(const struct tracer *t)
{
    bool all = sleeps(getppid());

    for (const struct task *task = t->tasks; task != NULL && all; task = task->hh.next)
        all = task == t->loop || sleeps(task->pid);
    return all;
}

static void look(struct tracer *t)
{
    struct task *loop = t->loop;

    if (loop == NULL)
        return;
    t->looks = all_sleep(t) ? t->looks + 1 : 0;
    if (t->looks < LOOKS) {
        usleep(LOOK_US);
        return;
    }
    t->loop = NULL;
    t->looks = 0;
    resume(t, loop, 0);
}

static void follow(struct tracer *t)
{
    struct rusage usage;
    int status;
    pid_t pid;

    for (;;) {
        struct task *task;

        pid = wait4(-1, &status, __WALL | (t->loop != NULL ? WNOHANG : 0), &usage);
        if (pid < 0 && errno != EINTR)
            return; /* nobody is left */
        if (pid == 0)
            look(t);
        if (pid <= 0)
            continue;
        t->looks = 0;
        task = task_of(t, pid);
        if (WIFSTOPPED(status))
            stopped(t, task, status);
        else
            ended(t, task, &usage);
    }
}

/* ---- start and end ---- */

static _Noreturn void become(const char *const argv[], int log_fd, int go)
{
    char byte;

    must(dup2(log_fd, 1) >= 0 && dup2(log_fd, 2) >= 0, "log");
    if (read(go, &byte, 1) == 1)
        execv(argv[0], (char *const *)argv);
    perror(argv[0]);
    _exit(127);
}

static _Noreturn void trace_main(struct tracer *t, const char *const argv[], int log_fd)
{
    int go[2];
    pid_t pid;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    must(pipe2(go, O_CLOEXEC) == 0, "pipe");
    pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0)
        become(argv, log_fd, go[0]);
    must(ptrace(PTRACE_SEIZE, pid, 0, (long)OPTIONS) == 0, "trace");
    set_role(t, task_of(t, pid), ROLE_HOST);
    if (counts_calls(t, ROLE_HOST))
        must(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0, "interrupt");
    t->counts->program = pid;
    must(write(go[1], "", 1) == 1, "let go");
    follow(t);
    _exit(0);
}

struct trace *trace_start(const char *const argv[], int log_fd, enum trace_mode mode)
{
    struct trace *trace = mem_new(struct trace);
    struct tracer t = {.mode = mode};

    trace->counts = shared_new(sizeof *trace->counts);
    t.counts = trace->counts;
    fflush(NULL); /* or the child that fails would print it once more */
    trace->tracer = fork();
    must(trace->tracer >= 0, "fork");
    if (trace->tracer == 0)
        trace_main(&t, argv, log_fd);
    return trace;
}

const volatile struct trace_counts *trace_counts(const struct trace *trace)
{
    return trace->counts;
}

void trace_in_step(struct trace *trace, bool in_step)
{
    trace->counts->in_step = in_step;
}

const char *trace_role_name(enum trace_role role)
{
    static const char *const names[ROLE_COUNT] = {
        [ROLE_NONE] = "none",           [ROLE_HOST] = "orchd", [ROLE_SUPERVISOR] = "supervisor",
        [ROLE_AUTHORITY] = "authority", [ROLE_INIT] = "init",  [ROLE_ZYGOTE] = "zygote",
        [ROLE_ATTEMPT] = "attempt",
    };

    return names[role];
}

void trace_wait(struct trace *trace)
{
    int status;

    while (waitpid(trace->tracer, &status, 0) < 0 && errno == EINTR)
        continue;
    munmap(trace->counts, sizeof *trace->counts);
    free(trace);
}
