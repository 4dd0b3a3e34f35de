/* log_limit.h -- bounds how often a line is logged that somebody outside can cause at will: some
 * at once, then one a second; those between are counted, and the count is told. Pure: the caller
 * has the clock. One object for each kind of line. */
#ifndef ORCH_BASE_LOG_LIMIT_H
#define ORCH_BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum { LOG_LIMIT_BURST = 10 };

/* Zeroed before its first use. */
struct log_limit {
    bool begun;
    int64_t seen_ns;   /* monotonic, of the last look */
    int64_t credit_ns; /* a line takes a second's */
    uint64_t left_out;
};

/* True when the line may be logged; *ret_left_out of its kind were not before it. */
bool log_limit_allows(struct log_limit *l, int64_t now_ns, uint64_t *ret_left_out);
/* Called now and then: lines that were left out, once one of their kind may be logged, or 0. */
uint64_t log_limit_owed(struct log_limit *l, int64_t now_ns);

#endif
