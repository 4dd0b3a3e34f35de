/* loadtime_strikes.c -- a plugin that is described well and fails as a spare: three strikes, and no
 * storm of processes meanwhile. Issue 6, F10. "cpu700": as a spare of nodes with
 * 700 s of CPU time, which is no narrow limit that could be to blame. */
#include "loadtime.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static const char *const strikes[] = {
    "exit_0",      "exit_3",       "segv",      "abort",       "sleep",
    "ready_twice", "ready_many",   "flood_log", "flood_noise", "flood_out",
    "flood_err",   "result_early", "kill_init", "recurse",
};

/* Processes that were made for nothing: three tries, with four spares at once. */
enum { WASTED_MAX = 16, TREE_MAX = 24 };

static uint64_t wasted(const struct world *w)
{
    struct sandbox_counts counts = sandbox_counts(w->sb);

    return counts.zygotes_started + counts.spares_spoiled;
}

static struct request of_700_seconds(enum isolation isolation)
{
    return (
        struct request){.isolation = isolation, .limits.cpu_ms = 700 * 1000, .deadline_ms = 60000};
}

/* Whatever becomes of it: no more is made, and what there was is gone. */
static void expect_quiet(struct world *w, int64_t ms)
{
    uint64_t before = wasted(w);
    struct watch watch = outside_watch(w, "kid", ms);

    ck_assert_uint_le(wasted(w) - before, 2);
    ck_assert_uint_eq(watch.always_runs, 0);
    ck_assert_msg(watch.most <= TREE_MAX, "%u processes", watch.most);
}

/* Turns until there is a verdict, at most 10 s. */
static void await_quarantine(struct world *w)
{
    for (int i = 0; i < 500 && w->quarantined == 0; i++)
        world_turn_for(w, 20);
}

START_TEST(three_strikes_quarantine_a_plugin_that_fails_as_a_spare)
{
    struct sandbox_options options = {.load_ms = 500};
    struct request r = of_700_seconds(class_of(_i / LENGTH(strikes)));
    struct load load = {.attack = strikes[_i % LENGTH(strikes)], .when = "cpu700"};
    struct attempt_spec spec = {.agent_id = "hostile", .tenant = "acme"};
    struct answer *a[3];
    struct world w;
    struct err e;
    uint64_t id;

    loads_start(&w, &options);
    load_add(&w, &load);
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    for (int i = 0; i < 3; i++)
        a[i] = attempt_begin(&w, &r);
    await_quarantine(&w);
    ck_assert_uint_eq(w.quarantined, 1);
    ck_assert_uint_gt(strlen(w.quarantine_error.msg), 10);
    ck_assert_ptr_null(strstr(w.quarantine_error.msg, "(null)"));
    ck_assert_msg(wasted(&w) <= WASTED_MAX, "%ju processes for nothing", (uintmax_t)wasted(&w));
    for (int i = 0; i < 3; i++) {
        attempt_await(&w, a[i]);
        ck_assert(a[i]->outcome != OUTCOME_OK && a[i]->outcome != OUTCOME_INFRA);
        ck_assert_int_ne(a[i]->message[0], '\0');
        /* Only what said that it was ready may have been given an input. */
        if (!a[i]->started)
            expect_outcome(a[i], OUTCOME_REVOKED);
    }
    spec.digest = w.digest;
    ck_assert(!sandbox_attempt_start(w.sb, &spec, &id, NULL, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    expect_quiet(&w, 500);
    ck_assert_uint_eq(w.quarantined, 1);
    loads_done(&w);
}
END_TEST

/* Nobody waits: spares alone are enough for the verdict. */
START_TEST(spares_alone_lead_to_quarantine)
{
    struct attempt_spec spec = {.agent_id = "hostile",
                                .tenant = "acme",
                                .isolation = class_of(_i),
                                .limits.cpu_ms = 700 * 1000};
    struct sandbox_options options = {.load_ms = 500};
    struct world w;
    struct err e;

    loads_start(&w, &options);
    load_add(&w, &(struct load){.attack = "exit_0", .when = "cpu700"});
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    spec.digest = w.digest;
    ck_assert_msg(sandbox_warm(w.sb, &spec, 4, &e), "%s", e.msg);
    await_quarantine(&w);
    ck_assert_uint_eq(w.quarantined, 1);
    ck_assert_msg(wasted(&w) <= WASTED_MAX, "%ju processes for nothing", (uintmax_t)wasted(&w));
    expect_quiet(&w, 2000);
    loads_done(&w);
}
END_TEST

static const char *const noisy[] = {
    "ready",       "ready_twice", "ready_many", "result_early", "about", "flood_log",
    "flood_noise", "flood_out",   "flood_err",  "flood_some",   "forge", "pass_descriptor",
};

/* At every load, the first one too. Refused, quarantined or harmless: what it costs is bounded and
 * every attempt is answered. */
START_TEST(words_before_their_time_cost_a_bounded_number_of_processes)
{
    struct sandbox_options options = {.load_ms = 500};
    struct request r = {.isolation = class_of(_i / LENGTH(noisy)), .deadline_ms = 5000};
    struct load load = {.attack = noisy[_i % LENGTH(noisy)]};
    struct world w;

    loads_start(&w, &options);
    load_add(&w, &load);
    if (w.plugin_failed) {
        ck_assert_uint_gt(strlen(w.plugin_error.msg), 10);
    } else {
        struct answer *a = attempt_run(&w, &r);

        /* A result is the agent's own or none: nothing that was said early is taken for it. */
        if (a->outcome == OUTCOME_OK)
            ck_assert_str_ne(said(a), "(nothing)");
    }
    ck_assert_msg(wasted(&w) <= WASTED_MAX, "%ju processes for nothing", (uintmax_t)wasted(&w));
    expect_quiet(&w, 500);
    loads_done(&w);
}
END_TEST

/* A strike is forgotten when an attempt takes its input. */
START_TEST(a_plugin_that_fails_in_its_runs_is_not_quarantined)
{
    struct request crashes = {.config = "{\"case\":\"segv\"}", .isolation = class_of(_i)};
    struct world w;

    loads_start(&w, NULL);
    load_add(&w, &(struct load){.attack = "nothing"});
    for (int i = 0; i < 6; i++)
        expect_outcome(attempt_run(&w, &crashes), OUTCOME_CRASH);
    ck_assert_uint_eq(w.quarantined, 0);
    expect_outcome(run_case(&w, "note", class_of(_i)), OUTCOME_OK);
    loads_done(&w);
}
END_TEST

void loadtime_add_strikes(TCase *tests)
{
    /* Not warm: its plugin is loaded before there is an attempt with limits. */
    tcase_add_loop_test(tests, three_strikes_quarantine_a_plugin_that_fails_as_a_spare, 0,
                        2 * LENGTH(strikes));
    tcase_add_loop_test(tests, spares_alone_lead_to_quarantine, 0, 2);
    tcase_add_loop_test(tests, words_before_their_time_cost_a_bounded_number_of_processes, 0,
                        CLASSES * LENGTH(noisy));
    tcase_add_loop_test(tests, a_plugin_that_fails_in_its_runs_is_not_quarantined, 0, CLASSES);
}
