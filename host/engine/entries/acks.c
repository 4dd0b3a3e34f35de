/* acks.c -- see acks.h. */
#include "engine/entries/acks.h"

#define MINUTE_NS (60LL * 1000000000)

void acks_add(struct acks *acks, bool taken, int64_t now_ns)
{
    int64_t minute = now_ns / MINUTE_NS;
    struct ack_minute *m = &acks->minutes[minute % ACK_MINUTES];

    if (m->minute != minute)
        *m = (struct ack_minute){.minute = minute};
    if (taken)
        m->taken++;
    else
        m->refused++;
}

double acks_rate(const struct acks *acks, int64_t now_ns)
{
    int64_t minute = now_ns / MINUTE_NS;
    uint64_t taken = 0, all = 0;

    for (int i = 0; i < ACK_MINUTES; i++) {
        const struct ack_minute *m = &acks->minutes[i];

        if (minute - m->minute >= ACK_MINUTES)
            continue;
        taken += m->taken;
        all += (uint64_t)m->taken + m->refused;
    }
    return all > 0 ? (double)taken / (double)all : 1;
}
