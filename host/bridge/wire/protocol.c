/* protocol.c -- see protocol.h. */
#include "bridge/wire/protocol.h"

static const struct message_rule requests[BRIDGE_MESSAGE_COUNT] = {
#define XX(name, bytes) [BRIDGE_##name] = MESSAGE_RULE(BRIDGE_##name, #name, 0, bytes),
    BRIDGE_REQUEST_MAP(XX)
#undef XX
};

static const struct message_rule notices[BRIDGE_MESSAGE_COUNT] = {
#define XX(name, bytes) [BRIDGE_##name] = MESSAGE_RULE(BRIDGE_##name, #name, 0, bytes),
    BRIDGE_NOTICE_MAP(XX)
#undef XX
};

static const struct message_rule *listed(const struct message_rule *rules, unsigned type)
{
    return type < BRIDGE_MESSAGE_COUNT && rules[type].frame.name != NULL ? &rules[type] : NULL;
}

static const struct message_rule *request_rule(unsigned type)
{
    return listed(requests, type);
}

static const struct message_rule *notice_rule(unsigned type)
{
    return listed(notices, type);
}

enum frame_recv bridge_request_recv(int sock, struct frame_in *in, struct message *ret,
                                    struct err *e)
{
    return message_recv(sock, request_rule, in, ret, e);
}

enum frame_recv bridge_notice_recv(int sock, struct frame_in *in, struct message *ret,
                                   struct err *e)
{
    return message_recv(sock, notice_rule, in, ret, e);
}

static void pack_reach(struct buf *b, const struct bridge_reach *reach)
{
    pack_u32(b, reach->timeout_ms);
    pack_u32(b, reach->backoff_max_ms);
}

static struct bridge_reach unpack_reach(struct unpack *u)
{
    struct bridge_reach reach;

    reach.timeout_ms = unpack_u32(u);
    reach.backoff_max_ms = unpack_u32(u);
    return reach;
}

void bridge_setup_pack(struct buf *b, const struct bridge_setup *setup)
{
    pack_str(b, setup->redis_url);
    pack_str(b, setup->nats_url);
    pack_reach(b, &setup->redis);
    pack_reach(b, &setup->nats);
    pack_u32(b, setup->redis_block_ms);
    pack_u32(b, setup->sweep_ms);
    pack_u32(b, setup->idle_ms);
    pack_u32(b, setup->ack_retry_ms);
}

bool bridge_setup_unpack(const struct message *m, struct bridge_setup *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    unpack_str(&u, ret->redis_url, sizeof ret->redis_url);
    unpack_str(&u, ret->nats_url, sizeof ret->nats_url);
    ret->redis = unpack_reach(&u);
    ret->nats = unpack_reach(&u);
    ret->redis_block_ms = unpack_u32(&u);
    ret->sweep_ms = unpack_u32(&u);
    ret->idle_ms = unpack_u32(&u);
    ret->ack_retry_ms = unpack_u32(&u);
    return unpack_end(&u, e);
}

void bridge_keep_pack(struct buf *b, const char *key, const void *value, size_t value_bytes,
                      uint32_t ttl_ms)
{
    pack_str(b, key);
    pack_bytes(b, value, value_bytes);
    pack_u32(b, ttl_ms);
}

bool bridge_keep_unpack(const struct message *m, struct bridge_keep *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    unpack_str(&u, ret->key, sizeof ret->key);
    ret->value = unpack_bytes(&u, &ret->value_bytes);
    ret->ttl_ms = unpack_u32(&u);
    return unpack_end(&u, e);
}

bool bridge_forget_unpack(const struct message *m, char ret_key[BRIDGE_KEY_BYTES_MAX],
                          struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    unpack_str(&u, ret_key, BRIDGE_KEY_BYTES_MAX);
    return unpack_end(&u, e);
}

void bridge_state_pack(struct buf *b, const struct bridge_state *state)
{
    pack_u32(b, state->backend);
    pack_u32(b, state->up);
    pack_str(b, state->why);
}

bool bridge_state_unpack(const struct message *m, struct bridge_state *ret, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);

    uint32_t backend = unpack_u32(&u);

    ret->up = unpack_u32(&u) != 0;
    unpack_str(&u, ret->why, sizeof ret->why);
    if (!unpack_end(&u, e))
        return false;
    if (backend == BRIDGE_STORE || backend >= BRIDGE_BACKENDS)
        return err_set(e, ERR_INVALID, "backend %u is none", backend);
    ret->backend = (enum bridge_backend)backend;
    return true;
}
