/* loadtime_walls.c -- code of ours that a plugin changed, and memory that it kept: the walls of the
 * attempt stand all the same, which is looked at from outside. */
#include "loadtime.h"

#include "base/mem.h"

#include <string.h>

static const char *const patches[] = {"patch_text", "patch_got", "patch_fixed", "lying_filter"};

/* An attempt that stays until it is told to stop, as /proc shows it. False: it ended by itself. */
static bool look_at_attempt(struct world *w, enum isolation isolation, struct outside *o,
                            struct answer **ret)
{
    struct request r = {.config = "{\"case\":\"mark\"}",
                        .isolation = isolation,
                        .deadline_ms = 4000,
                        .limits = {.memory_bytes = 64 << 20, .cpu_ms = 5000}};
    struct answer *a = attempt_begin(w, &r);
    int pid = 0;

    *ret = a;
    for (int i = 0; i < 450 && pid == 0 && a->times == 0; i++) {
        int pids[OUTSIDE_PIDS_MAX];

        world_turn_for(w, 10);
        pid = outside_find("marked", pids) > 0 ? pids[0] : 0;
    }
    if (pid == 0 || !outside_look(pid, o)) {
        attempt_await(w, a);
        return false;
    }
    sandbox_attempt_kill(w->sb, a->id);
    attempt_await(w, a);
    return true;
}

/* As an honest plugin's, in every limit; and what the result says is what was there. False: there
 * is no attempt to be looked at. */
static bool expect_walls(struct world *w, enum isolation isolation, const struct outside *honest)
{
    struct outside o;
    struct answer *a;

    if (!look_at_attempt(w, isolation, &o, &a)) {
        ck_assert_msg(a->outcome != OUTCOME_OK, "it was not to be seen and ended well");
        return false; /* it spoilt itself */
    }
    ck_assert_str_eq(o.limits, honest->limits);
    ck_assert_int_eq(o.numbers, honest->numbers);
    outside_expect_layers(&o, a->layers);
    ck_assert_int_eq(a->level, layer_level(a->layers));
    ck_assert_int_eq(a->level, sandbox_layers(w->sb)->level);
    return true;
}

/* Each of them is closed by another layer, and none needs the C library. */
static const char *const forbidden[] = {
    "clone_as_fork", "clone_parent",  "clone_newuser",     "tgkill_init",      "kill_init",
    "open_p",        "open_path",     "pidfd_open",        "seccomp_listener", "map_exec",
    "shared",        "prlimit_raise", "landlock_restrict", "itimer_prof",      "pdeathsig_off",
    "dumpable",      "socket",        "exec_written",
};

static void expect_forbidden(struct world *w, enum isolation isolation, struct buf *bad)
{
    for (int i = 0; i < LENGTH(forbidden); i++) {
        const struct answer *a = run_case(w, forbidden[i], isolation);
        auto_mem char *done = mem_printf("%s=done", forbidden[i]);

        if (a->outcome == OUTCOME_OK && strstr(said(a), done) != NULL)
            buf_addf(bad, "\n  %s", said(a));
    }
}

START_TEST(walls_stand_when_a_plugin_patched_what_makes_them)
{
    enum isolation isolation = class_of(_i / LENGTH(patches));
    struct load load = {.attack = patches[_i % LENGTH(patches)]};
    auto_done(buf) bad = {0};
    struct outside honest;
    struct answer *a;
    struct world w;

    loads_start(&w, &(struct sandbox_options){.load_ms = 1500});
    load_add(&w, &(struct load){.attack = "nothing"});
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    ck_assert(look_at_attempt(&w, isolation, &honest, &a));
    outside_expect_layers(&honest, a->layers);
    load_add(&w, &load);
    if (w.plugin_ready && expect_walls(&w, isolation, &honest)) {
        expect_forbidden(&w, isolation, &bad);
        ck_assert_msg(bad.len == 0, "%s, %s:%s", load.attack, isolation_name(isolation),
                      buf_text(&bad));
    } else if (w.plugin_failed) {
        ck_assert_int_ne(w.plugin_error.msg[0], '\0');
    }
    loads_done(&w);
}
END_TEST

/* ---- memory that is kept ---- */

static const struct {
    const char *secret, *input, *later_tenant;
} kept[] = {
    {NULL, "{\"a\":\"INPUT-OF-ONE\"}", "acme"},
    {"SECRET-OF-ONE", NULL, "acme"},
    {NULL, "{\"a\":\"INPUT-OF-ONE\"}", "other"},
    {"SECRET-OF-ONE", NULL, "other"},
};

START_TEST(memory_that_a_constructor_shares_tells_a_later_attempt_nothing)
{
    enum isolation isolation = class_of(_i / LENGTH(kept));
    struct request first = {.config = "{\"case\":\"keep\"}",
                            .isolation = isolation,
                            .input = kept[_i % LENGTH(kept)].input,
                            .secret = kept[_i % LENGTH(kept)].secret};
    struct request later = {.config = "{\"case\":\"tell_shared\"}",
                            .isolation = isolation,
                            .tenant = kept[_i % LENGTH(kept)].later_tenant};
    struct load load = {.attack = "shared"};
    struct world w;

    loads_start(&w, NULL);
    load_add(&w, &load);
    if (w.plugin_ready) {
        expect_outcome(attempt_run(&w, &first), OUTCOME_OK);
        for (int i = 0; i < 3; i++)
            expect_said(attempt_run(&w, &later), "nothing");
    } else {
        ck_assert_ptr_nonnull(strstr(w.plugin_error.msg, "SIGSYS"));
    }
    loads_done(&w);
}
END_TEST

/* Only where both agree, and never with secrets: what the record says is what was done. */
START_TEST(warm_needs_a_grant_and_no_secrets)
{
    struct request warm = {.agent = "canary", .isolation = ISOLATION_WARM};
    struct request secret = {.agent = "canary",
                             .isolation = ISOLATION_WARM,
                             .secret = "value-of-it"};
    struct request unset = {.agent = "canary"};
    struct world w;

    loads_start(&w, NULL);
    load_add(&w, &(struct load){.attack = "nothing"});
    ck_assert_int_eq(attempt_run(&w, &warm)->isolation, ISOLATION_WARM);
    ck_assert_int_eq(attempt_run(&w, &unset)->isolation, ISOLATION_COLD);
    ck_assert_int_eq(attempt_run(&w, &secret)->isolation, ISOLATION_COLD);
    w.warm_granted = false;
    load_add(&w, &(struct load){.attack = "nothing", .word = "not granted"});
    ck_assert_int_eq(attempt_run(&w, &warm)->isolation, ISOLATION_COLD);
    loads_done(&w);
}
END_TEST

void loadtime_add_walls(TCase *tests)
{
    tcase_add_loop_test(tests, walls_stand_when_a_plugin_patched_what_makes_them, 0,
                        CLASSES * LENGTH(patches));
    tcase_add_loop_test(tests, memory_that_a_constructor_shares_tells_a_later_attempt_nothing, 0,
                        CLASSES * LENGTH(kept));
    tcase_add_test(tests, warm_needs_a_grant_and_no_secrets);
}
