/* profile.c -- the plain C reading of the table and its printed form. See profile.h. */
#include "sandbox/profile/profile.h"

#include <asm/unistd.h>
#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

enum { FOREIGN_BIT = 0x40000000 }; /* x32 */

static const struct {
    const char *name;
    enum stage below;
} stages[STAGE_COUNT] = {
    [STAGE_ZYGOTE] = {"zygote", STAGE_ZYGOTE},
    [STAGE_WARM] = {"warm", STAGE_ZYGOTE},
    [STAGE_PURE] = {"pure", STAGE_ZYGOTE},
    [STAGE_PURE_THREADS] = {"pure-threads", STAGE_ZYGOTE},
};

enum stage stage_below(enum stage stage)
{
    return stages[stage].below;
}

const char *stage_name(enum stage stage)
{
    return stages[stage].name;
}

const struct rule *profile_rule(const struct sys_row *row, enum stage stage, bool empty_root)
{
    /* The handler answers with fstat of the descriptor. */
    static const struct rule stat_trap = {.text = "by descriptor alone",
                                          .otherwise = SECCOMP_RET_TRAP};
    static const struct rule no_name = {.text = "EPERM", .otherwise = SECCOMP_RET_ERRNO | EPERM};

    if (!empty_root && stage != STAGE_ZYGOTE && row->nr == __NR_newfstatat)
        return &stat_trap;
    if (!empty_root && stage != STAGE_ZYGOTE && row->nr == __NR_uname)
        return &no_name;
    return row->by_stage[stage];
}

static bool test_holds(const struct arg_test *t, const struct seccomp_data *data, uint32_t self_pid)
{
    uint32_t low = (uint32_t)data->args[t->arg] & t->mask;
    uint32_t value = t->value == PROFILE_SELF_PID ? self_pid : t->value;

    switch (t->op) {
    case TEST_NONE:
        return true;
    case TEST_EQ:
        return low == value;
    case TEST_NE:
        return low != value;
    case TEST_GE:
        return low >= value;
    default:
        assert(t->op == TEST_NONNULL);
        return data->args[t->arg] != 0;
    }
}

static uint32_t rule_decide(const struct rule *rule, const struct seccomp_data *data,
                            uint32_t self_pid)
{
    for (int i = 0; i < RULE_CASES_MAX && rule->cases[i].a.op != TEST_NONE; i++)
        if (test_holds(&rule->cases[i].a, data, self_pid) &&
            test_holds(&rule->cases[i].b, data, self_pid))
            return rule->cases[i].verdict;
    return rule->otherwise;
}

uint32_t profile_decide(enum stage stage, bool empty_root, const struct seccomp_data *data,
                        uint32_t self_pid)
{
    uint32_t nr = (uint32_t)data->nr;

    if (data->arch != NATIVE_ARCH || (nr & ~(uint32_t)(FOREIGN_BIT - 1)) != 0)
        return SECCOMP_RET_KILL_PROCESS;
    if (nr > profile_nr_max())
        return SECCOMP_RET_ERRNO | ENOSYS;
    for (size_t i = 0; i < profile_table_count; i++)
        if (profile_table[i].nr == nr)
            return rule_decide(profile_rule(&profile_table[i], stage, empty_root), data, self_pid);
    return SECCOMP_RET_KILL_PROCESS;
}

static int by_name(const void *a, const void *b)
{
    const struct sys_row *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

void profile_print(enum stage stage, bool empty_root, struct buf *b)
{
    const struct sys_row *sorted[512];

    assert(profile_table_count <= ARRAY_LEN(sorted));
    for (size_t i = 0; i < profile_table_count; i++)
        sorted[i] = &profile_table[i];
    qsort(sorted, profile_table_count, sizeof sorted[0], by_name);
    buf_addf(b, "# %s%s\n", stage_name(stage), empty_root ? "" : " without an empty root");
    for (size_t i = 0; i < profile_table_count; i++)
        buf_addf(b, "%s: %s\n", sorted[i]->name, profile_rule(sorted[i], stage, empty_root)->text);
    buf_addf(b, "(other, up to %u): KILL\n(above): ENOSYS\n(foreign architecture, x32): KILL\n",
             profile_nr_max());
}
