/* link.c -- see database.h: a group on its way, the world's side. */
#include "database_parts.h"

#include "store/store.h"
#include "store/testing.h"

#include <sched.h>

static void wait_until_it_waits(struct link *link)
{
    pthread_mutex_lock(&link->lock);
    while (!link->waits)
        pthread_cond_wait(&link->moved, &link->lock);
    pthread_mutex_unlock(&link->lock);
}

/* The queue is held all the time but here, so that a group is what waited at this moment. */
bool link_send(struct link *link, struct store *store)
{
    if (store_pending(store) == 0 || store_failed(store, NULL))
        return false;
    store_testing_hold(store, false);
    wait_until_it_waits(link);
    store_testing_hold(store, true);
    link->way = WAY_SENT;
    return true;
}

static void told(const struct link *link)
{
    for (struct store_batch *b = link->group; b != NULL; b = b->next) {
        if (b->err == NULL)
            the_database.sink.durable(the_database.sink.arg, link, b);
    }
}

void link_apply(struct link *link)
{
    atomic_uint_fast64_t never = 0;
    bool synced = false;

    link->way = WAY_APPLIED;
    link->why = (struct err){0};
    link->end = GROUP_FAILED;
    if (!database_alive(link->host, link->epoch) && the_database.lie != LIE_FENCE) {
        err_set(&link->why, ERR_CONFLICT, "another host has opened the store");
        return;
    }
    link->end = sqlite_group_commit((struct driver_write *)the_database.write, link->group, &never,
                                    &synced, &link->why);
    if (link->end != GROUP_COMMITTED)
        database_broken("commit", link->why.msg);
    told(link);
}

static void give(struct link *link, enum group_end end)
{
    pthread_mutex_lock(&link->lock);
    link->answer = end;
    link->answered = true;
    pthread_cond_signal(&link->moved);
    pthread_mutex_unlock(&link->lock);
}

void link_away(struct link *link)
{
    atomic_store(&link->write->away, true);
    err_set(&link->why, ERR_UNAVAILABLE, "the database is away: ask again");
    pthread_mutex_lock(&link->lock);
    link->answer = GROUP_BUSY;
    link->answered = true;
    pthread_cond_signal(&link->moved);
    while (link->answered || !link->waits) /* it comes back with the same group */
        pthread_cond_wait(&link->moved, &link->lock);
    pthread_mutex_unlock(&link->lock);
}

static uint64_t batches_done(struct store *store)
{
    struct store_stats stats;

    store_stats(store, &stats);
    return stats.batches;
}

static size_t length(const struct store_batch *group)
{
    size_t count = 0;

    for (; group != NULL; group = group->next)
        count++;
    return count;
}

/* Until the thread has left the group with the store. */
static void give_and_wait(struct link *link, struct store *store, enum group_end end)
{
    uint64_t want = batches_done(store) + length(link->group);

    link->way = WAY_NONE;
    give(link, end);
    while (batches_done(store) < want)
        sched_yield();
    link->group = NULL;
}

void link_answer(struct link *link, struct store *store)
{
    if (link->way == WAY_SENT && the_database.lie == LIE_ACK)
        link->end = GROUP_COMMITTED;
    give_and_wait(link, store, link->end);
}

void link_fail(struct link *link, struct store *store)
{
    err_set(&link->why, ERR_SYSTEM, "commit: the disk is full");
    give_and_wait(link, store, GROUP_FAILED);
}

void link_kill(struct link *link)
{
    pthread_mutex_lock(&link->lock);
    link->dead = true;
    pthread_cond_signal(&link->moved);
    pthread_mutex_unlock(&link->lock);
}
