/* log_limit.c -- see log_limit.h. */
#include "base/log_limit.h"

#define LINE_NS 1000000000LL

static bool may(struct log_limit *l, int64_t now_ns)
{
    if (!l->begun) {
        l->begun = true;
        l->credit_ns = LOG_LIMIT_BURST * LINE_NS;
    } else if (now_ns > l->seen_ns) {
        l->credit_ns += now_ns - l->seen_ns;
    }
    if (l->credit_ns > LOG_LIMIT_BURST * LINE_NS)
        l->credit_ns = LOG_LIMIT_BURST * LINE_NS;
    l->seen_ns = now_ns;
    return l->credit_ns >= LINE_NS;
}

bool log_limit_allows(struct log_limit *l, int64_t now_ns, uint64_t *ret_left_out)
{
    if (!may(l, now_ns)) {
        l->left_out++;
        return false;
    }
    l->credit_ns -= LINE_NS;
    *ret_left_out = l->left_out;
    l->left_out = 0;
    return true;
}

uint64_t log_limit_owed(struct log_limit *l, int64_t now_ns)
{
    uint64_t owed = l->left_out;

    if (owed == 0 || !may(l, now_ns))
        return 0;
    l->credit_ns -= LINE_NS;
    l->left_out = 0;
    return owed;
}
