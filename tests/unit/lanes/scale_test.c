/* scale_test.c -- how many slots a lane wants, and that following it ends at rest. */
#include "suites.h"

#include "base/rng.h"

#include <stdlib.h>

#define MS INT64_C(1000)

static uint32_t desired(uint32_t slots, uint32_t depth, uint32_t running, bool slow)
{
    return lane_desired(&(struct lane_load){slots, depth, running, slow},
                        (struct lane_autoscale){0});
}

START_TEST(it_wants_one_more_by_its_depth_and_one_fewer_when_it_is_idle)
{
    static const struct {
        uint32_t slots, depth, running, wants;
        bool slow;
    } rows[] = {
        {5, 101, 0, 6, false},       /* more than 100 wait */
        {5, 100, 5, 5, false},       /* not with 100 */
        {5, 0, 5, 6, true},          /* or it is slow */
        {5, 101, 0, 6, true},        /* one more, not two */
        {5, 19, 1, 4, false},        /* fewer than 20, less than 0.3 × 5 runs */
        {5, 20, 1, 5, false},        /* not with 20 */
        {5, 19, 2, 5, false},        /* 2 is not less than 1.5 */
        {10, 0, 3, 10, false},       /* nor 3 than 3 */
        {10, 0, 2, 9, false},        /**/
        {5, 0, 0, 6, true},          /* slow comes before idle */
        {2, 0, 0, 2, false},         /* never below 2 */
        {3, 0, 0, 2, false},         /**/
        {0, 0, 0, 2, false},         /* from none, too */
        {10, 101, 10, 10, true},     /* never over 10 */
        {9, 101, 9, 10, false},      /**/
        {10000, 0, 10000, 10, false} /* whatever it has */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(desired(rows[i].slots, rows[i].depth, rows[i].running, rows[i].slow) ==
                          rows[i].wants,
                      "row %zu", i);
    ck_assert_uint_eq(desired(UINT32_MAX - 1, UINT32_MAX, UINT32_MAX, true), 10);
}
END_TEST

START_TEST(a_lane_that_follows_has_its_own_bounds)
{
    const struct lane_autoscale scale = {1, 20};

    ck_assert_uint_eq(lane_desired(&(struct lane_load){2, 0, 0, false}, scale), 1);
    ck_assert_uint_eq(lane_desired(&(struct lane_load){1, 0, 0, false}, scale), 1);
    ck_assert_uint_eq(lane_desired(&(struct lane_load){19, 101, 0, false}, scale), 20);
    ck_assert_uint_eq(lane_desired(&(struct lane_load){20, 101, 0, false}, scale), 20);
}
END_TEST

/* ---- latency ---- */

START_TEST(slow_is_the_95th_percentile_over_a_second)
{
    struct lane_latency latency = {0};
    int64_t now_ns = 7 * SECOND_NS;

    ck_assert(!lane_latency_slow(&latency, now_ns));
    for (int i = 0; i < 19; i++)
        lane_latency_add(&latency, 1000 * MS, now_ns);
    ck_assert(!lane_latency_slow(&latency, now_ns)); /* a second is not over it */
    lane_latency_add(&latency, 1000 * MS + 1, now_ns);
    ck_assert(!lane_latency_slow(&latency, now_ns)); /* the 19th of 20 */
    lane_latency_add(&latency, 1000 * MS + 1, now_ns);
    ck_assert(lane_latency_slow(&latency, now_ns)); /* the 20th of 21 */
}
END_TEST

START_TEST(one_task_alone_is_its_percentile)
{
    struct lane_latency latency = {0};

    lane_latency_add(&latency, 2000 * MS, 0);
    ck_assert(lane_latency_slow(&latency, 0));
}
END_TEST

START_TEST(what_took_long_is_forgotten_after_five_minutes)
{
    struct lane_latency latency = {0};

    for (int64_t at = 0; at < 100; at++)
        lane_latency_add(&latency, 2000 * MS, at * SECOND_NS);
    ck_assert(lane_latency_slow(&latency, 300 * SECOND_NS));
    ck_assert(!lane_latency_slow(&latency, 420 * SECOND_NS));
    for (int64_t at = 0; at < 30; at++) /* over what stood there before */
        lane_latency_add(&latency, MS, (600 + at * 20) * SECOND_NS);
    ck_assert(!lane_latency_slow(&latency, 1200 * SECOND_NS));
}
END_TEST

/* ---- a lane ---- */

static struct lanes *lanes;

static void set(uint32_t slots, struct lane_autoscale scale, bool paused, int64_t now_ns)
{
    struct lane_spec spec = lane_spec_typed(slots);

    spec.autoscale = scale;
    spec.paused = paused;
    lanes_set(lanes, "l", &spec, now_ns);
}

static uint32_t slots(void)
{
    struct lane_view view;

    ck_assert(lanes_see(lanes, "l", &view));
    return view.slots;
}

/* Looks each second, so often; what changed. */
static int looks(int64_t *now_ns, int count, uint32_t elsewhere)
{
    struct lane_scaled scaled;
    int changed = 0;

    for (int i = 0; i < count; i++) {
        *now_ns += LANE_LOOK_NS;
        if (!lanes_look(lanes, "l", elsewhere, *now_ns, &scaled))
            continue;
        ck_assert_uint_eq(scaled.to, slots());
        ck_assert_int_eq(abs((int)scaled.to - (int)scaled.from), 1);
        changed++;
    }
    return changed;
}

START_TEST(it_grows_by_one_each_30_s_and_shrinks_by_one_each_minute)
{
    int64_t now_ns = SECOND_NS;

    lanes = lanes_new(100, AGEING);
    set(2, (struct lane_autoscale){1, 4}, false, now_ns);
    ck_assert_uint_eq(lanes_following(lanes), 1);
    ck_assert_int_eq(looks(&now_ns, 29, 101), 0); /* an operator's word holds for a while */
    ck_assert_int_eq(looks(&now_ns, 1, 101), 1);
    ck_assert_uint_eq(slots(), 3);
    ck_assert_int_eq(looks(&now_ns, 300, 101), 1);
    ck_assert_uint_eq(slots(), 4);
    ck_assert_int_eq(looks(&now_ns, 60, 0), 0);
    ck_assert_int_eq(looks(&now_ns, 1, 0), 1);
    ck_assert_int_eq(looks(&now_ns, 40, 0), 0);
    ck_assert_int_eq(looks(&now_ns, 1, 50), 0); /* it was not idle for a moment */
    ck_assert_int_eq(looks(&now_ns, 60, 0), 0);
    ck_assert_int_eq(looks(&now_ns, 1000, 0), 2);
    ck_assert_uint_eq(slots(), 1);
    lanes_free(lanes);
}
END_TEST

START_TEST(what_an_operator_says_is_where_it_begins)
{
    const struct lane_autoscale scale = {2, 5};
    int64_t now_ns = SECOND_NS;
    struct lane_scaled scaled;

    lanes = lanes_new(100, AGEING);
    set(1, (struct lane_autoscale){0}, false, now_ns);
    ck_assert_int_eq(looks(&now_ns, 100, 101), 0); /* it does not follow */
    set(1, scale, false, now_ns);
    ck_assert_uint_eq(slots(), 2);
    looks(&now_ns, 31, 101);
    set(1, scale, true, now_ns); /* nothing is said of its slots */
    ck_assert_uint_eq(slots(), 3);
    ck_assert_int_eq(looks(&now_ns, 100, 101), 0); /* paused: more would run nothing */
    set(9, scale, false, now_ns);
    ck_assert_uint_eq(slots(), 5);
    set(9, (struct lane_autoscale){0}, false, now_ns);
    ck_assert_uint_eq(slots(), 9);
    ck_assert_uint_eq(lanes_following(lanes), 0);
    ck_assert(!lanes_look(lanes, "nowhere", 0, now_ns, &scaled));
    lanes_took(lanes, "nowhere", 1, now_ns);
    lanes_took(lanes, "l", 2000 * MS, now_ns);
    set(3, scale, false, now_ns);
    ck_assert_int_eq(looks(&now_ns, 31, 0), 1); /* it is slow */
    lanes_free(lanes);
}
END_TEST

/* ---- at rest ---- */

/* A lane under a load that does not change, second by second: so many come, each for so long. */
struct load {
    uint32_t arrivals; /* in 100 s */
    uint32_t work_s;
    uint32_t began; /* slots */
};

enum { WAITING_MAX = 100000 };
static int64_t came[WAITING_MAX], until[64];

struct world {
    uint32_t slots, first, last, running;
    struct lane_scaling scaling;
    struct lane_latency latency;
    int64_t stepped_ns;
    int turns; /* a step the other way than the one before */
    int way;
};

static void work(struct world *w, const struct load *load, int64_t now_s)
{
    for (uint32_t i = 0; i < ARRAY_LEN(until); i++) {
        if (until[i] == 0 || until[i] > now_s)
            continue;
        until[i] = 0;
        w->running--;
    }
    for (uint32_t i = 0; i < ARRAY_LEN(until) && w->running < w->slots && w->first < w->last; i++) {
        if (until[i] != 0)
            continue;
        until[i] = now_s + load->work_s;
        lane_latency_add(&w->latency, (until[i] - came[w->first++]) * 1000000, now_s * SECOND_NS);
        w->running++;
    }
}

static void step(struct world *w, struct lane_autoscale scale, int64_t now_ns)
{
    const struct lane_load load = {w->slots, w->last - w->first, w->running,
                                   lane_latency_slow(&w->latency, now_ns)};
    uint32_t to = lane_scaling_look(&w->scaling, w->slots, lane_desired(&load, scale), now_ns);
    int way = (int)to - (int)w->slots;

    ck_assert(to >= scale.min && to <= scale.max);
    if (way == 0)
        return;
    w->turns += w->way != 0 && way != w->way;
    w->way = way;
    w->slots = to;
    w->stepped_ns = now_ns;
}

START_TEST(a_load_that_does_not_change_ends_at_rest)
{
    const struct lane_autoscale scale = {1, 12};
    struct rng rng = rng_of((uint64_t)_i);
    const struct load load = {.arrivals = (uint32_t)(rng_u64(&rng) % 400),
                              .work_s = 1 + (uint32_t)(rng_u64(&rng) % 6),
                              .began = 1 + (uint32_t)(rng_u64(&rng) % 12)};
    const int64_t end_s = 4 * 3600;
    struct world w = {.slots = load.began};

    for (uint32_t i = 0; i < ARRAY_LEN(until); i++)
        until[i] = 0;
    for (int64_t now_s = 1; now_s < end_s; now_s++) {
        uint32_t new = (uint32_t)(now_s * load.arrivals / 100 - (now_s - 1) * load.arrivals / 100);

        for (uint32_t i = 0; i < new &&w.last < WAITING_MAX; i++)
            came[w.last++] = now_s;
        work(&w, &load, now_s);
        step(&w, scale, now_s * SECOND_NS);
    }
    ck_assert_msg(w.stepped_ns < end_s / 2 * SECOND_NS, "%u in 100 s of %u s each: still moving",
                  load.arrivals, load.work_s);
    ck_assert_int_le(w.turns, 1);
}
END_TEST

TCase *scale_case(void)
{
    TCase *tc = tcase_create("scale");

    tcase_add_test(tc, it_wants_one_more_by_its_depth_and_one_fewer_when_it_is_idle);
    tcase_add_test(tc, a_lane_that_follows_has_its_own_bounds);
    tcase_add_test(tc, slow_is_the_95th_percentile_over_a_second);
    tcase_add_test(tc, one_task_alone_is_its_percentile);
    tcase_add_test(tc, what_took_long_is_forgotten_after_five_minutes);
    tcase_add_test(tc, it_grows_by_one_each_30_s_and_shrinks_by_one_each_minute);
    tcase_add_test(tc, what_an_operator_says_is_where_it_begins);
    tcase_add_loop_test(tc, a_load_that_does_not_change_ends_at_rest, 0, 12);
    return tc;
}
