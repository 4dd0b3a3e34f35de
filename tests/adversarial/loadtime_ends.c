/* loadtime_ends.c -- every way in which loading can end is a refusal with its reason. */
#include "loadtime.h"

#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *attack;
    const char *words; /* that the reason holds; NULL: some */
} ends[] = {
    {"sleep", "did not load in 1000 ms"},
    {"spin", NULL},
    {"exit_0", NULL},
    {"exit_3", NULL},
    {"exit_handlers", NULL},
    {"abort", "SIGABRT"},
    {"segv", "SIGSEGV"},
    {"recurse", "SIGSEGV"},
    {"recurse_caught", NULL},
    {"touch_3g", NULL},
    {"touch_pieces", NULL},
    {"flood_log", NULL},
    {"flood_noise", NULL},
    {"flood_out", NULL},
    {"flood_err", NULL},
    {"ready_many", NULL},
    {"result_early", NULL},
};
static const char *const places[] = {"constructor", "ifunc", "prepare"};

/* Seen in three spares before the attempt had its turn. */
static bool three_were_over_memory(const struct answer *a)
{
    return a->outcome == OUTCOME_REVOKED && strstr(a->message, "over its memory limit") != NULL;
}

START_TEST(whatever_does_not_end_well_is_refused_in_words)
{
    struct sandbox_options options = {.load_ms = 1000};
    struct load load = {.attack = ends[_i / LENGTH(places)].attack,
                        .where = places[_i % LENGTH(places)]};
    const char *words = ends[_i / LENGTH(places)].words;
    struct world w;

    loads_start(&w, &options);
    load_add(&w, &load);
    if (w.plugin_failed) {
        ck_assert_uint_gt(strlen(w.plugin_error.msg), 10);
        ck_assert_ptr_null(strstr(w.plugin_error.msg, "(null)"));
        if (words != NULL)
            ck_assert_msg(strstr(w.plugin_error.msg, words) != NULL, "%s", w.plugin_error.msg);
    } else {
        const struct answer *a = run_case(&w, "note", ISOLATION_COLD);

        /* Memory may be refused with an errno, which is no end; what was touched until then may be
         * over the limit all the same, and then it is seen. */
        ck_assert_msg(strncmp(load.attack, "touch", 5) == 0, "it was loaded");
        ck_assert_msg(a->outcome == OUTCOME_OOM || strstr(said(a), "ENOMEM") != NULL ||
                          three_were_over_memory(a),
                      "%s: %s", outcome_name(a->outcome), a->message);
    }
    loads_done(&w);
}
END_TEST

static bool is_ignored(int number)
{
    return number == SIGCHLD || number == SIGURG || number == SIGWINCH || number == SIGCONT;
}

/* What service managers send to everybody passes an attempt over, and the other three that stop do
 * not in a session without a terminal. */
static bool is_nothing(int number)
{
    return is_ignored(number) || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU ||
           number == SIGHUP || number == SIGINT || number == SIGTERM || number == SIGQUIT ||
           number == SIGUSR1 || number == SIGUSR2 || number == SIGPIPE;
}

/* "SIGSEGV", or the number of one that has no name. */
static bool names_signal(const char *msg, int number)
{
    const char *name = sigabbrev_np(number);
    auto_mem char *word = name != NULL ? mem_printf("SIG%s", name) : mem_printf("%d", number);

    if (number == SIGKILL)
        return strcasestr(msg, "kill") != NULL; /* who sent it nobody can tell */
    return strstr(msg, word) != NULL || (name == NULL && strstr(msg, "SIGRT") != NULL);
}

static void expect_end_by(struct world *w, int number)
{
    auto_mem char *word = mem_printf("%d", number);
    const char *msg = w->plugin_error.msg;

    load_add(w, &(struct load){.attack = "raise", .word = word});
    if (is_nothing(number)) {
        ck_assert_msg(w->plugin_ready, "signal %d: %s", number, msg);
        return;
    }
    ck_assert_msg(w->plugin_failed, "signal %d does no harm", number);
    ck_assert_ptr_null(strstr(msg, "(null)"));
    if (number == SIGSTOP)
        ck_assert_msg(strstr(msg, "did not load") != NULL, "signal %d: %s", number, msg);
    else
        ck_assert_msg(names_signal(msg, number), "signal %d: %s", number, msg);
}

START_TEST(each_signal_that_ends_a_load_is_named)
{
    struct sandbox_options options = {.load_ms = 1000};
    struct world w;

    loads_start(&w, &options);
    for (int number = 1 + _i * 8; number <= 8 + _i * 8; number++)
        expect_end_by(&w, number);
    loads_done(&w);
}
END_TEST

START_TEST(each_signal_that_ends_an_attempt_is_named)
{
    struct world w;

    loads_start(&w, NULL);
    for (int number = 1 + _i * 8; number <= 8 + _i * 8; number++) {
        auto_mem char *word = mem_printf("%d", number);
        struct request r = {.config = "{\"case\":\"raise\"}", .deadline_ms = 1500};
        struct answer *a;

        load_add(&w, &(struct load){.attack = "raise", .where = "run", .word = word});
        ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
        a = attempt_run(&w, &r);
        ck_assert_ptr_null(strstr(a->message, "(null)"));
        if (is_nothing(number))
            expect_outcome(a, OUTCOME_OK);
        else if (number == SIGSTOP)
            expect_outcome(a, OUTCOME_TIMEOUT);
        else
            ck_assert_msg(a->outcome != OUTCOME_OK && a->outcome != OUTCOME_INFRA, "signal %d: %s",
                          number, outcome_name(a->outcome));
        if (a->outcome == OUTCOME_CRASH)
            ck_assert_msg(names_signal(a->message, number), "signal %d: %s", number, a->message);
        if (w.quarantined == 0)
            sandbox_plugin_remove(w.sb, w.digest);
        w.quarantined = 0;
    }
    loads_done(&w);
}
END_TEST

void loadtime_add_ends(TCase *tests)
{
    tcase_add_loop_test(tests, whatever_does_not_end_well_is_refused_in_words, 0,
                        LENGTH(ends) * LENGTH(places));
    tcase_add_loop_test(tests, each_signal_that_ends_a_load_is_named, 0, 8);
    tcase_add_loop_test(tests, each_signal_that_ends_an_attempt_is_named, 0, 8);
}
