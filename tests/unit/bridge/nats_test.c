/* nats_test.c -- what comes of each thing that the host says, and of what strangers add. */
#include "nats_host.h"

#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- streams, consumers ---- */

START_TEST(a_lane_has_streams_and_consumers)
{
    struct bridge_queue first, second;
    json_t *info;

    set_up();
    hear_state(true);
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), -1); /* nobody wants it */
    say_lane("m.l", BRIDGE_NATS, false);
    first = hear_scanned();
    second = hear_scanned();
    ck_assert_str_eq(first.lane, "m.l");
    ck_assert(first.express != second.express);
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), 0);
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_DLQ"), 0);
    info = nats_asks(&nats_world, "$JS.API.CONSUMER.INFO.ORCH_TASKS.m%2El_express", NULL, "");
    ck_assert_str_eq(json_string_value(
                         json_object_get(json_object_get(info, "config"), "filter_subject")),
                     "orch.tasks.*.m%2El.express");
    json_decref(info);
}
END_TEST

START_TEST(a_stream_that_is_another_is_not_used)
{
    struct bridge_state state;

    json_decref(nats_asks(&nats_world, "$JS.API.STREAM.CREATE.ORCH_TASKS", NULL,
                          "{\"name\":\"ORCH_TASKS\",\"subjects\":[\"orch.tasks.x\"],"
                          "\"storage\":\"file\",\"retention\":\"workqueue\"}"));
    set_up();
    say_lane("ml", BRIDGE_NATS, true);
    state = hear_state(false);
    ck_assert_ptr_nonnull(strstr(state.why, "other subjects"));
    json_decref(nats_asks(&nats_world, "$JS.API.STREAM.DELETE.ORCH_TASKS", NULL, ""));
    json_decref(nats_asks(&nats_world, "$JS.API.STREAM.CREATE.ORCH_DLQ", NULL,
                          "{\"name\":\"ORCH_DLQ\",\"subjects\":[\"orch.dlq.>\"],"
                          "\"storage\":\"file\",\"retention\":\"interest\"}"));
    do
        state = hear_state(false);
    while (strstr(state.why, "another retention") == NULL);
    json_decref(nats_asks(&nats_world, "$JS.API.STREAM.DELETE.ORCH_DLQ", NULL, ""));
    hear_state(true);
    hear_scanned();
}
END_TEST

START_TEST(a_name_that_is_too_long_has_no_queue)
{
    char name[BRIDGE_LANE_BYTES_MAX];
    struct bridge_task task = task_of("default", "t");

    memset(name, '.', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    lane(true);
    say_lane(name, BRIDGE_NATS, true);
    snprintf(task.entry.queue.lane, sizeof task.entry.queue.lane, "%s", name);
    say_task(BRIDGE_ADD, &task);
    ck_assert_str_eq(hear_added().entry.id, "");
}
END_TEST

START_TEST(a_consumer_that_cannot_be_is_asked_for_again)
{
    json_decref(nats_asks(&nats_world, "$JS.API.STREAM.CREATE.ORCH_TASKS", NULL,
                          "{\"name\":\"ORCH_TASKS\",\"subjects\":[\"orch.tasks.>\"],"
                          "\"storage\":\"file\",\"retention\":\"workqueue\"}"));
    json_decref(nats_asks(&nats_world, "$JS.API.CONSUMER.DURABLE.CREATE.ORCH_TASKS.all", NULL,
                          "{\"stream_name\":\"ORCH_TASKS\",\"config\":{\"durable_name\":\"all\","
                          "\"deliver_policy\":\"all\",\"ack_policy\":\"explicit\"}}"));
    set_up();
    say_lane("ml", BRIDGE_NATS, true);
    hear_state(true);
    usleep(3 * SWEEP_MS * 1000);
    json_decref(nats_asks(&nats_world, "$JS.API.CONSUMER.DELETE.ORCH_TASKS.all", NULL, ""));
    hear_scanned();
    hear_scanned();
}
END_TEST

/* ---- the host's own ---- */

START_TEST(what_the_host_adds_is_there)
{
    struct bridge_entry entry;
    struct bridge_counted claimed, acked;
    char head[256];
    json_t *body, *expected;

    lane(false);
    entry = add("mine");
    body = nats_last(&nats_world, "ORCH_TASKS", REGULAR, head, sizeof head);
    expected = json_pack("{s:s,s:s,s:{s:i},s:i,s:s,s:s}", "type", "ml", "task_id", "mine",
                         "payload", "i", 1, "priority", 7, "timestamp",
                         "2026-12-01T00:00:00.000000Z", "tenant", "default");
    ck_assert(json_equal(body, expected));
    json_decref(body);
    json_decref(expected);
    ck_assert_ptr_nonnull(strstr(head, "Nats-Msg-Id: mine\r\n"));
    ck_assert_int_eq(of_consumer("ml_regular", "num_pending"), 1); /* it is not read */
    say_claim(&entry); /* of a lane that is full, or drains */
    claimed = hear_counted(BRIDGE_CLAIMED);
    ck_assert_str_eq(claimed.entry.id, entry.id);
    ck_assert_uint_eq(claimed.count, 1);
    ck_assert_int_eq(of_consumer("ml_regular", "num_ack_pending"), 1);
    say_entry(BRIDGE_DONE, &entry);
    acked = hear_counted(BRIDGE_ACKED);
    ck_assert_str_eq(acked.entry.id, entry.id);
    ck_assert_uint_eq(acked.count, 1);
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), 0);
}
END_TEST

START_TEST(what_was_not_delivered_is_deleted)
{
    struct bridge_entry entry;

    lane(false);
    entry = add("mine");
    say_entry(BRIDGE_DONE, &entry);
    ck_assert_uint_eq(hear_counted(BRIDGE_ACKED).count, 1);
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), 0);
    say_entry(BRIDGE_DONE, &entry); /* it is gone */
    ck_assert_uint_eq(hear_counted(BRIDGE_ACKED).count, 1);
}
END_TEST

START_TEST(an_id_that_was_there_before_is_none_that_is)
{
    struct bridge_task other = task_of("other", "mine");
    struct bridge_entry entry;
    struct bridge_added added;

    lane(false);
    entry = add("mine");
    ck_assert_str_eq(add("mine").id, entry.id); /* the host did not know: it is that */
    say_task(BRIDGE_ADD, &other);               /* another tenant's */
    added = hear_added();
    ck_assert_str_ne(added.entry.id, entry.id);
    ck_assert_str_eq(added.tenant, "other");
    say_entry(BRIDGE_DONE, &entry);
    hear_counted(BRIDGE_ACKED);
    ck_assert_str_ne(add("mine").id, entry.id); /* resumed */
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), 2);
}
END_TEST

START_TEST(the_dead_leave_a_letter)
{
    struct bridge_task task = task_of("default", "mine");
    struct bridge_added added;
    char head[256];
    json_t *letter;

    lane(true);
    say_task(BRIDGE_ADD, &task);
    added = hear_added();
    task.entry = added.entry;
    task.retries = 2;
    task.payload = "no JSON";
    task.payload_bytes = 7;
    snprintf(task.fault, sizeof task.fault, "no good");
    snprintf(task.consumer, sizeof task.consumer, "pool_ml_0");
    snprintf(task.failed_at, sizeof task.failed_at, "2026-12-01T00:00:01.000000Z");
    snprintf(task.priority, sizeof task.priority, "high");
    say_task(BRIDGE_DEAD, &task);
    ck_assert_uint_eq(hear_counted(BRIDGE_ACKED).count, 1);
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), 0);
    letter = nats_last(&nats_world, "ORCH_DLQ", "orch.dlq.ml", head, sizeof head);
    ck_assert_str_eq(json_string_value(json_object_get(letter, "error")), "no good");
    ck_assert_str_eq(json_string_value(json_object_get(letter, "payload")), "no JSON");
    ck_assert_str_eq(json_string_value(json_object_get(letter, "priority")), "high");
    ck_assert_str_eq(json_string_value(json_object_get(letter, "consumer")), "pool_ml_0");
    ck_assert_str_eq(json_string_value(json_object_get(letter, "message_id")), added.entry.id);
    ck_assert_str_eq(json_string_value(json_object_get(letter, "source_stream")), "ORCH_TASKS");
    ck_assert_int_eq(json_integer_value(json_object_get(letter, "retry_count")), 2);
    json_decref(letter);
    task.entry.id[0] = '\0';
    snprintf(task.task_id, sizeof task.task_id, "alone");
    say_task(BRIDGE_DEAD, &task);
    nats_holds_at_last(&nats_world, "ORCH_DLQ", 2);
}
END_TEST

/* ---- strangers' ---- */

START_TEST(what_a_stranger_adds_is_told)
{
    struct bridge_task told;
    struct bridge_counted claimed;
    uint64_t sequence;

    lane(true);
    sequence = stranger("theirs");
    told = hear_entry();
    is_sequence(&told.entry, sequence);
    ck_assert_str_eq(told.tenant, "default");
    ck_assert_str_eq(told.task_id, "theirs");
    ck_assert_str_eq(told.priority, "");
    ck_assert_str_eq(told.fault, "");
    ck_assert_int_eq(strncmp(told.payload, "{\"a\":1}", told.payload_bytes), 0);
    say_entry(BRIDGE_TAKE, &told.entry);
    say_claim(&told.entry);
    claimed = hear_counted(BRIDGE_CLAIMED);
    ck_assert_uint_eq(claimed.count, 1);
    say_entry(BRIDGE_DONE, &claimed.entry);
    ck_assert_uint_eq(hear_counted(BRIDGE_ACKED).count, 1);
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), 0);
}
END_TEST

START_TEST(poison_is_told_with_its_fault)
{
    static const char *const poison[] = {"{not json", "[1]", ""};
    struct bridge_task told;

    lane(true);
    for (size_t i = 0; i < ARRAY_LEN(poison); i++) {
        nats_adds(&nats_world, REGULAR, NULL, poison[i]);
        told = hear_entry();
        ck_assert_str_ne(told.fault, "");
        ck_assert_str_eq(told.tenant, "default");
        say_task(BRIDGE_DEAD, &told);
        hear_counted(BRIDGE_ACKED);
    }
    ck_assert_int_eq(nats_holds(&nats_world, "ORCH_TASKS"), 0);
    nats_holds_at_last(&nats_world, "ORCH_DLQ", (int)ARRAY_LEN(poison));
}
END_TEST

START_TEST(what_is_released_is_told_again)
{
    struct bridge_task told;
    struct bridge_entry entry;

    lane(true);
    stranger("theirs");
    told = hear_entry();
    entry = told.entry;
    say_entry(BRIDGE_RELEASE, &entry);
    told = hear_entry();
    ck_assert_str_eq(told.entry.id, entry.id);
    say_entry(BRIDGE_TAKE, &entry);
}
END_TEST

START_TEST(what_is_taken_is_kept)
{
    struct bridge_task told;

    lane(true);
    stranger("theirs");
    told = hear_entry();
    say_entry(BRIDGE_TAKE, &told.entry);
    usleep(2 * IDLE_MS * 1000); /* more than its ack-wait */
    ck_assert_int_eq(of_consumer("ml_regular", "num_redelivered"), 0);
    ck_assert_int_eq(of_consumer("ml_regular", "num_ack_pending"), 1);
}
END_TEST

/* How many entries are told before something else is: a PONG, which is asked for here. */
static unsigned told_before_pong(struct bridge_entry *ret, unsigned most)
{
    struct bridge_task task;
    struct buf body = {0};
    unsigned told = 0;

    usleep(3 * SWEEP_MS * 1000);
    talk_say(link_fd, BRIDGE_PING, &body);
    for (;;) {
        struct err e = {0};

        message_done(&nats_last_heard);
        nats_last_heard = (struct message){.fd = -1};
        talk_wait(link_fd);
        ck_good(bridge_notice_recv(link_fd, nats_frames, &nats_last_heard, &e) == FRAME_GOT, &e);
        if (nats_last_heard.type == BRIDGE_PONG)
            return told;
        if (nats_last_heard.type != BRIDGE_ENTRY)
            continue;
        ck_assert_uint_lt(told, most);
        ck_assert(bridge_task_unpack(&nats_last_heard, &task, NULL));
        ret[told++] = task.entry;
    }
}

START_TEST(no_more_is_told_than_the_host_answers)
{
    enum { MANY = 150 };
    static struct bridge_entry entries[MANY];
    unsigned all = 0;

    lane(true);
    for (int i = 0; i < MANY; i++) {
        char id[16];

        snprintf(id, sizeof id, "t%d", i);
        stranger(id);
    }
    while (all < MANY) {
        unsigned told = told_before_pong(entries, MANY);

        ck_assert_uint_gt(told, 0);
        ck_assert_uint_le(told, BRIDGE_UNANSWERED_MAX);
        for (unsigned i = 0; i < told; i++)
            say_entry(BRIDGE_TAKE, &entries[i]);
        all += told;
    }
    ck_assert_uint_eq(all, MANY);
}
END_TEST

START_TEST(a_lane_that_begins_to_read_is_told_all)
{
    struct bridge_entry mine, unused_arg nothing[1];
    struct bridge_task told;

    lane(false);
    mine = add("mine");
    stranger("theirs");
    ck_assert_uint_eq(told_before_pong(nothing, 0), 0);
    say_claim(&mine); /* brings the stranger's, too: it is held */
    hear_counted(BRIDGE_CLAIMED);
    ck_assert_uint_eq(told_before_pong(nothing, 0), 0);
    say_lane("ml", BRIDGE_NATS, true);
    told = hear_entry();
    ck_assert_str_eq(told.task_id, "mine");
    told = hear_entry();
    ck_assert_str_eq(told.task_id, "theirs");
    hear_scanned();
    say_lane("ml", BRIDGE_NATS, false);
    usleep(1200000); /* the last pull has come back */
    stranger("later");
    ck_assert_uint_eq(told_before_pong(nothing, 0), 0);
    ck_assert_int_eq(of_consumer("ml_regular", "num_pending"), 1);
}
END_TEST

TCase *nats_cases(void)
{
    TCase *c = tcase_create("nats");

    tcase_set_timeout(c, 15);
    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, a_lane_has_streams_and_consumers);
    tcase_add_test(c, a_stream_that_is_another_is_not_used);
    tcase_add_test(c, a_name_that_is_too_long_has_no_queue);
    tcase_add_test(c, a_consumer_that_cannot_be_is_asked_for_again);
    tcase_add_test(c, what_the_host_adds_is_there);
    tcase_add_test(c, what_was_not_delivered_is_deleted);
    tcase_add_test(c, an_id_that_was_there_before_is_none_that_is);
    tcase_add_test(c, the_dead_leave_a_letter);
    tcase_add_test(c, what_a_stranger_adds_is_told);
    tcase_add_test(c, poison_is_told_with_its_fault);
    tcase_add_test(c, what_is_released_is_told_again);
    tcase_add_test(c, what_is_taken_is_kept);
    tcase_add_test(c, no_more_is_told_than_the_host_answers);
    tcase_add_test(c, a_lane_that_begins_to_read_is_told_all);
    return c;
}
