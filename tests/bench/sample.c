/* sample.c -- see sample.h. */
#include "sample.h"

#include "processes.h"

#include "base/mem.h"

#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUIET_MS = 60, STEP_MS = 20, FRAME = 4120, NAME_BYTES = 128 };

/* ---- taking ---- */

/* The stops at forks are the tracer's, not theirs. */
static void take_switches(struct sample *s)
{
    memset(s->switches, 0, sizeof s->switches);
    for (int i = 0; i < TRACE_LIVE_MAX; i++)
        if (s->trace.live[i] != 0)
            s->switches[s->trace.live_role[i]] += process_switches(s->trace.live[i]);
    for (int role = 0; role < ROLE_COUNT; role++) {
        uint64_t stops = s->trace.roles[role].stops;

        s->switches[role] -= s->switches[role] > stops ? stops : s->switches[role];
    }
    s->switches[ROLE_ATTEMPT] = s->trace.roles[ROLE_ATTEMPT].switches;
}

void sample_take(struct sample *sample, const struct bench_host *host)
{
    const volatile struct trace_counts *counts = trace_counts(host->trace);
    uint64_t news;

    for (int quiet = 0; quiet < QUIET_MS; quiet = counts->news == news ? quiet + STEP_MS : 0) {
        news = counts->news;
        usleep(STEP_MS * 1000);
    }
    sample->trace = *counts;
    sample->allocs = *(const volatile struct alloc_counts *)host->shared;
    take_switches(sample);
}

/* ---- telling ---- */

struct teller {
    const char *shape;
    double steps;
    sample_figure *each;
    void *arg;
};

static void tell(const struct teller *t, const char *who, const char *what, uint64_t from,
                 uint64_t to)
{
    char name[NAME_BYTES];

    snprintf(name, sizeof name, "%s_%s_%s", t->shape, who, what);
    t->each(t->arg, name, ((double)to - (double)from) / t->steps);
}

static uint64_t calls_of(const struct trace_role_counts *counts)
{
    uint64_t total = 0;

    for (int call = 0; call < TRACE_CALL_MAX; call++)
        total += counts->calls[call];
    return total;
}

static void tell_role(const struct teller *t, const char *who, const struct trace_role_counts *from,
                      const struct trace_role_counts *to)
{
    tell(t, who, "calls", calls_of(from), calls_of(to));
    tell(t, who, "messages", from->messages, to->messages);
    tell(t, who, "forks", from->forks, to->forks);
}

static void tell_file(const struct teller *t, const char *what, const struct trace_file *from,
                      const struct trace_file *to)
{
    tell(t, what, "writes", from->writes, to->writes);
    tell(t, what, "bytes", from->bytes, to->bytes);
}

static void tell_host(const struct teller *t, const struct sample *from, const struct sample *to)
{
    tell_role(t, "orchd", &from->trace.roles[ROLE_HOST], &to->trace.roles[ROLE_HOST]);
    tell_file(t, "wal", &from->trace.wal, &to->trace.wal);
    tell(t, "wal", "pages", from->trace.wal.bytes / FRAME, to->trace.wal.bytes / FRAME);
    tell_file(t, "database", &from->trace.database, &to->trace.database);
    tell(t, "orchd", "allocations", from->allocs.made, to->allocs.made);
    tell(t, "orchd", "allocated_bytes", from->allocs.bytes, to->allocs.bytes);
    tell(t, "orchd", "allocations_kept", from->allocs.made - from->allocs.freed,
         to->allocs.made - to->allocs.freed);
}

/* Attempts are made ahead, so a window begins with some and ends with some: what makes them and
 * what they are is told by the attempt that was started in it. */
static void tell_below(const struct teller *t, const struct sample *from, const struct sample *to)
{
    uint64_t started = to->trace.roles[ROLE_ZYGOTE].forks - from->trace.roles[ROLE_ZYGOTE].forks;
    struct teller by_attempt = *t;

    tell(t, "attempts", "started", 0, started);
    by_attempt.steps = (double)(started > 0 ? started : 1);
    for (int role = ROLE_SUPERVISOR; role < ROLE_COUNT; role++)
        tell_role(role == ROLE_AUTHORITY ? t : &by_attempt, trace_role_name(role),
                  &from->trace.roles[role], &to->trace.roles[role]);
}

void sample_figures(const char *shape, const struct sample *from, const struct sample *to,
                    enum trace_mode mode, long steps, sample_figure *each, void *arg)
{
    struct teller t = {shape, (double)steps, each, arg};

    if (mode == TRACE_HOST)
        tell_host(&t, from, to);
    else if (mode == TRACE_BELOW)
        tell_below(&t, from, to);
    for (int role = ROLE_HOST; role < ROLE_COUNT && mode == TRACE_SWITCHES; role++)
        tell(&t, trace_role_name(role), "switches", from->switches[role], to->switches[role]);
}

/* ---- the table ---- */

struct row {
    int call;
    double total, by_role[ROLE_COUNT];
};

static int by_total(const void *a, const void *b)
{
    double x = ((const struct row *)a)->total, y = ((const struct row *)b)->total;

    return x > y ? -1 : x < y;
}

/* The roles whose calls a mode counts. */
static int first_role(enum trace_mode mode)
{
    return mode == TRACE_HOST ? ROLE_HOST : ROLE_SUPERVISOR;
}

static int end_role(enum trace_mode mode)
{
    return mode == TRACE_HOST ? ROLE_SUPERVISOR : ROLE_COUNT;
}

static void print_row(const struct row *row, enum trace_mode mode)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, row->call);

    printf("  %-22s", name != NULL ? name : "?");
    for (int role = first_role(mode); role < end_role(mode); role++) {
        if (row->by_role[role] >= 0.005)
            printf(" %10.2f", row->by_role[role]);
        else
            printf(" %10s", "");
    }
    putchar('\n');
    free(name);
}

static void count_row(struct row *row, const struct sample *from, const struct sample *to,
                      long steps)
{
    row->total = 0;
    for (int role = ROLE_HOST; role < ROLE_COUNT; role++) {
        uint64_t n =
            to->trace.roles[role].calls[row->call] - from->trace.roles[role].calls[row->call];

        row->by_role[role] = (double)n / (double)steps;
        row->total += row->by_role[role];
    }
}

void sample_print_calls(const struct sample *from, const struct sample *to, enum trace_mode mode,
                        long steps)
{
    static struct row rows[TRACE_CALL_MAX];

    for (int call = 0; call < TRACE_CALL_MAX; call++) {
        rows[call].call = call;
        count_row(&rows[call], from, to, steps);
    }
    qsort(rows, TRACE_CALL_MAX, sizeof *rows, by_total);
    printf("  %-22s", "calls of each step");
    for (int role = first_role(mode); role < end_role(mode); role++)
        printf(" %10s", trace_role_name(role));
    putchar('\n');
    for (int i = 0; i < TRACE_CALL_MAX && rows[i].total >= 0.01; i++)
        print_row(&rows[i], mode);
}
