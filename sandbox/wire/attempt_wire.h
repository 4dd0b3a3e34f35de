/* attempt_wire.h -- the channel between the host and one attempt: a SEQPACKET socket pair that the
 * host made, descriptor 3 of the attempt, used with plain read() and write() because no profile has
 * recvmsg. One packet is a head and at most ATTEMPT_CHUNK_BYTES_MAX; longer things are chunks.
 *
 *   host -> attempt   INPUT*, INPUT_END (struct attempt_input, packed); STOP at any time
 *   attempt -> host   READY, or LOAD_FAILED; LOG, LOG_LOST, PROGRESS, HEARTBEAT in any number;
 * CRASHED before it dies of a signal; RESULT, OUTPUT* until output_bytes have come; then it exits
 * with 0 the same, when it was spawned to describe its plugin: ABOUT* (plugin info: u32 abi major,
 * minor, id, version, u32 agents, agents), ABOUT_END, exit with 0; or LOAD_FAILED
 *
 * Everything that an attempt sends is untrusted: its plugin is loaded before its first word. */
#ifndef ORCH_SANDBOX_WIRE_ATTEMPT_WIRE_H
#define ORCH_SANDBOX_WIRE_ATTEMPT_WIRE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The descriptors of an attempt; 4 only for nodes that use secrets. */
enum { FD_DEAD = 0, FD_OUT = 1, FD_ERR = 2, FD_CHANNEL = 3, FD_SECRETS = 4 };

enum {
    ATTEMPT_CHUNK_BYTES_MAX = 32 * 1024,
    ATTEMPT_LOG_BYTES_MAX = 16 * 1024, /* of one entry of the log: longer texts are several */
    ATTEMPT_LOG_BYTES_MIN = 8,         /* what an entry takes of its budget at least */
    ATTEMPT_NOTE_BYTES_MAX = 4 * 1024, /* of one progress note */
    ATTEMPT_CLASS_BYTES_MAX = 64,
    ATTEMPT_MESSAGE_BYTES_MAX = 4 * 1024,
    ATTEMPT_TITLE_BYTES_MAX = 160,              /* of what ps shows: a lane's name and 32 more */
    ATTEMPT_INPUT_BYTES_MAX = 10 * 1024 * 1024, /* packed */
};

enum attempt_message {
    ATTEMPT_INPUT = 1,
    ATTEMPT_INPUT_END,
    ATTEMPT_STOP,
    ATTEMPT_READY = 16,
    ATTEMPT_LOG,
    ATTEMPT_PROGRESS,
    ATTEMPT_HEARTBEAT,
    ATTEMPT_RESULT,
    ATTEMPT_OUTPUT,
    ATTEMPT_LOAD_FAILED, /* text of at most ERR_MSG_BYTES */
    ATTEMPT_ABOUT,       /* PLUGIN_INFO_BYTES_MAX in all */
    ATTEMPT_ABOUT_END,   /* the last part; may be empty */
    ATTEMPT_LOG_LOST,    /* in the place of LOGs that did not leave */
    ATTEMPT_CRASHED,     /* at any time, behind a result too */
};

struct attempt_head {
    uint32_t type;
    uint32_t bytes; /* behind the head; the packet has no others */
};

struct attempt_packet {
    struct attempt_head head;
    uint8_t bytes[ATTEMPT_CHUNK_BYTES_MAX];
};

struct attempt_ready {
    uint32_t layers; /* those that only the attempt can know: INNER_LAYERS */
};

struct attempt_log {
    int32_t level;
    uint32_t zero;
};

/* What stands at the end of an entry that the next one continues. */
#define ATTEMPT_LOG_GOES_ON " [cut here: goes on in the next entry]"

enum log_lost {
    LOG_LOST_LIMIT = 1, /* the budget is spent; no LOG follows */
    LOG_LOST_ROOM,      /* the host did not read in time */
    LOG_LOST_LONG,      /* the rest of one text that is over ATTEMPT_TEXT_BYTES_MAX */
};
enum { ATTEMPT_TEXT_BYTES_MAX = 256 * 1024 };

struct attempt_log_lost {
    uint64_t lines, bytes; /* of LIMIT: 0 at its place, what came after it at the end */
    uint32_t why;
    uint32_t zero;
};

struct attempt_crash {
    int32_t signal;
    uint32_t in_plugin; /* the instruction was; offset is from where the plugin was loaded */
    uint64_t address, offset;
};

struct attempt_progress {
    uint64_t done, total;
};

enum { RESULT_AGENT_UNKNOWN = 1u };

/* Followed by class, message and the first bytes of the output. */
struct attempt_result_head {
    int32_t status;
    uint32_t flags;
    uint64_t cpu_ns;
    uint64_t output_refused; /* bytes of an output over its limit; 0: none, or another was taken */
    uint32_t output_bytes;
    uint32_t output_crc; /* CRC-32 of IEEE 802.3 */
    uint32_t class_bytes;
    uint32_t message_bytes;
};

/* What the host tells an attempt. Views into the packed message. */
struct attempt_input {
    struct attempt_text {
        const char *text;
        size_t bytes;
    } agent, run_id, node, idempotency_key, config, input, title; /* title empty: none */
    uint32_t attempt;
    int64_t deadline_ns;
    uint64_t logical_time_us;
    uint64_t output_bytes_max;
    uint64_t log_bytes_max;
    uint8_t seed[32];
};

void attempt_input_pack(const struct attempt_input *input, struct buf *b);
bool attempt_input_unpack(const void *bytes, size_t len, struct attempt_input *ret,
                          struct err *e) must_check;

/* CRC-32 of IEEE 802.3, reflected; 0 to begin, the last result to go on. */
uint32_t attempt_crc(uint32_t crc, const void *bytes, size_t len);

#endif
