/* loadtime_processes.c -- processes and memory that loading would leave, and signals that it turns
 * off: the tree of processes is watched from outside. Issue 6, F5 and F8. */
#include "loadtime.h"

#include "base/clock.h"

#include <string.h>

static const char *const makers[] = {
    "many_children", "many_like_fork", "many_siblings", "fork_spins", "vfork", "threads",
};

/* The supervisor, an init and a zygote for each of two, and spares. */
enum { TREE_MAX = 24 };

/* Asks for spares in this class, where there is a plugin at all. */
static void want_spares(struct world *w, enum isolation isolation, uint64_t cpu_ms,
                        uint64_t memory_bytes)
{
    struct attempt_spec spec = {.digest = w->digest,
                                .agent_id = "hostile",
                                .tenant = "acme",
                                .isolation = isolation,
                                .limits = {.cpu_ms = cpu_ms, .memory_bytes = memory_bytes}};
    struct err e;

    if (w->plugin_ready)
        ck_assert_msg(sandbox_warm(w->sb, &spec, 4, &e), "%s", e.msg);
}

START_TEST(no_child_and_no_thread_of_a_constructor_ever_exists)
{
    struct sandbox_options options = {.load_ms = 1500};
    struct load load = {.attack = makers[_i % LENGTH(makers)]};
    auto_done(buf) b = {0};
    struct watch watch;
    struct world w;

    loads_start(&w, &options);
    load_bytes(&load, &b);
    world_add_begin(&w, b.data, b.len);
    watch = outside_watch(&w, "kid", 300);
    ck_assert_uint_eq(watch.named, 0);
    want_spares(&w, class_of(_i / LENGTH(makers)), 0, 0);
    watch = outside_watch(&w, "kid", 600);
    ck_assert_uint_eq(watch.named, 0);
    ck_assert_uint_eq(watch.always_runs, 0);
    ck_assert_msg(watch.most <= TREE_MAX, "%u processes", watch.most);
    loads_done(&w);
}
END_TEST

static const char *const spins[] = {"spin", "recurse_caught", "ready_spin"};

/* Refused at its first load. */
START_TEST(a_spinner_at_load_is_ended_and_nothing_runs_behind_it)
{
    struct sandbox_options options = {.load_ms = 1000};
    struct load load = {.attack = spins[_i]};
    struct watch watch;
    struct world w;

    loads_start(&w, &options);
    load_add(&w, &load);
    ck_assert(w.plugin_failed);
    ck_assert_int_ne(w.plugin_error.msg[0], '\0');
    world_turn_for(&w, 500);
    watch = outside_watch(&w, "orch-attempt", 1000);
    ck_assert_uint_eq(watch.always_runs, 0);
    loads_done(&w);
}
END_TEST

/* Watches until none of them was there for a second: on a loaded machine each of the few tries
 * takes its time. */
static bool quiet_within(struct world *w, int64_t ms)
{
    int64_t until = clock_mono_ns() + ms * 1000000;

    while (clock_mono_ns() < until)
        if (outside_watch(w, "orch-attempt", 1000).named == 0)
            return true;
    return false;
}

/* It loads well when it is described, and spins as a spare, of which nobody asked anything. While
 * it loads the node's narrow limit may be to blame, and then it is only not made again; once it is
 * ready nothing excuses it. */
START_TEST(a_spare_that_spins_is_ended_though_no_run_is_active)
{
    struct sandbox_options options = {.load_ms = 1000};
    struct load load = {.attack = spins[_i / 2], .when = "cpu1"};
    bool excused = strcmp(load.attack, "ready_spin") != 0;
    struct world w;

    loads_start(&w, &options);
    load_add(&w, &load);
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    want_spares(&w, class_of(_i % 2), 300, 0);
    for (int i = 0; i < 300 && !excused && w.quarantined == 0; i++)
        world_turn_for(&w, 100);
    ck_assert(excused || w.quarantined == 1);
    ck_assert_msg(quiet_within(&w, 30000), "it is made again and again");
    loads_done(&w);
}
END_TEST

static const struct {
    const char *attack, *without;
    uint64_t memory_bytes;
    uint64_t most; /* that one process may ever have */
} memories[] = {
    {"touch_pieces", "memory_cgroup,pids_cgroup", 16 << 20, 128 << 20},
    {"touch_3g", "memory_cgroup,pids_cgroup", 16 << 20, 128 << 20},
    {"touch_pieces", "memory_cgroup,pids_cgroup", 256 << 20, 384 << 20},
    {"touch_pieces", NULL, 16 << 20, 128 << 20},
    {"touch_3g", NULL, 16 << 20, 128 << 20},
};

/* The describing process has the default of 256 MiB. */
START_TEST(memory_that_is_taken_at_load_is_bounded_with_and_without_a_cgroup)
{
    struct sandbox_options options = {.without = memories[_i].without, .load_ms = 3000};
    struct load load = {.attack = memories[_i].attack};
    auto_done(buf) b = {0};
    struct watch watch;
    struct world w;

    loads_start(&w, &options);
    load_bytes(&load, &b);
    world_add_begin(&w, b.data, b.len);
    watch = outside_watch(&w, "kid", 2500);
    ck_assert_msg(watch.bytes_most <= 384 << 20, "%ju MiB", (uintmax_t)watch.bytes_most >> 20);
    for (int i = 0; i < 100 && !w.plugin_failed && !w.plugin_ready; i++)
        world_turn_for(&w, 100);
    ck_assert_msg(w.plugin_failed || w.plugin_ready, "it holds on");
    loads_done(&w);
}
END_TEST

START_TEST(memory_that_a_spare_takes_is_bounded_by_the_nodes_limit)
{
    struct sandbox_options options = {.without = memories[_i / 2].without, .load_ms = 2000};
    struct load load = {.attack = memories[_i / 2].attack, .when = "cpu7"};
    struct watch watch;
    struct world w;

    loads_start(&w, &options);
    load_add(&w, &load);
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    want_spares(&w, class_of(_i % 2), 7000, memories[_i / 2].memory_bytes);
    watch = outside_watch(&w, "kid", 3000);
    ck_assert_msg(watch.bytes_most <= memories[_i / 2].most, "%ju MiB",
                  (uintmax_t)watch.bytes_most >> 20);
    loads_done(&w);
}
END_TEST

static const char *const deaf[] = {"sigchld", "signals"};

/* Each is told at once: attempt_await gives up long before the deadline. */
START_TEST(signals_that_a_constructor_turned_off_hide_no_end)
{
    enum isolation isolation = class_of(_i / LENGTH(deaf));
    struct request good = {.deadline_ms = 300 * 1000, .isolation = isolation};
    struct request exits = good, crashes = good;
    struct load load = {.attack = deaf[_i % LENGTH(deaf)]};
    struct world w;

    exits.config = "{\"case\":\"exit_3\"}";
    crashes.config = "{\"case\":\"segv\"}";
    loads_start(&w, NULL);
    load_add(&w, &load);
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    for (int i = 0; i < 3; i++) {
        expect_outcome(attempt_run(&w, &good), OUTCOME_OK);
        expect_outcome(attempt_run(&w, &exits), OUTCOME_PROTOCOL);
        expect_outcome(attempt_run(&w, &crashes), OUTCOME_CRASH);
    }
    loads_done(&w);
}
END_TEST

void loadtime_add_processes(TCase *tests)
{
    tcase_add_loop_test(tests, no_child_and_no_thread_of_a_constructor_ever_exists, 0,
                        CLASSES * LENGTH(makers));
    tcase_add_loop_test(tests, a_spinner_at_load_is_ended_and_nothing_runs_behind_it, 0,
                        LENGTH(spins));
    tcase_add_loop_test(tests, a_spare_that_spins_is_ended_though_no_run_is_active, 0,
                        LENGTH(spins) * 2);
    tcase_add_loop_test(tests, memory_that_is_taken_at_load_is_bounded_with_and_without_a_cgroup, 0,
                        LENGTH(memories));
    tcase_add_loop_test(tests, memory_that_a_spare_takes_is_bounded_by_the_nodes_limit, 0,
                        LENGTH(memories) * 2);
    tcase_add_loop_test(tests, signals_that_a_constructor_turned_off_hide_no_end, 0,
                        CLASSES * LENGTH(deaf));
}
