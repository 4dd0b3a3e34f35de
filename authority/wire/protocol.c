/* protocol.c -- see protocol.h. */
#include "authority/wire/protocol.h"

#include "authority/keys/secret.h"
#include "authority/trust/dsse.h"
#include "authority/trust/trust.h"

#include <assert.h>

#define AUTHORITY_BODY_BYTES_MAX (2 * DSSE_ENVELOPE_BYTES_MAX)

static const struct message_rule requests[MESSAGE_COUNT] = {
#define XX(name, fds, bytes) [MESSAGE_##name] = MESSAGE_RULE(MESSAGE_##name, #name, fds, bytes),
    AUTHORITY_MESSAGE_MAP(XX)
#undef XX
};

/* Replies carry no descriptor of their own; any may be an error. */
static const struct message_rule replies[MESSAGE_COUNT] = {
#define XX(name, fds, bytes)                                                                       \
    [MESSAGE_##name] =                                                                             \
        MESSAGE_RULE(MESSAGE_##name | MESSAGE_REPLY, #name, 0, AUTHORITY_BODY_BYTES_MAX * 2),
    AUTHORITY_MESSAGE_MAP(XX)
#undef XX
};

const char *message_name(unsigned type)
{
    unsigned request = type & ~(unsigned)MESSAGE_REPLY;

    return request > MESSAGE_INVALID && request < MESSAGE_COUNT ? requests[request].frame.name
                                                                : "unknown";
}

size_t message_bytes_max(enum authority_message request)
{
    assert(request > MESSAGE_INVALID && request < MESSAGE_COUNT);
    return requests[request].body_bytes_max;
}

static const struct message_rule *rule_of(enum message_reader reader, unsigned type)
{
    bool reply = (type & MESSAGE_REPLY) != 0;
    unsigned request = type & ~(unsigned)MESSAGE_REPLY;

    if (request == MESSAGE_INVALID || request >= MESSAGE_COUNT || reply != (reader == READER_HOST))
        return NULL;
    return reply ? &replies[request] : &requests[request];
}

static const struct message_rule *request_rule(unsigned type)
{
    return rule_of(READER_AUTHORITY, type);
}

static const struct message_rule *reply_rule(unsigned type)
{
    return rule_of(READER_HOST, type);
}

enum frame_recv authority_recv(int sock, enum message_reader reader, struct frame_in *in,
                               struct message *ret, struct err *e)
{
    return message_recv(sock, reader == READER_HOST ? reply_rule : request_rule, in, ret, e);
}

void reasons_pack(struct buf *b, const struct token_reason why[ELEVATION_COUNT])
{
    for (int i = 0; i < ELEVATION_COUNT; i++) {
        pack_str(b, why[i].reason);
        pack_str(b, why[i].ticket);
    }
}

void reasons_unpack(struct unpack *u, struct token_reason why[ELEVATION_COUNT])
{
    for (int i = 0; i < ELEVATION_COUNT; i++) {
        unpack_str(u, why[i].reason, sizeof why[i].reason);
        unpack_str(u, why[i].ticket, sizeof why[i].ticket);
    }
}

void claims_pack(struct buf *b, const struct token_claims *claims)
{
    pack_str(b, claims->subject);
    pack_str(b, claims->tenant);
    pack_str(b, claims->id);
    pack_u32(b, claims->scopes);
    pack_u64(b, (uint64_t)claims->issued_s);
    pack_u64(b, (uint64_t)claims->expires_s);
    reasons_pack(b, claims->why);
}

void claims_unpack(struct unpack *u, struct token_claims *ret)
{
    unpack_str(u, ret->subject, sizeof ret->subject);
    unpack_str(u, ret->tenant, sizeof ret->tenant);
    unpack_str(u, ret->id, sizeof ret->id);
    ret->scopes = unpack_u32(u);
    ret->issued_s = (int64_t)unpack_u64(u);
    ret->expires_s = (int64_t)unpack_u64(u);
    reasons_unpack(u, ret->why);
}
