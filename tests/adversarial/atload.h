/* atload.h -- a plugin that attacks while it is being loaded. One shared object: which attack it
 * makes, where and when is written into its bytes by the test (loads.c), before it is added.
 *
 * Where: "constructor", "ifunc" (a resolver, in the middle of relocation), "atfork" (a handler of a
 * later fork), "prepare", or "run" (not at load at all). A case of its agent "hostile" is an attack
 * too, made in run(). What an attack saw goes to the note, which the agent emits as {"said": TEXT}.
 *
 * System calls are made without the C library, which some attacks here spoil. */
#ifndef ORCH_TESTS_ADVERSARIAL_ATLOAD_H
#define ORCH_TESTS_ADVERSARIAL_ATLOAD_H

#include <orch/plugin.h>

#include <stdbool.h>
#include <stddef.h>

/* As the test wrote it. */
struct orders {
    char mark[16];
    char attack[32];
    char where[16];
    char when[16]; /* "": at every load; "cpu7": where 7 s of CPU are the limit */
    char word[80]; /* of the attack */
};
extern const volatile struct orders orders;

extern char note[2048];
extern volatile int always; /* 1 */
extern bool stopped;        /* the attempt did as it was told */
/* NULL outside of run(). */
extern const orch_host *host;
extern orch_run *run;
extern const orch_ctx *ctx;

/* Appends to the note. */
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);
/* Appends "NAME=ERRNO " of what raw() returned, "NAME=done " when it did not fail. */
void tell_result(const char *name, long result);

/* -errno when it fails. */
long raw(long nr, long a, long b, long c, long d, long e, long f);
#define RAW1(nr, a) raw(nr, (long)(a), 0, 0, 0, 0, 0)
#define RAW2(nr, a, b) raw(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define RAW3(nr, a, b, c) raw(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define RAW5(nr, a, b, c, d, e) raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

/* For good. */
void nap(void);
void spin(void);
/* What /proc/PID/comm shows of this process. */
void be_named(const char *name);

struct attack {
    const char *name;
    void (*attack)(void);
};
#define CASE(name)                                                                                 \
    {                                                                                              \
#name, do_##name                                                                           \
    }
#define END_OF_CASES                                                                               \
    {                                                                                              \
        0, 0                                                                                       \
    }

extern const struct attack memory_attacks[], code_attacks[], process_attacks[], end_attacks[],
    channel_attacks[], host_attacks[], neighbour_attacks[];
/* One system call with these arguments; false when there is no such name. */
int call_by_name(const char *name);

#endif
