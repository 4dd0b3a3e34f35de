/* process_test.c -- what befalls a process: how it comes up or does not, the orders in which its
 * end can be told, what it breaks. */
#include "play.h"
#include "suites.h"

#include "sandbox/kernel/pidfd.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Two processes were asked for: one for the attempt, one spare. */
static struct process attempt_spawning(struct play *s, const struct attempt_spec *spec,
                                       int *ret_secret_fd)
{
    struct process p;

    load_plugin(s);
    attempt_start(s, spec, ret_secret_fd);
    p = hear_spawn(s);
    s->spare = hear_spawn(s);
    return p;
}

/* Again behind 50 ms and 100 ms; those who wait, wait that long. */
START_TEST(a_process_that_cannot_be_had_is_asked_for_again_and_the_third_time_told)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = attempt_spawning(&s, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        expect_told(&s, "");
        say_text(&s, MSG_SPAWN_FAILED, p.id, "no group");
        turn(&s);
        process_close(&p);
        turn_after(&s, (50 << i) - 1);
        hear_nothing(&s); /* and no RELEASE: it is forgotten already */
        if (i == 2)
            break;
        turn_after(&s, 1);
        p = hear_spawn(&s);
    }
    expect_told(&s, "done infra InfrastructureError: no group\n");
    attempt_start(&s, NULL, NULL);
    hear_nothing(&s);
    turn_after(&s, 1);
    p = hear_spawn(&s);
    process_close(&p);
    play_stop(&s);
}
END_TEST

START_TEST(a_spawn_without_an_answer_is_given_up_and_its_late_word_finds_nobody)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = attempt_spawning(&s, NULL, NULL);
    turn_after(&s, 10 * 1000);
    ck_assert_uint_eq(count_heard(&s, MSG_RELEASE), 2);
    say_spawned(&s, &p);
    say_exited(&s, &p, 0);
    turn(&s);
    hear_nothing(&s);
    expect_told(&s, "");
    process_close(&p);
    play_stop(&s);
}
END_TEST

/* The first that is overdue takes the others with it, while the list of them is walked. */
START_TEST(reserved_processes_that_are_overdue_together_all_give_up)
{
    struct attempt_spec spec;
    struct process p;
    struct play s;
    int secrets[6];

    play_start(&s, NULL);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.has_secrets = true;
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++)
        attempt_start(&s, &spec, &secrets[i]);
    p = hear_spawn(&s);
    hear_all(&s);
    turn_after(&s, 11 * 1000);
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        ck_assert_ptr_nonnull(strstr(buf_text(&s.told), "the supervisor did not answer"));
        close(secrets[i]);
    }
    ck_assert_uint_eq(count_heard(&s, MSG_KILL), 0); /* there is nothing to kill */
    ck_assert_uint_eq(sandbox_counts(s.sb).attempts_waiting, 0);
    ck_assert_uint_eq(sandbox_counts(s.sb).done_by_outcome[OUTCOME_INFRA], ARRAY_LEN(secrets));
    ck_assert_int_lt(sandbox_next_timer(s.sb), INT64_MAX);
    process_close(&p);
    play_stop(&s);
}
END_TEST

START_TEST(a_process_below_the_policy_is_killed_and_never_sees_the_input)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    p = attempt_spawning(&s, NULL, NULL);
    say_spawned_with(&s, &p, LAYER_SECCOMP);
    process_ready(&p, ~0u);
    turn(&s);
    process_hears_nothing(&p);
    ck_assert_uint_eq(count_heard(&s, MSG_KILL), 1);
    process_exits(&s, &p, KILLED);
    expect_told(&s, "done infra InfrastructureError: its process had not all layers that the node "
                    "needs\n");
    play_stop(&s);
}
END_TEST

/* ---- breaches ---- */

static void say_unknown(struct process *p)
{
    process_says(p, (enum attempt_message)77, "", 0);
}
static void say_ready_again(struct process *p)
{
    process_says(p, ATTEMPT_READY, "abcd", 4);
}
static void say_two_results(struct process *p)
{
    process_result(p, 0, "1");
    process_result(p, 0, "1");
}
static void say_output_alone(struct process *p)
{
    process_says(p, ATTEMPT_OUTPUT, "1", 1);
}
static void say_no_head(struct process *p)
{
    ck_assert_int_eq(write(p->channel, "abc", 3), 3);
}

static void (*const breaches[])(struct process *) = {
    say_unknown, say_ready_again, say_two_results, say_output_alone, say_no_head,
};

START_TEST(a_packet_that_is_not_due_ends_the_attempt_whatever_it_says_behind_it)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    breaches[_i](&p);
    turn(&s);
    ck_assert_uint_eq(hear(&s, MSG_KILL), p.id);
    process_exits(&s, &p, KILLED);
    expect_told(&s, "done protocol ProtocolError: killed for what it sent: a packet that is "
                    "not allowed, or too many of them\n");
    play_stop(&s);
}
END_TEST

/* Texts are counted where they are cut; notes of progress and empty packets have no cap but this.
 */
START_TEST(a_flood_of_packets_without_end_ends_the_attempt)
{
    static const uint8_t note[16 + ATTEMPT_NOTE_BYTES_MAX];
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    for (int i = 0; count_heard(&s, MSG_KILL) == 0; i++) {
        ck_assert_int_lt(i, 64 * 1024);
        process_says(&p, ATTEMPT_PROGRESS, note, sizeof note);
        turn(&s);
    }
    buf_done(&s.told);
    s.told = (struct buf){0};
    process_exits(&s, &p, KILLED);
    expect_told(&s, "done protocol ProtocolError: killed for what it sent: a packet that is "
                    "not allowed, or too many of them\n");
    play_stop(&s);
}
END_TEST

/* ---- the end ---- */

#define NOT_TOLD                                                                                   \
    "a system call that the profile forbids; which one was not told ('orch explain "               \
    "policy-violation' says why)"

static const struct {
    int status;
    const char *told;
} crashes[] = {
    {SIGSEGV, "done crash Crash: the agent crashed: SIGSEGV\n"},
    {34 + 7, "done crash Crash: the agent crashed: SIGRTMIN+7\n"},
    {SIGSYS, "done policy-violation PolicyViolation: policy violation: " NOT_TOLD "\n"},
};

START_TEST(a_crash_is_told_and_spoils_what_its_zygote_forked_for_its_plugin)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    say_spawned(&s, &s.spare);
    process_ready(&s.spare, INNER_LAYERS);
    turn(&s);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 1);
    process_exits(&s, &p, crashes[_i].status);
    expect_told(&s, crashes[_i].told);
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), p.id);
    ck_assert_uint_eq(hear(&s, MSG_ZYGOTE_STOP), p.zygote);
    ck_assert_uint_eq(hear(&s, MSG_KILL), s.spare.id);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_spoiled, 1);
    ck_assert_uint_eq(sandbox_counts(s.sb).spares_ready, 0);
    play_stop(&s);
}
END_TEST

/* What it said of its crash counts when it died of that. */
START_TEST(a_crash_says_where_if_the_signal_is_the_same)
{
    struct attempt_crash crash = {SIGSEGV, _i != 1, 0x10, 0x1a2b};
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_says(&p, ATTEMPT_CRASHED, &crash, sizeof crash);
    process_exits(&s, &p, _i == 2 ? SIGBUS : SIGSEGV);
    if (_i == 0)
        expect_told(&s, "done crash Crash: the agent crashed: SIGSEGV at address 0x10, instruction "
                        "plugin+0x1a2b\n");
    else if (_i == 1)
        expect_told(&s, "done crash Crash: the agent crashed: SIGSEGV at address 0x10\n");
    else
        expect_told(&s, "done crash Crash: the agent crashed: SIGBUS\n");
    play_stop(&s);
}
END_TEST

/* SIGKILL by nobody of ours may be the kernel's: the supervisor knows its group. */
START_TEST(a_kill_of_unknown_reason_is_asked_about)
{
    uint64_t numbers[2] = {1, 4096};
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_exits(&s, &p, KILLED);
    expect_told(&s, "");
    ck_assert_uint_eq(hear(&s, MSG_RELEASE), p.id);
    ck_assert_int_eq(memcmp(s.frame.frame.payload, "\1\0\0\0", 4), 0);
    say_exited(&s, &p, 0); /* said already */
    say(&s, MSG_RELEASED, p.id, numbers, sizeof numbers);
    say(&s, MSG_RELEASED, p.id, numbers, sizeof numbers);
    turn(&s);
    expect_told(&s, "done oom MemoryLimit: killed over its memory limit of 268435456 bytes "
                    "(memory_bytes) peak 4096\n");
    play_stop(&s);
}
END_TEST

static const struct {
    uint64_t oom_kills;
    enum super_message over; /* said behind the exit; 0: nothing is */
    const char *told;
} kills[] = {
    {0, 0, "done crash Crash: the agent crashed: SIGKILL\n"},
    {2, 0,
     "done oom MemoryLimit: killed over its memory limit of 268435456 bytes (memory_bytes)\n"},
    {0, MSG_OVER_MEMORY,
     "done oom MemoryLimit: killed over its memory limit of 268435456 bytes (memory_bytes)\n"},
    {0, MSG_OVER_CPU,
     "done cpu-limit CpuLimit: killed over its CPU time limit of 600000 ms (cpu_ms)\n"},
};

START_TEST(a_kill_that_neither_we_nor_the_kernel_sent_is_its_own_crash)
{
    uint64_t numbers[2] = {kills[_i].oom_kills, 0};
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_exits(&s, &p, KILLED);
    if (kills[_i].over != 0)
        say(&s, kills[_i].over, p.id, NULL, 0);
    say(&s, MSG_RELEASED, p.id, numbers, sizeof numbers);
    turn(&s);
    expect_told(&s, kills[_i].told);
    play_stop(&s);
}
END_TEST

START_TEST(a_process_over_its_cpu_time_is_killed_for_that)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    say(&s, MSG_OVER_CPU, p.id, NULL, 0);
    turn(&s);
    process_exits(&s, &p, KILLED);
    expect_told(&s,
                "done cpu-limit CpuLimit: killed over its CPU time limit of 600000 ms (cpu_ms)\n");
    play_stop(&s);
}
END_TEST

START_TEST(an_answer_about_memory_is_not_waited_for_longer_than_two_seconds)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    say(&s, MSG_OVER_MEMORY, p.id, NULL, 0);
    turn(&s);
    ck_assert_uint_eq(hear(&s, MSG_KILL), p.id);
    process_exits(&s, &p, KILLED);
    expect_told(&s, "");
    turn_after(&s, 2000);
    expect_told(
        &s,
        "done oom MemoryLimit: killed over its memory limit of 268435456 bytes (memory_bytes)\n");
    play_stop(&s);
}
END_TEST

START_TEST(a_process_that_a_kill_does_not_end_is_lost)
{
    struct process p;
    struct play s;
    uint64_t id;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, &id, NULL);
    sandbox_attempt_kill(s.sb, id);
    turn_after(&s, 1990);
    expect_told(&s, "");
    turn_after(&s, 20);
    expect_told(&s, "done lost Lost: could not be killed in time\n");
    process_close(&p);
    play_stop(&s);
}
END_TEST

/* The pidfd hangs up and init's word does not come: nobody knows how it ended. */
START_TEST(an_exit_without_a_word_is_waited_for_a_second)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    process_result(&p, 0, "1");
    process_close(&p);
    turn(&s);
    expect_told(&s, "");
    turn_after(&s, 1000);
    expect_told(&s, "done infra InfrastructureError: it ended, and nobody could tell how\n");
    play_stop(&s);
}
END_TEST

START_TEST(a_closed_channel_alone_ends_nothing)
{
    struct process p;
    struct play s;

    play_start(&s, NULL);
    load_plugin(&s);
    p = attempt_running(&s, NULL, NULL, NULL);
    close(p.channel);
    p.channel = -1;
    turn(&s);
    hear_nothing(&s);
    expect_told(&s, "");
    process_exits(&s, &p, 3 << 8);
    expect_told(
        &s,
        "done protocol ProtocolError: its process ended with exit status 3 and without a result\n");
    play_stop(&s);
}
END_TEST

/* A real process that ended and was reaped, where this kernel tells its status by its pidfd. */
START_TEST(the_kernels_word_about_an_exit_is_enough)
{
    uint32_t layers = (1u << LAYER_COUNT) - 1;
    struct frame frame = {.type = MSG_SPAWNED, .payload = &layers, .payload_bytes = 4};
    struct process p;
    struct play s;
    struct err e;
    pid_t child;
    int pidfd, ends[2];
    char byte;

    play_start(&s, NULL);
    p = attempt_spawning(&s, NULL, NULL);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    if (child == 0)
        _exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
    pidfd = pidfd_of(child);
    ck_assert_int_ge(pidfd, 0);
    frame.id = p.id;
    frame.fds = &pidfd;
    frame.fd_count = 1;
    ck_assert(frame_send(s.link, &frame, &e));
    close(pidfd);
    turn(&s);
    process_ready(&p, INNER_LAYERS);
    turn(&s);
    process_result(&p, 0, "[]");
    ck_assert_int_eq(write(ends[1], "", 1), 1);
    waitpid(child, NULL, 0);
    turn(&s);
    expect_told(&s, pidfd_exit_works() ? "started level 4 cold\ndone ok []\n"
                                       : "started level 4 cold\ndone infra InfrastructureError: it "
                                         "ended, and nobody could tell how\n");
    close(ends[0]);
    close(ends[1]);
    process_close(&p);
    play_stop(&s);
}
END_TEST

Suite *client_process_suite(void)
{
    Suite *suite = suite_create("client_process");
    TCase *tests = tcase_create("process");

    tcase_set_timeout(tests, 60); /* the clock is ours; the machine may be slow */
    tcase_add_test(tests, a_process_that_cannot_be_had_is_asked_for_again_and_the_third_time_told);
    tcase_add_test(tests, a_spawn_without_an_answer_is_given_up_and_its_late_word_finds_nobody);
    tcase_add_test(tests, reserved_processes_that_are_overdue_together_all_give_up);
    tcase_add_test(tests, a_process_below_the_policy_is_killed_and_never_sees_the_input);
    tcase_add_loop_test(tests, a_packet_that_is_not_due_ends_the_attempt_whatever_it_says_behind_it,
                        0, (int)ARRAY_LEN(breaches));
    tcase_add_test(tests, a_flood_of_packets_without_end_ends_the_attempt);
    tcase_add_loop_test(tests, a_crash_is_told_and_spoils_what_its_zygote_forked_for_its_plugin, 0,
                        (int)ARRAY_LEN(crashes));
    tcase_add_loop_test(tests, a_crash_says_where_if_the_signal_is_the_same, 0, 3);
    tcase_add_test(tests, a_kill_of_unknown_reason_is_asked_about);
    tcase_add_loop_test(tests, a_kill_that_neither_we_nor_the_kernel_sent_is_its_own_crash, 0,
                        (int)ARRAY_LEN(kills));
    tcase_add_test(tests, a_process_over_its_cpu_time_is_killed_for_that);
    tcase_add_test(tests, an_answer_about_memory_is_not_waited_for_longer_than_two_seconds);
    tcase_add_test(tests, a_process_that_a_kill_does_not_end_is_lost);
    tcase_add_test(tests, an_exit_without_a_word_is_waited_for_a_second);
    tcase_add_test(tests, a_closed_channel_alone_ends_nothing);
    tcase_add_test(tests, the_kernels_word_about_an_exit_is_enough);
    suite_add_tcase(suite, tests);
    return suite;
}
