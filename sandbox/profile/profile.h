/* profile.h -- which system calls a confined process may make: one table (table.c), a plain
 * C reading of it (the model) and a compiler to BPF. Pure: nothing here is installed.
 *
 * Filters stand on top of each other and the kernel takes the strictest answer of all:
 *  - ZYGOTE, installed in a zygote: the allowlist, default kill, with the calls that the fork
 *    server and an attempt's own start need;
 *  - the profile's own, installed in an attempt before its plugin is loaded;
 *  - WARM, in a warm zygote before it loads its plugin; its attempts add the profile's own.
 * All but ZYGOTE hold only where they are stricter than the one below, default allow: they are
 * short because installing them is what every attempt pays. Together they are exactly the profile;
 * tests compare that with the model.
 *
 * An answer TRAP is given by the worker's own handler (sandbox/worker/trap.h); it is stricter than
 * an errno, so no later filter can change it, and nothing but the handler's answer ever happens.
 *
 * Sources: SANDBOX.md 3; linux/seccomp.h; 32-bit arguments are compared on their low word only. */
#ifndef ORCH_SANDBOX_PROFILE_PROFILE_H
#define ORCH_SANDBOX_PROFILE_PROFILE_H

#include "base/buf.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PURE_THREADS is for attempts that were granted threads. */
enum stage {
    STAGE_ZYGOTE,
    STAGE_WARM,
    STAGE_PURE,
    STAGE_PURE_THREADS,
    STAGE_COUNT,
};
/* The stage that stands beneath; ZYGOTE stands on nothing and gives itself. */
enum stage stage_below(enum stage stage);
const char *stage_name(enum stage stage);

enum test_op { TEST_NONE, TEST_EQ, TEST_NE, TEST_GE, TEST_NONNULL };

/* On (low word of args[arg] & mask); NONNULL looks at all 64 bits. */
struct arg_test {
    uint8_t arg;
    uint8_t op;
    uint32_t mask;
    uint32_t value;
};

/* Holds when both tests do. */
struct arg_case {
    struct arg_test a, b;
    uint32_t verdict;
};

enum { RULE_CASES_MAX = 12 };

/* The first case that holds decides. */
struct rule {
    const char *text; /* for the printed table */
    struct arg_case cases[RULE_CASES_MAX];
    uint32_t otherwise;
    /* The zygote's filter kills whatever no case names: one that stands on it leaves that to it,
     * and so to be told (profile_tell_kills). */
    bool left_below;
};

struct sys_row {
    uint32_t nr;
    const char *name;
    const struct rule *by_stage[STAGE_COUNT];
};

/* SELF_PID stands in a rule for the pid of the process that installs the filter. */
#define PROFILE_SELF_PID 0x7ffffffeu

/* Calls without a row are killed; numbers above the last that the kernel had when this was
 * written answer ENOSYS, so that a newer C library falls back. */
extern const struct sys_row profile_table[];
extern const size_t profile_table_count;
uint32_t profile_nr_max(void);

/* The row's rule in a stage. empty_root: root and host name are the sandbox's own, so that neither
 * uname nor newfstatat by descriptor, whose path cannot be inspected, tells of the host. */
const struct rule *profile_rule(const struct sys_row *row, enum stage stage, bool empty_root);

/* The model: what a process confined to stage is answered. */
uint32_t profile_decide(enum stage stage, bool empty_root, const struct seccomp_data *data,
                        uint32_t self_pid);

enum { PROFILE_INSNS_MAX = 1024, PROFILE_PATCHES_MAX = 4 };

struct profile_bpf {
    uint32_t count;
    uint32_t patches[PROFILE_PATCHES_MAX]; /* instructions whose k is to become the own pid */
    uint32_t patch_count;
    struct sock_filter insns[PROFILE_INSNS_MAX];
};

/* The difference of stage to the one that it will stand on; the whole allowlist when they are the
 * same. */
void profile_compile(enum stage stage, enum stage on, bool empty_root, struct profile_bpf *ret);

/* Turns every KILL of a filter into one that is told to a listener (SECCOMP_RET_USER_NOTIF): the
 * call is not made, and its thread sleeps until the listener has killed the process. A stricter
 * answer of a filter above stands. Not enough where there are other threads, which go on meanwhile:
 * their own filter has to hold every KILL itself. ADR 33. */
void profile_tell_kills(struct profile_bpf *filter);

/* One line a system call: "openat: EACCES". The committed snapshot makes a widening visible. */
void profile_print(enum stage stage, bool empty_root, struct buf *b);

#endif
