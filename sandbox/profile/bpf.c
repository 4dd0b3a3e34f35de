/* bpf.c -- the table of profile.h as a BPF program.
 *
 * The system call numbers are cut into intervals with one rule each and searched by a balanced
 * tree; equal answers share one RET. The program is written from its end to its start, so that
 * every jump goes to an instruction whose place is already known; conditional jumps reach 255
 * instructions, a longer one goes through a JA. */
#include "sandbox/profile/profile.h"

#include "sandbox/profile/arch.h"

#include <assert.h>
#include <errno.h>
#include <linux/bpf_common.h>
#include <stdlib.h>
#include <string.h>

enum { JUMP_MAX = 255, INTERVALS_MAX = 512, RETS_MAX = 32 };

/* Numbers from first up to the next interval's first. */
struct interval {
    uint32_t first;
    const struct rule *rule;
};

struct compiler {
    struct sock_filter reversed[PROFILE_INSNS_MAX];
    uint32_t count;
    uint32_t patches[PROFILE_PATCHES_MAX]; /* as places in reversed */
    uint32_t patch_count;
    uint32_t rets[RETS_MAX]; /* places of the RETs */
    uint32_t ret_count;
    struct interval intervals[INTERVALS_MAX];
    uint32_t interval_count;
    bool whole; /* stands alone */
};

/* Returns the new instruction's place. */
static uint32_t emit(struct compiler *c, uint16_t code, uint32_t k)
{
    assert(c->count < PROFILE_INSNS_MAX);
    c->reversed[c->count] = (struct sock_filter){.code = code, .k = k};
    return c->count++;
}

static uint32_t emit_load(struct compiler *c, size_t offset)
{
    return emit(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

/* Makes target reachable from an instruction that will stand at most `ahead` places further. */
static uint32_t near_target(struct compiler *c, uint32_t target, uint32_t ahead)
{
    if (c->count + ahead - target <= JUMP_MAX)
        return target;
    return emit(c, BPF_JMP | BPF_JA, c->count - target - 1);
}

static uint32_t emit_jump(struct compiler *c, uint16_t op, uint32_t k, uint32_t yes, uint32_t no)
{
    uint32_t at;

    yes = near_target(c, yes, 2);
    no = near_target(c, no, 1);
    at = emit(c, BPF_JMP | op | BPF_K, k);
    assert(at - yes - 1 <= JUMP_MAX && at - no - 1 <= JUMP_MAX);
    c->reversed[at].jt = (uint8_t)(at - yes - 1);
    c->reversed[at].jf = (uint8_t)(at - no - 1);
    return at;
}

static uint32_t emit_ret(struct compiler *c, uint32_t verdict)
{
    uint32_t at;

    for (uint32_t i = 0; i < c->ret_count; i++)
        if (c->reversed[c->rets[i]].k == verdict)
            return c->rets[i];
    assert(c->ret_count < RETS_MAX);
    at = emit(c, BPF_RET | BPF_K, verdict);
    c->rets[c->ret_count++] = at;
    return at;
}

static size_t arg_offset(unsigned arg, bool high)
{
    return offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) + (high ? 4 : 0);
}

static uint32_t emit_test(struct compiler *c, const struct arg_test *t, uint32_t yes, uint32_t no)
{
    uint32_t at;

    switch (t->op) {
    case TEST_NONE:
        return yes;
    case TEST_NONNULL:
        emit_jump(c, BPF_JEQ, 0, no, yes);
        at = emit_load(c, arg_offset(t->arg, false));
        emit_jump(c, BPF_JEQ, 0, at, yes);
        return emit_load(c, arg_offset(t->arg, true));
    case TEST_NE:
        at = emit_jump(c, BPF_JEQ, t->value, no, yes);
        break;
    default:
        at = emit_jump(c, t->op == TEST_GE ? BPF_JGE : BPF_JEQ, t->value, yes, no);
    }
    if (t->value == PROFILE_SELF_PID) {
        assert(c->patch_count < PROFILE_PATCHES_MAX);
        c->patches[c->patch_count++] = at;
    }
    if (t->mask != 0xffffffffu)
        emit(c, BPF_ALU | BPF_AND | BPF_K, t->mask);
    return emit_load(c, arg_offset(t->arg, false));
}

static uint32_t emit_rule(struct compiler *c, const struct rule *rule)
{
    bool left = rule->left_below && !c->whole;
    uint32_t next = emit_ret(c, left ? SECCOMP_RET_ALLOW : rule->otherwise);
    int count = 0;

    while (count < RULE_CASES_MAX && rule->cases[count].a.op != TEST_NONE)
        count++;
    while (count-- > 0) {
        const struct arg_case *one = &rule->cases[count];
        uint32_t both = emit_test(c, &one->b, emit_ret(c, one->verdict), next);

        next = emit_test(c, &one->a, both, next);
    }
    return next;
}

static uint32_t emit_tree(struct compiler *c, uint32_t from, uint32_t to)
{
    uint32_t middle = from + (to - from + 1) / 2;
    uint32_t right, left;

    if (from == to)
        return emit_rule(c, c->intervals[from].rule);
    right = emit_tree(c, middle, to);
    left = emit_tree(c, from, middle - 1);
    return emit_jump(c, BPF_JGE, c->intervals[middle].first, right, left);
}

static void add_interval(struct compiler *c, uint32_t first, const struct rule *rule)
{
    if (c->interval_count > 0 && c->intervals[c->interval_count - 1].rule == rule)
        return;
    if (c->interval_count > 0 && c->intervals[c->interval_count - 1].first == first) {
        c->intervals[c->interval_count - 1].rule = rule;
        return;
    }
    assert(c->interval_count < INTERVALS_MAX);
    c->intervals[c->interval_count++] = (struct interval){first, rule};
}

static int by_nr(const void *a, const void *b)
{
    const struct sys_row *const *x = a, *const *y = b;

    return (*x)->nr < (*y)->nr ? -1 : (*x)->nr > (*y)->nr;
}

static const struct rule kill_rest = {.otherwise = SECCOMP_RET_KILL_PROCESS};
static const struct rule allow_rest = {.otherwise = SECCOMP_RET_ALLOW};
static const struct rule enosys_rest = {.otherwise = SECCOMP_RET_ERRNO | ENOSYS};

static void cut_intervals(struct compiler *c, enum stage stage, enum stage below, bool empty_root)
{
    const struct rule *rest = below == stage ? &kill_rest : &allow_rest;
    const struct sys_row *sorted[INTERVALS_MAX];

    assert(profile_table_count <= ARRAY_LEN(sorted));
    for (size_t i = 0; i < profile_table_count; i++)
        sorted[i] = &profile_table[i];
    qsort(sorted, profile_table_count, sizeof sorted[0], by_nr);
    add_interval(c, 0, rest);
    for (size_t i = 0; i < profile_table_count; i++) {
        const struct rule *rule = profile_rule(sorted[i], stage, empty_root);

        assert(i == 0 || sorted[i]->nr != sorted[i - 1]->nr);
        if (below != stage && rule == profile_rule(sorted[i], below, empty_root))
            continue;
        add_interval(c, sorted[i]->nr, rule);
        add_interval(c, sorted[i]->nr + 1, rest);
    }
    if (below == stage) {
        add_interval(c, profile_nr_max() + 1, &enosys_rest);
        add_interval(c, FOREIGN_BIT, &kill_rest);
    }
}

void profile_compile(enum stage stage, enum stage on, bool empty_root, struct profile_bpf *ret)
{
    static struct compiler c;
    uint32_t tree, foreign;

    memset(&c, 0, sizeof c);
    c.whole = on == stage;
    cut_intervals(&c, stage, on, empty_root);
    tree = emit_tree(&c, 0, c.interval_count - 1);
    assert(tree == c.count - 1);
    tree = emit_load(&c, offsetof(struct seccomp_data, nr));
    if (c.whole) {
        foreign = emit(&c, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
        emit_jump(&c, BPF_JEQ, NATIVE_ARCH, tree, foreign);
        emit_load(&c, offsetof(struct seccomp_data, arch));
    }
    ret->count = c.count;
    for (uint32_t i = 0; i < c.count; i++)
        ret->insns[i] = c.reversed[c.count - 1 - i];
    ret->patch_count = c.patch_count;
    for (uint32_t i = 0; i < c.patch_count; i++)
        ret->patches[i] = c.count - 1 - c.patches[i];
}

void profile_tell_kills(struct profile_bpf *filter)
{
    for (uint32_t i = 0; i < filter->count; i++) {
        struct sock_filter *insn = &filter->insns[i];

        if (insn->code == (BPF_RET | BPF_K) && insn->k == SECCOMP_RET_KILL_PROCESS)
            insn->k = SECCOMP_RET_USER_NOTIF;
    }
}
