/* neighbours_supply.c -- what is made ahead of need: one plugin's slow, failing or crashing loads
 * hold nobody else up and cost nobody else a spare. */
#include "neighbours.h"

#include <string.h>

enum { SPARES = 4, RUNS = 20 };

static uint32_t spares_ready(const struct world *w)
{
    return sandbox_counts(w->sb).spares_ready;
}

/* Turns until there are so many spares, at most 10 s. */
static void await_spares(struct world *w, uint32_t count)
{
    for (int i = 0; i < 1000 && spares_ready(w) < count; i++)
        world_turn_for(w, 10);
    ck_assert_uint_ge(spares_ready(w), count);
}

static void want_spares(struct world *w, const char *digest, enum isolation isolation,
                        const char *tenant)
{
    struct attempt_spec spec = {.digest = digest,
                                .agent_id = "canary",
                                .tenant = tenant,
                                .isolation = isolation};
    struct err e;

    ck_assert_msg(sandbox_warm(w->sb, &spec, SPARES, &e), "%s", e.msg);
}

/* An honest plugin with its spares. */
static void start_honest(struct world *w, enum isolation isolation, char digest[65])
{
    loads_start(w, &(struct sandbox_options){.load_ms = 3000});
    load_add(w, &(struct load){.attack = "nothing"});
    ck_assert_msg(w->plugin_ready, "%s", w->plugin_error.msg);
    memcpy(digest, w->digest, 65);
    want_spares(w, digest, isolation, "acme");
    await_spares(w, SPARES);
}

static const char *const slow[] = {"sleep", "spin"};

/* Counted, not timed: all of its runs end while the other is still being loaded. */
START_TEST(a_slow_load_holds_nobody_elses_attempts_up)
{
    enum isolation isolation = class_of(_i / LENGTH(slow));
    struct request r = {.agent = "canary", .isolation = isolation};
    auto_done(buf) b = {0};
    char digest[65];
    struct world w;

    start_honest(&w, isolation, digest);
    load_bytes(&(struct load){.attack = slow[_i % LENGTH(slow)]}, &b);
    world_add_begin(&w, b.data, b.len);
    world_turn_for(&w, 50);
    r.digest = digest;
    for (int i = 0; i < RUNS; i++)
        expect_outcome(attempt_run(&w, &r), OUTCOME_OK);
    ck_assert_msg(!w.plugin_failed && !w.plugin_ready, "it was not slow: %s", w.plugin_error.msg);
    for (int i = 0; i < 500 && !w.plugin_failed; i++)
        world_turn_for(&w, 10);
    ck_assert(w.plugin_failed);
    loads_done(&w);
}
END_TEST

/* The attempts of the slow one wait; those of the other do not. */
START_TEST(a_slow_spare_holds_nobody_elses_attempts_up)
{
    enum isolation isolation = class_of(_i);
    struct request slow_one = {.isolation = isolation, .limits.cpu_ms = 7000, .deadline_ms = 30000};
    struct request r = {.agent = "canary", .isolation = isolation};
    struct answer *waiting;
    char digest[65];
    struct world w;

    start_honest(&w, isolation, digest);
    load_add(&w, &(struct load){.attack = "sleep", .when = "cpu7"});
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    waiting = attempt_begin(&w, &slow_one);
    world_turn_for(&w, 50);
    r.digest = digest;
    for (int i = 0; i < RUNS; i++)
        expect_outcome(attempt_run(&w, &r), OUTCOME_OK);
    ck_assert_uint_eq(waiting->times, 0);
    attempt_await(&w, waiting);
    ck_assert(waiting->outcome != OUTCOME_OK);
    loads_done(&w);
}
END_TEST

/* ---- what is ready stays ---- */

/* The spares that are there before the other plugin comes. */
struct before {
    int pids[OUTSIDE_PIDS_MAX], count;
};

static struct before *note_processes(void)
{
    static struct before b;

    b.count = outside_find("orch-attempt", b.pids);
    ck_assert_int_ge(b.count, SPARES);
    return &b;
}

static void expect_alive(const struct before *b)
{
    for (int i = 0; i < b->count; i++)
        ck_assert_msg(!process_is_zombie(b->pids[i]), "spare %d is gone", b->pids[i]);
}

static const char *const crashes[] = {"segv", "exit_3", "kill_init", "abort", "ready_many"};

START_TEST(a_crash_while_loading_leaves_another_plugins_spares_alone)
{
    enum isolation isolation = class_of(_i / LENGTH(crashes));
    const struct before *before;
    char digest[65];
    struct world w;

    start_honest(&w, isolation, digest);
    world_turn_for(&w, 200);
    before = note_processes();
    load_add(&w, &(struct load){.attack = crashes[_i % LENGTH(crashes)]});
    ck_assert(w.plugin_failed);
    world_turn_for(&w, 200);
    expect_alive(before);
    ck_assert_uint_ge(spares_ready(&w), SPARES);
    loads_done(&w);
}
END_TEST

START_TEST(a_crash_in_a_run_leaves_another_plugins_spares_alone)
{
    enum isolation isolation = class_of(_i / LENGTH(crashes));
    struct request r = {.isolation = isolation, .tenant = "other"};
    struct load load = {.attack = crashes[_i % LENGTH(crashes)], .where = "run"};
    const struct before *before;
    char digest[65];
    struct world w;

    start_honest(&w, isolation, digest);
    world_turn_for(&w, 200);
    before = note_processes();
    load_add(&w, &load);
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    for (int i = 0; i < 4; i++)
        ck_assert_int_ne(attempt_run(&w, &r)->outcome, OUTCOME_OK);
    world_turn_for(&w, 200);
    expect_alive(before);
    r = (struct request){.agent = "canary", .isolation = isolation, .digest = digest};
    for (int i = 0; i < SPARES; i++)
        expect_outcome(attempt_run(&w, &r), OUTCOME_OK);
    loads_done(&w);
}
END_TEST

/* One tenant's attempts crash; another tenant has its spares of the same plugin again, and runs. */
START_TEST(a_crash_of_one_tenant_costs_another_nothing)
{
    enum isolation isolation = class_of(_i);
    struct request r = {.config = "{\"case\":\"segv\"}", .isolation = isolation, .tenant = "other"};
    struct request good = {.agent = "canary", .isolation = isolation};
    char digest[65];
    struct world w;

    start_honest(&w, isolation, digest);
    for (int i = 0; i < 8; i++) {
        expect_outcome(attempt_run(&w, &r), OUTCOME_CRASH);
        expect_outcome(attempt_run(&w, &good), OUTCOME_OK);
    }
    await_spares(&w, SPARES);
    ck_assert_uint_eq(w.quarantined, 0);
    loads_done(&w);
}
END_TEST

/* Revoking one at once ends its own and nobody else's. */
START_TEST(a_revoked_plugin_takes_nobody_elses_attempts_along)
{
    enum isolation isolation = class_of(_i);
    struct request mark = {.config = "{\"case\":\"mark\"}",
                           .isolation = isolation,
                           .deadline_ms = 60000};
    struct answer *stays, *goes;
    char digest[65];
    struct world w;

    start_honest(&w, isolation, digest);
    stays = attempt_begin(&w, &mark);
    load_add(&w, &(struct load){.attack = "nothing", .word = "revoked"});
    goes = attempt_begin(&w, &mark);
    for (int i = 0; i < 500 && !(stays->started && goes->started); i++)
        world_turn_for(&w, 10);
    ck_assert(stays->started && goes->started);
    sandbox_plugin_revoke(w.sb, w.digest, "its publisher's key was revoked");
    attempt_await(&w, goes);
    expect_outcome(goes, OUTCOME_REVOKED);
    ck_assert_str_eq(goes->message, "its publisher's key was revoked");
    world_turn_for(&w, 100);
    ck_assert_uint_eq(stays->times, 0);
    sandbox_attempt_cancel(w.sb, stays->id);
    attempt_await(&w, stays);
    expect_outcome(stays, OUTCOME_CANCELLED);
    loads_done(&w);
}
END_TEST

void neighbours_add_supply(TCase *tests)
{
    tcase_add_loop_test(tests, a_slow_load_holds_nobody_elses_attempts_up, 0,
                        CLASSES * LENGTH(slow));
    tcase_add_loop_test(tests, a_slow_spare_holds_nobody_elses_attempts_up, 0, 2);
    tcase_add_loop_test(tests, a_crash_while_loading_leaves_another_plugins_spares_alone, 0,
                        CLASSES * LENGTH(crashes));
    tcase_add_loop_test(tests, a_crash_in_a_run_leaves_another_plugins_spares_alone, 0,
                        CLASSES * LENGTH(crashes));
    tcase_add_loop_test(tests, a_crash_of_one_tenant_costs_another_nothing, 0, CLASSES);
    tcase_add_loop_test(tests, a_revoked_plugin_takes_nobody_elses_attempts_along, 0, CLASSES);
}
