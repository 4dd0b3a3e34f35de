/* protocol.h -- what the host and its bridge say to each other, and nothing else may be said.
 *
 * Messages of ipc/message.h; fields are packed as ipc/pack.h does. None is answered by itself: each
 * side tells what is so, in order. SETUP comes first and once.
 *
 *   host says   its fields
 *   SETUP       struct bridge_setup
 *   PING        -                                           the bridge says PONG
 *   KEEP        str key, bytes value, u32 ttl_ms            is set while the bridge and Redis live,
 *                                                           for ttl_ms more at the most
 *   FORGET      str key                                     is gone
 *
 *   bridge says
 *   PONG        -
 *   STATE       u32 backend, u32 up, str why ("": it is up) of one that SETUP names; at first
 *                                                           each is down
 *
 * The other messages are those of tasks, in tasks.h. Whoever sends what is not in the table has
 * ended the link. */
#ifndef ORCH_BRIDGE_WIRE_PROTOCOL_H
#define ORCH_BRIDGE_WIRE_PROTOCOL_H

#include "base/limits.h"
#include "ipc/message.h"
#include "ipc/pack.h"

enum {
    BRIDGE_KEY_BYTES_MAX = 512,
    BRIDGE_VALUE_BYTES_MAX = 64 * 1024,
    BRIDGE_WHY_BYTES_MAX = 256,
    BRIDGE_LANE_BYTES_MAX = 129,   /* with the NUL, as all texts here */
    BRIDGE_TEXT_BYTES_MAX = 256,   /* of what a task is known by */
    BRIDGE_ENTRY_BYTES_MAX = 64,   /* of what a backend calls an entry */
    BRIDGE_ERROR_BYTES_MAX = 4096, /* of what became of it */
    BRIDGE_PAYLOAD_BYTES_MAX = RUN_INPUT_BYTES_MAX,
};
#define BRIDGE_QUEUE_BYTES (BRIDGE_LANE_BYTES_MAX + 8)
#define BRIDGE_OF_ENTRY_BYTES (BRIDGE_QUEUE_BYTES + BRIDGE_ENTRY_BYTES_MAX + 4)
#define BRIDGE_TASK_BYTES                                                                          \
    (BRIDGE_OF_ENTRY_BYTES + BRIDGE_PAYLOAD_BYTES_MAX + 8 * (BRIDGE_TEXT_BYTES_MAX + 4) +          \
     BRIDGE_ERROR_BYTES_MAX + 16)

/* A text of n bytes takes n + 4. */
#define BRIDGE_REQUEST_MAP(XX)                                                                     \
    XX(SETUP, REDIS_URL_BYTES_MAX + NATS_URL_BYTES_MAX + 48)                                       \
    XX(PING, 0)                                                                                    \
    XX(KEEP, BRIDGE_KEY_BYTES_MAX + BRIDGE_VALUE_BYTES_MAX + 12)                                   \
    XX(FORGET, BRIDGE_KEY_BYTES_MAX + 4)                                                           \
    XX(LANE, BRIDGE_LANE_BYTES_MAX + 12)                                                           \
    XX(ADD, BRIDGE_TASK_BYTES)                                                                     \
    XX(TAKE, BRIDGE_OF_ENTRY_BYTES)                                                                \
    XX(RELEASE, BRIDGE_OF_ENTRY_BYTES)                                                             \
    XX(CLAIM, BRIDGE_OF_ENTRY_BYTES + BRIDGE_TEXT_BYTES_MAX)                                       \
    XX(DONE, BRIDGE_OF_ENTRY_BYTES)                                                                \
    XX(DEAD, BRIDGE_TASK_BYTES)
#define BRIDGE_NOTICE_MAP(XX)                                                                      \
    XX(PONG, 0)                                                                                    \
    XX(STATE, BRIDGE_WHY_BYTES_MAX + 12)                                                           \
    XX(ENTRY, BRIDGE_TASK_BYTES)                                                                   \
    XX(ADDED, BRIDGE_OF_ENTRY_BYTES + 2 * BRIDGE_TEXT_BYTES_MAX + BRIDGE_WHY_BYTES_MAX + 12)       \
    XX(CLAIMED, BRIDGE_OF_ENTRY_BYTES + 8)                                                         \
    XX(ACKED, BRIDGE_OF_ENTRY_BYTES + 4)                                                           \
    XX(GONE, BRIDGE_OF_ENTRY_BYTES)                                                                \
    XX(SCANNED, BRIDGE_QUEUE_BYTES)                                                                \
    XX(DEPTH, BRIDGE_QUEUE_BYTES + 4)

enum bridge_message {
    BRIDGE_NOTHING,
#define XX(name, bytes) BRIDGE_##name,
    BRIDGE_REQUEST_MAP(XX) BRIDGE_NOTICE_MAP(XX)
#undef XX
        BRIDGE_MESSAGE_COUNT,
};

/* As message_recv: what the host may say, and what the bridge may. */
enum frame_recv bridge_request_recv(int sock, struct frame_in *in, struct message *ret,
                                    struct err *e) must_check;
enum frame_recv bridge_notice_recv(int sock, struct frame_in *in, struct message *ret,
                                   struct err *e) must_check;

/* Where tasks of a lane are to be seen by others. */
enum bridge_backend { BRIDGE_STORE, BRIDGE_REDIS, BRIDGE_NATS, BRIDGE_BACKENDS };

/* How a server is reached. */
struct bridge_reach {
    uint32_t timeout_ms;     /* to connect, and for each answer */
    uint32_t backoff_max_ms; /* between two attempts to connect */
};
struct bridge_setup {
    char redis_url[REDIS_URL_BYTES_MAX]; /* may have a password; "": none */
    char nats_url[NATS_URL_BYTES_MAX];   /* the same */
    struct bridge_reach redis, nats;
    uint32_t redis_block_ms; /* that a read waits at the longest */
    uint32_t sweep_ms;       /* between two looks at what is pending */
    uint32_t idle_ms;        /* whoever holds an entry for so long without a word is gone */
    uint32_t ack_retry_ms;   /* between two attempts to acknowledge */
};
void bridge_setup_pack(struct buf *b, const struct bridge_setup *setup);
bool bridge_setup_unpack(const struct message *m, struct bridge_setup *ret,
                         struct err *e) must_check;

struct bridge_keep {
    char key[BRIDGE_KEY_BYTES_MAX];
    const void *value; /* borrowed */
    size_t value_bytes;
    uint32_t ttl_ms;
};
void bridge_keep_pack(struct buf *b, const char *key, const void *value, size_t value_bytes,
                      uint32_t ttl_ms);
bool bridge_keep_unpack(const struct message *m, struct bridge_keep *ret, struct err *e) must_check;
bool bridge_forget_unpack(const struct message *m, char ret_key[BRIDGE_KEY_BYTES_MAX],
                          struct err *e) must_check;

struct bridge_state {
    enum bridge_backend backend;
    bool up;
    char why[BRIDGE_WHY_BYTES_MAX];
};
void bridge_state_pack(struct buf *b, const struct bridge_state *state);
bool bridge_state_unpack(const struct message *m, struct bridge_state *ret,
                         struct err *e) must_check;

#endif
