/* protocol.h -- what the host and its bridge say to each other, and nothing else may be said.
 *
 * Messages of ipc/message.h; fields are packed as ipc/pack.h does. None is answered by itself: each
 * side tells what is so, in order. SETUP comes first and once.
 *
 *   host says   its fields
 *   SETUP       str redis_url ("": none), u32 timeout_ms, u32 backoff_max_ms
 *   PING        -                                           the bridge says PONG
 *   KEEP        str key, bytes value, u32 ttl_ms            is set while the bridge and Redis live,
 *                                                           for ttl_ms more at the most
 *   FORGET      str key                                     is gone
 *
 *   bridge says
 *   PONG        -
 *   STATE       u32 up, str why ("" while it is up)         of Redis; at first it is down
 *
 * Whoever sends what is not in the table has ended the link. */
#ifndef ORCH_BRIDGE_WIRE_PROTOCOL_H
#define ORCH_BRIDGE_WIRE_PROTOCOL_H

#include "base/limits.h"
#include "ipc/message.h"
#include "ipc/pack.h"

enum {
    BRIDGE_KEY_BYTES_MAX = 512,
    BRIDGE_VALUE_BYTES_MAX = 64 * 1024,
    BRIDGE_WHY_BYTES_MAX = 256,
};

/* A text of n bytes takes n + 4. */
#define BRIDGE_REQUEST_MAP(XX)                                                                     \
    XX(SETUP, REDIS_URL_BYTES_MAX + 12)                                                            \
    XX(PING, 0)                                                                                    \
    XX(KEEP, BRIDGE_KEY_BYTES_MAX + BRIDGE_VALUE_BYTES_MAX + 12)                                   \
    XX(FORGET, BRIDGE_KEY_BYTES_MAX + 4)
#define BRIDGE_NOTICE_MAP(XX)                                                                      \
    XX(PONG, 0)                                                                                    \
    XX(STATE, BRIDGE_WHY_BYTES_MAX + 8)

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

struct bridge_setup {
    char redis_url[REDIS_URL_BYTES_MAX]; /* may have a password */
    uint32_t timeout_ms;                 /* to connect, and for each answer */
    uint32_t backoff_max_ms;             /* between two attempts to connect */
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
    bool up;
    char why[BRIDGE_WHY_BYTES_MAX];
};
void bridge_state_pack(struct buf *b, const struct bridge_state *state);
bool bridge_state_unpack(const struct message *m, struct bridge_state *ret,
                         struct err *e) must_check;

#endif
