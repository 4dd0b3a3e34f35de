/* limits_test.c -- how often a lane starts something, and when it stops. */
#include "suites.h"

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "lanes/limits.h"

#include <string.h>

enum { ITEMS = 8 };

static const struct lane_breaker_spec two_of_three = {.failures = 3,
                                                      .successes = 2,
                                                      .open_ns = 10 * SECOND_NS};
static struct lane_breaker breaker;

/* ---- the bucket ---- */

START_TEST(a_burst_is_at_once_and_the_others_come_at_the_rate)
{
    const struct lane_rate rate = {.per_second = 4, .burst = 2};
    struct lane_bucket bucket = {0};
    int64_t now_ns = 100 * SECOND_NS;

    for (int i = 0; i < 2; i++) {
        ck_assert_int_le(lane_bucket_next_ns(&bucket, &rate), now_ns);
        lane_bucket_take(&bucket, &rate, now_ns);
    }
    ck_assert_int_eq(lane_bucket_next_ns(&bucket, &rate), now_ns + SECOND_NS / 4);
    lane_bucket_give_back(&bucket, &rate);
    ck_assert_int_le(lane_bucket_next_ns(&bucket, &rate), now_ns);
    lane_bucket_take(&bucket, &rate, now_ns);
    now_ns += SECOND_NS / 4;
    lane_bucket_take(&bucket, &rate, now_ns);
    ck_assert_int_eq(lane_bucket_next_ns(&bucket, &rate), now_ns + SECOND_NS / 4);
}
END_TEST

START_TEST(no_more_are_taken_than_the_burst_and_what_came_in)
{
    const struct lane_rate rate = {.per_second = 3, .burst = 1 + (uint32_t)_i * 4};
    const int64_t step_ns = SECOND_NS / 100;
    struct lane_bucket bucket = {0};
    int64_t taken = 0;

    for (int64_t now_ns = 0; now_ns < 100 * SECOND_NS; now_ns += step_ns) {
        while (lane_bucket_next_ns(&bucket, &rate) <= now_ns) {
            lane_bucket_take(&bucket, &rate, now_ns);
            taken++;
        }
        ck_assert_int_le(taken, rate.burst + now_ns * 3 / SECOND_NS + 1);
    }
    ck_assert_int_ge(taken, 290); /* each up to a step late */
}
END_TEST

/* ---- the breaker ---- */

static void fails(uint64_t item, const char *class, int64_t now_ns)
{
    lane_breaker_started(&breaker, &two_of_three, item, now_ns);
    lane_breaker_judge(&breaker, &two_of_three, item, class, now_ns);
    lane_breaker_ended(&breaker, item);
}

static void is(const char *state, uint32_t failures, int64_t next_ns, int64_t now_ns)
{
    ck_assert_str_eq(lane_breaker_state_text(lane_breaker_state(&breaker, &two_of_three, now_ns)),
                     state);
    ck_assert_uint_eq(lane_breaker_failures(&breaker), failures);
    ck_assert_int_eq(lane_breaker_next_ns(&breaker, &two_of_three, now_ns), next_ns);
}

static void is_closed(uint32_t failures)
{
    is("closed", failures, INT64_MIN, SECOND_NS);
}

static void opened(void)
{
    breaker = (struct lane_breaker){0};
    for (uint64_t item = 1; item <= 3; item++)
        fails(item, "Broken", SECOND_NS);
    is("open", 3, 11 * SECOND_NS, SECOND_NS);
    ck_assert_str_eq(breaker.failed[0].class, "Broken");
}

START_TEST(the_failures_of_one_class_open_it_and_a_success_forgets_them)
{
    breaker = (struct lane_breaker){0};
    fails(1, "Broken", 0);
    fails(2, "Broken", 0);
    fails(3, "Other", 0);
    is_closed(2);
    fails(4, NULL, 0);
    is_closed(0);
    fails(5, "Broken", 0);
    fails(6, "Other", 0);
    fails(7, "Broken", 0);
    is_closed(2);
    fails(8, "Broken", SECOND_NS);
    is("open", 3, 11 * SECOND_NS, 2 * SECOND_NS);
}
END_TEST

START_TEST(more_classes_than_are_counted_take_the_place_of_the_rarest)
{
    char longest[2 * LANE_ERROR_CLASS_BYTES] = {0};

    breaker = (struct lane_breaker){0};
    memset(longest, 'x', sizeof longest - 1);
    fails(1, longest, 0);
    fails(2, longest, 0);
    for (int i = 0; i < 2 * LANE_BREAKER_CLASSES; i++) {
        auto_mem char *class = mem_printf("Class%d", i);

        fails(3, class, 0);
    }
    is_closed(2);
    fails(4, longest, 0);
    is("open", 3, 10 * SECOND_NS, 0);
}
END_TEST

START_TEST(it_is_closed_by_trials_that_go_well_one_at_a_time)
{
    const int64_t then_ns = 11 * SECOND_NS;

    opened();
    fails(4, NULL, 2 * SECOND_NS); /* it was started before: it says nothing */
    is("open", 3, then_ns, 2 * SECOND_NS);
    is("half_open", 3, INT64_MIN, then_ns);
    lane_breaker_started(&breaker, &two_of_three, 5, then_ns);
    is("half_open", 3, INT64_MAX, then_ns);
    lane_breaker_judge(&breaker, &two_of_three, 4, "Late", then_ns);
    is("half_open", 3, INT64_MAX, then_ns);
    lane_breaker_ended(&breaker, 5); /* no verdict: the next is tried */
    is("half_open", 3, INT64_MIN, then_ns);
    fails(6, NULL, then_ns);
    is("half_open", 3, INT64_MIN, then_ns);
    fails(7, NULL, then_ns);
    is("closed", 0, INT64_MIN, then_ns);
}
END_TEST

START_TEST(a_trial_that_fails_opens_it_again)
{
    const int64_t then_ns = 11 * SECOND_NS;

    opened();
    fails(4, NULL, then_ns);
    fails(5, "Other", then_ns);
    is("open", 1, then_ns + 10 * SECOND_NS, then_ns);
    ck_assert_str_eq(breaker.failed[0].class, "Other");
    fails(6, NULL, 21 * SECOND_NS);
    is("half_open", 1, INT64_MIN, 21 * SECOND_NS); /* two in a row, from the start */
}
END_TEST

START_TEST(one_that_is_not_set_never_opens)
{
    const struct lane_breaker_spec none = {0};

    breaker = (struct lane_breaker){0};
    for (uint64_t item = 1; item < 100; item++)
        lane_breaker_judge(&breaker, &none, item, "Broken", 0);
    ck_assert_int_eq(lane_breaker_state(&breaker, &none, 0), LANE_BREAKER_CLOSED);
    opened();
    ck_assert_int_eq(lane_breaker_state(&breaker, &none, SECOND_NS), LANE_BREAKER_CLOSED);
}
END_TEST

/* ---- in a lane ---- */

static struct lanes *lanes;
static struct lane_item items[ITEMS];

static void open_lane(struct lane_spec spec)
{
    lanes = lanes_new(UINT32_MAX, AGEING);
    memset(items, 0, sizeof items);
    lanes_set(lanes, "held", &spec, 0);
    lanes_set(lanes, "free", &(struct lane_spec){.slots = 1}, 0);
    for (int i = 0; i < ITEMS; i++)
        lanes_add(lanes, &items[i], "held", "acme", i == 0 ? 12 : 5, 0);
}

static void close_lane(int64_t now_ns)
{
    for (int i = 0; i < ITEMS; i++) {
        if (items[i].line != NULL)
            lanes_remove(lanes, &items[i], now_ns);
    }
    lanes_free(lanes);
}

static void held(int i, const char *why, int64_t until_ns, int64_t now_ns)
{
    struct lane_place place = lanes_place(lanes, &items[i], now_ns);

    ck_assert_ptr_null(lanes_take(lanes, now_ns));
    ck_assert_str_eq(lane_why_text(place.why), why);
    ck_assert_int_eq(place.until_ns, until_ns);
    ck_assert_int_eq(lanes_next_ns(lanes, now_ns), until_ns);
}

static void takes(int i, int64_t now_ns)
{
    ck_assert_int_eq(lanes_next_ns(lanes, now_ns),
                     INT64_MAX); /* it is not time that is waited for */
    ck_assert_ptr_eq(lanes_take(lanes, now_ns), &items[i]);
}

START_TEST(a_rate_delays_what_a_lane_takes_in_both_halves)
{
    const int64_t at_ns = SECOND_NS;
    struct lane_item other = {0};

    open_lane((struct lane_spec){.slots = 3,
                                 .has_express = true,
                                 .express_priority = 12,
                                 .rate = {.per_second = 2, .burst = 2}});
    takes(0, at_ns);
    takes(1, at_ns);
    held(2, "rate", at_ns + SECOND_NS / 2, at_ns);
    lanes_add(lanes, &other, "free", "acme", 5, at_ns);
    ck_assert_ptr_eq(lanes_take(lanes, at_ns), &other);
    lanes_put_back(lanes, &items[1], at_ns); /* it did not start */
    takes(1, at_ns);
    takes(2, at_ns + SECOND_NS / 2);
    held(3, "rate", at_ns + SECOND_NS, at_ns + SECOND_NS / 2);
    takes(3, at_ns + SECOND_NS);
    ck_assert_str_eq(lane_why_text(lanes_place(lanes, &items[4], 9 * SECOND_NS).why), "lane_full");
    ck_assert_int_eq(lanes_next_ns(lanes, at_ns + SECOND_NS), INT64_MAX); /* no worker is free */
    for (int i = 0; i < 4; i++)
        lanes_ended(lanes, &items[i], 9 * SECOND_NS);
    lanes_ended(lanes, &other, 9 * SECOND_NS);
    close_lane(9 * SECOND_NS);
}
END_TEST

static void ends(int i, const char *error_class, int64_t now_ns)
{
    lanes_judge(lanes, &items[i], error_class, now_ns);
    lanes_ended(lanes, &items[i], now_ns);
}

START_TEST(a_breaker_holds_a_lane_until_a_trial_went_well)
{
    const int64_t then_ns = 11 * SECOND_NS;
    struct lane_view view;

    open_lane(
        (struct lane_spec){.slots = 3,
                           .breaker = {.failures = 2, .successes = 1, .open_ns = 10 * SECOND_NS}});
    for (int i = 0; i < 3; i++)
        takes(i, SECOND_NS);
    ends(0, "Broken", SECOND_NS);
    ends(1, "Broken", SECOND_NS);
    held(3, "breaker_open", then_ns, SECOND_NS);
    ck_assert(lanes_see(lanes, "held", &view));
    ck_assert_str_eq(view.breaker.failed[0].class, "Broken");
    ends(2, NULL, SECOND_NS);
    held(3, "breaker_open", then_ns, SECOND_NS);
    takes(3, then_ns);
    held(4, "breaker_open", INT64_MAX, then_ns); /* one at a time, and its end is not known */
    ends(3, NULL, then_ns);
    takes(4, then_ns);
    takes(5, then_ns);
    ends(4, NULL, then_ns);
    ends(5, NULL, then_ns);
    close_lane(then_ns);
}
END_TEST

/* ---- what operators say ---- */

static void is_written(json_t *object, const char *want)
{
    auto_json owned = object;
    auto_mem char *text = json_dumps(owned, JSON_COMPACT | JSON_ENCODE_ANY);

    ck_assert_str_eq(text, want);
}

static void rate_reads(const char *said, const char *want)
{
    auto_json object = json_loads(said, JSON_DECODE_ANY, NULL);
    struct lane_rate rate, tenant;
    struct err e = {0};

    if (want[0] != '\'') {
        ck_assert_msg(lane_rate_read(object, &rate, &tenant, &e), "%s", e.msg);
        is_written(lane_rate_owned(&rate, &tenant), want);
        return;
    }
    ck_assert(!lane_rate_read(object, &rate, &tenant, &e) && e.code == ERR_INVALID);
    ck_assert_msg(strstr(e.msg, want) != NULL, "%s: %s", said, e.msg);
}

static void breaker_reads(const char *said, const char *want)
{
    auto_json object = json_loads(said, JSON_DECODE_ANY, NULL);
    const struct lane_breaker_spec none = {0};
    struct lane_breaker_spec spec;
    struct err e = {0};

    if (want[0] != '\'') {
        ck_assert_msg(lane_breaker_read(object, &none, &spec, &e), "%s", e.msg);
        is_written(lane_breaker_owned(&spec), want);
        return;
    }
    ck_assert(!lane_breaker_read(object, &none, &spec, &e) && e.code == ERR_INVALID);
    ck_assert_msg(strstr(e.msg, want) != NULL, "%s: %s", said, e.msg);
}

START_TEST(limits_are_read_and_what_is_none_is_named)
{
    rate_reads("null", "null");
    rate_reads("{\"per_second\":0.5}", "{\"per_second\":0.5,\"burst\":1}");
    rate_reads("{\"per_second\":4,\"burst\":2}", "{\"per_second\":4.0,\"burst\":2}");
    rate_reads("{}", "'per_second'");
    rate_reads("{\"per_second\":-1}", "'per_second'");
    rate_reads("{\"per_second\":\"4\"}", "'per_second'");
    rate_reads("{\"per_second\":4,\"burst\":0}", "'burst'");
    rate_reads("{\"per_second\":4,\"bust\":1}", "'bust'");
    rate_reads("{\"per_second\":4,\"tenant\":{\"per_second\":1}}",
               "{\"per_second\":4.0,\"burst\":4,\"tenant\":{\"per_second\":1.0,\"burst\":1}}");
    rate_reads("{\"tenant\":{\"per_second\":2,\"burst\":3}}",
               "{\"tenant\":{\"per_second\":2.0,\"burst\":3}}");
    rate_reads("{\"per_second\":4,\"tenant\":null}", "{\"per_second\":4.0,\"burst\":4}");
    rate_reads("{\"per_second\":4,\"tenant\":{}}", "'per_second'");
    rate_reads("{\"per_second\":4,\"tenant\":7}", "'rate.tenant'");
    rate_reads("{\"per_second\":4,\"tenant\":{\"of\":1}}", "'of'");
    rate_reads("{\"burst\":4,\"tenant\":{\"per_second\":1}}", "'per_second'");
    rate_reads("3", "'rate'");
    breaker_reads("null", "null");
    breaker_reads("{}", "{\"failures\":10,\"open_s\":60.0,\"successes\":3}");
    breaker_reads("{\"failures\":2,\"open_s\":0.5,\"successes\":1}",
                  "{\"failures\":2,\"open_s\":0.5,\"successes\":1}");
    breaker_reads("{\"failures\":0}", "'failures'");
    breaker_reads("{\"open_s\":0}", "'open_s'");
    breaker_reads("{\"successes\":0}", "'successes'");
    breaker_reads("{\"failure\":1}", "'failure'");
    breaker_reads("3", "'breaker'");
}
END_TEST

TCase *limits_case(void)
{
    TCase *c = tcase_create("limits");

    tcase_add_test(c, a_burst_is_at_once_and_the_others_come_at_the_rate);
    tcase_add_loop_test(c, no_more_are_taken_than_the_burst_and_what_came_in, 0, 3);
    tcase_add_test(c, the_failures_of_one_class_open_it_and_a_success_forgets_them);
    tcase_add_test(c, more_classes_than_are_counted_take_the_place_of_the_rarest);
    tcase_add_test(c, it_is_closed_by_trials_that_go_well_one_at_a_time);
    tcase_add_test(c, a_trial_that_fails_opens_it_again);
    tcase_add_test(c, one_that_is_not_set_never_opens);
    tcase_add_test(c, a_rate_delays_what_a_lane_takes_in_both_halves);
    tcase_add_test(c, a_breaker_holds_a_lane_until_a_trial_went_well);
    tcase_add_test(c, limits_are_read_and_what_is_none_is_named);
    return c;
}
