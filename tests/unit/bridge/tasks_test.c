/* tasks_test.c -- tasks of a lane in a real Redis: what is told of a stream, what becomes of what
 * the host says. */
#include "real.h"
#include "suites.h"
#include "talk.h"
#include "tasks.h"

#include <stdio.h>
#include <string.h>

#define NONE_PENDING "[0 nil nil nil]"

static const char *pending(void)
{
    return real_says("XPENDING " EXPRESS " " EXPRESS_GROUP);
}

static const char *entry_text(const char *id, const char *fields)
{
    static char text[512];

    snprintf(text, sizeof text, "[[%s [%s]]]", id, fields);
    return text;
}

/* ---- entries of others ---- */

static const char *foreign(bool express, const char *task_id)
{
    static char id[64];

    snprintf(id, sizeof id, "%s",
             real_says("XADD %s * task_id %s payload {}", express ? EXPRESS : REGULAR, task_id));
    return id;
}

START_TEST(groups_are_there_before_the_first_task)
{
    ck_assert_str_eq(pending(), NONE_PENDING);
    ck_assert_str_eq(real_says("XPENDING " REGULAR " " REGULAR_GROUP), NONE_PENDING);
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
    ck_assert_str_eq(pending(), NONE_PENDING);
    hear_depth(true, 1);
}
END_TEST

/* ---- entries of ours ---- */

START_TEST(a_task_is_added_claimed_and_done)
{
    struct bridge_added added;

    say_add(true, "mine", "{\"x\": 1}");
    added = *hear_added();
    ck_assert_str_eq(added.tenant, "t");
    ck_assert_str_eq(added.task_id, "mine");
    ck_assert_str_eq(real_says("XRANGE " EXPRESS " %s %s", added.entry.id, added.entry.id),
                     entry_text(added.entry.id,
                                "task_id mine payload {\"x\": 1} priority 15 type l "
                                "timestamp 2026-01-01T00:00:00Z tenant t"));
    say_claim(true, added.entry.id, "express_l_0");
    ck_assert_uint_eq(hear_claimed(added.entry.id), 1);
    ck_assert_ptr_nonnull(strstr(pending(), " [[express_l_0 1]]"));
    say_of(BRIDGE_DONE, true, added.entry.id);
    ck_assert_uint_eq(hear_acked(added.entry.id), 1);
    ck_assert_str_eq(pending(), NONE_PENDING);
    ck_assert_str_eq(real_says("XLEN " EXPRESS), "0");
    ck_assert_uint_eq(heard[BRIDGE_ENTRY], 0);
}
END_TEST

TCase *tasks_cases(void)
{
    TCase *c = tcase_create("tasks");

    tcase_add_checked_fixture(c, tasks_begin, tasks_end);
    tcase_add_test(c, groups_are_there_before_the_first_task);
    tcase_add_test(c, what_others_add_is_told_and_not_delivered);
    tcase_add_test(c, a_task_is_added_claimed_and_done);
    return c;
}
