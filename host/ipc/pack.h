/* pack.h -- fields inside a frame's payload: fixed-width little-endian integers and
 * length-prefixed bytes, written in order and read back in the same order.
 *
 * A reader never reads past its end: after the first short field every further read gives zeros
 * and unpack_end reports the failure, so a decoder checks once. */
#ifndef ORCH_IPC_PACK_H
#define ORCH_IPC_PACK_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void pack_u32(struct buf *b, uint32_t value);
void pack_u64(struct buf *b, uint64_t value);
void pack_bytes(struct buf *b, const void *bytes, size_t len);
void pack_str(struct buf *b, const char *text); /* NULL packs as "" */

struct unpack {
    const uint8_t *at;
    size_t left;
    bool failed;
};

struct unpack unpack_of(const void *bytes, size_t len);
uint32_t unpack_u32(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
/* A view into the payload. */
const void *unpack_bytes(struct unpack *u, size_t *ret_len);
/* Copies NUL-terminated text into out; a text that does not fit or holds a NUL fails the reader. */
void unpack_str(struct unpack *u, char *out, size_t out_bytes);
/* The same into fresh memory of at most bytes_max. */
char *unpack_str_owned(struct unpack *u, size_t bytes_max) must_check;
/* True when every field was whole and nothing is left over. */
bool unpack_end(const struct unpack *u, struct err *e) must_check;

#endif
