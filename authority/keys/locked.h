/* locked.h -- bytes that must not leak: in locked memory between guard pages (sodium_malloc), left
 * out of core dumps, wiped when freed. For keys and plaintext secrets, nothing else.
 *
 * locked_read_file takes only a regular file of one link that is ours and nobody else may read:
 * the way private keys are kept. */
#ifndef ORCH_AUTHORITY_KEYS_LOCKED_H
#define ORCH_AUTHORITY_KEYS_LOCKED_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct locked {
    size_t len;
    size_t cap;
    uint8_t *data;
};

struct locked *locked_new(size_t cap) must_check;
void locked_free(struct locked *l);
DEFINE_AUTO(locked)

/* The caller made sure that it fits. */
void locked_add(struct locked *l, const void *bytes, size_t len);

/* ERR_DENIED for a wrong owner or mode, ERR_TOO_LARGE over bytes_max. */
bool locked_read_file(const char *path, size_t bytes_max, struct locked **ret,
                      struct err *e) must_check;
/* The same for a systemd credential: root may own it and its group may read it (systemd.exec(5):
 * the manager grants access by ACL, which shows as group bits). */
bool locked_read_credential(const char *path, size_t bytes_max, struct locked **ret,
                            struct err *e) must_check;
/* Writes a new file with mode 0600, whole or not at all; ERR_CONFLICT when there is one. */
bool locked_write_file(const char *path, const void *bytes, size_t len, struct err *e) must_check;

#endif
