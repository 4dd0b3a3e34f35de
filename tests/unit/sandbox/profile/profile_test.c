/* profile_test.c -- the filters: their printed tables against the committed snapshot, the compiled
 * programs against the plain reading on a million random calls (SANDBOX.md 4, case 96), and that an
 * attempt's two filters together are exactly its profile. */
#include "sandbox/profile/profile.h"

#include "base/fd.h"
#include "base/rng.h"

#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

enum { RANDOM_CALLS = 1000000 / (2 * STAGE_COUNT), SELF = 4711 };

/* A BPF machine with what our compiler uses. */
static uint32_t run_program(const struct profile_bpf *p, const struct seccomp_data *data)
{
    uint32_t acc = 0;

    for (uint32_t at = 0; at < p->count; at++) {
        const struct sock_filter *i = &p->insns[at];
        bool yes;

        switch (i->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (i->k + sizeof acc > sizeof *data)
                ck_abort_msg("a load at %u", i->k);
            memcpy(&acc, (const char *)data + i->k, sizeof acc);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            acc &= i->k;
            break;
        case BPF_JMP | BPF_JA:
            at += i->k;
            break;
        case BPF_RET | BPF_K:
            return i->k;
        case BPF_JMP | BPF_JEQ | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_K:
            yes = BPF_OP(i->code) == BPF_JEQ ? acc == i->k : acc >= i->k;
            at += yes ? i->jt : i->jf;
            break;
        default:
            ck_abort_msg("instruction %#x", i->code);
        }
    }
    ck_abort_msg("the program has no end");
    return 0;
}

static void compile(enum stage stage, bool empty_root, struct profile_bpf *ret)
{
    profile_compile(stage, empty_root, ret);
    for (uint32_t i = 0; i < ret->patch_count; i++) {
        ck_assert_uint_eq(ret->insns[ret->patches[i]].k, PROFILE_SELF_PID);
        ret->insns[ret->patches[i]].k = SELF;
    }
}

/* The kernel's order: the smaller action value wins, KILL_PROCESS being negative. */
static uint32_t stricter(uint32_t a, uint32_t b)
{
    return (int32_t)(a & SECCOMP_RET_ACTION_FULL) <= (int32_t)(b & SECCOMP_RET_ACTION_FULL) ? a : b;
}

static const uint32_t telling[] = {0,      1,          2,         3,          4,
                                   5,      7,          8,         13,         16,
                                   SELF,   0x3d0f00,   0x1200011, 0x8011,     0x80000000,
                                   0x1000, 0x53564d41, 0x5412,    102,        128,
                                   0x4000, 0x22,       0x32,      0xffffffff, PROFILE_SELF_PID,
                                   15,     25,         24};

static uint64_t random_argument(struct rng *rng)
{
    uint64_t high = rng_below(rng, 4) == 0 ? rng_u64(rng) << 32 : 0;

    if (rng_below(rng, 3) == 0)
        return rng_u64(rng);
    return high | telling[rng_below(rng, ARRAY_LEN(telling))];
}

static struct seccomp_data random_call(struct rng *rng)
{
    struct seccomp_data data = {.nr = (int)rng_below(rng, 480), .arch = NATIVE_ARCH};

    if (rng_below(rng, 50) == 0)
        data.nr = (int)rng_u64(rng);
    if (rng_below(rng, 50) == 0)
        data.arch = AUDIT_ARCH_I386;
    for (int i = 0; i < 6; i++)
        data.args[i] = random_argument(rng);
    return data;
}

/* A million over all stages. */
START_TEST(both_filters_together_are_the_profile_on_a_million_random_calls)
{
    enum stage stage = (enum stage)(_i / 2);
    bool empty_root = _i % 2 == 1;
    static struct profile_bpf below, own;
    struct rng rng = rng_of(96 + (uint64_t)_i);

    compile(stage_below(stage), empty_root, &below);
    compile(stage, empty_root, &own);
    for (int i = 0; i < RANDOM_CALLS; i++) {
        struct seccomp_data data = random_call(&rng);
        uint32_t got = stricter(run_program(&own, &data), run_program(&below, &data));
        uint32_t wanted = profile_decide(stage, empty_root, &data, SELF);

        if (got != wanted)
            ck_abort_msg("%s: call %d (%#jx, %#jx, %#jx): %#x, wanted %#x", stage_name(stage),
                         data.nr, (uintmax_t)data.args[0], (uintmax_t)data.args[1],
                         (uintmax_t)data.args[2], got, wanted);
    }
}
END_TEST

START_TEST(an_attempts_own_filter_is_short_because_every_attempt_installs_it)
{
    static struct profile_bpf own;

    profile_compile(STAGE_PURE, true, &own);
    ck_assert_uint_le(own.count, 90);
}
END_TEST

START_TEST(foreign_calling_conventions_are_killed_and_the_future_is_unknown)
{
    struct seccomp_data data = {.nr = 0, .arch = AUDIT_ARCH_I386};

    ck_assert_uint_eq(profile_decide(STAGE_PURE, true, &data, SELF), SECCOMP_RET_KILL_PROCESS);
    data.arch = NATIVE_ARCH;
    data.nr = 0x40000000;
    ck_assert_uint_eq(profile_decide(STAGE_PURE, true, &data, SELF), SECCOMP_RET_KILL_PROCESS);
    data.nr = (int)profile_nr_max() + 1;
    ck_assert_uint_eq(profile_decide(STAGE_PURE, true, &data, SELF), SECCOMP_RET_ERRNO | ENOSYS);
}
END_TEST

START_TEST(every_call_stands_in_the_table_once)
{
    for (size_t i = 0; i < profile_table_count; i++) {
        ck_assert_uint_le(profile_table[i].nr, profile_nr_max());
        for (size_t j = 0; j < i; j++)
            ck_assert_uint_ne(profile_table[i].nr, profile_table[j].nr);
    }
}
END_TEST

/* A widening of rights shows here as one line. After a wanted change: the test writes what it found
 * beside the snapshot's name, with ".new". */
START_TEST(the_printed_profiles_are_the_committed_ones)
{
    auto_done(buf) found = {0};
    auto_done(buf) wanted = {0};
    struct err e;

    for (int stage = 0; stage < STAGE_COUNT; stage++)
        profile_print((enum stage)stage, true, &found);
    profile_print(STAGE_PURE, false, &found);
    ck_assert_msg(file_read(SNAPSHOT, 1 << 20, &wanted, &e), "%s", e.msg);
    if (strcmp(buf_text(&found), buf_text(&wanted)) == 0)
        return;
    ck_assert(file_write_atomic("profiles.txt.new", found.data, found.len, 0644, &e));
    ck_abort_msg("the profiles differ from %s; compare it with ./profiles.txt.new", SNAPSHOT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tests = tcase_create("profile");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, both_filters_together_are_the_profile_on_a_million_random_calls, 0,
                        2 * STAGE_COUNT);
    tcase_add_test(tests, an_attempts_own_filter_is_short_because_every_attempt_installs_it);
    tcase_add_test(tests, foreign_calling_conventions_are_killed_and_the_future_is_unknown);
    tcase_add_test(tests, every_call_stands_in_the_table_once);
#ifdef __x86_64__ /* other machines have fewer old calls */
    tcase_add_test(tests, the_printed_profiles_are_the_committed_ones);
#endif
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
