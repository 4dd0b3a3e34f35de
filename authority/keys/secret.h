/* secret.h -- secret values: boxed on the way in, sealed at rest, framed on the way to an attempt.
 *
 *   client  secret_box     value -> box      only the authority opens it (X25519 sealed box)
 *   authority secret_seal  box -> blob       XChaCha20-Poly1305 under the sealing key
 *   authority secret_open  blob -> value     into locked memory, then into the attempt's pipe
 *
 * A box holds tenant and name beside the value, and a blob is bound to tenant, name and version as
 * associated data: neither opens under another name. Blob, version 1:
 *   [u8 1][24 bytes nonce][ciphertext and 16 bytes tag]
 * The pipe carries [u32 name bytes][name][u32 value bytes][value], little-endian, until its end.
 * Errors: ERR_DENIED for what does not open, ERR_INVALID for a bad name, ERR_TOO_LARGE. */
#ifndef ORCH_AUTHORITY_KEYS_SECRET_H
#define ORCH_AUTHORITY_KEYS_SECRET_H

#include "authority/keys/locked.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/words/secrets.h"

#include <stddef.h>
#include <stdint.h>

enum {
    SECRET_BOX_KEY_BYTES = 32,
    SECRET_SEAL_KEY_BYTES = 32,
    SECRET_BOX_BYTES_MAX = SECRET_VALUE_BYTES_MAX + 1024,
    SECRET_BLOB_BYTES_MAX = SECRET_VALUE_BYTES_MAX + 64,
};

/* What a blob is bound to. */
struct secret_name {
    const char *tenant;
    const char *name;
    uint32_t version;
};

/* Client side. Appends the box to b; value stays the caller's to wipe (secret_wipe). */
bool secret_box(const uint8_t box_public[SECRET_BOX_KEY_BYTES], const char *tenant,
                const char *name, const void *value, size_t len, struct buf *b,
                struct err *e) must_check;
void secret_wipe(void *bytes, size_t len);

/* Authority side. */
struct secret_box_keys {
    const uint8_t *public_key;
    const uint8_t *secret_key;
};
/* name->version plays no part: a box has none. */
bool secret_unbox(const struct secret_box_keys *keys, const struct secret_name *name,
                  const void *box, size_t len, struct locked **ret, struct err *e) must_check;
void secret_seal(const uint8_t key[SECRET_SEAL_KEY_BYTES], const struct secret_name *name,
                 const struct locked *value, struct buf *b);
bool secret_open(const uint8_t key[SECRET_SEAL_KEY_BYTES], const struct secret_name *name,
                 const void *blob, size_t len, struct locked **ret, struct err *e) must_check;

/* Appends one record of the pipe's format; out has room for it (secret_record_bytes). */
void secret_record_add(struct locked *out, const char *name, const struct locked *value);
size_t secret_record_bytes(const char *name, size_t value_bytes);

#endif
