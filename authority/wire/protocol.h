/* protocol.h -- what the host and the authority say to each other, and nothing else may be said.
 *
 * Messages of ipc/message.h. A reply has its request's type with MESSAGE_REPLY set and its id.
 * Fields are packed as ipc/pack.h does. A reply's body begins with [u32 err_code]; when that is not
 * 0 a [str message] is all that follows.
 *
 *   request        its fields                              reply's fields
 *   VERIFY_BUNDLE  str tenant ("": any of the entry),      str key, str signer,
 *                  bytes envelope, str archive_sha256      bytes payload, bytes JSON array of
 *                                                          tenant patterns, u32 warm
 *   VERIFY_DAG     str tenant, bytes envelope              the same
 *   SIGN           u32 n, n * (u32 purpose, str type,      n * bytes envelope
 *bytes payload)
 *   STORE_BIND     str store_id, u32 anew                  bytes heads, one payload a line
 *   TOKEN_MINT     str subject, str tenant, u32 scopes,    bytes token, claims
 *                  u64 ttl_s, 3 * (str reason, str ticket)
 *   TOKEN_VERIFY   bytes token                             claims
 *   TOKEN_REVOKE   str id, u64 expires_s                   -
 *   SECRET_SEAL    str tenant, str name, u32 version,      bytes blob
 *                  bytes box
 *   SECRET_UNSEAL  str tenant, u32 n, n * (str env_name,   -
 *     + pipe       str name, u32 version, bytes blob)
 *   PUBLIC_KEYS    -                                       4 * bytes (host, publisher, token,
 *                                                          box), bytes jwks
 *   TRUST_RELOAD   -                                       -
 *   TRUST_LIST     -                                       bytes JSON array
 *   TRUST_ADD      bytes entry                             -
 *   TRUST_REVOKE   str key, str reason                     -
 *   key: its fingerprint; its id in hex is taken as well
 *   claims: str subject, str tenant, str id, u32 scopes, u64 issued_s, u64 expires_s,
 *           3 * (str reason, str ticket) */
#ifndef ORCH_AUTHORITY_WIRE_PROTOCOL_H
#define ORCH_AUTHORITY_WIRE_PROTOCOL_H

#include "authority/token/token.h"
#include "base/buf.h"
#include "base/err.h"
#include "ipc/message.h"
#include "ipc/pack.h"

/*     message        descriptors, bytes at most (of what protocol.c includes) */
#define AUTHORITY_MESSAGE_MAP(XX)                                                                  \
    XX(VERIFY_BUNDLE, 0, DSSE_ENVELOPE_BYTES_MAX)                                                  \
    XX(VERIFY_DAG, 0, DSSE_ENVELOPE_BYTES_MAX)                                                     \
    XX(SIGN, 0, AUTHORITY_BODY_BYTES_MAX)                                                          \
    XX(STORE_BIND, 0, 64)                                                                          \
    XX(TOKEN_MINT, 0, 4096)                                                                        \
    XX(TOKEN_VERIFY, 0, TOKEN_BYTES_MAX + 4)                                                       \
    XX(TOKEN_REVOKE, 0, 64)                                                                        \
    XX(SECRET_SEAL, 0, SECRET_BOX_BYTES_MAX + 1024)                                                \
    XX(SECRET_UNSEAL, 1, SECRETS_PER_ATTEMPT_MAX *(SECRET_BLOB_BYTES_MAX + 1024))                  \
    XX(PUBLIC_KEYS, 0, 0)                                                                          \
    XX(TRUST_RELOAD, 0, 0)                                                                         \
    XX(TRUST_LIST, 0, 0)                                                                           \
    XX(TRUST_ADD, 0, TRUST_FILE_BYTES_MAX + 4)                                                     \
    XX(TRUST_REVOKE, 0, 2048)

enum authority_message {
    MESSAGE_INVALID,
#define XX(name, fds, bytes) MESSAGE_##name,
    AUTHORITY_MESSAGE_MAP(XX)
#undef XX
        MESSAGE_COUNT,
    MESSAGE_REPLY = 0x8000,
};

const char *message_name(unsigned type); /* of a request or its reply */
size_t message_bytes_max(enum authority_message request);

/* Which end of the socket reads: it decides which messages are permitted. */
enum message_reader { READER_AUTHORITY, READER_HOST };
/* As message_recv. */
enum frame_recv authority_recv(int sock, enum message_reader reader, struct frame_in *in,
                               struct message *ret, struct err *e) must_check;

void claims_pack(struct buf *b, const struct token_claims *claims);
void claims_unpack(struct unpack *u, struct token_claims *ret);
void reasons_pack(struct buf *b, const struct token_reason why[ELEVATION_COUNT]);
void reasons_unpack(struct unpack *u, struct token_reason why[ELEVATION_COUNT]);

#endif
