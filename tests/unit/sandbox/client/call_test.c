/* call_test.c -- a forbidden system call that the supervisor tells of. */
#include "play.h"
#include "suites.h"

#include "base/mem.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

static const struct {
    struct call call;
    bool behind; /* the exit */
    const char *told;
} forbidden[] = {
    {{SYS_execve, 0}, false, "system call execve ("},
    {{SYS_execve, 0}, true, "system call execve ("},
    {{0x40000000u | SYS_read, 1}, false, "of another architecture"},
    {{99999, 0}, false, "system call without a known name (99999)"},
};

/* By the supervisor, in the place of its filter: the outcome, the signal and what follows are those
 * of a kill by the kernel. */
START_TEST(a_process_killed_for_a_forbidden_call_is_a_policy_violation_that_names_it)
{
    uint64_t numbers[2] = {0, 0};
    struct process p;
    struct play s;
    const char *told;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    if (!forbidden[_i].behind)
        say(&s, MSG_FORBIDDEN, p.id, &forbidden[_i].call, sizeof forbidden[_i].call);
    process_exits(&s, &p, KILLED);
    if (forbidden[_i].behind)
        say(&s, MSG_FORBIDDEN, p.id, &forbidden[_i].call, sizeof forbidden[_i].call);
    say(&s, MSG_RELEASED, p.id, numbers, sizeof numbers);
    turn(&s);
    told = buf_text(&s.told);
    ck_assert_msg(strstr(told, "done policy-violation PolicyViolation: policy violation: ") != NULL,
                  "%s", told);
    ck_assert_msg(strstr(told, forbidden[_i].told) != NULL, "%s", told);
    play_stop(&s);
}
END_TEST

START_TEST(one_that_is_killed_for_a_forbidden_call_is_refused_with_its_name)
{
    struct call call = {.number = SYS_ptrace};
    uint64_t numbers[2] = {0, 0};
    auto_mem char *told = mem_printf("refused a process ended by SIGSYS while loading the plugin: "
                                     "policy violation: system call ptrace (%d)\n",
                                     SYS_ptrace);
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = add_plugin(&s, NULL, "bytes");
    say_spawned(&s, &p);
    say(&s, MSG_FORBIDDEN, p.id, &call, sizeof call);
    process_exits(&s, &p, SIGKILL);
    say(&s, MSG_RELEASED, p.id, numbers, sizeof numbers);
    turn(&s);
    expect_told(&s, told);
    play_stop(&s);
}
END_TEST

Suite *client_call_suite(void)
{
    Suite *suite = suite_create("client_call");
    TCase *tests = tcase_create("call");

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests,
                        a_process_killed_for_a_forbidden_call_is_a_policy_violation_that_names_it,
                        0, (int)ARRAY_LEN(forbidden));
    tcase_add_test(tests, one_that_is_killed_for_a_forbidden_call_is_refused_with_its_name);
    suite_add_tcase(suite, tests);
    return suite;
}
