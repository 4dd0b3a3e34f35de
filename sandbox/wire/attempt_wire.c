/* attempt_wire.c -- see attempt_wire.h. Linked into the host's client and into the worker. */
#include "sandbox/wire/attempt_wire.h"

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
    pack_text(b, &input->title);
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
    unpack_text(&u, &ret->title);
    return unpack_end(&u, e);
}

/* The table is made at the first use: a kilobyte that only those with output touch. */
static const uint32_t *crc_table(void)
{
    static uint32_t table[256];

    if (table[1] != 0)
        return table;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;

        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        table[i] = crc;
    }
    return table;
}

uint32_t attempt_crc(uint32_t crc, const void *bytes, size_t len)
{
    const uint32_t *table = crc_table();
    const uint8_t *p = bytes;

    crc = ~crc;
    for (size_t i = 0; i < len; i++)
        crc = table[(crc ^ p[i]) & 255] ^ crc >> 8;
    return ~crc;
}
