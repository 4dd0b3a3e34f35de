/* attempt_reader.h -- the host's reading of what one attempt says: packets in, parts out. Pure, and
 * the only parser of a plugin's bytes in the host besides JSON; fuzzed (tests/fuzz).
 *
 * A packet that is not whole, not known, over a cap or behind the end of the result is refused, and
 * with it the attempt. */
#ifndef ORCH_SANDBOX_WIRE_ATTEMPT_READER_H
#define ORCH_SANDBOX_WIRE_ATTEMPT_READER_H

#include "sandbox/wire/attempt_wire.h"

struct attempt_reader {
    uint64_t output_bytes_max;
    bool begun, complete;
    struct attempt_result_head result; /* valid once begun */
    struct attempt_crash crash;        /* signal 0: it said nothing of one */
    char error_class[ATTEMPT_CLASS_BYTES_MAX + 1];
    char *message; /* NULL until begun */
    struct buf output;
    uint32_t output_crc; /* of what has come */
};

enum packet_kind {
    PACKET_BAD,
    PACKET_LOG,
    PACKET_LOG_LOST,
    PACKET_PROGRESS,
    PACKET_HEARTBEAT,
    PACKET_RESULT,
    PACKET_CRASHED, /* crash is filled */
};

struct packet_part {
    int32_t level; /* of LOG */
    struct attempt_log_lost lost;
    uint64_t done, total; /* of PROGRESS */
    const char *text;     /* of LOG and PROGRESS; bytes as they came */
    size_t bytes;
};

/* n: how many bytes of packet were received. ret is filled for LOG, LOG_LOST and PROGRESS. */
enum packet_kind attempt_reader_take(struct attempt_reader *r, const struct attempt_packet *packet,
                                     size_t n, struct packet_part *ret);

/* What a process may say before it is given an input. */
enum spare_packet {
    SPARE_BAD,
    SPARE_READY,
    SPARE_LOAD_FAILED,
    SPARE_ABOUT, /* a part of its plugin's description */
    SPARE_ABOUT_END,
};

struct spare_part {
    uint32_t layers;   /* of READY */
    const char *bytes; /* of the others; as they came */
    size_t len;
};

enum spare_packet attempt_spare_read(const struct attempt_packet *packet, size_t n,
                                     struct spare_part *ret);
void attempt_reader_done(struct attempt_reader *r);
DEFINE_AUTO_DONE(attempt_reader)

#endif
