/* driver.c -- see database.h: a store's driver whose writer's thread waits for the world, and whose
 * readers ask the one file. */
#include "database_parts.h"

#include "base/mem.h"
#include "store/store.h"
#include "store/testing.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

struct sim_base {
    struct driver_base base; /* first, as the next two */
    struct link *link;
};

struct sim_write {
    struct driver_write base;
    struct link *link;
};

struct sim_reader {
    struct store_reader base;
    struct link *link;
    struct store_reader *file;
};

extern const struct store_driver sim_driver;

struct link *database_link(unsigned host)
{
    return the_database.links[host];
}

/* ---- opening ---- */

bool database_is(const char *url)
{
    return strcmp(url, DATABASE_URL) == 0;
}

static bool driver_open(const struct store_options *options, struct driver_base **ret,
                        struct driver_write **ret_write, struct err *e unused_arg)
{
    struct sim_base *base = mem_new(struct sim_base);
    struct sim_write *write = mem_new(struct sim_write);
    struct link *link = mem_new(struct link);

    link->host = (unsigned)atoi(options->host_id + strlen("host-"));
    link->epoch = database_take_seat(link->host);
    link->write = &write->base;
    pthread_mutex_init(&link->lock, NULL);
    pthread_cond_init(&link->moved, NULL);
    *base = (struct sim_base){{&sim_driver, link->epoch}, link};
    write->base.driver = &sim_driver;
    write->link = link;
    atomic_init(&write->base.held_until_us, INT64_MAX);
    the_database.links[link->host] = link;
    *ret = &base->base;
    *ret_write = &write->base;
    return true;
}

static void driver_close(struct driver_base *b)
{
    struct sim_base *base = (struct sim_base *)b;

    the_database.links[base->link->host] = NULL;
    pthread_mutex_destroy(&base->link->lock);
    pthread_cond_destroy(&base->link->moved);
    free(base->link);
    free(base);
}

/* In order: what it had is free. */
static void write_free(struct driver_write *w)
{
    static const struct store_news is_free = {.kind = STORE_NEWS_FREE};
    struct link *link = ((struct sim_write *)w)->link;

    if (!link->dead && !link->cut) {
        database_leave_seat(link->host, link->epoch, FACT_CLOSED);
        the_database.sink.told(the_database.sink.arg, link, &is_free);
    }
    free(w);
}

static void driver_listen(struct driver_base *base, struct inbox *inbox)
{
    ((struct sim_base *)base)->link->inbox = inbox;
}

static void driver_tell(struct driver_base *base, const struct store_news *news)
{
    the_database.sink.told(the_database.sink.arg, ((struct sim_base *)base)->link, news);
}

/* ---- the writer's thread ---- */

/* Of a host that is killed nothing is committed, of one that was fenced neither. */
static enum group_end driver_commit(struct driver_write *w, struct store_batch *group,
                                    atomic_uint_fast64_t *fail_in unused_arg, bool *ret_synced,
                                    struct err *e)
{
    struct link *link = ((struct sim_write *)w)->link;
    enum group_end answer;

    pthread_mutex_lock(&link->lock);
    link->group = group;
    link->waits = true;
    pthread_cond_signal(&link->moved);
    while (!link->answered && !link->dead)
        pthread_cond_wait(&link->moved, &link->lock);
    answer = link->answered ? link->answer : GROUP_FAILED;
    if (!link->answered)
        err_set(&link->why, ERR_SYSTEM, "the process was killed");
    link->waits = link->answered = false;
    *e = link->why;
    pthread_mutex_unlock(&link->lock);
    *ret_synced = answer == GROUP_COMMITTED;
    return answer;
}

static void give_up(struct driver_write *w unused_arg)
{
}

static bool tidy(struct driver_write *w unused_arg, bool *ret_done, struct err *e unused_arg)
{
    *ret_done = false;
    return true;
}

static bool rest(struct driver_write *w unused_arg, int wake_fd, struct err *e unused_arg)
{
    struct pollfd p = {.fd = wake_fd, .events = POLLIN};

    (void)poll(&p, 1, -1);
    return true;
}

static void shed(struct driver_write *w unused_arg)
{
}

static uint64_t wal_pages(const struct driver_write *w unused_arg)
{
    return 0;
}

/* ---- readers ---- */

static bool reader_open(struct driver_base *base, struct store_reader **ret, struct err *e)
{
    struct sim_reader *r = mem_new(struct sim_reader);

    *r = (struct sim_reader){{&sim_driver}, ((struct sim_base *)base)->link, NULL};
    *ret = &r->base;
    if (the_database.idle_count > 0) {
        r->file = the_database.idle[--the_database.idle_count];
        return true;
    }
    return sqlite_reader_open(the_database.path, &r->file, e);
}

static void reader_free(struct store_reader *base)
{
    struct sim_reader *r = (struct sim_reader *)base;

    if (the_database.idle_count < READERS_MAX)
        the_database.idle[the_database.idle_count++] = r->file;
    else
        sqlite_reader_free(r->file);
    free(r);
}

static bool reaches(struct sim_reader *r, struct err *e)
{
    unsigned left = atomic_load(&r->link->reads_fail);

    if (r->link->cut || r->link->dead)
        return err_set(e, ERR_UNAVAILABLE, "the database is away: ask again");
    while (left > 0)
        if (atomic_compare_exchange_weak(&r->link->reads_fail, &left, left - 1))
            return err_set(e, ERR_TIMEOUT, "the database does not answer: ask again");
    return true;
}

static bool rows(struct store_reader *base, const struct question *q, struct answer *answer,
                 struct err *e)
{
    struct sim_reader *r = (struct sim_reader *)base;

    return reaches(r, e) && sqlite_reader_rows(r->file, q, answer, e);
}

static bool number(struct store_reader *base, const struct question *q, int64_t *ret_int,
                   double *ret_real, struct err *e)
{
    struct sim_reader *r = (struct sim_reader *)base;

    return reaches(r, e) && sqlite_reader_number(r->file, q, ret_int, ret_real, e);
}

/* ---- the rest ---- */

static bool upkeep(const struct driver_base *base unused_arg, struct err *e unused_arg)
{
    return true;
}

static const char *version(const struct driver_base *base unused_arg)
{
    return "1";
}

const struct store_driver sim_driver = {
    .name = "model",
    .away_text = "the database is away: ask again",
    .takes = database_is,
    .open = driver_open,
    .close = driver_close,
    .upkeep = upkeep,
    .version = version,
    .listen = driver_listen,
    .tell = driver_tell,
    .commit = driver_commit,
    .give_up = give_up,
    .tidy = tidy,
    .rest = rest,
    .shed = shed,
    .wal_pages = wal_pages,
    .write_free = write_free,
    .reader_open = reader_open,
    .reader_free = reader_free,
    .rows = rows,
    .number = number,
};
