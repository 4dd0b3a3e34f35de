/* nats_host.c -- see nats_host.h. */
#include "nats_host.h"
#include "talk.h"

#include "base/mem.h"
#include "bridge/server/server.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct nats_world nats_world;
int link_fd;
static pthread_t thread;
struct frame_in *nats_frames;
struct message nats_last_heard; /* what was heard; its bytes live until the next */

static void *run(void *arg)
{
    int sock = *(int *)arg;

    if (!bridge_run(sock, NULL))
        ck_abort_msg("the bridge did not end well");
    close(sock);
    free(arg);
    return NULL;
}

void begin_link(void)
{
    int ends[2], *sock = mem_new(int);
    struct err e = {0};

    ck_good(frame_pair(ends, &e), &e);
    link_fd = ends[0];
    *sock = ends[1];
    nats_frames = mem_new(struct frame_in);
    nats_last_heard = (struct message){.fd = -1};
    ck_assert_int_eq(pthread_create(&thread, NULL, run, sock), 0);
}

void begin(void)
{
    nats_world_begin(&nats_world, true);
    begin_link();
}

void end_link(void)
{
    close(link_fd);
    pthread_join(thread, NULL);
    message_done(&nats_last_heard);
    free(nats_frames);
}

void end(void)
{
    end_link();
    nats_world_end(&nats_world);
}

/* ---- the host ---- */

void set_up(void)
{
    struct bridge_setup setup = {.nats = {TIMEOUT_MS, 150},
                                 .sweep_ms = SWEEP_MS,
                                 .idle_ms = IDLE_MS,
                                 .ack_retry_ms = 20};
    struct buf body = {0};

    snprintf(setup.nats_url, sizeof setup.nats_url, "nats://127.0.0.1:%u", nats_world.port);
    bridge_setup_pack(&body, &setup);
    talk_say(link_fd, BRIDGE_SETUP, &body);
}

void say_lane(const char *name, enum bridge_backend backend, bool reads)
{
    struct bridge_lane lane = {.backend = backend, .reads = reads};
    struct buf body = {0};

    snprintf(lane.name, sizeof lane.name, "%s", name);
    bridge_lane_pack(&body, &lane);
    talk_say(link_fd, BRIDGE_LANE, &body);
}

/* The next of this type; what comes before is passed over. */
void hear(enum bridge_message type)
{
    struct err e = {0};

    do {
        message_done(&nats_last_heard);
        nats_last_heard = (struct message){.fd = -1};
        talk_wait(link_fd);
        ck_good(bridge_notice_recv(link_fd, nats_frames, &nats_last_heard, &e) == FRAME_GOT, &e);
    } while (nats_last_heard.type != type);
}

struct bridge_queue hear_scanned(void)
{
    struct bridge_queue queue;

    hear(BRIDGE_SCANNED);
    ck_assert(bridge_scanned_unpack(&nats_last_heard, &queue, NULL));
    return queue;
}

/* The next entry; its payload lives until something else is heard. */
struct bridge_task hear_entry(void)
{
    struct bridge_task task;

    hear(BRIDGE_ENTRY);
    ck_assert(bridge_task_unpack(&nats_last_heard, &task, NULL));
    return task;
}

struct bridge_counted hear_counted(enum bridge_message type)
{
    struct bridge_counted counted;

    hear(type);
    ck_assert(bridge_counted_unpack(&nats_last_heard, &counted, NULL));
    return counted;
}

struct bridge_added hear_added(void)
{
    struct bridge_added added;

    hear(BRIDGE_ADDED);
    ck_assert(bridge_added_unpack(&nats_last_heard, &added, NULL));
    return added;
}

struct bridge_entry hear_gone(void)
{
    struct bridge_entry entry;

    hear(BRIDGE_GONE);
    ck_assert(bridge_entry_unpack(&nats_last_heard, &entry, NULL));
    return entry;
}

struct bridge_state hear_state(bool up)
{
    struct bridge_state state;

    do {
        hear(BRIDGE_STATE);
        ck_assert(bridge_state_unpack(&nats_last_heard, &state, NULL));
        ck_assert_int_eq(state.backend, BRIDGE_NATS);
    } while (state.up != up);
    return state;
}

void say_entry(enum bridge_message type, const struct bridge_entry *entry)
{
    struct buf body = {0};

    bridge_entry_pack(&body, entry);
    talk_say(link_fd, type, &body);
}

void say_claim(const struct bridge_entry *entry)
{
    struct bridge_claim claim = {.entry = *entry, .consumer = "pool_ml_0"};
    struct buf body = {0};

    bridge_claim_pack(&body, &claim);
    talk_say(link_fd, BRIDGE_CLAIM, &body);
}

struct bridge_task task_of(const char *tenant, const char *task_id)
{
    static const char payload[] = "{\"i\":1}";
    struct bridge_task task = {.entry.queue = {"ml", false},
                               .priority = "7",
                               .timestamp = "2026-12-01T00:00:00.000000Z",
                               .payload = payload,
                               .payload_bytes = sizeof payload - 1};

    snprintf(task.tenant, sizeof task.tenant, "%s", tenant);
    snprintf(task.task_id, sizeof task.task_id, "%s", task_id);
    return task;
}

void say_task(enum bridge_message type, const struct bridge_task *task)
{
    struct buf body = {0};

    bridge_task_pack(&body, task);
    talk_say(link_fd, type, &body);
}

struct bridge_entry add(const char *task_id)
{
    struct bridge_task task = task_of("default", task_id);
    struct bridge_added added;

    say_task(BRIDGE_ADD, &task);
    added = hear_added();
    ck_assert_str_eq(added.why, "");
    ck_assert_str_eq(added.task_id, task_id);
    return added.entry;
}

/* A lane is there; what is in it has been told. */
void lane(bool reads)
{
    set_up();
    say_lane("ml", BRIDGE_NATS, reads);
    hear_state(true);
    hear_scanned();
    hear_scanned();
}

uint64_t stranger(const char *task_id)
{
    auto_mem char *body = mem_printf("{\"task_id\":\"%s\",\"payload\":{\"a\":1}}", task_id);

    return nats_adds(&nats_world, REGULAR, task_id, body);
}

void is_sequence(const struct bridge_entry *entry, uint64_t sequence)
{
    char text[32];

    snprintf(text, sizeof text, "%llu", (unsigned long long)sequence);
    ck_assert_str_eq(entry->id, text);
}

int64_t of_consumer(const char *name, const char *member)
{
    auto_mem char *subject = mem_printf("$JS.API.CONSUMER.INFO.ORCH_TASKS.%s", name);
    json_t *info = nats_asks(&nats_world, subject, NULL, "");
    const json_t *value = json_object_get(info, member);
    int64_t number;

    ck_assert_ptr_nonnull(value);
    number = json_integer_value(value);
    json_decref(info);
    return number;
}
