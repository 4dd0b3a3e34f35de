/* state_test.c -- the two tables, what an outcome without an error class says, the heap. */
#include "suites.h"
#include "trial.h"

#include "base/buf.h"
#include "base/rng.h"
#include "model/run/heap.h"

#include <string.h>

static const char *const node_names[] = {"INVALID",
#define XX(name, text, final) #name,
                                         NODE_STATE_MAP(XX)
#undef XX
};

static const char *const run_names[] = {"INVALID",
#define XX(name, text, final) #name,
                                        RUN_STATE_MAP(XX)
#undef XX
};

static const char *const node_events[] = {"INVALID",
#define XX(name) #name,
                                          NODE_EVENT_MAP(XX)
#undef XX
};

static const char *const run_events[] = {"INVALID",
#define XX(name) #name,
                                         RUN_EVENT_MAP(XX)
#undef XX
};

/* One line an arrow: "node RUNNING      FAIL      -> FAILED". */
static void print_node_table(struct buf *b)
{
    for (unsigned from = NODE_INVALID + 1; from < NODE_STATE_COUNT; from++) {
        for (unsigned ev = NODE_EV_INVALID + 1; ev < NODE_EVENT_COUNT; ev++) {
            enum node_state to;

            if (node_state_next((enum node_state)from, (enum node_event)ev, &to, NULL))
                buf_addf(b, "node %-12s %-9s -> %s\n", node_names[from], node_events[ev],
                         node_names[to]);
        }
    }
}

static void print_run_table(struct buf *b)
{
    for (unsigned from = RUN_INVALID + 1; from < RUN_STATE_COUNT; from++) {
        for (unsigned ev = RUN_EV_INVALID + 1; ev < RUN_EVENT_COUNT; ev++) {
            enum run_state to;

            if (run_state_next((enum run_state)from, (enum run_event)ev, &to, NULL))
                buf_addf(b, "run  %-12s %-9s -> %s\n", run_names[from], run_events[ev],
                         run_names[to]);
        }
    }
}

START_TEST(the_tables_are_those_of_the_committed_snapshot)
{
    auto_file file = fopen(TRANSITIONS_FILE, "re");
    auto_done(buf) wanted = {0};
    auto_done(buf) have = {0};
    char part[4096];

    ck_assert_ptr_nonnull(file);
    for (size_t n = fread(part, 1, sizeof part, file); n > 0; n = fread(part, 1, sizeof part, file))
        buf_add(&wanted, part, n);
    print_node_table(&have);
    print_run_table(&have);
    ck_assert_str_eq(buf_text(&have), buf_text(&wanted));
}
END_TEST

START_TEST(a_final_node_state_is_left_only_by_a_resume_and_completed_never)
{
    for (unsigned from = NODE_INVALID + 1; from < NODE_STATE_COUNT; from++) {
        for (unsigned ev = NODE_EV_INVALID + 1; ev < NODE_EVENT_COUNT; ev++) {
            enum node_state to = NODE_INVALID;
            struct err e = {0};
            bool allowed = node_state_next((enum node_state)from, (enum node_event)ev, &to, &e);

            if (!allowed)
                ck_assert_int_eq(e.code, ERR_CONFLICT);
            if (allowed && node_state_final((enum node_state)from)) {
                ck_assert_int_eq(ev, NODE_EV_AGAIN);
                ck_assert_int_ne(from, NODE_COMPLETED);
            }
        }
    }
}
END_TEST

START_TEST(a_final_run_state_is_never_left)
{
    for (unsigned from = RUN_INVALID + 1; from < RUN_STATE_COUNT; from++) {
        for (unsigned ev = RUN_EV_INVALID + 1; ev < RUN_EVENT_COUNT; ev++) {
            enum run_state to = RUN_INVALID;

            if (run_state_final((enum run_state)from))
                ck_assert(!run_state_next((enum run_state)from, (enum run_event)ev, &to, NULL));
        }
    }
}
END_TEST

START_TEST(a_refusal_names_the_state_and_the_event)
{
    enum node_state node;
    enum run_state run;
    struct err e = {0};

    ck_assert(!node_state_next(NODE_COMPLETED, NODE_EV_START, &node, &e));
    ck_assert_str_eq(e.msg, "a node that is completed refuses START");
    ck_assert(!run_state_next(RUN_FAILED, RUN_EV_STOP, &run, &e));
    ck_assert_str_eq(e.msg, "a run that is failed refuses STOP");
}
END_TEST

START_TEST(no_two_states_have_one_word)
{
    for (unsigned i = NODE_INVALID; i < NODE_STATE_COUNT; i++) {
        for (unsigned j = NODE_INVALID; j < i; j++)
            ck_assert_str_ne(node_state_text((enum node_state)i),
                             node_state_text((enum node_state)j));
    }
    for (unsigned i = RUN_INVALID; i < RUN_STATE_COUNT; i++) {
        for (unsigned j = RUN_INVALID; j < i; j++)
            ck_assert_str_ne(run_state_text((enum run_state)i), run_state_text((enum run_state)j));
    }
}
END_TEST

START_TEST(an_outcome_without_an_error_class_has_its_lists)
{
    struct attempt_outcome o = {.class = OUTCOME_TIMEOUT};

    ck_assert_str_eq(attempt_error_class(&o), "TimeoutError");
    o.error_class = "";
    ck_assert_str_eq(attempt_error_class(&o), "TimeoutError");
    o.error_class = "mine.SlowError";
    ck_assert_str_eq(attempt_error_class(&o), "mine.SlowError");
}
END_TEST

enum { HEAP_ITEMS = 64 };

static uint32_t smallest(const int64_t *keys)
{
    uint32_t best = HEAP_ITEMS;

    for (uint32_t i = 0; i < HEAP_ITEMS; i++) {
        if (keys[i] >= 0 && (best == HEAP_ITEMS || keys[i] < keys[best]))
            best = i;
    }
    return best;
}

START_TEST(the_heap_agrees_with_a_search_through_all_keys)
{
    struct heap h;
    struct rng rng = rng_of(1);
    int64_t keys[HEAP_ITEMS];

    heap_init(&h, HEAP_ITEMS);
    for (uint32_t i = 0; i < HEAP_ITEMS; i++)
        keys[i] = -1; /* absent */
    for (unsigned round = 0; round < 5000; round++) {
        uint32_t item = (uint32_t)rng_below(&rng, HEAP_ITEMS);
        bool add = rng_below(&rng, 3) > 0;

        keys[item] = add ? (int64_t)rng_below(&rng, 20) : -1;
        if (add)
            heap_set(&h, item, keys[item]);
        else
            heap_remove(&h, item);

        const struct heap_entry *first = heap_first(&h);
        ck_assert_uint_eq(first != NULL ? first->item : HEAP_ITEMS, smallest(keys));
    }
    heap_done(&h);
}
END_TEST

TCase *state_cases(void)
{
    TCase *c = tcase_create("state");

    tcase_add_test(c, the_tables_are_those_of_the_committed_snapshot);
    tcase_add_test(c, a_final_node_state_is_left_only_by_a_resume_and_completed_never);
    tcase_add_test(c, a_final_run_state_is_never_left);
    tcase_add_test(c, a_refusal_names_the_state_and_the_event);
    tcase_add_test(c, no_two_states_have_one_word);
    tcase_add_test(c, an_outcome_without_an_error_class_has_its_lists);
    tcase_add_test(c, the_heap_agrees_with_a_search_through_all_keys);
    return c;
}
