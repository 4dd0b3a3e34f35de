/* pack.c -- see pack.h. */
#include "ipc/pack.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

/* Both ends are on one machine of our two targets, which are little-endian; the wire is memory. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "pack.c assumes little-endian");

void pack_u32(struct buf *b, uint32_t value)
{
    buf_add(b, &value, sizeof value);
}

void pack_u64(struct buf *b, uint64_t value)
{
    buf_add(b, &value, sizeof value);
}

void pack_bytes(struct buf *b, const void *bytes, size_t len)
{
    assert(len <= UINT32_MAX);
    pack_u32(b, (uint32_t)len);
    buf_add(b, bytes, len);
}

void pack_str(struct buf *b, const char *text)
{
    pack_bytes(b, text, text != NULL ? strlen(text) : 0);
}

struct unpack unpack_of(const void *bytes, size_t len)
{
    return (struct unpack){.at = bytes, .left = len};
}

static const uint8_t *next(struct unpack *u, size_t len)
{
    const uint8_t *at = u->at;

    if (u->failed || u->left < len) {
        u->failed = true;
        return NULL;
    }
    u->at += len;
    u->left -= len;
    return at;
}

uint32_t unpack_u32(struct unpack *u)
{
    const uint8_t *p = next(u, sizeof(uint32_t));
    uint32_t value = 0;

    if (p != NULL)
        memcpy(&value, p, sizeof value);
    return value;
}

uint64_t unpack_u64(struct unpack *u)
{
    const uint8_t *p = next(u, sizeof(uint64_t));
    uint64_t value = 0;

    if (p != NULL)
        memcpy(&value, p, sizeof value);
    return value;
}

const void *unpack_bytes(struct unpack *u, size_t *ret_len)
{
    size_t len = unpack_u32(u);
    const uint8_t *p = next(u, len);

    *ret_len = p != NULL ? len : 0;
    return p != NULL ? p : (const uint8_t *)"";
}

void unpack_str(struct unpack *u, char *out, size_t out_bytes)
{
    size_t len;
    const void *p = unpack_bytes(u, &len);

    out[0] = '\0';
    if (len >= out_bytes || memchr(p, '\0', len) != NULL) {
        u->failed = true;
        return;
    }
    memcpy(out, p, len);
    out[len] = '\0';
}

char *unpack_str_owned(struct unpack *u, size_t bytes_max)
{
    size_t len;
    const void *p = unpack_bytes(u, &len);

    if (len > bytes_max || memchr(p, '\0', len) != NULL) {
        u->failed = true;
        len = 0;
    }
    return mem_strn(p, len);
}

bool unpack_end(const struct unpack *u, struct err *e)
{
    if (u->failed)
        return err_set(e, ERR_CORRUPT, "message cut short");
    if (u->left > 0)
        return err_set(e, ERR_CORRUPT, "%zu bytes too many in message", u->left);
    return true;
}
