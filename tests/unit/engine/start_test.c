/* start_test.c -- a run from its start to its end. */
#include "suites.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

/* Settles, so that the answer is there. */
static struct rig_answer start(const char *dag_id, json_t *inputs, const char *run_token)
{
    struct rig_answer a = {0};

    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = dag_id,
                                          .inputs = inputs,
                                          .run_token = run_token,
                                          .checkpoint_enabled = true},
                  rig_answered, &a);
    json_decref(inputs);
    rig_settle(&rig);
    return a;
}

START_TEST(a_run_goes_from_its_start_to_its_end)
{
    const char *id;

    publish_chain();
    id = run_of("chain");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    rig_begin(&rig, rig_open_attempt(&rig, "first"));
    rig_ok(&rig, "first");
    ck_assert_int_eq(rig_node_status(&rig, id, "first"), STORE_NODE_COMPLETED);
    ck_assert_int_eq(rig_node_status(&rig, id, "second"), STORE_NODE_RUNNING);
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_str_eq(last_event(id)->type, "run.completed");
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 0);
    check_chain(id);
}
END_TEST

START_TEST(nobody_is_told_before_the_commit)
{
    struct rig_answer a = {0};
    auto_json inputs = json_object();

    publish_chain();
    rig_forget(&rig);
    store_testing_hold(rig.store, true);
    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = "chain", .inputs = inputs}, rig_answered, &a);
    engine_store_turn(rig.engine);
    engine_turn(rig.engine, rig_mono_ns);
    ck_assert_uint_eq(a.told, 0);
    ck_assert_uint_eq(rig.sandbox.count, 0);
    ck_assert_uint_eq(rig.event_count, 0);
    store_testing_hold(rig.store, false);
    rig_settle(&rig);
    ck_assert_uint_eq(a.told, 1);
    ck_assert_uint_eq(rig.sandbox.count, 1);
    ck_assert_uint_gt(rig.event_count, 0);
}
END_TEST

struct order {
    size_t attempts, events; /* when the answer came */
    bool streamed_late;      /* an event came before the attempt was started */
};

static void answered_last(void *arg, const struct api_outcome *outcome unused_arg)
{
    struct order *order = arg;

    order->attempts = rig.sandbox.count;
    order->events = rig.event_count;
}

static void event_behind_start(void *arg, const struct api_event *event unused_arg)
{
    ((struct order *)arg)->streamed_late |= rig.sandbox.count == 0;
}

START_TEST(the_attempt_starts_then_the_stream_hears_then_the_client_is_answered)
{
    auto_json inputs = json_object();
    struct order order = {0};

    publish_chain();
    rig_forget(&rig);
    rig.on_event = event_behind_start;
    rig.arg = &order;
    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = "chain", .inputs = inputs}, answered_last,
                  &order);
    rig_settle(&rig);
    ck_assert_uint_eq(order.attempts, 1);
    ck_assert_uint_gt(order.events, 1);
    ck_assert_uint_eq(order.events, rig.event_count);
    ck_assert(!order.streamed_late);
}
END_TEST

START_TEST(events_are_streamed_once_and_in_order)
{
    publish_chain();
    run_of("chain");
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    for (size_t i = 1; i < rig.event_count; i++)
        ck_assert_int_gt(rig.events[i].seq, rig.events[i - 1].seq);
}
END_TEST

START_TEST(the_same_start_is_answered_with_the_same_run)
{
    struct rig_answer one, two;

    publish_chain();
    one = start("chain", json_object(), "token-1");
    two = start("chain", json_object(), "token-1");
    ck_assert(one.created && !two.created);
    ck_assert_str_eq(one.run_id, two.run_id);
    ck_assert_uint_eq(rig.sandbox.count, 1);
}
END_TEST

START_TEST(two_starts_of_a_token_on_their_way_make_one_run)
{
    auto_json inputs = json_object();
    struct rig_answer one = {0}, two = {0};
    const struct api_run_start what = {.dag_id = "chain",
                                       .inputs = inputs,
                                       .run_token = "token-2",
                                       .checkpoint_enabled = true};

    publish_chain();
    store_testing_hold(rig.store, true);
    control_start(engine_control(rig.engine), &rig_actor, &what, rig_answered, &one);
    control_start(engine_control(rig.engine), &rig_actor, &what, rig_answered, &two);
    store_testing_hold(rig.store, false);
    rig_settle(&rig);
    ck_assert(one.told == 1 && two.told == 1);
    ck_assert_int_eq(one.code, ERR_NONE);
    ck_assert_int_eq(two.code, ERR_NONE);
    ck_assert_str_eq(one.run_id, two.run_id);
    ck_assert(one.created && !two.created);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 1);
    ck_assert_uint_eq(rig_open_count(&rig), 1);
}
END_TEST

START_TEST(a_start_that_cannot_be_is_refused_at_once)
{
    char *long_text;
    struct rig_answer a;

    publish_chain();
    a = start("nowhere", json_object(), NULL);
    ck_assert_int_eq(a.code, ERR_NOT_FOUND);
    a = start("chain", json_array(), NULL);
    ck_assert_int_eq(a.code, ERR_INVALID);
    long_text = calloc(1, RUN_INPUT_BYTES_MAX + 10);
    memset(long_text, 'x', RUN_INPUT_BYTES_MAX + 1);
    a = start("chain", json_pack("{s:s}", "text", long_text), NULL);
    ck_assert_int_eq(a.code, ERR_TOO_LARGE);
    free(long_text);
    ck_assert_uint_eq(rig.sandbox.count, 0);
}
END_TEST

START_TEST(the_seed_of_a_deterministic_run_is_the_same_every_time)
{
    const struct rig_attempt *one, *two;

    publish_chain();
    run_of("chain");
    run_of("chain");
    one = &rig.sandbox.attempts[0];
    two = &rig.sandbox.attempts[1];
    ck_assert_mem_eq(one->seed, two->seed, sizeof one->seed);
    ck_assert_str_ne(one->run_id, two->run_id);
    start("chain", json_object(), NULL);
    ck_assert_mem_ne(rig.sandbox.attempts[2].seed, rig.sandbox.attempts[0].seed, sizeof one->seed);
}
END_TEST

TCase *start_cases(void)
{
    TCase *tc = tcase_create("start");

    tcase_add_test(tc, a_run_goes_from_its_start_to_its_end);
    tcase_add_test(tc, nobody_is_told_before_the_commit);
    tcase_add_test(tc, the_attempt_starts_then_the_stream_hears_then_the_client_is_answered);
    tcase_add_test(tc, events_are_streamed_once_and_in_order);
    tcase_add_test(tc, the_same_start_is_answered_with_the_same_run);
    tcase_add_test(tc, two_starts_of_a_token_on_their_way_make_one_run);
    tcase_add_test(tc, a_start_that_cannot_be_is_refused_at_once);
    tcase_add_test(tc, the_seed_of_a_deterministic_run_is_the_same_every_time);
    return tc;
}
