/* fallbacks_test.c -- case 89: with layers switched off one by one, or without root, the mask
 * drops, the level is reported, what is left still holds, and below the minimum nothing runs. */
#include "harness.h"

#include "base/buf.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *without;
    bool rootless;
    int level;
} worlds[] = {
    {NULL, false, 4},
    {"landlock", false, 3},
    {"landlock_scope", false, 3},
    {"empty_root", false, 3},
    {"pid_namespace", false, 3},
    {"net_namespace,ipc_namespace", false, 3},
    {"memory_cgroup,pids_cgroup", false, 3},
    {"pidfd_exit_info", false, 4},
    {"empty_root,pid_namespace,net_namespace,ipc_namespace,memory_cgroup,pids_cgroup", false, 3},
    {NULL, true, 3}, /* no cgroups of its own */
    {"pidfd_exit_info", true, 3},
    {"user_namespace", true, 3},
};

static void start(struct world *w, int i)
{
    struct sandbox_options options = {.without = worlds[i].without};

    if (worlds[i].rootless && geteuid() == 0)
        give_up_root();
    world_start_hostile(w, &options);
}

static bool is_listed(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at++)
        if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

START_TEST(case_89_the_report_names_what_is_missing_and_what_it_means)
{
    auto_done(buf) json = {0};
    const struct layer_report *report;
    struct world w;

    start(&w, _i);
    report = sandbox_layers(w.sb);
    layer_report_json(report, &json);
    ck_assert_msg(report->level == worlds[_i].level, "level %d, wanted %d: %s", report->level,
                  worlds[_i].level, buf_text(&json));
    for (int bit = 0; worlds[_i].without != NULL && bit < LAYER_COUNT; bit++) {
        if (!is_listed(worlds[_i].without, layer_name((enum layer_bit)bit)))
            continue;
        ck_assert_int_ne(report->layers[bit].state, LAYER_ENFORCED);
        ck_assert_uint_eq(report->mask & 1u << bit, 0);
        ck_assert_ptr_nonnull(strstr(buf_text(&json), layer_consequence((enum layer_bit)bit)));
    }
    world_done(&w);
}
END_TEST

static const struct {
    const char *name, *says;
} held[] = {
    {"sockets", "EACCES"}, {"open", "closed"},      {"fds", "0 1 2 3"},
    {"prctl", "EPERM"},    {"mmap_exec", "EACCES"}, {"environment", "0 variables, PATH unset"},
};

START_TEST(case_89_what_is_left_still_holds)
{
    struct answer *a;
    struct world w;

    start(&w, _i);
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++)
        expect_said(hostile(&w, held[i].name), held[i].says);
    expect_policy_violation(hostile(&w, "kill_all"));
    expect_policy_violation(hostile(&w, "execve"));
    a = hostile(&w, "segv");
    expect_outcome(a, OUTCOME_CRASH);
    ck_assert_int_eq(a->signal, SIGSEGV);
    ck_assert_int_eq(a->level, worlds[_i].level);
    world_done(&w);
}
END_TEST

START_TEST(case_89_memory_without_a_cgroup_is_bounded_all_the_same)
{
    struct sandbox_options options = {.without = "memory_cgroup,pids_cgroup"};
    struct request r = {.config = "{\"case\":\"malloc\"}", .limits.memory_bytes = 64 << 20};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, &options);
    a = attempt_run(&w, &r);
    if (a->outcome == OUTCOME_OK)
        expect_said(a, "malloc said NULL");
    else
        expect_outcome(a, OUTCOME_OOM);
    world_done(&w);
}
END_TEST

static const char *const too_little[] = {"landlock,empty_root", "landlock,pid_namespace"};

START_TEST(case_89_below_the_minimum_nothing_runs)
{
    struct sandbox_options options = {.without = too_little[_i]};
    struct attempt_spec spec = {.agent_id = "canary", .tenant = "acme"};
    struct world w;
    struct err e;
    uint64_t id;

    world_start_hostile(&w, &options);
    ck_assert_int_lt(sandbox_layers(w.sb)->level, LAYER_LEVEL_DEFAULT);
    spec.digest = w.digest;
    ck_assert(!sandbox_attempt_start(w.sb, &spec, &id, NULL, &e));
    ck_assert_int_eq(e.code, ERR_DENIED);
    world_stop(&w);
}
END_TEST

START_TEST(case_89_a_node_may_ask_for_more_than_the_host_has)
{
    struct sandbox_options options = {.without = "landlock"};
    struct attempt_spec spec = {.agent_id = "canary", .tenant = "acme", .min_level = 4};
    struct world w;
    struct err e;
    uint64_t id;

    world_start_hostile(&w, &options);
    spec.digest = w.digest;
    ck_assert(!sandbox_attempt_start(w.sb, &spec, &id, NULL, &e));
    ck_assert_int_eq(e.code, ERR_DENIED);
    spec.min_level = 0;
    spec.required_layers = LAYER_LANDLOCK;
    ck_assert(!sandbox_attempt_start(w.sb, &spec, &id, NULL, &e));
    ck_assert_int_eq(e.code, ERR_DENIED);
    world_done(&w);
}
END_TEST

START_TEST(profiles_that_are_not_built_are_refused_in_words)
{
    struct attempt_spec spec = {.agent_id = "canary", .tenant = "acme", .profile = PROFILE_NET};
    struct world w;
    struct err e;
    uint64_t id;

    world_start_hostile(&w, NULL);
    spec.digest = w.digest;
    ck_assert(!sandbox_attempt_start(w.sb, &spec, &id, NULL, &e));
    ck_assert_int_eq(e.code, ERR_UNSUPPORTED);
    ck_assert_str_eq(e.msg, "profile 'net' is not in this build; 'pure' is");
    world_done(&w);
}
END_TEST

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("fallbacks");
    TCase *tests = tcase_create("case 89");
    int count = (int)(sizeof worlds / sizeof worlds[0]);

    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, case_89_the_report_names_what_is_missing_and_what_it_means, 0,
                        count);
    tcase_add_loop_test(tests, case_89_what_is_left_still_holds, 0, count);
    tcase_add_test(tests, case_89_memory_without_a_cgroup_is_bounded_all_the_same);
    tcase_add_loop_test(tests, case_89_below_the_minimum_nothing_runs, 0, 2);
    tcase_add_test(tests, case_89_a_node_may_ask_for_more_than_the_host_has);
    tcase_add_test(tests, profiles_that_are_not_built_are_refused_in_words);
    suite_add_tcase(suite, tests);
    return suite;
}
