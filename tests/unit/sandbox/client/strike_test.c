/* strike_test.c -- what a process may not do before an attempt uses it, and what three of those in
 * a row are. */
#include "play.h"
#include "suites.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static void say_ready_twice(struct play *s, struct process *p)
{
    (void)s;
    process_ready(p, INNER_LAYERS);
    process_ready(p, INNER_LAYERS);
}
static void log_early(struct play *s, struct process *p)
{
    (void)s;
    process_logs(p, 1, "early");
}
static void describe_unasked(struct play *s, struct process *p)
{
    (void)s;
    process_says(p, ATTEMPT_ABOUT_END, "", 0);
}
static void speak_when_ready(struct play *s, struct process *p)
{
    process_ready(p, INNER_LAYERS);
    turn(s);
    ck_assert_uint_eq(sandbox_counts(s->sb).spares_ready, 1);
    process_says(p, ATTEMPT_HEARTBEAT, "", 0);
}
static void print_when_ready(struct play *s, struct process *p)
{
    static const char text[40000];

    process_ready(p, INNER_LAYERS);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(write(p->out, text, sizeof text), sizeof text);
        turn(s);
    }
}
static void load_without_end(struct play *s, struct process *p)
{
    (void)p;
    turn_after(s, 300);
}
static void fail_to_load(struct play *s, struct process *p)
{
    (void)s;
    process_says(p, ATTEMPT_LOAD_FAILED, "no symbol", 9);
}
static void go_over_its_memory(struct play *s, struct process *p)
{
    say(s, MSG_OVER_MEMORY, p->id, NULL, 0);
}
static void go_over_its_cpu_time(struct play *s, struct process *p)
{
    say(s, MSG_OVER_CPU, p->id, NULL, 0);
}
static void crash(struct play *s, struct process *p)
{
    process_exits(s, p, SIGSEGV);
}
static void exit_early(struct play *s, struct process *p)
{
    process_exits(s, p, 0);
}
static void crash_when_ready(struct play *s, struct process *p)
{
    process_ready(p, INNER_LAYERS);
    turn(s);
    process_exits(s, p, 34);
}
/* It has nothing to do: no limit is too low for that. */
static void spin_when_ready(struct play *s, struct process *p)
{
    process_ready(p, INNER_LAYERS);
    turn(s);
    say(s, MSG_OVER_CPU, p->id, NULL, 0);
}
static void touch_too_much(struct play *s, struct process *p)
{
    uint64_t once[2] = {1, 256 << 20};

    process_exits(s, p, KILLED);
    say(s, MSG_RELEASED, p->id, once, sizeof once);
}

static const struct {
    void (*commit)(struct play *, struct process *);
    const char *why;
    bool limits; /* may be for want of room */
} strikes[] = {
    {say_ready_twice, "a process said what was not due before it was used", false},
    {log_early, "a process said what was not due before it was used", false},
    {describe_unasked, "a process said what was not due before it was used", false},
    {speak_when_ready, "a process said what was not due before it was used", false},
    {print_when_ready, "a process wrote without end before it was used", false},
    {load_without_end, "the plugin did not load in 300 ms", false},
    {fail_to_load, "no symbol", true},
    {go_over_its_memory, "the plugin was over its memory limit before it was used", true},
    {go_over_its_cpu_time, "the plugin was over its CPU time limit before it was used", true},
    {crash, "a process ended by SIGSEGV while loading the plugin", true},
    {exit_early, "a process exited with 0 while loading the plugin", true},
    {crash_when_ready, "a process ended by SIGRTMIN+0 before it was used", false},
    {spin_when_ready, "the plugin was over its CPU time limit before it was used", false},
    {touch_too_much, "the plugin was over its memory limit before it was used", true},
};

static void commit(struct play *s, int i)
{
    struct process p = spare_loading(s);

    strikes[i].commit(s, &p);
    turn(s);
    process_exits(s, &p, KILLED); /* as it does when it lives; otherwise said to nobody */
    ck_assert_uint_eq(sandbox_counts(s->sb).spares_ready, 0);
    ck_assert_uint_eq(sandbox_counts(s->sb).spares_starting, 0);
}

START_TEST(the_third_strike_in_a_row_is_the_plugins_quarantine)
{
    auto_done(buf) told = {0};
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    keep_a_spare(&s, NULL);
    for (int i = 0; i < 3; i++) {
        expect_told(&s, "");
        commit(&s, _i);
        expect_pause(&s, 50 << i);
    }
    hear_nothing(&s);
    buf_addf(&told, "quarantined failed 3 times in a row before it was used: %s\n",
             strikes[_i].why);
    expect_told(&s, buf_text(&told));
    /* It is removed: it may be added again, and begins anew. */
    load_plugin(&s);
    play_stop(&s);
}
END_TEST

/* The node's limits are lower than those it was described under. What may be for want of room is
 * told to those who wait, and is no strike; a breach is one all the same. */
START_TEST(what_low_limits_may_have_done_is_no_strike)
{
    struct attempt_spec spec;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.limits.memory_bytes = 32 << 20;
    keep_a_spare(&s, &spec);
    for (int i = 0; i < 3; i++) {
        commit(&s, _i);
        expect_pause(&s, 50 << i);
    }
    hear_nothing(&s); /* nobody waits for one, so none is made again */
    ck_assert_int_eq(strncmp(buf_text(&s.told), "quarantined", 11) == 0, !strikes[_i].limits);
    play_stop(&s);
}
END_TEST

START_TEST(those_who_wait_for_room_that_is_not_there_are_told)
{
    struct attempt_spec spec;
    struct process p, q;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    spec = spec_of(&s);
    spec.limits.cpu_ms = 1000;
    attempt_start(&s, &spec, NULL);
    for (int i = 0; i < 3; i++) {
        expect_told(&s, "");
        p = spare_loading(&s);
        q = spare_loading(&s);
        process_exits(&s, &p, SIGXCPU);
        process_exits(&s, &q, SIGXCPU); /* of the same failure: not counted again */
        expect_pause(&s, 50 << i);
    }
    expect_told(&s,
                "done cpu-limit CpuLimit: a process ended by SIGXCPU while loading the plugin\n");
    play_stop(&s);
}
END_TEST

/* A burst of spares that fails is one failure, however many they are; then they come one by one. */
START_TEST(what_was_made_before_a_strike_is_a_part_of_it)
{
    struct sandbox_options options = {.spares_max = 4, .spares_min = 4};
    struct process p[4];
    struct play s;

    play_start(&s, &options);
    load_plugin(&s);
    keep_a_spare(&s, NULL);
    for (int i = 0; i < 4; i++)
        p[i] = hear_spawn(&s);
    for (int i = 0; i < 4; i++)
        say_spawned(&s, &p[i]);
    for (int i = 0; i < 4; i++)
        process_exits(&s, &p[i], SIGSEGV);
    expect_told(&s, "");
    expect_pause(&s, 50);
    ck_assert_uint_eq(count_heard(&s, MSG_SPAWN), 1); /* to see whether it fails again */
    play_stop(&s);
}
END_TEST

static void strike(struct play *s, int64_t pause_ms)
{
    struct process p = spare_loading(s);

    process_exits(s, &p, SIGSEGV);
    expect_pause(s, pause_ms);
}

static const struct {
    const char *output, *told, *then;
} rows[] = {
    {"1", "started level 4 cold\ndone ok 1\n", ""},
    /* It took its input, and that is all. */
    {NULL,
     "started level 4 cold\n"
     "done protocol ProtocolError: its process ended with exit status 0 and without a result\n",
     "quarantined failed 3 times in a row before it was used: a process ended by SIGSEGV while "
     "loading the plugin\n"},
};

START_TEST(a_whole_result_ends_the_row)
{
    struct process p;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    keep_a_spare(&s, NULL);
    strike(&s, 50);
    strike(&s, 100);
    p = spare_loading(&s);
    process_ready(&p, INNER_LAYERS);
    turn(&s);
    attempt_start(&s, NULL, NULL);
    turn(&s);
    if (rows[_i].output != NULL)
        process_result(&p, 0, rows[_i].output);
    process_exits(&s, &p, 0);
    expect_told(&s, rows[_i].told);
    strike(&s, rows[_i].output != NULL ? 50 : 200);
    expect_told(&s, rows[_i].then);
    play_stop(&s);
}
END_TEST

START_TEST(at_a_quarantine_those_who_wait_and_those_that_run_end_as_revoked)
{
    struct process running, p, other;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    running = attempt_running(&s, NULL, NULL, NULL);
    attempt_start(&s, NULL, NULL);
    p = s.spare;
    other = hear_spawn(&s);
    say_spawned(&s, &other);
    for (int i = 0; i < 3; i++) {
        expect_told(&s, "");
        say_spawned(&s, &p);
        process_exits(&s, &p, SIGSEGV);
        if (i == 0)
            process_exits(&s, &other, SIGSEGV);
        expect_pause(&s, 50 << i);
        if (i < 2)
            p = hear_spawn(&s);
    }
    expect_told(&s, "quarantined failed 3 times in a row before it was used: a process ended by "
                    "SIGSEGV while loading the plugin\n"
                    "done revoked PluginRevoked: failed 3 times in a row before it was used: a "
                    "process ended by SIGSEGV while loading the plugin\n");
    process_exits(&s, &running, KILLED);
    expect_told(&s, "done revoked PluginRevoked: failed 3 times in a row before it was used: a "
                    "process ended by SIGSEGV while loading the plugin\n");
    play_stop(&s);
}
END_TEST

START_TEST(the_strikes_of_one_plugin_delay_no_other)
{
    struct process p;
    struct play s;

    play_start(&s, &one_spare);
    load_plugin(&s);
    keep_a_spare(&s, NULL);
    commit(&s, 0);
    hear_all(&s);
    load_plugin_of(&s, NULL, "another");
    attempt_start(&s, NULL, NULL);
    p = hear_spawn(&s);
    ck_assert_uint_eq(p.zygote, s.zygote);
    process_close(&p);
    play_stop(&s);
}
END_TEST

Suite *client_strike_suite(void)
{
    Suite *suite = suite_create("client_strike");
    TCase *tests = tcase_create("strike");

    tcase_set_timeout(tests, 60); /* the clock is ours; the machine may be slow */
    tcase_add_loop_test(tests, the_third_strike_in_a_row_is_the_plugins_quarantine, 0,
                        (int)ARRAY_LEN(strikes));
    tcase_add_loop_test(tests, what_low_limits_may_have_done_is_no_strike, 0,
                        (int)ARRAY_LEN(strikes));
    tcase_add_test(tests, those_who_wait_for_room_that_is_not_there_are_told);
    tcase_add_test(tests, what_was_made_before_a_strike_is_a_part_of_it);
    tcase_add_loop_test(tests, a_whole_result_ends_the_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(tests, at_a_quarantine_those_who_wait_and_those_that_run_end_as_revoked);
    tcase_add_test(tests, the_strikes_of_one_plugin_delay_no_other);
    suite_add_tcase(suite, tests);
    return suite;
}
