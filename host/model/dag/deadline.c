/* deadline.c -- see deadline.h. */
#include "model/dag/deadline.h"

#define US_PER_S 1e6

int64_t deadline_at_us(const struct deadline *deadline, int64_t created_us)
{
    if (deadline->by_us != 0)
        return deadline->by_us;
    return created_us + (int64_t)(deadline->within_s * US_PER_S);
}

int64_t deadline_warn_us(const struct deadline *deadline, int64_t created_us)
{
    if (deadline->warn_before_s <= 0)
        return 0;
    return deadline_at_us(deadline, created_us) - (int64_t)(deadline->warn_before_s * US_PER_S);
}
