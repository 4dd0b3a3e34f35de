/* worker.c -- see worker.h; and which numbers of a half are taken, see inside.h. */
#include "lanes/worker.h"

#include "base/mem.h"
#include "lanes/inside.h"

#include <assert.h>
#include <inttypes.h>

enum { BITS = 64 };

char *lane_worker_name_owned(struct lane_worker worker, const char *lane)
{
    if (worker.number == 0)
        return NULL;
    return mem_printf("%s_%s_%" PRIu32, worker.half == LANE_EXPRESS ? "express" : "pool",
                      lane != NULL ? lane : LANE_DEFAULT, worker.number - 1);
}

uint32_t lane_number_take(struct lane_numbers *numbers)
{
    uint32_t word = 0, bit;

    while (word < numbers->words && numbers->taken[word] == UINT64_MAX)
        word++;
    if (word == numbers->words) {
        numbers->taken = mem_resize(numbers->taken, ++numbers->words, sizeof *numbers->taken);
        numbers->taken[word] = 0;
    }
    bit = (uint32_t)__builtin_ctzll(~numbers->taken[word]);
    numbers->taken[word] |= UINT64_C(1) << bit;
    return word * BITS + bit + 1;
}

void lane_number_return(struct lane_numbers *numbers, uint32_t number)
{
    uint64_t *word = &numbers->taken[(number - 1) / BITS];
    uint64_t bit = UINT64_C(1) << (number - 1) % BITS;

    assert((*word & bit) != 0);
    *word &= ~bit;
}
