/* retry_test.c -- every outcome class under every kind of policy, delays, jitter, counting. */
#include "suites.h"
#include "trial.h"

#include "base/mem.h"

enum policy_kind {
    DEFAULT_LIST,
    EXCEPTION,
    ITS_CLASS,
    OTHER_CLASS,
    NO_RETRIES,
    NOT_IDEMPOTENT,
    KINDS
};

static const char *const policies[KINDS] = {
    [DEFAULT_LIST] = "",
    [EXCEPTION] = ", 'retryable_exceptions': ['Exception']",
    [ITS_CLASS] = "", /* added by node_under */
    [OTHER_CLASS] = ", 'retryable_exceptions': ['ZeroDivisionError']",
    [NO_RETRIES] = "",
    [NOT_IDEMPOTENT] = "",
};

/* Is an attempt that ends so followed by another one? */
static const bool retried[OUTCOME_COUNT][KINDS] = {
    [OUTCOME_PLUGIN_TRANSIENT] = {true, true, true, false, false, true},
    [OUTCOME_CRASH] = {true, true, true, false, false, false},
    [OUTCOME_TIMEOUT] = {true, true, true, false, false, false},
    [OUTCOME_LOST] = {true, true, true, false, false, false},
    [OUTCOME_INFRA] = {true, true, true, true, true, false},
    /* FATAL, BAD_INPUT, POLICY_VIOLATION, OOM, CPU_LIMIT, PROTOCOL, CANCELLED, UNKNOWN_AGENT:
     * never. */
};

static char *node_under(enum policy_kind kind, enum outcome class)
{
    struct attempt_outcome o = {.class = class};
    auto_done(buf) b = {0};

    buf_addf(&b, "'A': {'agent_id': 'a', 'idempotent': %s, 'retry_policy': {'max_retries': %d",
             kind == NOT_IDEMPOTENT ? "false" : "true", kind == NO_RETRIES ? 0 : 2);
    if (kind == ITS_CLASS)
        buf_addf(&b, ", 'retryable_exceptions': ['%s']", attempt_error_class(&o));
    else
        buf_adds(&b, policies[kind]);
    buf_adds(&b, "}}");
    return buf_take(&b);
}

START_TEST(every_outcome_class_is_retried_exactly_where_its_row_says)
{
    for (unsigned class = OUTCOME_OK + 1; class < OUTCOME_COUNT; class ++) {
        for (unsigned kind = 0; kind < KINDS; kind++) {
            auto_mem char *nodes = node_under((enum policy_kind)kind, (enum outcome) class);
            auto_done(trial) t;

            trial_init(&t, nodes, "");
            t_start(&t);
            t_started(&t, "A");
            t_end(&t, "A", (enum outcome) class);
            bool again = view(&t, "A").state == NODE_WAITING;
            ck_assert_msg(again == retried[class][kind], "%s under policy %u",
                          outcome_name((enum outcome) class), kind);
            if (!again)
                ck_assert_int_eq(view(&t, "A").state, NODE_FAILED);
        }
    }
}
END_TEST

START_TEST(what_no_worker_had_is_started_anew_even_when_it_may_not_run_twice)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'idempotent': false}", "");
    t_start(&t);
    t_end(&t, "A", OUTCOME_INFRA);
    ck_assert_int_eq(view(&t, "A").state, NODE_WAITING);
    t_tick(&t, 1);
    t_end(&t, "A", OUTCOME_CRASH); /* the plugin's: whether it did something is not known */
    ck_assert_int_eq(view(&t, "A").state, NODE_FAILED);
}
END_TEST

START_TEST(attempts_are_retries_and_one)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 2, 'jitter': false}}",
               "");
    t_start(&t);
    t_fail(&t, "A");
    t_tick(&t, 1);
    t_fail(&t, "A");
    t_tick(&t, 2);
    forget(&t);
    t_fail(&t, "A");
    expect(&t, "attempt A#3 plugin-transient failed\nnode A failed 3\ndone failed\n");
    expect_errors(&t, "Node 'A' failed: boom");
}
END_TEST

START_TEST(the_error_of_an_attempt_that_was_followed_by_success_is_gone)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a'}", "");
    t_start(&t);
    t_fail(&t, "A");
    ck_assert_str_eq(view(&t, "A").error, "boom");
    t_tick(&t, 2);
    t_ok(&t, "A");
    ck_assert_ptr_null(view(&t, "A").error);
    ck_assert_uint_eq(view(&t, "A").tally.counted, 2);
}
END_TEST

START_TEST(the_delay_is_waited_and_grows_by_the_policy)
{
    static const double delays[] = {1, 2, 4, 5};
    auto_done(trial) t;

    trial_init(&t,
               "'A': {'agent_id': 'a', 'retry_policy':"
               "{'max_retries': 4, 'base_delay': 1, 'max_delay': 5, 'jitter': false}}",
               "");
    t_start(&t);
    for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
        t_fail(&t, "A");
        ck_assert_int_eq(run_next_timer(t.run), t.now + S(delays[i]));
        forget(&t);
        t_tick(&t, delays[i] - 0.001);
        expect(&t, "");
        t_tick(&t, 0.001);
        ck_assert_int_eq(view(&t, "A").state, NODE_QUEUED);
    }
    ck_assert_int_eq(run_next_timer(t.run), RUN_NO_TIMER);
}
END_TEST

static int64_t first_delay(uint64_t seed)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a'}", "");
    t.opt.seed = seed;
    trial_again(&t);
    t_start(&t);
    t_fail(&t, "A");
    return t.retry_at - t.now;
}

START_TEST(jitter_comes_from_the_seed_and_stays_within_its_range)
{
    bool varies = false;

    for (uint64_t seed = 0; seed < 50; seed++) {
        int64_t delay = first_delay(seed);

        ck_assert_int_eq(delay, first_delay(seed));
        ck_assert(delay >= S(0.9) && delay <= S(1.1));
        varies = varies || delay != first_delay(0);
    }
    ck_assert(varies);
}
END_TEST

static bool retries_class(const char *listed, const char *error_class)
{
    auto_mem char *nodes = mem_printf("'A': {'agent_id': 'a', 'retry_policy': "
                                      "{'max_retries': 1, 'retryable_exceptions': [%s]}}",
                                      listed);
    auto_done(trial) t;
    struct err e = {0};
    struct attempt_outcome o = {.class = OUTCOME_PLUGIN_TRANSIENT, .error_class = error_class};

    trial_init(&t, nodes, "");
    t_start(&t);
    ck_assert(run_attempt_ended(t.run, (struct attempt_ref){0, 1, false}, &o, t.now, &e));
    return view(&t, "A").state == NODE_WAITING;
}

START_TEST(a_policy_may_name_the_class_with_or_without_its_module)
{
    ck_assert(retries_class("'RuntimeError'", "RuntimeError"));
    ck_assert(retries_class("'RuntimeError'", "builtins.RuntimeError"));
    ck_assert(retries_class("'my.Error'", "my.Error"));
    ck_assert(!retries_class("'my.Error'", "your.Error"));
    ck_assert(!retries_class("'runtimeerror'", "RuntimeError"));
}
END_TEST

START_TEST(who_asks_to_end_is_never_asked_again)
{
    ck_assert(!retries_class("", "KeyboardInterrupt"));
    ck_assert(!retries_class("'SystemExit', 'Exception'", "SystemExit"));
}
END_TEST

START_TEST(what_the_host_cannot_run_is_held_for_as_long_as_it_takes)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 0}}", "");
    t_start(&t);
    for (unsigned i = 0; i < 100; i++) {
        t_end(&t, "A", OUTCOME_INFRA);
        ck_assert_int_eq(view(&t, "A").state, NODE_WAITING);
        ck_assert_uint_eq(view(&t, "A").tally.counted, 0);
        ck_assert_uint_eq(run_held_count(t.run), i > 0);
        t_tick(&t, 11);
    }
    ck_assert_ptr_nonnull(run_held_reason(t.run));
    forget(&t);
    t_started(&t, "A"); /* the trouble is over */
    ck_assert_uint_eq(run_held_count(t.run), 0);
    t_ok(&t, "A");
    expect(&t, "attempt A#101 ok completed\nnode A completed 1\ndone completed\n");
    ck_assert_ptr_null(run_held_reason(t.run));
}
END_TEST

START_TEST(the_tries_of_a_held_node_come_ever_more_slowly)
{
    static const double delays[] = {0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10};
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a'}", "");
    t_start(&t);
    for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
        t_started(&t, "A"); /* it fails behind the start: that is no end of the row */
        t_end(&t, "A", OUTCOME_INFRA);
        ck_assert_double_eq_tol((double)(t.retry_at - t.now) / 1e9, delays[i], 0.11 * delays[i]);
        t_tick(&t, 11);
    }
    t_fail(&t, "A");
    t_tick(&t, 2);
    t_end(&t, "A", OUTCOME_INFRA); /* another row */
    ck_assert_double_le((double)(t.retry_at - t.now) / 1e9, 0.06);
}
END_TEST

START_TEST(a_held_node_ends_by_its_own_timeout_or_a_cancel)
{
    auto_done(trial) t, c;

    trial_init(&t, "'A': {'agent_id': 'a', 'timeout_policy': {'node_timeout_seconds': 60}}", "");
    t_start(&t);
    for (unsigned i = 0; i < 5; i++) {
        t_end(&t, "A", OUTCOME_INFRA);
        t_tick(&t, 11);
    }
    t_end(&t, "A", OUTCOME_INFRA);
    forget(&t);
    t_tick(&t, 6);
    expect(&t, "node A failed 0\ndone failed\n");
    ck_assert_uint_eq(run_held_count(t.run), 0);

    trial_init(&c, "'A': {'agent_id': 'a'}", "");
    t_start(&c);
    t_end(&c, "A", OUTCOME_INFRA);
    forget(&c);
    t_cancel(&c);
    expect(&c, "run stopping\nnode A cancelled 0\ndone cancelled\n");
}
END_TEST

START_TEST(after_infra_the_node_still_has_all_its_attempts)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'a', 'retry_policy': {'max_retries': 1}}", "");
    t_start(&t);
    t_end(&t, "A", OUTCOME_INFRA);
    t_tick(&t, 1);
    t_fail(&t, "A");
    t_tick(&t, 2);
    forget(&t);
    t_ok(&t, "A");
    expect(&t, "attempt A#3 ok completed\nnode A completed 2\ndone completed\n");
}
END_TEST

START_TEST(an_unknown_agent_fails_at_once_in_the_contracts_words)
{
    auto_done(trial) t;

    trial_init(&t, "'A': {'agent_id': 'no.such'}", "");
    t_start(&t);
    forget(&t);
    t_end(&t, "A", OUTCOME_UNKNOWN_AGENT);
    expect(&t, "attempt A#1 unknown-agent failed\nnode A failed 1\ndone failed\n");
    expect_errors(&t, "Node 'A' failed: Agent 'no.such' not found in registry");
}
END_TEST

START_TEST(an_outcome_without_words_gets_some_and_bad_bytes_are_made_printable)
{
    auto_done(trial) t;
    struct err e = {0};
    struct attempt_outcome o = {.class = OUTCOME_PLUGIN_FATAL, .message = "\xff!"};

    trial_init(&t, "'A': {'agent_id': 'a'}, 'B': {'agent_id': 'a'}", "");
    t_start(&t);
    t_end(&t, "A", OUTCOME_OOM);
    ck_assert_str_eq(view(&t, "A").error, "the attempt ended: oom");
    ck_assert(run_attempt_ended(t.run, (struct attempt_ref){1, 1, false}, &o, t.now, &e));
    ck_assert_str_eq(view(&t, "B").error, "\xEF\xBF\xBD!");
}
END_TEST

TCase *retry_cases(void)
{
    TCase *c = tcase_create("retry");

    tcase_add_test(c, every_outcome_class_is_retried_exactly_where_its_row_says);
    tcase_add_test(c, what_no_worker_had_is_started_anew_even_when_it_may_not_run_twice);
    tcase_add_test(c, attempts_are_retries_and_one);
    tcase_add_test(c, the_error_of_an_attempt_that_was_followed_by_success_is_gone);
    tcase_add_test(c, the_delay_is_waited_and_grows_by_the_policy);
    tcase_add_test(c, jitter_comes_from_the_seed_and_stays_within_its_range);
    tcase_add_test(c, a_policy_may_name_the_class_with_or_without_its_module);
    tcase_add_test(c, who_asks_to_end_is_never_asked_again);
    tcase_add_test(c, what_the_host_cannot_run_is_held_for_as_long_as_it_takes);
    tcase_add_test(c, the_tries_of_a_held_node_come_ever_more_slowly);
    tcase_add_test(c, a_held_node_ends_by_its_own_timeout_or_a_cancel);
    tcase_add_test(c, after_infra_the_node_still_has_all_its_attempts);
    tcase_add_test(c, an_unknown_agent_fails_at_once_in_the_contracts_words);
    tcase_add_test(c, an_outcome_without_words_gets_some_and_bad_bytes_are_made_printable);
    return c;
}
