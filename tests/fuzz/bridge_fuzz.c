/* bridge_fuzz.c -- what host and bridge read of each other, an address of Redis, what it answers, a
 * message of NATS and what its server answers. The first byte picks which. */
#include "base/mem.h"
#include "bridge/nats/answer.h"
#include "bridge/nats/body.h"
#include "bridge/nats/names.h"
#include "bridge/redis/page.h"
#include "bridge/redis/target.h"
#include "bridge/wire/tasks.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_or_not(bool whole unused_arg)
{
}

static void read_url(const uint8_t *bytes, size_t len)
{
    auto_mem char *url = mem_strn((const char *)bytes, len);
    auto_done(redis_target) t = {0};
    struct err e;

    if (redis_target_parse(url, &t, &e) && (t.host == NULL || t.port == NULL || t.database < 0))
        abort();
}

static void read_page(const struct page *page)
{
    auto_mem struct bridge_task *task = mem_new(struct bridge_task);
    struct stream_id id;

    for (size_t i = 0; i < page->count; i++)
        if (page_entry(page->entries[i], &id, task) &&
            (task->payload_bytes > BRIDGE_PAYLOAD_BYTES_MAX ||
             strlen(task->task_id) >= sizeof task->task_id ||
             strlen(task->fault) >= sizeof task->fault))
            abort();
}

static void read_reply(const redisReply *reply)
{
    struct page_pending pending;
    struct page page;

    if (page_of_range(reply, &page))
        read_page(&page);
    for (size_t i = 0; i < page_streams(reply); i++)
        if (page_of_stream(reply, i, &page))
            read_page(&page);
    read_or_not(page_pending(reply, &pending) || page_is_error(reply, "NOGROUP"));
}

/* The library gives memory to as many elements as an answer says that it has. */
static bool says_much(const uint8_t *bytes, size_t len)
{
    size_t digits = 0;

    for (size_t i = 0; i < len && digits < 6; i++)
        digits = bytes[i] >= '0' && bytes[i] <= '9' ? digits + 1 : 0;
    return digits == 6;
}

static void read_replies(const uint8_t *bytes, size_t len)
{
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;

    if (!says_much(bytes, len))
        redisReaderFeed(reader, (const char *)bytes, len);
    while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL) {
        read_reply(reply);
        freeReplyObject(reply);
        reply = NULL;
    }
    redisReaderFree(reader);
}

/* What is read is written again, and is then a message without a fault of ours. */
static void read_message(const uint8_t *bytes, size_t len)
{
    auto_done(buf) payload = {0}, again = {0}, second = {0};
    struct bridge_task task, copy;

    nats_read_body("orch.tasks.default.ml.regular", (const char *)bytes, len, &payload, &task);
    if (task.fault[0] != '\0' || task.payload_bytes == 0)
        return;
    nats_add_body(&again, &task);
    nats_read_body("orch.tasks.default.ml.regular", again.data, again.len, &second, &copy);
    if (copy.fault[0] != '\0' || strcmp(copy.task_id, task.task_id) != 0)
        abort();
}

static void read_answer(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    auto_done(js_message) m = {0};
    struct js_stored stored;
    struct js_stream stream;
    struct err e;
    uint32_t depth;
    int code;

    read_or_not(js_read_stored(text, len, &stored, &e));
    read_or_not(js_read_stream(text, len, "orch.tasks.>", "workqueue", &stream, &code, &e));
    read_or_not(js_read_consumer(text, len, &depth, &code, &e));
    read_or_not(js_read_message(text, len, &m, &code, &e));
    read_or_not(js_read_deleted(text, len, &e));
}

static void read_names(const uint8_t *bytes, size_t len)
{
    auto_mem char *text = mem_strn((const char *)bytes, len);
    char tenant[BRIDGE_TEXT_BYTES_MAX];
    struct nats_delivery got;
    uint64_t sequence;

    read_or_not(nats_tenant_of(text, tenant, sizeof tenant));
    read_or_not(nats_sequence_of(text, &sequence));
    if (nats_delivery_of(text, &got) && (got.sequence == 0 || got.queue.lane[0] == '\0'))
        abort();
}

static void read_tasks(unsigned which, const struct message *m)
{
    struct bridge_lane lane;
    struct bridge_queue queue;
    struct bridge_entry entry;
    struct bridge_claim claim;
    struct bridge_counted counted;
    struct bridge_depth depth;
    struct bridge_task task;
    struct bridge_added added;

    switch (which) {
    case 5:
        if (bridge_lane_unpack(m, &lane, NULL) && lane.backend >= BRIDGE_BACKENDS)
            abort();
        break;
    case 6:
        if (bridge_task_unpack(m, &task, NULL) && task.payload_bytes > m->body_bytes)
            abort();
        break;
    case 7:
        read_or_not(bridge_entry_unpack(m, &entry, NULL));
        break;
    case 8:
        read_or_not(bridge_claim_unpack(m, &claim, NULL));
        break;
    case 9:
        read_or_not(bridge_counted_unpack(m, &counted, NULL));
        break;
    case 10:
        read_or_not(bridge_depth_unpack(m, &depth, NULL) || bridge_scanned_unpack(m, &queue, NULL));
        break;
    default:
        read_or_not(bridge_added_unpack(m, &added, NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct message m = {.body = bytes + 1, .body_bytes = len - 1, .fd = -1};
    struct bridge_setup setup;
    struct bridge_state state;
    struct bridge_keep keep;
    char key[BRIDGE_KEY_BYTES_MAX];
    struct err e;

    if (len == 0)
        return 0;
    switch (bytes[0] % 16) {
    case 0:
        read_or_not(bridge_setup_unpack(&m, &setup, &e));
        break;
    case 1:
        if (bridge_keep_unpack(&m, &keep, &e) && keep.value_bytes > len)
            abort();
        break;
    case 2:
        read_or_not(bridge_forget_unpack(&m, key, &e));
        break;
    case 3:
        read_or_not(bridge_state_unpack(&m, &state, &e));
        break;
    case 4:
        read_url(bytes + 1, len - 1);
        break;
    case 12:
        read_replies(bytes + 1, len - 1);
        break;
    case 13:
        read_message(bytes + 1, len - 1);
        break;
    case 14:
        read_answer(bytes + 1, len - 1);
        break;
    case 15:
        read_names(bytes + 1, len - 1);
        break;
    default:
        read_tasks(bytes[0] % 16, &m);
    }
    return 0;
}
