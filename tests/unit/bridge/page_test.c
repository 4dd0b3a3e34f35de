/* page_test.c -- answers of Redis, well formed and not, and ids. */
#include "suites.h"
#include "talk.h"

#include "base/mem.h"
#include "bridge/redis/page.h"

#include <string.h>

static redisReader *reader;
static redisReply *reply;

static void begin(void)
{
    reader = redisReaderCreate();
}

static void end(void)
{
    freeReplyObject(reply);
    reply = NULL;
    redisReaderFree(reader);
}

static const redisReply *read_reply(const char *text)
{
    void *got = NULL;

    freeReplyObject(reply);
    ck_assert_int_eq(redisReaderFeed(reader, text, strlen(text)), REDIS_OK);
    ck_assert_int_eq(redisReaderGetReply(reader, &got), REDIS_OK);
    ck_assert_ptr_nonnull(got);
    return reply = got;
}

#define ENTRY "*2\r\n$3\r\n7-1\r\n*4\r\n$7\r\ntask_id\r\n$1\r\na\r\n$7\r\npayload\r\n$2\r\n{}\r\n"

START_TEST(an_entry_is_a_task)
{
    auto_mem struct bridge_task *task = mem_new(struct bridge_task);
    struct stream_id id;

    ck_assert(page_entry(read_reply(ENTRY), &id, task));
    ck_assert(id.ms == 7 && id.seq == 1);
    ck_assert_str_eq(task->task_id, "a");
    ck_assert_uint_eq(task->payload_bytes, 2);
    ck_assert_str_eq(task->tenant, "");
}
END_TEST

static const char *const no_entries[] = {
    "+OK\r\n",
    "*0\r\n",
    "*1\r\n$3\r\n7-1\r\n",
    "*2\r\n:7\r\n*0\r\n",
    "*2\r\n$3\r\n7-x\r\n*0\r\n",
    "*2\r\n$3\r\n7-1\r\n$-1\r\n",
    "*2\r\n$3\r\n7-1\r\n*2\r\n$1\r\na\r\n:1\r\n",
};

START_TEST(it_is_no_entry)
{
    auto_mem struct bridge_task *task = mem_new(struct bridge_task);
    struct stream_id id;

    ck_assert(!page_entry(read_reply(no_entries[_i]), &id, task));
}
END_TEST

START_TEST(a_field_without_a_value_is_none)
{
    auto_mem struct bridge_task *task = mem_new(struct bridge_task);
    struct stream_id id;

    ck_assert(page_entry(read_reply("*2\r\n$3\r\n7-1\r\n*1\r\n$7\r\ntask_id\r\n"), &id, task));
    ck_assert_str_eq(task->task_id, "");
}
END_TEST

START_TEST(streams_are_told_by_their_keys)
{
    const redisReply *got = read_reply("*2\r\n*2\r\n$1\r\nk\r\n*1\r\n" ENTRY "*1\r\n$1\r\nk\r\n");
    struct page page;

    ck_assert_uint_eq(page_streams(got), 2);
    ck_assert(page_of_stream(got, 0, &page));
    ck_assert(page.key_bytes == 1 && page.key[0] == 'k' && page.count == 1);
    ck_assert(!page_of_stream(got, 1, &page));
    ck_assert_uint_eq(page_streams(read_reply("*-1\r\n")), 0);
}
END_TEST

START_TEST(what_is_pending_is_read)
{
    struct page_pending pending;

    ck_assert(page_pending(read_reply("*0\r\n"), &pending) && !pending.is);
    ck_assert(
        page_pending(read_reply("*1\r\n*4\r\n$3\r\n7-1\r\n$1\r\nc\r\n:1200\r\n:3\r\n"), &pending));
    ck_assert(pending.is && pending.idle_ms == 1200 && pending.deliveries == 3);
    ck_assert_str_eq(pending.consumer, "c");
    ck_assert(!page_pending(read_reply("-NOGROUP no\r\n"), &pending));
    ck_assert(page_is_error(reply, "NOGROUP") && !page_is_error(reply, "BUSYGROUP"));
    ck_assert(!page_pending(read_reply("*1\r\n*1\r\n:1\r\n"), &pending));
    ck_assert(!page_pending(NULL, &pending));
}
END_TEST

static const char *const no_ids[] = {
    "", "1", "1-", "-1", "01-1", "1-01", "1-1 ", "1-18446744073709551616", "x-1", "1-1-1",
};

START_TEST(it_is_no_id)
{
    struct stream_id id;

    ck_assert(!stream_id_parse(no_ids[_i], strlen(no_ids[_i]), &id));
}
END_TEST

START_TEST(ids_are_in_order)
{
    const struct stream_id first = {1, 9}, second = {2, 0}, last = {UINT64_MAX, UINT64_MAX};
    struct stream_id_text text = stream_id_text(last);
    struct stream_id id;

    ck_assert(stream_id_after(second, first) && !stream_id_after(first, second));
    ck_assert(!stream_id_after(first, first));
    ck_assert(stream_id_parse(text.text, strlen(text.text), &id));
    ck_assert(id.ms == UINT64_MAX && id.seq == UINT64_MAX);
    ck_assert(stream_id_parse("0-0", 3, &id) && id.ms == 0 && id.seq == 0);
}
END_TEST

TCase *page_cases(void)
{
    TCase *c = tcase_create("page");

    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, an_entry_is_a_task);
    tcase_add_loop_test(c, it_is_no_entry, 0, ARRAY_LEN(no_entries));
    tcase_add_test(c, a_field_without_a_value_is_none);
    tcase_add_test(c, streams_are_told_by_their_keys);
    tcase_add_test(c, what_is_pending_is_read);
    tcase_add_loop_test(c, it_is_no_id, 0, ARRAY_LEN(no_ids));
    tcase_add_test(c, ids_are_in_order);
    return c;
}
