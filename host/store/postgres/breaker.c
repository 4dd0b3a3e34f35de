/* breaker.c -- see breaker.h. */
#include "store/postgres/breaker.h"

#include <sys/random.h>

#define MS_NS (1000LL * 1000)
#define TRY_NS_MAX                                                                                 \
    (30 * 1000 * MS_NS) /* one that does not say what came of it is not waited for                 \
                         */
enum { PAUSE_MS_MIN = 50, PAUSE_MS_MAX = 2000, DOUBLINGS_MAX = 6 };

unsigned breaker_pause_ms(unsigned failures)
{
    unsigned ms = PAUSE_MS_MIN << (failures < DOUBLINGS_MAX ? failures : DOUBLINGS_MAX);
    unsigned random = 0;

    if (ms > PAUSE_MS_MAX)
        ms = PAUSE_MS_MAX;
    (void)!getrandom(&random, sizeof random, 0);
    return ms / 2 + random % (ms / 2 + 1);
}

bool breaker_try(struct breaker *b, int64_t now_ns)
{
    long long next_ns = atomic_load(&b->next_ns);

    if (next_ns == 0)
        return true;
    return now_ns >= next_ns &&
           atomic_compare_exchange_strong(&b->next_ns, &next_ns, now_ns + TRY_NS_MAX);
}

void breaker_tell(struct breaker *b, bool connected, int64_t now_ns)
{
    unsigned failures = connected ? 0 : atomic_fetch_add(&b->failures, 1);

    if (connected)
        atomic_store(&b->failures, 0);
    atomic_store(&b->next_ns, connected ? 0 : now_ns + breaker_pause_ms(failures) * MS_NS);
}
