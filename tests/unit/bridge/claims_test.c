/* claims_test.c -- what becomes of an entry that runs: it is claimed, kept, acknowledged, or among
 * the dead letters. */
#include "real.h"
#include "suites.h"
#include "talk.h"
#include "tasks.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PENDING "XPENDING " EXPRESS " " EXPRESS_GROUP

static const char *const no_one = "[0 nil nil nil]";
static char id[BRIDGE_ENTRY_BYTES_MAX];

static void begin(void)
{
    tasks_begin();
    say_add(true, "mine", "{}");
    snprintf(id, sizeof id, "%s", hear_added()->entry.id);
}

/* The consumer that has it. */
static void had_by(const char *consumer)
{
    char wanted[256];

    snprintf(wanted, sizeof wanted, "[1 %s %s [[%s 1]]]", id, id, consumer);
    real_until(wanted, PENDING);
}

static void given_to(const char *consumer)
{
    real_says("XREADGROUP GROUP " EXPRESS_GROUP " %s COUNT 10 STREAMS " EXPRESS " >", consumer);
    had_by(consumer);
}

/* Asked again behind each DEPTH, as the host does. */
static uint32_t claimed_in_time(void)
{
    uint32_t deliveries;

    do {
        (void)hear_any_depth(true);
        say_claim(true, id, "express_l_0");
        deliveries = hear_claimed(id);
    } while (deliveries == 0);
    return deliveries;
}

/* The count is told to Redis behind the answer. */
static void deliveries_are(int wanted)
{
    int is = 0;

    for (int i = 0; i < TALK_MS && is != wanted; i++) {
        is = atoi(strrchr(real_says(PENDING " - + 1"), ' ') + 1);
        if (is != wanted)
            usleep(1000);
    }
    ck_assert_int_eq(is, wanted);
}

START_TEST(it_is_claimed_and_done)
{
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 1);
    had_by("express_l_0");
    deliveries_are(1);
    say_of(BRIDGE_TAKE, true, id); /* nothing new */
    say_of(BRIDGE_DONE, true, id);
    say_of(BRIDGE_DONE, true, id);
    ck_assert_uint_eq(hear_acked(id), 1);
    ck_assert_str_eq(real_says(PENDING), no_one);
    ck_assert_str_eq(real_says("XLEN " EXPRESS), "0");
}
END_TEST

START_TEST(another_worker_gets_it)
{
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 1);
    say_claim(true, id, "express_l_1");
    ck_assert_uint_eq(hear_claimed(id), 1);
    had_by("express_l_1");
}
END_TEST

START_TEST(somebody_elses_is_left_to_him_until_he_is_idle)
{
    given_to("express_l_dead");
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 0);
    ck_assert_uint_eq(claimed_in_time(), 2);
    had_by("express_l_0");
    deliveries_are(2);
}
END_TEST

START_TEST(one_for_a_name_of_ours_is_taken_at_the_next_sweep)
{
    given_to("express_l_7");
    ck_assert_uint_eq(claimed_in_time(), 2);
    had_by("express_l_0");
}
END_TEST

START_TEST(what_is_not_there_any_more_is_gone)
{
    real_says("XDEL " EXPRESS " %s", id);
    say_claim(true, id, "express_l_0");
    hear_gone(id);
    say_claim(true, "5-5", "express_l_0");
    ck_assert_uint_eq(hear_claimed("5-5"), 0);
}
END_TEST

START_TEST(nor_what_is_pending_of_it)
{
    given_to("express_l_dead");
    real_says("XDEL " EXPRESS " %s", id);
    say_claim(true, id, "express_l_0");
    hear_gone(id);
    real_until(no_one, PENDING);
}
END_TEST

START_TEST(without_a_group_one_is_made)
{
    real_says("XGROUP DESTROY " EXPRESS " " EXPRESS_GROUP);
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 1);
    had_by("express_l_0");
}
END_TEST

START_TEST(nothing_can_be_claimed_while_it_is_down)
{
    real_freeze();
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 0); /* the connection was given up */
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 0);
    real_thaw();
    hear_until_state(true);
    hear_scanned();
    say_claim(true, id, "express_l_1");
    if (hear_claimed(id) == 0) /* the first of them was done after all */
        ck_assert_uint_eq(claimed_in_time(), 2);
}
END_TEST

START_TEST(it_is_kept_whatever_others_do)
{
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 1);
    real_says("XGROUP DELCONSUMER " EXPRESS " " EXPRESS_GROUP " express_l_0");
    had_by("express_l_0");
    real_says("XGROUP DESTROY " EXPRESS " " EXPRESS_GROUP);
    had_by("express_l_0");
    real_says("XCLAIM " EXPRESS " " EXPRESS_GROUP " hand 0 %s", id);
    had_by("express_l_0");
    for (int i = 0; i < 2 * IDLE_MS / SWEEP_MS; i++) {
        char idle[16];

        (void)hear_any_depth(true);
        snprintf(idle, sizeof idle, "%d", IDLE_MS);
        ck_assert_str_eq(real_says(PENDING " IDLE %s - + 1", idle), "[]");
    }
    real_says("CLIENT KILL TYPE normal SKIPME yes");
    hear_until_state(true);
    ck_assert_str_eq(hear_entry()->entry.id, id);
    say_of(BRIDGE_TAKE, true, id);
    say_claim(true, id, "express_l_1");
    ck_assert_uint_eq(hear_claimed(id), 1);
    had_by("express_l_1");
    real_says("XGROUP DELCONSUMER " EXPRESS " " EXPRESS_GROUP " express_l_1");
    had_by("express_l_1");
}
END_TEST

START_TEST(what_is_released_is_kept_no_longer)
{
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 1);
    say_of(BRIDGE_RELEASE, true, id);
    real_says("XCLAIM " EXPRESS " " EXPRESS_GROUP " hand 0 %s", id);
    ck_assert_str_eq(hear_entry()->entry.id, id);
    had_by("hand");
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(claimed_in_time(), 3);
}
END_TEST

/* ---- over ---- */

START_TEST(an_entry_that_nobody_claimed_is_done)
{
    say_of(BRIDGE_DONE, true, id);
    ck_assert_uint_eq(hear_acked(id), 1);
    say_of(BRIDGE_DONE, true, "7-7"); /* nor did anybody tell of it */
    ck_assert_uint_eq(hear_acked("7-7"), 1);
    real_says("DEL " EXPRESS);
    say_of(BRIDGE_DONE, true, "7-8");
    ck_assert_uint_eq(hear_acked("7-8"), 1);
}
END_TEST

START_TEST(what_cannot_be_acknowledged_is_told_once_and_tried_until_it_can)
{
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 1);
    real_freeze();
    hear_until_state(false);
    say_of(BRIDGE_DONE, true, id);
    ck_assert_uint_eq(hear_acked(id), 0);
    real_thaw();
    hear_until_state(true);
    real_until("0", "XLEN " EXPRESS);
    real_until(no_one, PENDING);
    (void)hear_any_depth(true);
    ck_assert_uint_eq(heard[BRIDGE_ACKED], 1);
    ck_assert_uint_eq(heard[BRIDGE_ENTRY], 0);
}
END_TEST

START_TEST(an_answer_that_is_lost_is_a_failed_attempt)
{
    real_freeze();
    say_of(BRIDGE_DONE, true, id);
    hear_until_state(false);
    ck_assert_uint_eq(hear_acked(id), 0);
    real_thaw();
    real_until("0", "XLEN " EXPRESS);
}
END_TEST

START_TEST(a_key_that_is_no_stream_cannot_be_acknowledged)
{
    real_says("SET " EXPRESS " x");
    say_of(BRIDGE_DONE, true, id);
    ck_assert_uint_eq(hear_acked(id), 0);
    real_says("DEL " EXPRESS);
    (void)hear_any_depth(true);
}
END_TEST

static const char *letters(void)
{
    const char *text = real_says("XRANGE mcp:queue:dlq - +");

    return strchr(text, ' ') != NULL ? strchr(text, ' ') + 1 : text;
}

START_TEST(the_dead_are_among_the_dead_letters)
{
    char wanted[512];

    say_claim(true, id, "express_l_0");
    say_dead(true, id, "mine");
    say_dead(true, id, "mine");
    ck_assert_uint_eq(hear_acked(id), 1);
    snprintf(wanted, sizeof wanted,
             "[task_id mine type l payload {} priority 7 timestamp then source_stream " EXPRESS
             " message_id %s consumer express_l_0 error it broke retry_count 3 failed_at now]]]",
             id);
    ck_assert_str_eq(letters(), wanted);
    ck_assert_str_eq(real_says("XLEN " EXPRESS), "0");
    say_dead(false, "", "poor");
    real_until("2", "XLEN mcp:queue:dlq");
}
END_TEST

START_TEST(a_dead_letter_waits_for_redis)
{
    real_freeze();
    hear_until_state(false);
    say_dead(true, id, "mine");
    say_dead(true, "", "poor");
    ck_assert_uint_eq(hear_acked(id), 0);
    real_thaw();
    hear_until_state(true);
    real_until("2", "XLEN mcp:queue:dlq");
    real_until("0", "XLEN " EXPRESS);
}
END_TEST

START_TEST(a_dead_letter_finds_no_room)
{
    real_says("CONFIG SET maxmemory 1");
    say_dead(true, id, "mine");
    say_dead(true, "", "poor");
    ck_assert_uint_eq(hear_acked(id), 0);
    real_says("CONFIG SET maxmemory 0");
    real_until("2", "XLEN mcp:queue:dlq");
    real_until("0", "XLEN " EXPRESS);
}
END_TEST

START_TEST(what_is_still_to_be_done_ends_with_the_bridge)
{
    real_freeze();
    hear_until_state(false);
    say_dead(true, id, "mine");
    say_dead(true, "", "poor");
    say_of(BRIDGE_DONE, true, "7-7");
    ck_assert_uint_eq(hear_acked("7-7"), 0);
}
END_TEST

TCase *claims_cases(void)
{
    TCase *c = tcase_create("claims");

    tcase_set_timeout(c, 20);
    tcase_add_checked_fixture(c, begin, tasks_end);
    tcase_add_test(c, it_is_claimed_and_done);
    tcase_add_test(c, another_worker_gets_it);
    tcase_add_test(c, somebody_elses_is_left_to_him_until_he_is_idle);
    tcase_add_test(c, one_for_a_name_of_ours_is_taken_at_the_next_sweep);
    tcase_add_test(c, what_is_not_there_any_more_is_gone);
    tcase_add_test(c, nor_what_is_pending_of_it);
    tcase_add_test(c, without_a_group_one_is_made);
    tcase_add_test(c, nothing_can_be_claimed_while_it_is_down);
    tcase_add_test(c, it_is_kept_whatever_others_do);
    tcase_add_test(c, what_is_released_is_kept_no_longer);
    tcase_add_test(c, an_entry_that_nobody_claimed_is_done);
    tcase_add_test(c, what_cannot_be_acknowledged_is_told_once_and_tried_until_it_can);
    tcase_add_test(c, an_answer_that_is_lost_is_a_failed_attempt);
    tcase_add_test(c, a_key_that_is_no_stream_cannot_be_acknowledged);
    tcase_add_test(c, the_dead_are_among_the_dead_letters);
    tcase_add_test(c, a_dead_letter_waits_for_redis);
    tcase_add_test(c, a_dead_letter_finds_no_room);
    tcase_add_test(c, what_is_still_to_be_done_ends_with_the_bridge);
    return c;
}
