/* neighbours_names.c -- names: descriptors, files, numbers of processes, uids, signals. */
#include "neighbours.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(an_attempt_has_its_own_four_descriptors_and_no_other_up_to_4096)
{
    struct request with_secret = {.config = "{\"case\":\"descriptors\"}", .secret = "value-of-it"};
    struct world w;

    loads_start(&w, NULL);
    load_add(&w, &(struct load){.attack = "nothing", .where = "run"});
    for (int i = 0; i < 3; i++)
        expect_said(run_case(&w, "descriptors", class_of(_i)), "nothing 0 1 2 3 ");
    with_secret.isolation = class_of(_i);
    expect_said(attempt_run(&w, &with_secret), "nothing 0 1 2 3 ");
    loads_done(&w);
}
END_TEST

/* While it is loaded there may be the plugin itself, and what the walls are made of; never a
 * folder, and nothing more when the place is another. */
START_TEST(a_loading_plugin_has_no_descriptor_of_another)
{
    enum { LOADING_MAX = 8 };
    struct load load = {.attack = "descriptors"};
    struct answer *a;
    struct world w;
    int fd, used;

    loads_start(&w, NULL);
    load_add(&w, &load);
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    a = run_case(&w, "note", class_of(_i));
    expect_outcome(a, OUTCOME_OK);
    ck_assert_ptr_null(strstr(said(a), "folder"));
    for (const char *at = said(a); sscanf(at, "%d %n", &fd, &used) == 1; at += used)
        ck_assert_msg(fd < LOADING_MAX, "%s", said(a));
    loads_done(&w);
}
END_TEST

START_TEST(no_plugin_finds_the_file_of_another)
{
    static const char *const places[] = {"constructor", "run"};
    auto_done(buf) bad = {0};
    char digest[65];
    struct world w;

    loads_start(&w, NULL);
    world_add(&w, HOSTILE_PLUGIN);
    memcpy(digest, w.digest, sizeof digest);
    for (int i = 0; i < 2; i++)
        expect_refusals(
            &w, &(struct load){.attack = "other_plugin", .where = places[i], .word = digest},
            class_of(_i), &bad);
    ck_assert_msg(bad.len == 0, "%s", buf_text(&bad));
    memcpy(w.digest, digest, sizeof digest);
    world_done(&w);
}
END_TEST

/* ---- signals ---- */

static const char *const shots[] = {
    "kill_all",    "kill_group",  "kill_init", "kill_numbers", "tgkill_numbers", "tgkill_other",
    "tgkill_init", "tkill_other", "sigqueue",  "tgsigqueue",   "pidfd_signal",   "pidfd_numbers",
};
static const char *const places[] = {"constructor", "ifunc", "prepare", "run"};

static struct answer *begin_victim(struct world *w, const char *digest, enum isolation isolation,
                                   const char *tenant)
{
    struct request mark = {.config = "{\"case\":\"mark\"}",
                           .digest = digest,
                           .isolation = isolation,
                           .tenant = tenant,
                           .deadline_ms = 100 * 1000};

    return attempt_begin(w, &mark);
}

/* Two of another plugin run, of two tenants; every shot is fired at each place and in run(). */
START_TEST(no_signal_of_a_plugin_reaches_an_attempt_of_another)
{
    enum isolation isolation = class_of(_i / LENGTH(places));
    struct answer *victims[2];
    char digest[65];
    struct world w;

    loads_start(&w, &(struct sandbox_options){.load_ms = 1000});
    load_add(&w, &(struct load){.attack = "nothing"});
    memcpy(digest, w.digest, sizeof digest);
    victims[0] = begin_victim(&w, digest, isolation, "acme");
    victims[1] = begin_victim(&w, digest, isolation, "other");
    ck_assert_int_ne(outside_await(&w, "marked"), 0);
    for (int i = 0; i < LENGTH(shots); i++) {
        load_add(&w, &(struct load){.attack = shots[i], .where = places[_i % LENGTH(places)]});
        if (!w.plugin_ready)
            continue;
        run_case(&w, "note", isolation);
        if (w.quarantined == 0)
            sandbox_plugin_remove(w.sb, w.digest);
        w.quarantined = 0;
    }
    for (int i = 0; i < 2; i++) {
        ck_assert_msg(victims[i]->times == 0, "%s: %s", outcome_name(victims[i]->outcome),
                      victims[i]->message);
        sandbox_attempt_cancel(w.sb, victims[i]->id);
        attempt_await(&w, victims[i]);
        expect_outcome(victims[i], OUTCOME_CANCELLED);
    }
    loads_done(&w);
}
END_TEST

/* And none of the same plugin, which a zygote may have in common with it. */
START_TEST(no_signal_of_an_attempt_reaches_its_sibling)
{
    enum isolation isolation = class_of(_i);
    struct answer *victim;
    struct world w;

    loads_start(&w, NULL);
    load_add(&w, &(struct load){.attack = "nothing"});
    victim = begin_victim(&w, w.digest, isolation, "acme");
    ck_assert_int_ne(outside_await(&w, "marked"), 0);
    for (int i = 0; i < LENGTH(shots); i++)
        run_case(&w, shots[i], isolation);
    ck_assert_msg(victim->times == 0, "%s: %s", outcome_name(victim->outcome), victim->message);
    sandbox_attempt_cancel(w.sb, victim->id);
    attempt_await(&w, victim);
    expect_outcome(victim, OUTCOME_CANCELLED);
    loads_done(&w);
}
END_TEST

/* ---- uids ---- */

START_TEST(attempts_of_two_tenants_and_plugins_have_uids_of_their_own)
{
    int pids[OUTSIDE_PIDS_MAX], count = 0;
    char digest[65];
    struct world w;

    loads_start(&w, NULL);
    load_add(&w, &(struct load){.attack = "nothing"});
    memcpy(digest, w.digest, sizeof digest);
    begin_victim(&w, digest, class_of(_i), "acme");
    begin_victim(&w, digest, class_of(_i), "other");
    load_add(&w, &(struct load){.attack = "nothing", .word = "another"});
    begin_victim(&w, w.digest, class_of(_i), "acme");
    for (int i = 0; i < 500 && count < 3; i++) {
        world_turn_for(&w, 10);
        count = outside_find("marked", pids);
    }
    ck_assert_int_eq(count, 3);
    for (int i = 0; i < count; i++) {
        struct outside a, b;

        ck_assert(outside_look(pids[i], &a));
        for (int j = 0; j < i && (sandbox_layers(w.sb)->mask & LAYER_UID) != 0; j++) {
            ck_assert(outside_look(pids[j], &b));
            ck_assert_msg(a.uid[0] != b.uid[0], "two attempts are uid %u", a.uid[0]);
        }
    }
    for (unsigned i = 0; i < w.count; i++)
        sandbox_attempt_kill(w.sb, w.answers[i].id);
    world_await_all(&w);
    loads_done(&w);
}
END_TEST

void neighbours_add_names(TCase *tests)
{
    tcase_add_loop_test(tests, an_attempt_has_its_own_four_descriptors_and_no_other_up_to_4096, 0,
                        CLASSES);
    tcase_add_loop_test(tests, a_loading_plugin_has_no_descriptor_of_another, 0, CLASSES);
    tcase_add_loop_test(tests, no_plugin_finds_the_file_of_another, 0, CLASSES);
    tcase_add_loop_test(tests, no_signal_of_a_plugin_reaches_an_attempt_of_another, 0,
                        CLASSES * LENGTH(places));
    tcase_add_loop_test(tests, no_signal_of_an_attempt_reaches_its_sibling, 0, CLASSES);
    tcase_add_loop_test(tests, attempts_of_two_tenants_and_plugins_have_uids_of_their_own, 0,
                        CLASSES);
}
