/* attempt_reader_fuzz.c -- any bytes as an attempt's packets: {u16 length, packet}*. */
#include "sandbox/wire/attempt_reader.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct attempt_packet packet;
    auto_done(attempt_reader) r = {.output_bytes_max = 1 << 16};
    struct packet_part part = {0};
    struct spare_part spare;
    enum packet_kind kind = PACKET_RESULT;
    uint16_t n;

    while (len >= sizeof n && kind != PACKET_BAD) {
        memcpy(&n, bytes, sizeof n);
        bytes += sizeof n;
        len -= sizeof n;
        n = n < len ? n : (uint16_t)len;
        memcpy(&packet, bytes, n);
        if (attempt_spare_read(&packet, n, &spare) != SPARE_BAD)
            assert(spare.len == packet.head.bytes && spare.len <= ATTEMPT_CHUNK_BYTES_MAX);
        kind = attempt_reader_take(&r, &packet, n, &part);
        bytes += n;
        len -= n;
        if (kind == PACKET_LOG || kind == PACKET_PROGRESS)
            assert(part.bytes <= ATTEMPT_LOG_BYTES_MAX);
        assert(r.output.len <= r.output_bytes_max);
        assert(!r.complete || r.output.len == r.result.output_bytes);
    }
    return 0;
}
