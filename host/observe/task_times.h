/* task_times.h -- how many tasks ended on this host and how long they took, over a range of time
 * that ends now: the counters and histograms of metrics.h tell the same since the start. Pure: the
 * caller gives the time. Loop thread.
 *
 * Counted in pieces of TASK_TIMES_PIECE_S, of which the latest TASK_TIMES_RANGE_S are kept: 1.7 MiB
 * where each had a task, and next to nothing where none had. So a range begins where one of its
 * pieces does, and says where; of times that are told at most 9 % is too much (their bounds are 8
 * to a doubling), from 1 ms to a day. A host that starts knows nothing of before. */
#ifndef ORCH_OBSERVE_TASK_TIMES_H
#define ORCH_OBSERVE_TASK_TIMES_H

#include "base/auto.h"

#include <stdbool.h>
#include <stdint.h>

enum { TASK_TIMES_PIECE_S = 300, TASK_TIMES_RANGE_S = 7 * 24 * 3600 };

struct task_times;

struct task_times *task_times_new(int64_t now_ns) must_check;
void task_times_free(struct task_times *t); /* accepts NULL */
DEFINE_AUTO(task_times)

#define TASK_TIME_UNKNOWN (-1.0)
/* It was enqueued so long ago. */
void task_times_add(struct task_times *t, int64_t now_ns, bool well, double seconds);

struct task_times_sum {
    uint64_t completed, failed;
    int64_t since_ns;           /* of the range, not before the start */
    bool timed;                 /* of one the time is known; else the next are 0 */
    double p50_s, p95_s, p99_s; /* so long, or less, took as many of a hundred */
};
/* range_s: TASK_TIMES_RANGE_S at most. */
struct task_times_sum task_times_sum(const struct task_times *t, int64_t now_ns, int64_t range_s);

#endif
