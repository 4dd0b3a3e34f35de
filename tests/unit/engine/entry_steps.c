/* entry_steps.c -- see entry_steps.h. */
#include "entry_steps.h"

#include "base/mem.h"
#include "ipc/frame.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int peer = -1;
static struct frame_in *in;
static struct message said = {.fd = -1};

/* ---- the link ---- */

void bridge_attaches(void)
{
    int ends[2];
    struct err e = {0};

    ck_assert_msg(frame_pair(ends, &e), "%s", e.msg);
    if (peer >= 0)
        close(peer);
    peer = ends[1];
    free(in);
    in = mem_new(struct frame_in);
    bridge_client_attach(rig.bridge, &ends[0]);
    bridge_client_turn(rig.bridge);
    host_says(BRIDGE_SETUP, NULL);
}

void bridge_leaves(void)
{
    close(peer);
    peer = -1;
    bridge_client_turn(rig.bridge);
    rig_settle(&rig);
}

void entries_close(void)
{
    message_done(&said);
    if (peer >= 0)
        close(peer);
    peer = -1;
    free(take(in));
}

/* ---- what the host says ---- */

static bool hear(void)
{
    struct err e = {0};
    enum frame_recv got;
    char byte;

    bridge_client_turn(rig.bridge);
    message_done(&said);
    said = (struct message){.fd = -1};
    if (recv(peer, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0)
        return false;
    got = bridge_request_recv(peer, in, &said, &e);
    ck_assert_msg(got == FRAME_GOT, "%s", e.msg);
    return true;
}

/* What it shows of its definitions is of no lane. */
static bool next(void)
{
    while (hear()) {
        if (said.type != BRIDGE_KEEP && said.type != BRIDGE_FORGET)
            return true;
    }
    return false;
}

const struct message *host_shows(enum bridge_message type)
{
    while (hear()) {
        if (said.type == type)
            return &said;
    }
    ck_abort_msg("the host shows nothing");
}

static void next_is(enum bridge_message type)
{
    ck_assert_msg(next(), "the host says nothing");
    ck_assert_uint_eq(said.type, type);
}

void host_says_nothing(void)
{
    ck_assert_msg(!next(), "the host says %u", said.type);
}

struct bridge_entry ml_entry(const char *id)
{
    struct bridge_entry it = {.queue = {.lane = "ml"}};
    size_t len = strlen(id);

    it.queue.express = len > 0 && id[len - 1] == '!';
    snprintf(it.id, sizeof it.id, "%.*s", (int)(len - (size_t)it.queue.express), id);
    return it;
}

static void is_entry(const struct bridge_entry *it, const char *id)
{
    const struct bridge_entry want = ml_entry(id);

    ck_assert_str_eq(it->queue.lane, "ml");
    ck_assert_str_eq(it->id, want.id);
    ck_assert(it->queue.express == want.queue.express);
}

void host_says(enum bridge_message type, const char *id)
{
    struct bridge_entry it;
    struct err e = {0};

    next_is(type);
    if (id == NULL)
        return;
    ck_assert_msg(bridge_entry_unpack(&said, &it, &e), "%s", e.msg);
    is_entry(&it, id);
}

const struct bridge_task *host_says_task(enum bridge_message type)
{
    static struct bridge_task task;
    struct err e = {0};

    next_is(type);
    ck_assert_msg(bridge_task_unpack(&said, &task, &e), "%s", e.msg);
    return &task;
}

void host_claims(const char *id, const char *consumer)
{
    struct bridge_claim claim;
    struct err e = {0};

    next_is(BRIDGE_CLAIM);
    ck_assert_msg(bridge_claim_unpack(&said, &claim, &e), "%s", e.msg);
    is_entry(&claim.entry, id);
    ck_assert_str_eq(claim.consumer, consumer);
}

void host_reads(bool reads)
{
    struct bridge_lane lane;
    struct err e = {0};

    next_is(BRIDGE_LANE);
    ck_assert_msg(bridge_lane_unpack(&said, &lane, &e), "%s", e.msg);
    ck_assert_str_eq(lane.name, "ml");
    ck_assert(lane.reads == reads);
}

/* ---- what the bridge says ---- */

void bridge_says(enum bridge_message type, struct buf *body)
{
    struct err e = {0};

    ck_assert_msg(message_send(peer, type, 0, body, -1, &e), "%s", e.msg);
    buf_done(body);
    bridge_client_turn(rig.bridge);
    rig_settle(&rig);
}

void bridge_state(bool up)
{
    struct bridge_state state = {BRIDGE_REDIS, up, ""};
    struct buf body = {0};

    bridge_state_pack(&body, &state);
    bridge_says(BRIDGE_STATE, &body);
}

void bridge_scanned(void)
{
    for (int express = 0; express <= 1; express++) {
        const struct bridge_queue queue = {"ml", express};
        struct buf body = {0};

        bridge_queue_pack(&body, &queue);
        bridge_says(BRIDGE_SCANNED, &body);
    }
}

void bridge_comes(void)
{
    bridge_state(true);
    bridge_scanned();
}

void bridge_added(const char *task_id, const char *id)
{
    struct bridge_added added = {.entry = ml_entry(id)};
    struct buf body = {0};

    snprintf(added.tenant, sizeof added.tenant, "%s", RIG_TENANT);
    snprintf(added.task_id, sizeof added.task_id, "%s", task_id);
    snprintf(added.why, sizeof added.why, "%s", added.entry.id[0] == '\0' ? "OOM" : "");
    bridge_added_pack(&body, &added);
    bridge_says(BRIDGE_ADDED, &body);
}

static void says_counted(enum bridge_message type, const char *id, uint32_t count)
{
    const struct bridge_counted counted = {ml_entry(id), count};
    struct buf body = {0};

    bridge_counted_pack(&body, &counted);
    bridge_says(type, &body);
}

void bridge_claimed(const char *id, uint32_t deliveries)
{
    says_counted(BRIDGE_CLAIMED, id, deliveries);
}

void bridge_acked(const char *id, uint32_t tries)
{
    says_counted(BRIDGE_ACKED, id, tries);
}

void bridge_gone(const char *id)
{
    const struct bridge_entry it = ml_entry(id);
    struct buf body = {0};

    bridge_entry_pack(&body, &it);
    bridge_says(BRIDGE_GONE, &body);
}

void bridge_depth(bool express, uint32_t entries)
{
    const struct bridge_depth depth = {{"ml", express}, entries};
    struct buf body = {0};

    bridge_depth_pack(&body, &depth);
    bridge_says(BRIDGE_DEPTH, &body);
}

static void says_entry(struct bridge_task *task, const char *task_id, const char *payload)
{
    struct buf body = {0};

    snprintf(task->task_id, sizeof task->task_id, "%s", task_id);
    task->payload = payload;
    task->payload_bytes = strlen(payload);
    bridge_task_pack(&body, task);
    bridge_says(BRIDGE_ENTRY, &body);
}

void bridge_entry(const char *id, const char *tenant, const char *task_id, const char *payload)
{
    struct bridge_task task = {.entry = ml_entry(id)};

    snprintf(task.tenant, sizeof task.tenant, "%s", tenant);
    says_entry(&task, task_id, payload);
}

void bridge_entry_with(const char *id, const char *task_id, const char *priority)
{
    struct bridge_task task = {.entry = ml_entry(id)};

    snprintf(task.priority, sizeof task.priority, "%s", priority);
    says_entry(&task, task_id, "{}");
}

/* ---- both ---- */

void entries_open(void)
{
    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.bridged = true});
    bridge_attaches();
    task_lane_put("ml", "{\"agent_id\":\"a\",\"slots\":1,\"backend\":\"redis\","
                        "\"retry_policy\":{\"max_retries\":0}}");
    host_reads(false);
    host_reads(true);
    bridge_comes();
}
