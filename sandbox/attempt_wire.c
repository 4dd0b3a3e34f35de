/* attempt_wire.c -- see attempt_wire.h. Linked into the host's client and into the worker. */
#include "sandbox/attempt_wire.h"

#include "ipc/pack.h"

#include <string.h>

static void pack_text(struct buf *b, const struct attempt_text *text)
{
    pack_bytes(b, text->text, text->bytes);
}

static void unpack_text(struct unpack *u, struct attempt_text *ret)
{
    ret->text = unpack_bytes(u, &ret->bytes);
}

void attempt_input_pack(const struct attempt_input *input, struct buf *b)
{
    buf_reserve(b, input->config.bytes + input->input.bytes + 1024);
    pack_u32(b, input->attempt);
    pack_u64(b, (uint64_t)input->deadline_ns);
    pack_u64(b, input->logical_time_us);
    pack_u64(b, input->output_bytes_max);
    pack_u64(b, input->log_bytes_max);
    buf_add(b, input->seed, sizeof input->seed);
    pack_text(b, &input->agent);
    pack_text(b, &input->run_id);
    pack_text(b, &input->node);
    pack_text(b, &input->idempotency_key);
    pack_text(b, &input->config);
    pack_text(b, &input->input);
}

bool attempt_input_unpack(const void *bytes, size_t len, struct attempt_input *ret, struct err *e)
{
    struct unpack u = unpack_of(bytes, len);

    ret->attempt = unpack_u32(&u);
    ret->deadline_ns = (int64_t)unpack_u64(&u);
    ret->logical_time_us = unpack_u64(&u);
    ret->output_bytes_max = unpack_u64(&u);
    ret->log_bytes_max = unpack_u64(&u);
    for (size_t i = 0; i < sizeof ret->seed; i += sizeof(uint64_t)) {
        uint64_t part = unpack_u64(&u);

        memcpy(ret->seed + i, &part, sizeof part);
    }
    unpack_text(&u, &ret->agent);
    unpack_text(&u, &ret->run_id);
    unpack_text(&u, &ret->node);
    unpack_text(&u, &ret->idempotency_key);
    unpack_text(&u, &ret->config);
    unpack_text(&u, &ret->input);
    return unpack_end(&u, e);
}

/* The reflected polynomial, four bits at a time: sixteen words instead of a kilobyte to touch. */
uint32_t attempt_crc(uint32_t crc, const void *bytes, size_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const uint8_t *p = bytes;

    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc = table[(crc ^ p[i]) & 15] ^ (crc >> 4);
        crc = table[(crc ^ (p[i] >> 4)) & 15] ^ (crc >> 4);
    }
    return ~crc;
}
