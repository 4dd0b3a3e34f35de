/* failures_test.c -- cases 86 to 88, 90 and 92: when parts of the host die, run out or are killed,
 * nothing lives on, every attempt is answered once, nothing leaks. */
#include "harness.h"

#include "base/clock.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIDS_MAX = 64 };
#define SUPERVISOR "orch-supervisor"

/* The processes below ancestor with this command name. */
static int find(int ancestor, const char *name, int pids[PIDS_MAX])
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    int count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL && count < PIDS_MAX) {
        int pid = atoi(entry->d_name);

        if (pid > 0 && pid != ancestor && process_is_below(pid, ancestor) &&
            process_is_named(pid, name))
            pids[count++] = pid;
    }
    closedir(dir);
    return count;
}

/* A host of its own, with one attempt that sleeps; says one byte when that runs. */
static void be_a_host(int ready)
{
    struct request sleeps = {.config = "{\"case\":\"sleep\"}"};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_begin(&w, &sleeps);
    while (!a->started)
        world_turn_for(&w, 10);
    if (write(ready, "", 1) != 1)
        _exit(1);
    for (;;)
        world_turn_for(&w, 1000);
}

static bool all_gone(const int *pids, int count)
{
    for (int i = 0; i < count; i++)
        if (kill(pids[i], 0) == 0 && !process_is_zombie(pids[i]))
            return false;
    return true;
}

/* victim: what is killed with SIGKILL, the host or its supervisor. */
static int kill_and_look(const char *victim)
{
    int supervisor;
    int pids[PIDS_MAX], ends[2], count, killed[PIDS_MAX];
    int64_t until;
    char byte;
    pid_t host;

    ck_assert_int_eq(pipe(ends), 0);
    host = fork();
    if (host == 0)
        be_a_host(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    count = find(host, "", pids);
    ck_assert_int_ge(count, 4); /* supervisor, init, zygote, attempt */
    ck_assert_int_eq(find(host, SUPERVISOR, killed), 1);
    supervisor = killed[0];
    if (victim == NULL) {
        kill(host, SIGKILL);
    } else {
        ck_assert_int_eq(find(host, victim, killed), 1);
        kill(killed[0], SIGKILL);
    }
    until = clock_mono_ns() + 1000000000;
    while (!all_gone(pids, count) && clock_mono_ns() < until)
        usleep(5000);
    ck_assert_msg(all_gone(pids, count), "something lives a second later");
    kill(host, SIGKILL);
    waitpid(host, NULL, 0);
    return supervisor;
}

START_TEST(case_86_when_the_host_is_killed_all_below_is_gone_within_a_second)
{
    kill_and_look(NULL);
}
END_TEST

START_TEST(case_86_when_the_supervisor_is_killed_all_below_is_gone_within_a_second)
{
    kill_and_look(SUPERVISOR);
}
END_TEST

static unsigned folders_of(int supervisor)
{
    FILE *f = popen("find /sys/fs/cgroup -maxdepth 4 -type d -name 'orch-*' 2>/dev/null", "r");
    char line[512];
    unsigned count = 0;

    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f) != NULL) {
        const char *name = strrchr(line, '/');
        int pid;

        count += name != NULL && sscanf(name, "/orch-%d-", &pid) == 1 && pid == supervisor;
    }
    pclose(f);
    return count;
}

START_TEST(case_86_the_next_start_sweeps_what_a_kill_left)
{
    int supervisor = kill_and_look(SUPERVISOR);
    bool had_groups = folders_of(supervisor) > 0;
    struct world w;

    world_start_hostile(&w, NULL);
    ck_assert(had_groups || (sandbox_layers(w.sb)->mask & LAYER_MEMORY) == 0);
    ck_assert_uint_eq(folders_of(supervisor), 0);
    world_done(&w);
}
END_TEST

START_TEST(a_lost_supervisor_is_told_once_and_every_attempt_is_answered)
{
    struct request sleeps = {.config = "{\"case\":\"sleep\"}"};
    struct answer *a;
    struct world w;
    int pids[PIDS_MAX];
    struct err e;

    world_start_hostile(&w, NULL);
    a = attempt_begin(&w, &sleeps);
    while (!a->started)
        world_turn_for(&w, 10);
    ck_assert_int_eq(find(getpid(), SUPERVISOR, pids), 1);
    kill(pids[0], SIGKILL);
    attempt_await(&w, a);
    expect_outcome(a, OUTCOME_INFRA);
    ck_assert(w.gone);
    ck_assert(!sandbox_attempt_start(w.sb,
                                     &(struct attempt_spec){.digest = w.digest, .tenant = "acme"},
                                     &a->id, NULL, &e));
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    world_stop(&w);
}
END_TEST

START_TEST(case_87_an_attempt_outlives_its_zygote_and_its_end_is_known)
{
    struct request sleeps = {.config = "{\"case\":\"sleep\"}"};
    int inits[PIDS_MAX], workers[PIDS_MAX], killed = 0;
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_begin(&w, &sleeps);
    while (!a->started)
        world_turn_for(&w, 10);
    world_turn_for(&w, 100);
    for (int i = find(getpid(), "orch-init", inits) - 1; i >= 0; i--)
        for (int j = find(inits[i], "orch-worker", workers) - 1; j >= 0; j--)
            if (process_parent(workers[j]) == inits[i])
                killed += kill(workers[j], SIGKILL) == 0;
    ck_assert_int_ge(killed, 1);
    world_turn_for(&w, 100);
    ck_assert_uint_eq(a->times, 0);
    sandbox_attempt_cancel(w.sb, a->id);
    attempt_await(&w, a);
    expect_outcome(a, OUTCOME_CANCELLED);
    ck_assert_int_eq(a->exit_code, 0);
    world_done(&w); /* the canary needs a new zygote */
}
END_TEST

static const char *const faults[] = {"group:3", "fork:3", "fork:1", "files:72"};

START_TEST(case_88_what_runs_out_is_infra_and_leaks_nothing)
{
    struct sandbox_options options = {.faults = faults[_i]};
    unsigned before = open_files(), ok = 0;
    struct world w;

    world_start(&w, &options);
    world_add(&w, HOSTILE_PLUGIN);
    for (int round = 0; round < 10 && w.plugin_ready; round++) {
        for (int i = 0; i < 20; i++)
            attempt_begin(&w, &(struct request){.agent = "canary"});
        world_await_all(&w);
    }
    for (unsigned i = 0; i < w.count; i++) {
        ck_assert(w.answers[i].outcome == OUTCOME_OK || w.answers[i].outcome == OUTCOME_INFRA);
        ok += w.answers[i].outcome == OUTCOME_OK;
    }
    ck_assert_uint_eq(ok > 0, _i != 2); /* with every fork failing, nothing runs */
    world_stop(&w);
    ck_assert_uint_eq(open_files(), before);
    ck_assert_uint_eq(descendants(), 0);
}
END_TEST

/* An attempt's process that is not among those: a fork that nobody has let go. 0: there is none. */
static int newborn(const int *known, int count)
{
    int pids[PIDS_MAX];

    for (int i = find(getpid(), "orch-attempt", pids) - 1; i >= 0; i--) {
        bool is_new = !process_is_zombie(pids[i]);

        for (int j = 0; j < count; j++)
            is_new = is_new && known[j] != pids[i];
        if (is_new)
            return pids[i];
    }
    return 0;
}

/* The supervisor looks so late that the fork is dead before it is known. */
START_TEST(case_87_a_fork_that_dies_early_takes_nobody_with_it)
{
    struct sandbox_options options = {.faults = "slow:200"};
    struct request sleeps = {.config = "{\"case\":\"sleep\"}"};
    int known[PIDS_MAX], count, pid = 0;
    struct answer *a;
    struct world w;

    world_start_hostile(&w, &options);
    a = attempt_begin(&w, &sleeps);
    while (!a->started)
        world_turn_for(&w, 10);
    world_turn_for(&w, 1500);
    count = find(getpid(), "orch-attempt", known);
    attempt_begin(&w, &sleeps);
    for (int64_t until = clock_mono_ns() + 10000000000; pid == 0;) {
        ck_assert_int_lt(clock_mono_ns(), until);
        world_turn_for(&w, 1);
        pid = newborn(known, count);
    }
    kill(pid, SIGKILL);
    world_turn_for(&w, 1000);
    ck_assert_msg(a->times == 0, "%s: %s", outcome_name(a->outcome), a->message);
    for (unsigned i = 0; i < w.count; i++)
        sandbox_attempt_cancel(w.sb, w.answers[i].id);
    for (unsigned i = 0; i < w.count; i++)
        attempt_await(&w, &w.answers[i]); /* the other may end later */
    expect_outcome(a, OUTCOME_CANCELLED);
    world_done(&w);
}
END_TEST

/* A loaded machine: the word of a zygote, its end and that of init are there before anyone looks.
 */
START_TEST(a_slow_supervisor_hears_what_a_zygote_said_before_it_ended)
{
    struct sandbox_options options = {.faults = "slow:50"};
    struct world w;

    world_start(&w, &options); /* the probe says CONFINED and ends */
    world_add(&w, LOADING_PLUGINS "/loading_prepare.so");
    ck_assert(w.plugin_failed);
    ck_assert_msg(strstr(w.plugin_error.msg, "prepare() returned -6") != NULL, "%s",
                  w.plugin_error.msg);
    world_stop(&w);
}
END_TEST

START_TEST(case_90_two_hundred_at_once_under_random_kills_are_each_answered_once)
{
    unsigned before = open_files(), by_outcome[OUTCOME_COUNT] = {0};
    int pids[PIDS_MAX], killed[PIDS_MAX], kills = 0;
    struct world w;

    srand(90);
    world_start_hostile(&w, NULL);
    for (int i = 0; i < 200; i++)
        attempt_begin(&w, &(struct request){.agent = "canary", .input = "{\"a\":[1,2,3]}"});
    for (int i = 0; i < 30 && w.pending > 0; i++) {
        int count = find(getpid(), i % 10 == 7 ? "orch-worker" : "orch-attempt", pids);

        if (count > 0) {
            killed[kills] = pids[rand() % count];
            kill(killed[kills++], SIGKILL);
        }
        world_turn_for(&w, 5);
    }
    world_await_all(&w);
    /* A spare that was hit last may still be dying: the canary would be given to it. */
    for (int64_t until = clock_mono_ns() + 10000000000; !all_gone(killed, kills);) {
        ck_assert_int_lt(clock_mono_ns(), until);
        world_turn_for(&w, 5);
    }
    world_turn_for(&w, 5);
    for (unsigned i = 0; i < w.count; i++) {
        ck_assert_uint_eq(w.answers[i].times, 1);
        by_outcome[w.answers[i].outcome]++;
    }
    /* Who killed one that ran nobody can tell: it is taken for its own doing. */
    ck_assert_uint_eq(by_outcome[OUTCOME_OK] + by_outcome[OUTCOME_INFRA] +
                          by_outcome[OUTCOME_CRASH],
                      200);
    ck_assert_uint_gt(by_outcome[OUTCOME_OK], 100);
    world_done(&w);
    ck_assert_uint_eq(descendants(), 0);
    ck_assert_uint_eq(open_files(), before);
}
END_TEST

START_TEST(case_92_a_cancel_at_any_time_is_cancelled_and_frees_what_it_held)
{
    struct request sleeps = {.config = "{\"case\":\"sleep\"}"};
    struct request with_secret = {.config = "{\"case\":\"sleep\"}", .secret = "value-of-it"};
    struct answer *waiting, *reserved, *runs;
    struct world w;

    world_start_hostile(&w, NULL);
    waiting = attempt_begin(&w, &sleeps);
    sandbox_attempt_cancel(w.sb, waiting->id);
    reserved = attempt_begin(&w, &with_secret);
    sandbox_attempt_kill(w.sb, reserved->id);
    runs = attempt_begin(&w, &sleeps);
    while (!runs->started)
        world_turn_for(&w, 10);
    sandbox_attempt_kill(w.sb, runs->id);
    world_await_all(&w);
    expect_outcome(waiting, OUTCOME_CANCELLED);
    expect_outcome(reserved, OUTCOME_CANCELLED);
    expect_outcome(runs, OUTCOME_CANCELLED);
    ck_assert_int_eq(runs->signal, SIGKILL);
    world_done(&w);
}
END_TEST

START_TEST(a_deadline_that_passes_before_the_start_is_a_timeout)
{
    struct request late = {.agent = "canary", .deadline_ms = -1};
    struct answer *a;
    struct world w;

    world_start_hostile(&w, NULL);
    a = attempt_run(&w, &late);
    expect_outcome(a, OUTCOME_TIMEOUT);
    world_done(&w);
}
END_TEST

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("failures");
    TCase *tests = tcase_create("cases 86 to 92");

    tcase_set_timeout(tests, 90);
    tcase_add_test(tests, case_86_when_the_host_is_killed_all_below_is_gone_within_a_second);
    tcase_add_test(tests, case_86_when_the_supervisor_is_killed_all_below_is_gone_within_a_second);
    tcase_add_test(tests, case_86_the_next_start_sweeps_what_a_kill_left);
    tcase_add_test(tests, a_lost_supervisor_is_told_once_and_every_attempt_is_answered);
    tcase_add_test(tests, case_87_an_attempt_outlives_its_zygote_and_its_end_is_known);
    tcase_add_test(tests, case_87_a_fork_that_dies_early_takes_nobody_with_it);
    tcase_add_loop_test(tests, case_88_what_runs_out_is_infra_and_leaks_nothing, 0,
                        (int)(sizeof faults / sizeof faults[0]));
    tcase_add_test(tests, a_slow_supervisor_hears_what_a_zygote_said_before_it_ended);
    tcase_add_test(tests, case_90_two_hundred_at_once_under_random_kills_are_each_answered_once);
    tcase_add_test(tests, case_92_a_cancel_at_any_time_is_cancelled_and_frees_what_it_held);
    tcase_add_test(tests, a_deadline_that_passes_before_the_start_is_a_timeout);
    suite_add_tcase(suite, tests);
    return suite;
}
