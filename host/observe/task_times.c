/* task_times.c -- see task_times.h. A ring of pieces, each with the number of its time: one that
 * has another number is of a time that is over. */
#include "observe/task_times.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

enum {
    PIECES = TASK_TIMES_RANGE_S / TASK_TIMES_PIECE_S,
    PER_DOUBLING = 8,
    BUCKETS = 212, /* up to 2^(211/8) ms, a day */
};
#define PIECE_NS (TASK_TIMES_PIECE_S * INT64_C(1000000000))
#define LEAST_S 1e-3

struct piece {
    int64_t number; /* of its time */
    uint32_t completed, failed;
    uint32_t bucket[BUCKETS];
};

struct task_times {
    int64_t start_ns;
    struct piece pieces[PIECES];
};

struct task_times *task_times_new(int64_t now_ns)
{
    struct task_times *t = mem_new(struct task_times);

    t->start_ns = now_ns;
    return t;
}

void task_times_free(struct task_times *t)
{
    free(t);
}

/* Above 0: a piece that never had anything has 0. */
static int64_t number_of(int64_t now_ns)
{
    return now_ns / PIECE_NS + 1;
}

static int bucket_of(double seconds)
{
    double at = seconds <= LEAST_S ? 0 : ceil(log2(seconds / LEAST_S) * PER_DOUBLING);

    return at < BUCKETS - 1 ? (int)at : BUCKETS - 1;
}

static double bound_of(int bucket)
{
    return LEAST_S * exp2((double)bucket / PER_DOUBLING);
}

void task_times_add(struct task_times *t, int64_t now_ns, bool well, double seconds)
{
    int64_t number = number_of(now_ns);
    struct piece *piece = &t->pieces[number % PIECES];

    if (piece->number != number)
        *piece = (struct piece){.number = number};
    piece->completed += well;
    piece->failed += !well;
    if (seconds >= 0)
        piece->bucket[bucket_of(seconds)]++;
}

/* The bound under which the share of all is. */
static double quantile(const uint64_t *buckets, uint64_t count, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)count), below = 0;
    int bucket = 0;

    for (; bucket < BUCKETS - 1; bucket++) {
        below += buckets[bucket];
        if (below >= wanted)
            break;
    }
    return bound_of(bucket);
}

static void add_piece(struct task_times_sum *sum, uint64_t *buckets, const struct piece *piece)
{
    sum->completed += piece->completed;
    sum->failed += piece->failed;
    for (int i = 0; i < BUCKETS; i++)
        buckets[i] += piece->bucket[i];
}

struct task_times_sum task_times_sum(const struct task_times *t, int64_t now_ns, int64_t range_s)
{
    int64_t last = number_of(now_ns), before = last - range_s / TASK_TIMES_PIECE_S;
    int64_t since_ns = before * PIECE_NS; /* one more than number_of gives of it */
    struct task_times_sum sum = {.since_ns = since_ns > t->start_ns ? since_ns : t->start_ns};
    uint64_t buckets[BUCKETS] = {0}, count = 0;

    for (int64_t number = before > 0 ? before + 1 : 1; number <= last; number++) {
        if (t->pieces[number % PIECES].number == number)
            add_piece(&sum, buckets, &t->pieces[number % PIECES]);
    }
    for (int i = 0; i < BUCKETS; i++)
        count += buckets[i];
    if (count == 0)
        return sum;
    sum.timed = true;
    sum.p50_s = quantile(buckets, count, 0.5);
    sum.p95_s = quantile(buckets, count, 0.95);
    sum.p99_s = quantile(buckets, count, 0.99);
    return sum;
}
