/* tasks_test.c -- tasks of a lane in a real Redis: what is told of its streams. claims_test.c has
 * what becomes of an entry that runs. */
#include "real.h"
#include "suites.h"
#include "talk.h"
#include "tasks.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 100, LARGE = 24 };

static const char *const no_one = "[0 nil nil nil]";

/* Its id; valid until the next but three. */
static const char *foreign(bool express, const char *task_id)
{
    static char ids[4][64];
    static unsigned next;
    char *id = ids[next++ % 4];

    snprintf(id, sizeof ids[0], "%s",
             real_says("XADD %s * task_id %s payload {}", express ? EXPRESS : REGULAR, task_id));
    return id;
}

/* So many DEPTHs later whatever was to be told has been. */
static void pass_time(void)
{
    for (int i = 0; i < 3; i++)
        (void)hear_any_depth(true);
}

START_TEST(groups_are_there_before_the_first_task)
{
    ck_assert_str_eq(real_says("XPENDING " EXPRESS " " EXPRESS_GROUP), no_one);
    ck_assert_str_eq(real_says("XPENDING " REGULAR " " REGULAR_GROUP), no_one);
}
END_TEST

START_TEST(what_others_add_is_told_and_not_delivered)
{
    const struct bridge_task *task;
    const char *id;

    real_says("XADD " EXPRESS " 5-1 task_id a payload %s priority 15 type x timestamp now tenant t",
              "{\"test\": 1}");
    task = hear_entry();
    ck_assert(task->entry.queue.express);
    ck_assert_str_eq(task->entry.id, "5-1");
    ck_assert_str_eq(task->task_id, "a");
    ck_assert_str_eq(task->payload, "{\"test\": 1}");
    ck_assert_str_eq(task->priority, "15");
    ck_assert_str_eq(task->timestamp, "now");
    ck_assert_str_eq(task->tenant, "t");
    ck_assert_str_eq(task->fault, "");
    id = foreign(false, "b");
    task = hear_entry();
    ck_assert(!task->entry.queue.express);
    ck_assert_str_eq(task->entry.id, id);
    ck_assert_str_eq(task->priority, "");
    ck_assert_str_eq(real_says("XPENDING " EXPRESS " " EXPRESS_GROUP), no_one);
    hear_depth(true, 1);
}
END_TEST

START_TEST(what_is_wrong_with_an_entry_is_told)
{
    auto_mem char *large = mem_zero(1, BRIDGE_PAYLOAD_BYTES_MAX + 2);
    const struct bridge_task *task;

    memset(large, 'x', BRIDGE_PAYLOAD_BYTES_MAX + 1);
    real_says("XADD " EXPRESS " * hello world payload {}");
    task = hear_entry();
    ck_assert_str_eq(task->task_id, "");
    ck_assert_str_eq(task->fault, "");
    real_says("XADD " EXPRESS " * task_id %b payload %s", "a\0b", (size_t)3, large);
    task = hear_entry();
    ck_assert_str_eq(task->task_id, "");
    ck_assert_str_eq(task->payload, "");
    ck_assert_str_eq(task->fault, "task_id is no text in UTF-8");
    real_says("XADD " EXPRESS " * payload %s", large);
    ck_assert_str_eq(hear_entry()->fault, "payload is longer than 1 MiB");
    large[256] = '\0';
    real_says("XADD " EXPRESS " * priority %s", large);
    ck_assert_str_eq(hear_entry()->fault, "priority is longer than 255 bytes");
    large[255] = '\0';
    real_says("XADD " EXPRESS " * priority %s", large);
    task = hear_entry();
    ck_assert_str_eq(task->fault, "");
    ck_assert_str_eq(task->priority, large);
}
END_TEST

START_TEST(what_was_there_before_the_lane_is_told)
{
    foreign(true, "a");
    foreign(false, "b");
    say_lane(BRIDGE_REDIS, true);
    hear_scanned();
    ck_assert_uint_eq(heard[BRIDGE_ENTRY], 2);
}
END_TEST

START_TEST(a_lane_that_does_not_read_is_told_nothing_until_it_does)
{
    const char *id;

    say_lane(BRIDGE_REDIS, false);
    id = foreign(true, "a");
    hear_depth(true, 1);
    pass_time();
    ck_assert_uint_eq(heard[BRIDGE_ENTRY], 0);
    say_lane(BRIDGE_REDIS, true);
    ck_assert_str_eq(hear_entry()->entry.id, id);
    hear_scanned_of(true);
}
END_TEST

START_TEST(it_is_scanned_though_it_does_not_read)
{
    foreign(true, "a");
    say_lane(BRIDGE_REDIS, false);
    hear_scanned();
    ck_assert_uint_eq(heard[BRIDGE_ENTRY], 0);
}
END_TEST

/* ---- too many, too large ---- */

static void add_many(void)
{
    for (int i = 0; i < MANY; i++)
        foreign(true, "one of many");
}

/* It stops where another page would be too many. */
static void answers_are_waited_for(void)
{
    enum { LEAST = BRIDGE_UNANSWERED_MAX - 15 };
    static char ids[LEAST][BRIDGE_ENTRY_BYTES_MAX];

    for (int i = 0; i < LEAST; i++)
        snprintf(ids[i], sizeof ids[0], "%s", hear_entry()->entry.id);
    pass_time();
    ck_assert_uint_le(heard[BRIDGE_ENTRY], BRIDGE_UNANSWERED_MAX);
    for (int i = 0; i < LEAST; i++)
        say_of(i % 2 == 0 ? BRIDGE_TAKE : BRIDGE_DONE, true, ids[i]);
    while (heard[BRIDGE_ENTRY] < MANY)
        say_of(BRIDGE_TAKE, true, hear_entry()->entry.id);
    pass_time();
    ck_assert_uint_eq(heard[BRIDGE_ENTRY], MANY);
}

START_TEST(no_more_than_the_bound_are_unanswered)
{
    add_many();
    answers_are_waited_for();
}
END_TEST

START_TEST(nor_in_a_pass)
{
    add_many();
    say_lane(BRIDGE_REDIS, true);
    answers_are_waited_for();
    ck_assert_uint_eq(heard[BRIDGE_SCANNED], 2);
}
END_TEST

START_TEST(a_host_that_hears_slowly_is_told_all_in_time)
{
    auto_mem char *large = mem_zero(1, BRIDGE_PAYLOAD_BYTES_MAX + 1);

    memset(large, 'x', BRIDGE_PAYLOAD_BYTES_MAX);
    for (int i = 0; i < LARGE; i++)
        real_says("XADD " EXPRESS " * task_id t payload %s", large);
    for (int i = 0; i < LARGE; i++)
        ck_assert_uint_eq(hear_entry()->payload_bytes, BRIDGE_PAYLOAD_BYTES_MAX);
}
END_TEST

START_TEST(and_so_in_a_pass)
{
    auto_mem char *large = mem_zero(1, BRIDGE_PAYLOAD_BYTES_MAX + 1);

    memset(large, 'x', BRIDGE_PAYLOAD_BYTES_MAX);
    for (int i = 0; i < LARGE; i++)
        real_says("XADD " EXPRESS " * task_id t payload %s", large);
    say_lane(BRIDGE_REDIS, true);
    for (int i = 0; i < LARGE; i++)
        ck_assert_uint_eq(hear_entry()->payload_bytes, BRIDGE_PAYLOAD_BYTES_MAX);
    hear_scanned_of(true);
}
END_TEST

/* ---- entries of ours ---- */

START_TEST(an_entry_of_ours_has_the_runbooks_fields_and_is_not_told)
{
    struct bridge_added added;
    char wanted[512];

    say_add(true, "mine", "{\"x\": 1}");
    added = *hear_added();
    ck_assert_str_eq(added.tenant, "t");
    ck_assert_str_eq(added.task_id, "mine");
    ck_assert_str_eq(added.why, "");
    snprintf(wanted, sizeof wanted,
             "[[%s [task_id mine payload {\"x\": 1} priority 15 type l "
             "timestamp 2026-01-01T00:00:00Z tenant t]]]",
             added.entry.id);
    ck_assert_str_eq(real_says("XRANGE " EXPRESS " - +"), wanted);
    for (int i = 0; i < MANY; i++)
        say_add(i % 2 == 0, "more", "{}");
    for (int i = 0; i < MANY; i++)
        ck_assert_str_ne(hear_added()->entry.id, "");
    pass_time();
    ck_assert_uint_eq(heard[BRIDGE_ENTRY], 0);
}
END_TEST

START_TEST(an_entry_that_finds_no_room_is_told_why)
{
    const struct bridge_added *added;

    real_says("CONFIG SET maxmemory 1");
    say_add(true, "mine", "{}");
    added = hear_added();
    ck_assert_str_eq(added->entry.id, "");
    ck_assert_msg(strncmp(added->why, "OOM ", 4) == 0, "%s", added->why);
}
END_TEST

START_TEST(what_is_added_while_it_is_down_is_dropped)
{
    real_freeze();
    hear_until_state(false);
    say_add(true, "mine", "{}");
    real_thaw();
    hear_until_state(true);
    hear_scanned();
    ck_assert_str_eq(real_says("XLEN " EXPRESS), "0");
    ck_assert_uint_eq(heard[BRIDGE_ADDED], 0);
}
END_TEST

/* ---- what somebody deleted ---- */

START_TEST(what_is_deleted_is_gone)
{
    char id[BRIDGE_ENTRY_BYTES_MAX];

    foreign(true, "stays");
    say_of(BRIDGE_TAKE, true, hear_entry()->entry.id);
    foreign(true, "goes");
    snprintf(id, sizeof id, "%s", hear_entry()->entry.id);
    say_of(BRIDGE_TAKE, true, id);
    real_says("XDEL " EXPRESS " %s", id);
    hear_gone(id);
    hear_scanned_of(true);
}
END_TEST

START_TEST(after_flushall_everything_is_gone_and_the_groups_are_made_again)
{
    char id[BRIDGE_ENTRY_BYTES_MAX];

    say_add(true, "mine", "{}");
    snprintf(id, sizeof id, "%s", hear_added()->entry.id);
    say_claim(true, id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(id), 1);
    real_says("FLUSHALL");
    hear_gone(id);
    real_until(no_one, "XPENDING " EXPRESS " " EXPRESS_GROUP);
    real_until(no_one, "XPENDING " REGULAR " " REGULAR_GROUP);
    real_says("XADD " EXPRESS " 1-1 task_id early payload {}");
    ck_assert_str_eq(hear_entry()->task_id, "early");
}
END_TEST

/* ---- left to somebody else ---- */

START_TEST(what_is_released_is_told_again)
{
    const char *id = foreign(true, "theirs"), *lost = foreign(true, "lost");

    ck_assert_str_eq(hear_entry()->entry.id, id);
    ck_assert_str_eq(hear_entry()->entry.id, lost);
    say_of(BRIDGE_RELEASE, true, id);
    ck_assert_str_eq(hear_entry()->entry.id, id);
    say_of(BRIDGE_RELEASE, true, id);
    say_of(BRIDGE_RELEASE, true, lost);
    foreign(true, "instead"); /* the stream is as long as before */
    real_says("XDEL " EXPRESS " %s", lost);
    hear_gone(lost);
    say_of(BRIDGE_RELEASE, true, "9-9"); /* never was */
    hear_gone("9-9");
}
END_TEST

/* ---- lanes and connections that change ---- */

START_TEST(a_lane_of_another_backend_is_left_alone)
{
    const char *done = foreign(true, "done"), *kept = foreign(true, "kept");

    ck_assert_str_eq(hear_entry()->entry.id, done);
    ck_assert_str_eq(hear_entry()->entry.id, kept);
    say_of(BRIDGE_DONE, true, done);
    say_add(true, "ours", "{}");
    say_lane(BRIDGE_STORE, false);
    say_of(BRIDGE_DONE, true, kept); /* nobody hears it */
    real_until("1", "XLEN " EXPRESS);
    foreign(true, "new");
    say_lane(BRIDGE_REDIS, true);
    ck_assert_str_eq(hear_entry()->entry.id, kept);
    ck_assert_str_eq(hear_entry()->task_id, "new");
    hear_scanned_of(true);
}
END_TEST

START_TEST(a_lane_that_comes_back_at_once_is_scanned_anew)
{
    const char *id = foreign(true, "a");

    ck_assert_str_eq(hear_entry()->entry.id, id);
    real_freeze();
    say_of(BRIDGE_DONE, true, id);
    say_lane(BRIDGE_STORE, false);
    say_lane(BRIDGE_REDIS, true);
    real_thaw();
    hear_scanned();
    real_until("0", "XLEN " EXPRESS);
}
END_TEST

START_TEST(behind_a_connection_that_was_cut_all_is_told_anew)
{
    const char *id = foreign(true, "a");

    ck_assert_str_eq(hear_entry()->entry.id, id);
    real_says("CLIENT KILL TYPE normal SKIPME yes");
    foreign(true, "b");
    hear_until_state(true);
    ck_assert_str_eq(hear_entry()->entry.id, id);
    ck_assert_str_eq(hear_entry()->task_id, "b");
    hear_scanned_of(true);
    foreign(true, "c");
    ck_assert_str_eq(hear_entry()->task_id, "c");
    ck_assert_uint_eq(heard[BRIDGE_ENTRY], 4);
}
END_TEST

START_TEST(what_the_host_had_is_told_anew_though_it_reads_no_others)
{
    char ours[BRIDGE_ENTRY_BYTES_MAX], deleted[BRIDGE_ENTRY_BYTES_MAX];

    say_add(true, "ours", "{}");
    snprintf(ours, sizeof ours, "%s", hear_added()->entry.id);
    say_add(true, "deleted", "{}");
    snprintf(deleted, sizeof deleted, "%s", hear_added()->entry.id);
    say_lane(BRIDGE_REDIS, false);
    (void)hear_any_depth(true);
    real_freeze();
    hear_until_state(false);
    real_thaw();
    real_says("XDEL " EXPRESS " %s", deleted);
    foreign(true, "theirs");
    hear_until_state(true);
    ck_assert_str_eq(hear_entry()->entry.id, ours);
    hear_scanned_of(true);
    ck_assert_uint_eq(heard[BRIDGE_ENTRY], 1);
    ck_assert_uint_eq(heard[BRIDGE_GONE], 0);
}
END_TEST

START_TEST(a_lane_is_named_as_the_dead_letters_are)
{
    say_lane_named("dlq", BRIDGE_REDIS, true);
    pass_time();
    ck_assert_str_eq(real_says("EXISTS mcp:queue:dlq"), "0");
}
END_TEST

START_TEST(a_key_that_is_no_stream_holds_up_that_queue_alone)
{
    real_says("DEL " EXPRESS);
    real_says("SET " EXPRESS " x");
    say_add(true, "mine", "{}");
    ck_assert_msg(strncmp(hear_added()->why, "WRONGTYPE ", 10) == 0, "its error");
    say_claim(true, "1-1", "express_l_0");
    ck_assert_uint_eq(hear_claimed("1-1"), 0);
    foreign(false, "b");
    ck_assert_str_eq(hear_entry()->task_id, "b");
    real_says("CLIENT KILL TYPE normal SKIPME yes"); /* nor can the group be made */
    hear_until_state(true);
    hear_scanned_of(false);
    real_says("DEL " EXPRESS);
    hear_scanned_of(true);
    foreign(true, "c");
    ck_assert_str_eq(hear_entry()->task_id, "c");
}
END_TEST

TCase *tasks_cases(void)
{
    TCase *c = tcase_create("tasks");

    tcase_set_timeout(c, 20);
    tcase_add_checked_fixture(c, tasks_begin, tasks_end);
    tcase_add_test(c, groups_are_there_before_the_first_task);
    tcase_add_test(c, what_others_add_is_told_and_not_delivered);
    tcase_add_test(c, what_is_wrong_with_an_entry_is_told);
    tcase_add_test(c, a_lane_that_does_not_read_is_told_nothing_until_it_does);
    tcase_add_test(c, no_more_than_the_bound_are_unanswered);
    tcase_add_test(c, a_host_that_hears_slowly_is_told_all_in_time);
    tcase_add_test(c, an_entry_of_ours_has_the_runbooks_fields_and_is_not_told);
    tcase_add_test(c, an_entry_that_finds_no_room_is_told_why);
    tcase_add_test(c, what_is_added_while_it_is_down_is_dropped);
    tcase_add_test(c, what_is_deleted_is_gone);
    tcase_add_test(c, after_flushall_everything_is_gone_and_the_groups_are_made_again);
    tcase_add_test(c, what_is_released_is_told_again);
    tcase_add_test(c, a_lane_of_another_backend_is_left_alone);
    tcase_add_test(c, a_lane_that_comes_back_at_once_is_scanned_anew);
    tcase_add_test(c, behind_a_connection_that_was_cut_all_is_told_anew);
    tcase_add_test(c, what_the_host_had_is_told_anew_though_it_reads_no_others);
    tcase_add_test(c, a_lane_is_named_as_the_dead_letters_are);
    tcase_add_test(c, a_key_that_is_no_stream_holds_up_that_queue_alone);
    return c;
}

TCase *first_cases(void)
{
    TCase *c = tcase_create("first");

    tcase_set_timeout(c, 20);
    tcase_add_checked_fixture(c, tasks_begin_bare, tasks_end);
    tcase_add_test(c, what_was_there_before_the_lane_is_told);
    tcase_add_test(c, it_is_scanned_though_it_does_not_read);
    tcase_add_test(c, nor_in_a_pass);
    tcase_add_test(c, and_so_in_a_pass);
    return c;
}
