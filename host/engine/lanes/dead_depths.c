/* dead_depths.c -- see dead_depths.h. */
#include "engine/lanes/dead_depths.h"

#include "base/mem.h"
#include "engine/env/env.h"
#include "store/beside.h"
#include "store/reader.h"

struct dead_depths {
    const struct engine_env *env;
    bool asked;                              /* what is below is a thread's */
    bool ok;                                 /* it was read */
    struct store_dead_count_list told, read; /* by tenant */
};

struct dead_depths *dead_depths_new(const struct engine_env *env)
{
    struct dead_depths *d = mem_new(struct dead_depths);

    d->env = env;
    return d;
}

void dead_depths_free(struct dead_depths *d)
{
    if (d == NULL)
        return;
    store_dead_count_list_done(&d->told);
    store_dead_count_list_done(&d->read);
    free(d);
}

static void tell(const struct dead_depths *d, const struct store_dead_count *row, int64_t letters)
{
    metrics_set(d->env->metrics, METRIC_DLQ_DEPTH, METRIC_LABELS(row->name), (double)letters);
}

static void count(void *arg, struct store_reader *reader)
{
    struct dead_depths *d = arg;
    struct err e = {0};

    d->ok = store_read_dead_depths(reader, METRIC_SERIES_MAX, &d->read, &e);
}

/* The store is away, it is said elsewhere: what was told stays. */
static void counted(void *arg)
{
    struct dead_depths *d = arg;

    d->asked = false;
    if (!d->ok)
        return;
    for (size_t i = 0; i < d->told.count; i++)
        tell(d, &d->told.rows[i], 0);
    for (size_t i = 0; i < d->read.count; i++)
        tell(d, &d->read.rows[i], d->read.rows[i].letters);
    store_dead_count_list_done(&d->told);
    d->told = d->read;
    d->read = (struct store_dead_count_list){0};
}

static void dropped(void *arg)
{
    ((struct dead_depths *)arg)->asked = false;
}

void dead_depths_ask(struct dead_depths *d)
{
    if (d->asked)
        return;
    d->asked = true;
    beside_give(d->env->beside, &(struct beside_work){count, counted, dropped, d});
}
