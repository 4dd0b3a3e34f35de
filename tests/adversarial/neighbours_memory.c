/* neighbours_memory.c -- memory: what is in it, and to whom it is charged. */
#include "neighbours.h"

#include <stdio.h>
#include <string.h>

static const char *const tenants[] = {"acme", "other"};

static struct answer *run_of(struct world *w, const char *config, enum isolation isolation,
                             const char *tenant)
{
    struct request r = {.config = config, .isolation = isolation, .tenant = tenant};

    return attempt_run(w, &r);
}

/* Globals, heap, stack, thread's own, environment, mappings. */
START_TEST(nothing_that_an_attempt_wrote_to_its_memory_is_there_for_the_next)
{
    enum isolation isolation = class_of(_i / LENGTH(tenants));
    const char *later = tenants[_i % LENGTH(tenants)];
    struct world w;

    loads_start(&w, NULL);
    load_add(&w, &(struct load){.attack = "nothing"});
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    for (int i = 0; i < 4; i++) {
        expect_outcome(run_of(&w, "{\"case\":\"plant\"}", isolation, "acme"), OUTCOME_OK);
        ck_assert_ptr_nonnull(
            strstr(said(run_of(&w, "{\"case\":\"look\"}", isolation, later)), "not found"));
    }
    loads_done(&w);
}
END_TEST

START_TEST(the_search_would_find_what_is_there)
{
    struct world w;

    loads_start(&w, NULL);
    load_add(&w, &(struct load){.where = "run"});
    expect_said(run_case(&w, "plant_look", class_of(_i)), "found");
    loads_done(&w);
}
END_TEST

/* The number of the process at load and that in run(), one behind the other. */
START_TEST(a_plugin_is_loaded_in_the_attempts_own_process_unless_it_is_warm)
{
    enum isolation isolation = class_of(_i);
    char numbers[64];
    struct answer *a;
    struct world w;
    size_t half;

    loads_start(&w, NULL);
    load_add(&w, &(struct load){.attack = "number"});
    a = run_case(&w, "number", isolation);
    expect_outcome(a, OUTCOME_OK);
    ck_assert_int_eq(a->isolation, isolation);
    snprintf(numbers, sizeof numbers, "%s", said(a));
    half = strlen(numbers) / 2;
    ck_assert_msg((strlen(numbers) % 2 == 0 && memcmp(numbers, numbers + half, half) == 0) ==
                      (isolation != ISOLATION_WARM),
                  "%s: %s", isolation_name(isolation), numbers);
    loads_done(&w);
}
END_TEST

/* ---- charge ---- */

enum { CHARGE_MAX = 24 << 20, LATER = 6 };

/* In memory that a constructor shared, and in that which it could share only now. */
static const char *const charges[] = {"{\"case\":\"touch_shared\"}", "{\"case\":\"charge\"}"};

static void expect_small(const struct world *w, int pid)
{
    struct outside o;

    ck_assert_int_ne(pid, 0);
    ck_assert(outside_look(pid, &o));
    ck_assert_msg(o.bytes < CHARGE_MAX, "%ju MiB resident", (uintmax_t)o.bytes >> 20);
    if ((sandbox_layers(w->sb)->mask & LAYER_MEMORY) == 0)
        return;
    ck_assert_int_ge(outside_charge(&o), 0);
    ck_assert_msg(outside_charge(&o) < CHARGE_MAX, "%jd MiB", (intmax_t)outside_charge(&o) >> 20);
}

/* 64 MiB are touched by one; then the groups of those behind it are looked at when they begin. */
START_TEST(the_next_attempt_is_charged_for_nothing_of_the_last)
{
    enum isolation isolation = class_of(_i / LENGTH(charges));
    struct request mark = {.config = "{\"case\":\"mark\"}", .isolation = isolation};
    struct request first = {.config = charges[_i % LENGTH(charges)], .isolation = isolation};
    struct world w;

    loads_start(&w, NULL);
    load_add(&w, &(struct load){.attack = "shared"});
    if (w.plugin_failed) /* shared memory is refused by a signal */
        load_add(&w, &(struct load){.attack = "nothing"});
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    attempt_run(&w, &first);
    for (int i = 0; i < LATER; i++) {
        struct answer *a = attempt_begin(&w, &mark);

        expect_small(&w, outside_await(&w, "marked"));
        sandbox_attempt_kill(w.sb, a->id);
        attempt_await(&w, a);
    }
    loads_done(&w);
}
END_TEST

/* Four attempts at once, each in a group of its own. */
START_TEST(attempts_that_run_at_the_same_time_share_no_group)
{
    struct request mark = {.config = "{\"case\":\"mark\"}", .isolation = class_of(_i)};
    struct outside o[4];
    int pids[OUTSIDE_PIDS_MAX], count = 0;
    bool own_uids;
    struct world w;

    loads_start(&w, NULL);
    /* Warm ones are not separated from each other, which is what warm says. */
    own_uids = (sandbox_layers(w.sb)->mask & LAYER_UID) != 0 && class_of(_i) != ISOLATION_WARM;
    load_add(&w, &(struct load){.attack = "nothing"});
    for (int i = 0; i < 4; i++)
        attempt_begin(&w, &mark);
    for (int i = 0; i < 500 && count < 4; i++) {
        world_turn_for(&w, 10);
        count = outside_find("marked", pids);
    }
    ck_assert_int_eq(count, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert(outside_look(pids[i], &o[i]));
        for (int j = 0; j < i && (sandbox_layers(w.sb)->mask & LAYER_MEMORY) != 0; j++)
            ck_assert_str_ne(o[i].memory_group, o[j].memory_group);
        for (int j = 0; j < i && own_uids; j++)
            ck_assert_msg(o[i].uid[0] != o[j].uid[0], "two attempts are uid %u", o[i].uid[0]);
    }
    for (unsigned i = 0; i < w.count; i++)
        sandbox_attempt_kill(w.sb, w.answers[i].id);
    world_await_all(&w);
    loads_done(&w);
}
END_TEST

void neighbours_add_memory(TCase *tests)
{
    tcase_add_loop_test(tests, nothing_that_an_attempt_wrote_to_its_memory_is_there_for_the_next, 0,
                        CLASSES * LENGTH(tenants));
    tcase_add_loop_test(tests, the_search_would_find_what_is_there, 0, CLASSES);
    tcase_add_loop_test(tests, a_plugin_is_loaded_in_the_attempts_own_process_unless_it_is_warm, 0,
                        CLASSES);
    tcase_add_loop_test(tests, the_next_attempt_is_charged_for_nothing_of_the_last, 0,
                        CLASSES * LENGTH(charges));
    tcase_add_loop_test(tests, attempts_that_run_at_the_same_time_share_no_group, 0, CLASSES);
}
