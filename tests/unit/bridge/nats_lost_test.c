/* nats_lost_test.c -- what is deleted, cut, silent, killed or not there. */
#include "nats_host.h"

#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- what is lost ---- */

START_TEST(what_somebody_deletes_is_told)
{
    struct bridge_entry first, second;
    char body[96];

    lane(true);
    first = add("first");
    second = add("second");
    say_entry(BRIDGE_TAKE, &first);
    say_entry(BRIDGE_TAKE, &second);
    snprintf(body, sizeof body, "{\"seq\":%s}", second.id);
    json_decref(nats_asks(&nats_world, "$JS.API.STREAM.MSG.DELETE.ORCH_TASKS", NULL, body));
    ck_assert_str_eq(hear_gone().id, second.id);
    json_decref(nats_asks(&nats_world, "$JS.API.STREAM.PURGE.ORCH_TASKS", NULL, ""));
    ck_assert_str_eq(hear_gone().id, first.id);
    say_claim(&first);
    ck_assert_uint_eq(hear_counted(BRIDGE_CLAIMED).count, 0);
}
END_TEST

START_TEST(a_stream_that_is_gone_is_made_anew)
{
    struct bridge_entry entry;

    lane(true);
    entry = add("mine");
    json_decref(nats_asks(&nats_world, "$JS.API.STREAM.DELETE.ORCH_TASKS", NULL, ""));
    ck_assert_str_eq(hear_gone().id, entry.id);
    hear_scanned();
    hear_scanned();
    add("mine");
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), 1);
}
END_TEST

START_TEST(a_consumer_that_is_gone_is_made_anew)
{
    struct bridge_entry entry;

    lane(true);
    entry = add("mine");
    json_decref(nats_asks(&nats_world, "$JS.API.CONSUMER.DELETE.ORCH_TASKS.ml_regular", NULL, ""));
    ck_assert(!hear_scanned().express);
    say_claim(&entry);
    ck_assert_uint_eq(hear_counted(BRIDGE_CLAIMED).count, 1);
    say_entry(BRIDGE_DONE, &entry);
    hear_counted(BRIDGE_ACKED);
    nats_holds_at_last(&nats_world, "ORCH_TASKS", 0);
}
END_TEST

START_TEST(a_server_that_comes_back_has_it_all)
{
    struct bridge_entry entry, done;
    struct bridge_task told;
    struct bridge_counted acked;

    lane(true);
    entry = add("mine");
    done = add("done");
    nats_world_kill(&nats_world);
    hear_state(false);
    say_claim(&entry);
    ck_assert_uint_eq(hear_counted(BRIDGE_CLAIMED).count, 0);
    say_entry(BRIDGE_DONE, &done);
    acked = hear_counted(BRIDGE_ACKED);
    ck_assert_uint_eq(acked.count, 0);
    nats_world_start(&nats_world);
    hear_state(true);
    do
        told = hear_entry();
    while (strcmp(told.task_id, "mine") != 0);
    ck_assert_str_eq(told.entry.id, entry.id);
    say_claim(&entry);
    ck_assert_uint_ge(hear_counted(BRIDGE_CLAIMED).count, 1);
    nats_holds_at_last(&nats_world, "ORCH_TASKS", 1); /* the other is done at nats_last_heard */
    say_entry(BRIDGE_DONE, &entry);
    nats_holds_at_last(&nats_world, "ORCH_TASKS", 0);
}
END_TEST

START_TEST(a_server_that_falls_silent_is_given_up)
{
    struct bridge_entry entry;

    lane(false);
    entry = add("mine");
    kill(nats_world.server, SIGSTOP);
    say_claim(&entry);
    ck_assert_uint_eq(hear_counted(BRIDGE_CLAIMED).count, 0);
    hear_state(false);
    kill(nats_world.server, SIGCONT);
    hear_state(true);
}
END_TEST

START_TEST(another_bridge_tells_what_is_there)
{
    struct bridge_task told;
    struct bridge_entry entry;

    lane(true);
    entry = add("mine");
    say_entry(BRIDGE_TAKE, &entry);
    say_claim(&entry);
    hear_counted(BRIDGE_CLAIMED);
    end_link();
    begin_link();
    set_up();
    say_lane("ml", BRIDGE_NATS, true);
    told = hear_entry(); /* though it is delivered to the one that ended */
    ck_assert_str_eq(told.task_id, "mine");
    entry = told.entry;
    say_entry(BRIDGE_TAKE, &entry);
    say_claim(&entry);
    ck_assert_uint_ge(hear_counted(BRIDGE_CLAIMED).count, 1);
    say_entry(BRIDGE_DONE, &entry);
    ck_assert_uint_ge(hear_counted(BRIDGE_ACKED).count, 1);
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), 0);
}
END_TEST

START_TEST(what_another_has_is_claimed_by_its_run)
{
    struct bridge_counted claimed;
    struct bridge_entry entry;

    lane(false);
    entry = add("mine");
    json_decref(
        nats_asks(&nats_world, "$JS.API.CONSUMER.MSG.NEXT.ORCH_TASKS.ml_regular", NULL, ""));
    say_claim(&entry);
    claimed = hear_counted(BRIDGE_CLAIMED);
    ck_assert_str_eq(claimed.entry.id, entry.id);
    ck_assert_uint_ge(claimed.count, 1);
    snprintf(entry.id, sizeof entry.id, "99");
    say_claim(&entry); /* there is none such */
    ck_assert_uint_eq(hear_counted(BRIDGE_CLAIMED).count, 0);
    snprintf(entry.id, sizeof entry.id, "1-1");
    say_claim(&entry);
    claimed = hear_counted(BRIDGE_CLAIMED);
    ck_assert_str_eq(claimed.entry.id, "1-1");
    ck_assert_uint_eq(claimed.count, 0);
}
END_TEST

START_TEST(a_lane_that_leaves_takes_its_own_away)
{
    struct bridge_task told;
    struct bridge_entry mine;

    lane(true);
    mine = add("mine");
    stranger("theirs");
    do
        told = hear_entry();
    while (strcmp(told.task_id, "theirs") != 0);
    say_entry(BRIDGE_DONE, &mine);
    say_lane("ml", BRIDGE_STORE, false);
    nats_holds_at_last(&nats_world, "ORCH_TASKS", 1);
    say_lane("ml", BRIDGE_NATS, true);
    told = hear_entry();
    ck_assert_str_eq(told.task_id, "theirs");
}
END_TEST

START_TEST(the_depth_is_told)
{
    struct bridge_depth depth;

    lane(false);
    add("one");
    add("two");
    do {
        hear(BRIDGE_DEPTH);
        ck_assert(bridge_depth_unpack(&nats_last_heard, &depth, NULL));
    } while (depth.queue.express || depth.entries != 2);
}
END_TEST

/* ---- no NATS ---- */

START_TEST(without_jetstream_it_is_down)
{
    nats_world_kill(&nats_world);
    nats_world.jetstream = false;
    nats_world_start(&nats_world);
    set_up();
    say_lane("ml", BRIDGE_NATS, true);
    ck_assert_ptr_nonnull(strstr(hear_state(false).why, "JetStream"));
}
END_TEST

START_TEST(nobody_there_is_told_and_tried_again)
{
    nats_world_kill(&nats_world);
    set_up();
    say_lane("ml", BRIDGE_NATS, true);
    hear_state(false);
    hear_state(false);
    nats_world_start(&nats_world);
    hear_state(true);
    hear_scanned();
}
END_TEST

START_TEST(an_address_that_is_none_is_told)
{
    struct bridge_setup setup = {.nats_url = "nats://:::x", .nats = {TIMEOUT_MS, 150}};
    struct buf body = {0};

    bridge_setup_pack(&body, &setup);
    talk_say(link_fd, BRIDGE_SETUP, &body);
    ck_assert_str_ne(hear_state(false).why, "");
}
END_TEST

TCase *nats_lost_cases(void)
{
    TCase *c = tcase_create("nats lost");

    tcase_set_timeout(c, 15);
    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, what_somebody_deletes_is_told);
    tcase_add_test(c, a_stream_that_is_gone_is_made_anew);
    tcase_add_test(c, a_consumer_that_is_gone_is_made_anew);
    tcase_add_test(c, a_server_that_comes_back_has_it_all);
    tcase_add_test(c, a_server_that_falls_silent_is_given_up);
    tcase_add_test(c, another_bridge_tells_what_is_there);
    tcase_add_test(c, what_another_has_is_claimed_by_its_run);
    tcase_add_test(c, a_lane_that_leaves_takes_its_own_away);
    tcase_add_test(c, the_depth_is_told);
    tcase_add_test(c, without_jetstream_it_is_down);
    tcase_add_test(c, nobody_there_is_told_and_tried_again);
    tcase_add_test(c, an_address_that_is_none_is_told);
    return c;
}
