/* worker.c -- see worker.h; and which numbers of a half are taken, see inside.h. */
#include "lanes/worker.h"

#include "base/mem.h"
#include "lanes/inside.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

char *lane_worker_name_owned(struct lane_worker worker, const char *lane)
{
    if (worker.number == 0)
        return NULL;
    return mem_printf("%s_%s_%" PRIu32, worker.half == LANE_EXPRESS ? "express" : "pool",
                      lane != NULL ? lane : LANE_DEFAULT, worker.number - 1);
}

char *lane_worker_title_owned(struct lane_worker worker, const char *lane)
{
    if (worker.number == 0 || lane == NULL || strcmp(lane, LANE_DEFAULT) == 0)
        return NULL;
    return mem_printf("%spool: %s %" PRIu32, worker.half == LANE_EXPRESS ? "express_" : "", lane,
                      worker.number - 1);
}

static void grow(struct lane_numbers *numbers)
{
    uint32_t was = numbers->words * LANE_NUMBER_BITS, is = was + LANE_NUMBER_BITS;

    numbers->taken = mem_resize(numbers->taken, numbers->words + 1, sizeof *numbers->taken);
    numbers->taken[numbers->words++] = 0;
    numbers->deeds = mem_resize(numbers->deeds, is, sizeof *numbers->deeds);
    for (uint32_t i = was; i < is; i++)
        numbers->deeds[i] = (struct lane_deeds){0};
}

uint32_t lane_number_take(struct lane_numbers *numbers)
{
    uint32_t word = 0, bit;

    while (word < numbers->words && numbers->taken[word] == UINT64_MAX)
        word++;
    if (word == numbers->words)
        grow(numbers);
    bit = (uint32_t)__builtin_ctzll(~numbers->taken[word]);
    numbers->taken[word] |= UINT64_C(1) << bit;
    return word * LANE_NUMBER_BITS + bit + 1;
}

void lane_number_return(struct lane_numbers *numbers, uint32_t number)
{
    uint64_t *word = &numbers->taken[(number - 1) / LANE_NUMBER_BITS];
    uint64_t bit = UINT64_C(1) << (number - 1) % LANE_NUMBER_BITS;

    assert((*word & bit) != 0);
    *word &= ~bit;
}

void lane_numbers_done(struct lane_numbers *numbers)
{
    free(numbers->taken);
    free(numbers->deeds);
}

void lanes_note(struct lane_item *item, enum lane_deed deed, int64_t now_ns)
{
    struct lane_numbers *numbers = &item->lane->halls[item->worker.half].numbers;
    struct lane_deeds *deeds = &numbers->deeds[item->worker.number - 1];

    deeds->well += deed == LANE_WELL;
    deeds->badly += deed != LANE_WELL;
    deeds->crashes += deed == LANE_CRASHED;
    if (deed == LANE_CRASHED)
        deeds->crashed_ns = now_ns;
}

/* ---- what is told of them ---- */

static struct lane_hand hand_of(const struct lane *lane, struct lane_worker worker)
{
    const struct lane_numbers *numbers = &lane->halls[worker.half].numbers;
    uint32_t at = worker.number - 1, word = at / LANE_NUMBER_BITS;
    struct lane_hand hand = {.lane = lane->name, .worker = worker, .since_ns = lane->set_ns};

    if (word >= numbers->words)
        return hand;
    hand.deeds = numbers->deeds[at];
    hand.busy = (numbers->taken[word] >> at % LANE_NUMBER_BITS & 1) != 0;
    hand.since_ns = hand.deeds.crashed_ns > 0 ? hand.deeds.crashed_ns : lane->set_ns;
    return hand;
}

/* The lane's own first; above its slots those that still have something. */
static void each_of_half(const struct lane *lane, enum lane_half half, lane_hand_fn *fn, void *arg)
{
    uint32_t taken = lane->halls[half].numbers.words * LANE_NUMBER_BITS;
    uint32_t slots = lane->slots, last = taken > slots ? taken : slots;

    for (uint32_t number = 1; number <= last; number++) {
        struct lane_hand hand = hand_of(lane, (struct lane_worker){half, number});

        if (number <= slots || hand.busy)
            fn(arg, &hand);
    }
}

void lanes_each_hand(const struct lanes *lanes, lane_hand_fn *fn, void *arg)
{
    for (const struct lane *lane = lanes->lanes; lane != NULL; lane = lane->hh.next) {
        if (!lane->known)
            continue;
        if (lane->spec.has_express)
            each_of_half(lane, LANE_EXPRESS, fn, arg);
        each_of_half(lane, LANE_REGULAR, fn, arg);
    }
}
