/* tasks.c -- see tasks.h. */
#include "tasks.h"
#include "real.h"
#include "talk.h"

#include "base/mem.h"
#include "bridge/server/server.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

unsigned heard[BRIDGE_MESSAGE_COUNT];

static int link_fd;
static pthread_t thread;
static struct frame_in *in;
static struct message last = {.fd = -1};

static void *run(void *arg)
{
    int *sock = arg;
    struct err e = {0};

    ck_good(bridge_run(*sock, &e), &e);
    close(*sock);
    free(sock);
    return NULL;
}

void tasks_begin_bare(void)
{
    struct bridge_setup setup = {.redis = {500, 150},
                                 .redis_block_ms = 100,
                                 .sweep_ms = SWEEP_MS,
                                 .idle_ms = IDLE_MS,
                                 .ack_retry_ms = 50};
    int ends[2], *sock = mem_new(int);
    struct buf body = {0};
    struct err e = {0};

    real_start();
    ck_good(frame_pair(ends, &e), &e);
    link_fd = ends[0];
    *sock = ends[1];
    in = mem_new(struct frame_in);
    ck_assert_int_eq(pthread_create(&thread, NULL, run, sock), 0);
    snprintf(setup.redis_url, sizeof setup.redis_url, "redis://127.0.0.1:%u", real_port());
    bridge_setup_pack(&body, &setup);
    talk_say(link_fd, BRIDGE_SETUP, &body);
    hear_until_state(true);
}

void tasks_begin(void)
{
    tasks_begin_bare();
    say_lane(BRIDGE_REDIS, true);
    hear_scanned();
}

void tasks_end(void)
{
    close(link_fd);
    pthread_join(thread, NULL);
    message_done(&last);
    free(in);
    real_stop();
}

/* ---- the host ---- */

void say_lane_named(const char *name, enum bridge_backend backend, bool reads)
{
    struct bridge_lane lane = {.backend = backend, .reads = reads};
    struct buf body = {0};

    snprintf(lane.name, sizeof lane.name, "%s", name);
    bridge_lane_pack(&body, &lane);
    talk_say(link_fd, BRIDGE_LANE, &body);
}

void say_lane(enum bridge_backend backend, bool reads)
{
    say_lane_named("l", backend, reads);
}

static struct bridge_entry entry_of(bool express, const char *id)
{
    struct bridge_entry entry = {.queue = {"l", express}};

    snprintf(entry.id, sizeof entry.id, "%s", id);
    return entry;
}

void say_add(bool express, const char *task_id, const char *payload)
{
    auto_mem struct bridge_task *task = mem_new(struct bridge_task);
    struct buf body = {0};

    *task = (struct bridge_task){.entry = entry_of(express, ""),
                                 .tenant = "t",
                                 .priority = "15",
                                 .timestamp = "2026-01-01T00:00:00Z",
                                 .payload = payload,
                                 .payload_bytes = strlen(payload)};
    snprintf(task->task_id, sizeof task->task_id, "%s", task_id);
    bridge_task_pack(&body, task);
    talk_say(link_fd, BRIDGE_ADD, &body);
}

void say_of(enum bridge_message type, bool express, const char *id)
{
    struct bridge_entry entry = entry_of(express, id);
    struct buf body = {0};

    bridge_entry_pack(&body, &entry);
    talk_say(link_fd, type, &body);
}

void say_claim(bool express, const char *id, const char *consumer)
{
    struct bridge_claim claim = {.entry = entry_of(express, id)};
    struct buf body = {0};

    snprintf(claim.consumer, sizeof claim.consumer, "%s", consumer);
    bridge_claim_pack(&body, &claim);
    talk_say(link_fd, BRIDGE_CLAIM, &body);
}

void say_dead(bool express, const char *id, const char *task_id)
{
    auto_mem struct bridge_task *task = mem_new(struct bridge_task);
    struct buf body = {0};

    *task = (struct bridge_task){.entry = entry_of(express, id),
                                 .tenant = "t",
                                 .priority = "7",
                                 .timestamp = "then",
                                 .payload = "{}",
                                 .payload_bytes = 2,
                                 .fault = "it broke",
                                 .consumer = "express_l_0",
                                 .failed_at = "now",
                                 .retries = 3};
    snprintf(task->task_id, sizeof task->task_id, "%s", task_id);
    bridge_task_pack(&body, task);
    talk_say(link_fd, BRIDGE_DEAD, &body);
}

/* ---- the bridge ---- */

static void hear(enum bridge_message type)
{
    struct pollfd p = {.fd = link_fd, .events = POLLIN};
    struct err e = {0};

    do {
        message_done(&last);
        last = (struct message){.fd = -1};
        ck_assert_msg(poll(&p, 1, TALK_MS) == 1, "no message %d in %d ms", (int)type, TALK_MS);
        ck_assert_msg(bridge_notice_recv(link_fd, in, &last, &e) == FRAME_GOT, "%s", e.msg);
        heard[last.type]++;
    } while (last.type != type);
}

void hear_until_state(bool up)
{
    struct bridge_state state;
    struct err e = {0};

    do {
        hear(BRIDGE_STATE);
        ck_good(bridge_state_unpack(&last, &state, &e), &e);
    } while (state.up != up);
}

const struct bridge_task *hear_entry(void)
{
    static struct bridge_task task;
    static char payload[256];
    struct err e = {0};

    hear(BRIDGE_ENTRY);
    ck_good(bridge_task_unpack(&last, &task, &e), &e);
    ck_assert_str_eq(task.entry.queue.lane, "l");
    snprintf(payload, sizeof payload, "%.*s", (int)task.payload_bytes, (const char *)task.payload);
    task.payload = payload;
    return &task;
}

const struct bridge_added *hear_added(void)
{
    static struct bridge_added added;
    struct err e = {0};

    hear(BRIDGE_ADDED);
    ck_good(bridge_added_unpack(&last, &added, &e), &e);
    return &added;
}

static uint32_t hear_counted(enum bridge_message type, const char *id)
{
    struct bridge_counted counted;
    struct err e = {0};

    do {
        hear(type);
        ck_good(bridge_counted_unpack(&last, &counted, &e), &e);
    } while (strcmp(counted.entry.id, id) != 0);
    return counted.count;
}

uint32_t hear_claimed(const char *id)
{
    return hear_counted(BRIDGE_CLAIMED, id);
}

uint32_t hear_acked(const char *id)
{
    return hear_counted(BRIDGE_ACKED, id);
}

void hear_gone(const char *id)
{
    struct bridge_entry entry;
    struct err e = {0};

    hear(BRIDGE_GONE);
    ck_good(bridge_entry_unpack(&last, &entry, &e), &e);
    ck_assert_str_eq(entry.id, id);
}

static bool hear_scan(void)
{
    struct bridge_queue queue;
    struct err e = {0};

    hear(BRIDGE_SCANNED);
    ck_good(bridge_scanned_unpack(&last, &queue, &e), &e);
    return queue.express;
}

void hear_scanned(void)
{
    bool first = hear_scan();

    while (hear_scan() == first)
        continue;
}

void hear_scanned_of(bool express)
{
    while (hear_scan() != express)
        continue;
}

uint32_t hear_any_depth(bool express)
{
    struct bridge_depth depth;
    struct err e = {0};

    do {
        hear(BRIDGE_DEPTH);
        ck_good(bridge_depth_unpack(&last, &depth, &e), &e);
    } while (depth.queue.express != express);
    return depth.entries;
}

void hear_depth(bool express, uint32_t entries)
{
    while (hear_any_depth(express) != entries)
        continue;
}
