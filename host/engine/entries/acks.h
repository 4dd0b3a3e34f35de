/* acks.h -- the share of the acknowledgements that a backend took, over the last five minutes
 * (contract/mcp.md 6.1: mcp_ack_success_rate). Pure. */
#ifndef ORCH_ENGINE_ENTRIES_ACKS_H
#define ORCH_ENGINE_ENTRIES_ACKS_H

#include <stdbool.h>
#include <stdint.h>

enum { ACK_MINUTES = 5 };

struct acks {
    struct ack_minute {
        int64_t minute; /* since the clock's zero */
        uint32_t taken, refused;
    } minutes[ACK_MINUTES];
};

void acks_add(struct acks *acks, bool taken, int64_t now_ns);
double acks_rate(const struct acks *acks, int64_t now_ns); /* 0 to 1; 1 without any */

#endif
