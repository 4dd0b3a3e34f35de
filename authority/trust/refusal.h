/* refusal.h -- why a signed thing was not accepted: a closed list, one word each.
 *
 * A refusal is a struct err whose message begins with the word ("key_revoked: ..."), so that it
 * crosses a socket as any error does and the API can show the word as its code. Everything that
 * checks signatures or grants refuses through refuse(). */
#ifndef ORCH_AUTHORITY_TRUST_REFUSAL_H
#define ORCH_AUTHORITY_TRUST_REFUSAL_H

#include "base/err.h"

/*     refusal              word                    error code */
#define REFUSAL_MAP(XX)                                                                            \
    XX(ENVELOPE_MALFORMED, "envelope_malformed", INVALID)                                          \
    XX(UNSIGNED, "unsigned", DENIED)                                                               \
    XX(SIGNATURE_WRONG, "signature_wrong", DENIED)                                                 \
    XX(KEY_UNKNOWN, "key_unknown", DENIED)                                                         \
    XX(KEY_REVOKED, "key_revoked", DENIED)                                                         \
    XX(PAYLOAD_TYPE_WRONG, "payload_type_wrong", DENIED)                                           \
    XX(PURPOSE_DENIED, "purpose_denied", DENIED)                                                   \
    XX(TENANT_DENIED, "tenant_denied", DENIED)                                                     \
    XX(PLUGIN_DENIED, "plugin_denied", DENIED)                                                     \
    XX(AGENT_DENIED, "agent_denied", DENIED)                                                       \
    XX(MANIFEST_MALFORMED, "manifest_malformed", INVALID)                                          \
    XX(CONTENT_MISMATCH, "content_mismatch", DENIED)                                               \
    XX(VERSION_DOWNGRADE, "version_downgrade", DENIED)                                             \
    XX(GRANT_EXCEEDED, "grant_exceeded", DENIED)

enum refusal {
    REFUSAL_NONE,
#define XX(name, word, code) REFUSAL_##name,
    REFUSAL_MAP(XX)
#undef XX
        REFUSAL_COUNT,
};

/* Sets e to "word: message" and returns false. */
bool refuse(struct err *e, enum refusal refusal, const char *fmt, ...) printf_like(3, 4);

/* The refusal that e reports; REFUSAL_NONE when it is another kind of error. */
enum refusal refusal_of(const struct err *e);

#endif
