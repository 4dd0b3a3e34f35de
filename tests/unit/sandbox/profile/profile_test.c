/* profile_test.c -- the filters: their printed tables against the committed snapshot, the compiled
 * programs against the plain reading on a million random calls (SANDBOX.md 4, case 96), and that an
 * attempt's filters together are exactly its profile. */
#include "sandbox/profile/profile.h"

#include "base/fd.h"
#include "base/rng.h"

#include <asm/unistd.h>
#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

enum { RANDOM_CALLS = 1000000 / (2 * (STAGE_COUNT + 1)), SELF = 4711 };

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

static void compile(enum stage stage, enum stage on, bool empty_root, struct profile_bpf *ret)
{
    profile_compile(stage, on, empty_root, ret);
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

/* The filters of a process from the outermost in: how each stage is reached. */
static const enum stage stacks[][2] = {
    {STAGE_ZYGOTE, STAGE_ZYGOTE},
    {STAGE_ZYGOTE, STAGE_WARM},
    {STAGE_ZYGOTE, STAGE_PURE},
    {STAGE_ZYGOTE, STAGE_PURE_THREADS},
};

static void expect_decision(enum stage stage, bool empty_root, const struct seccomp_data *data,
                            uint32_t got)
{
    uint32_t wanted = profile_decide(stage, empty_root, data, SELF);

    if (got != wanted)
        ck_abort_msg("%s: call %d (%#jx, %#jx, %#jx, %#jx): %#x, wanted %#x", stage_name(stage),
                     data->nr, (uintmax_t)data->args[0], (uintmax_t)data->args[1],
                     (uintmax_t)data->args[2], (uintmax_t)data->args[3], got, wanted);
}

/* A million over all stages. */
START_TEST(the_filters_together_are_the_profile_on_a_million_random_calls)
{
    const enum stage *stack = stacks[_i / 2];
    bool empty_root = _i % 2 == 1;
    static struct profile_bpf filters[2];
    struct rng rng = rng_of(96 + (uint64_t)_i);

    for (int k = 0; k < 2; k++)
        compile(stack[k], stage_below(stack[k]), empty_root, &filters[k]);
    for (int i = 0; i < RANDOM_CALLS; i++) {
        struct seccomp_data data = random_call(&rng);
        uint32_t below = run_program(&filters[0], &data);

        expect_decision(stack[1], empty_root, &data,
                        stricter(run_program(&filters[1], &data), below));
    }
}
END_TEST

/* On WARM the answer is the stricter one of WARM and the profile. */
START_TEST(an_attempt_of_a_warm_zygote_is_confined_as_any)
{
    bool empty_root = _i % 2 == 1;
    static struct profile_bpf own, warm, zygote;
    struct rng rng = rng_of(960 + (uint64_t)_i);

    compile(STAGE_ZYGOTE, STAGE_ZYGOTE, empty_root, &zygote);
    compile(STAGE_WARM, STAGE_ZYGOTE, empty_root, &warm);
    compile(STAGE_PURE, STAGE_ZYGOTE, empty_root, &own);
    for (int i = 0; i < RANDOM_CALLS; i++) {
        struct seccomp_data data = random_call(&rng);
        uint32_t got = stricter(run_program(&own, &data), run_program(&zygote, &data));

        expect_decision(STAGE_PURE, empty_root, &data, got);
        got = stricter(run_program(&warm, &data), got);
        ck_assert_int_le((int32_t)(got & SECCOMP_RET_ACTION_FULL),
                         (int32_t)(profile_decide(STAGE_PURE, empty_root, &data, SELF) &
                                   SECCOMP_RET_ACTION_FULL));
    }
}
END_TEST

START_TEST(an_attempts_filter_is_short_because_every_attempt_installs_it)
{
    static struct profile_bpf own;

    profile_compile(STAGE_PURE, STAGE_ZYGOTE, true, &own);
    ck_assert_uint_le(own.count, 90);
}
END_TEST

static uint32_t answer(enum stage stage, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct seccomp_data data = {.nr = (int)nr, .arch = NATIVE_ARCH, .args = {a, b, c, d}};

    return profile_decide(stage, true, &data, SELF);
}

/* What a constructor could do to the attempts that come after it, or to its own walls. */
START_TEST(a_load_shares_no_memory_makes_no_process_and_no_code)
{
    static const enum stage loads[] = {STAGE_PURE, STAGE_PURE_THREADS, STAGE_WARM};
    const uint32_t denied = SECCOMP_RET_ERRNO | EACCES;
    enum stage stage = loads[_i];
    bool warm = stage == STAGE_WARM;

    ck_assert_uint_eq(answer(stage, __NR_mmap, 0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS), denied);
    ck_assert_uint_eq(answer(stage, __NR_mmap, 0, 4096, 5, MAP_PRIVATE | MAP_ANONYMOUS), denied);
    ck_assert_uint_eq(answer(stage, __NR_mmap, 0, 4096, 7, MAP_PRIVATE), denied);
    ck_assert_uint_eq(answer(stage, __NR_mmap, 0, 4096, 5, MAP_SHARED), denied);
    ck_assert_uint_eq(answer(stage, __NR_mmap, 0, 4096, 5, MAP_PRIVATE),
                      warm ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP);
    ck_assert_uint_eq(answer(stage, __NR_mprotect, 0, 4096, 5, 0), denied);
    ck_assert_uint_eq(answer(stage, __NR_openat, 0, 0, 0, 0), SECCOMP_RET_TRAP);
    ck_assert_uint_eq(answer(stage, __NR_pread64, 7, 0, 64, 832),
                      warm ? SECCOMP_RET_ALLOW : SECCOMP_RET_TRAP);
    ck_assert_uint_eq(answer(stage, __NR_kill, 1, 9, 0, 0), SECCOMP_RET_KILL_PROCESS);
    ck_assert_uint_ne(answer(stage, __NR_tgkill, 1, 1, 9, 0), SECCOMP_RET_ALLOW);
    ck_assert_uint_eq(answer(stage, __NR_setresuid, 0, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
    ck_assert_uint_eq(answer(stage, __NR_seccomp, 1, 8 /* NEW_LISTENER */, 0, 0),
                      warm ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_KILL_PROCESS);
    if (!warm) /* whose forks are the limit's to refuse while it loads */
        ck_assert_uint_eq(answer(stage, __NR_clone, 0x1200011, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
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
    tcase_add_loop_test(tests, the_filters_together_are_the_profile_on_a_million_random_calls, 0,
                        2 * STAGE_COUNT);
    tcase_add_loop_test(tests, an_attempt_of_a_warm_zygote_is_confined_as_any, 0, 2);
    tcase_add_test(tests, an_attempts_filter_is_short_because_every_attempt_installs_it);
    tcase_add_loop_test(tests, a_load_shares_no_memory_makes_no_process_and_no_code, 0, 3);
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
