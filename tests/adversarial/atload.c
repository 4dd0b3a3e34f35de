/* atload.c -- where attacks are made, and the agents. See atload.h. */
#include "atload.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

__attribute__((used)) const volatile struct orders orders = {"ATLOAD-ORDERS:", "", "", "", ""};

char note[2048];
volatile int always = 1;
bool stopped;
const orch_host *host;
orch_run *run;
const orch_ctx *ctx;

static const struct attack *const tables[] = {
    memory_attacks,  code_attacks, process_attacks,   end_attacks,
    channel_attacks, host_attacks, neighbour_attacks,
};

/* ---- tools ---- */

void tell(const char *format, ...)
{
    size_t used = strlen(note);
    va_list args;

    va_start(args, format);
    vsnprintf(note + used, sizeof note - used, format, args);
    va_end(args);
}

void tell_result(const char *name, long result)
{
    bool failed = result < 0 && result > -4096;
    const char *why = failed ? strerrorname_np((int)-result) : "done";

    tell("%s=%s ", name, why != NULL ? why : "E?");
}

long raw(long nr, long a, long b, long c, long d, long e, long f)
{
#ifdef __x86_64__
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#else
    long result = syscall(nr, a, b, c, d, e, f);

    return result == -1 ? -errno : result;
#endif
}

void nap(void)
{
    struct timespec second = {1, 0};

    while (always)
        RAW2(SYS_nanosleep, &second, NULL);
}

void spin(void)
{
    while (always)
        ;
}

void be_named(const char *name)
{
    RAW2(SYS_prctl, PR_SET_NAME, name);
}

/* ---- which, where, when ---- */

static bool is(const volatile char *order, const char *word)
{
    return strcmp((const char *)order, word) == 0;
}

static bool it_is_time(void)
{
    struct rlimit cpu = {0, 0};
    unsigned seconds = 0;

    if (sscanf((const char *)orders.when, "cpu%u", &seconds) != 1)
        return true;
    RAW5(SYS_prlimit64, 0, RLIMIT_CPU, NULL, &cpu, 0);
    /* The limit that the kernel keeps stands a little behind the one that was asked for. */
    return cpu.rlim_cur == seconds || cpu.rlim_cur == seconds + 1;
}

static bool attack(const char *name)
{
    if (call_by_name(name))
        return true;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct attack *a = tables[i]; a->name != NULL; a++)
            if (strcmp(a->name, name) == 0) {
                a->attack();
                return true;
            }
    return false;
}

static void pass(const char *where)
{
    if (orders.attack[0] != '\0' && is(orders.where, where) && it_is_time() &&
        !attack((const char *)orders.attack))
        tell("no such attack ");
}

static void nothing(void)
{
}
typedef void nothing_fn(void);
__attribute__((used)) static nothing_fn *resolve(void)
{
    pass("ifunc");
    return nothing;
}
void indirect(void) __attribute__((ifunc("resolve"), visibility("hidden")));

static void in_child(void)
{
    pass("atfork");
}

__attribute__((constructor)) static void construct(void)
{
    if (is(orders.where, "ifunc"))
        indirect();
    if (is(orders.where, "atfork"))
        pthread_atfork(NULL, NULL, in_child);
    pass("constructor");
}

static orch_status prepare(const orch_host *h)
{
    (void)h;
    pass("prepare");
    return ORCH_OK;
}

/* ---- agents ---- */

static orch_status run_hostile(const orch_host *h, orch_run *r, const orch_ctx *c)
{
    char json[sizeof note + 32], name[64] = "note";
    const char *at = memmem(c->config.ptr, c->config.len, "\"case\":\"", 8);

    host = h;
    run = r;
    ctx = c;
    if (at != NULL)
        sscanf(at + 8, "%63[a-z0-9_]", name);
    pass("run");
    if (strcmp(name, "note") != 0 && !attack(name)) {
        h->set_error(r, "ValueError", (orch_bytes){"no such case", 12});
        return ORCH_E_INPUT;
    }
    if (stopped)
        return ORCH_E_CANCELLED;
    snprintf(json, sizeof json, "{\"said\":\"%s\"}", note);
    return h->emit(r, ORCH_PORT_RESULT, (orch_bytes){json, strlen(json)});
}

static orch_status run_canary(const orch_host *h, orch_run *r, const orch_ctx *c)
{
    return h->emit(r, ORCH_PORT_RESULT, c->inputs[0]);
}

static const orch_agent agent = {.size = sizeof(orch_agent), .id = "hostile", .run = run_hostile};
static const orch_agent canary = {.size = sizeof(orch_agent), .id = "canary", .run = run_canary};

ORCH_PLUGIN("atload", "1.0.0", prepare, &agent, &canary);
