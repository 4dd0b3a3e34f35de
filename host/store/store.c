/* store.c -- see store.h: the driver that an address chooses, its writer's thread, and the calls
 * that go to one or the other. */
#include "store/store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "store/driver.h"
#include "store/hosts.h"
#include "store/news.h"
#include "store/testing.h"
#include "store/writer.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

struct store {
    const struct store_driver *driver;
    struct driver_base *base;
    struct writer *writer;
    char *version;
    struct inbox *inbox; /* NULL: nobody listens, or there are no others */
    char *host_id;
    store_news_fn *listener;
    void *listener_arg;
    int forced_hold; /* by a test; -1: not */
};

/* The last takes what the others do not. */
static const struct store_driver *const drivers[] = {&postgres_driver, &sqlite_driver};
static const struct store_driver *tests_driver; /* asked first; NULL: there is none */

static const struct store_driver *driver_of(const char *url)
{
    if (tests_driver != NULL && tests_driver->takes(url))
        return tests_driver;
    for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
        if (drivers[i]->takes(url))
            return drivers[i];
    }
    return NULL;
}

static char *host_id_of(const struct store_options *options)
{
    char made_up[UUID_TEXT_BYTES];

    if (options->host_id != NULL)
        return mem_str(options->host_id);
    uuid7(clock_wall_us(), made_up);
    return mem_str(made_up);
}

bool store_open(const struct store_options *options, struct store **ret, struct err *e)
{
    auto_store s = mem_new(struct store);
    struct store_options whole = *options;
    struct driver_write *write = NULL;

    s->forced_hold = -1;
    s->driver = driver_of(options->url);
    if (s->driver == NULL)
        return err_set(e, ERR_INVALID, "open store: '%s' names none", options->url);
    whole.host_id = s->host_id = host_id_of(options);
    whole.address = options->address != NULL ? options->address : "";
    if (!s->driver->open(&whole, &s->base, &write, e))
        return err_wrap(e, "open store");
    if (!writer_start_take(options, &write, &s->writer, e)) {
        s->driver->write_free(write);
        return err_wrap(e, "open store");
    }
    s->version = mem_printf("%s %s", s->driver->name, s->driver->version(s->base));
    *ret = take(s);
    return true;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    store_listen(store, NULL, NULL);
    writer_free(store->writer);
    if (store->base != NULL)
        store->driver->close(store->base);
    free(store->version);
    free(store->host_id);
    free(store);
}

bool driver_fault_is_due(atomic_uint_fast64_t *fail_in, struct err *e)
{
    if (atomic_load(fail_in) == 0 || atomic_fetch_sub(fail_in, 1) > 1)
        return false;
    return !err_set(e, ERR_LIMIT, "commit: injected fault");
}

bool store_reader_open(struct store *store, struct store_reader **ret, struct err *e)
{
    return store->driver->reader_open(store->base, ret, e) || err_wrap(e, "open reader");
}

bool store_submit_take(struct store *store, struct store_batch **batch, store_done_fn *done,
                       void *arg, struct err *e)
{
    return writer_submit_take(store->writer, batch, done, arg, e);
}

int store_poll_fd(const struct store *store)
{
    return writer_poll_fd(store->writer);
}

size_t store_turn(struct store *store)
{
    size_t delivered = writer_turn(store->writer);

    if (store->inbox != NULL)
        inbox_deliver(store->inbox, store->listener, store->listener_arg);
    return delivered;
}

bool store_shared(const struct store *store)
{
    return store->driver->listen != NULL;
}

void store_listen(struct store *store, store_news_fn *fn, void *arg)
{
    if ((fn != NULL) == (store->inbox != NULL) || store->driver->listen == NULL)
        return;
    store->listener = fn;
    store->listener_arg = arg;
    if (fn != NULL)
        store->inbox = inbox_new(writer_poll_fd(store->writer));
    store->driver->listen(store->base, fn != NULL ? store->inbox : NULL);
    if (fn == NULL)
        inbox_free(take(store->inbox));
}

void store_tell(struct store *store, const struct store_news *news)
{
    if (store->driver->tell != NULL)
        store->driver->tell(store->base, news);
}

bool store_pressed(struct store *store)
{
    return writer_pressed(store->writer);
}

size_t store_pending(const struct store *store)
{
    return writer_pending(store->writer);
}

bool store_failed(struct store *store, struct err *ret_why)
{
    return writer_failed(store->writer, ret_why);
}

bool store_blocked(struct store *store, struct err *ret_why)
{
    return writer_blocked(store->writer, ret_why);
}

const char *store_blocked_text(const struct store *store)
{
    return store->driver->away_text;
}

const char *store_host_id(const struct store *store)
{
    return store->host_id;
}

int64_t store_host_epoch(const struct store *store)
{
    return store->base->epoch;
}

bool store_host_is(const struct store *store, const char *owner, int64_t epoch)
{
    return owner != NULL && strcmp(owner, store_host_id(store)) == 0 &&
           epoch == store_host_epoch(store);
}

/* Only a fence breaks a store with this code. */
enum store_hold store_hold(struct store *store)
{
    struct err why = {0};

    if (store->forced_hold >= 0)
        return (enum store_hold)store->forced_hold;
    if (writer_failed(store->writer, &why) && why.code == ERR_CONFLICT)
        return STORE_FENCED;
    return clock_boot_us() < writer_held_until_us(store->writer) ? STORE_HELD : STORE_ADRIFT;
}

void store_stats(struct store *store, struct store_stats *ret)
{
    writer_stats(store->writer, ret);
}

struct waiting {
    bool over;
    bool ok;
    struct err err;
    struct store_done done;
};

static void wait_done(void *arg, const struct store_done *done)
{
    struct waiting *w = arg;

    w->over = true;
    w->ok = done->err == NULL;
    if (!w->ok)
        w->err = *done->err;
    w->done = (struct store_done){NULL, NULL, done->first_event, done->last_event};
}

bool store_commit_wait(struct store *store, struct store_batch **batch, struct store_done *ret,
                       struct err *e)
{
    struct waiting w = {0};
    struct pollfd p = {.fd = store_poll_fd(store), .events = POLLIN};

    if (!store_submit_take(store, batch, wait_done, &w, e))
        return false;
    while (!w.over) {
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            return err_sys(e, "wait for the store");
        store_turn(store);
    }
    if (!w.ok)
        return err_set(e, w.err.code, "%s", w.err.msg);
    if (ret != NULL)
        *ret = w.done;
    return true;
}

bool store_backup(struct store *store, const char *path, struct err *e)
{
    return store->driver->backup(store->base, path, e) || err_wrap(e, "back up the store");
}

bool store_upkeep(struct store *store, struct err *e)
{
    return store->driver->upkeep(store->base, e) || err_wrap(e, "keep up the store");
}

bool store_migrate(const char *url, int version, struct err *e)
{
    const struct store_driver *driver = driver_of(url);

    if (driver == NULL)
        return err_set(e, ERR_INVALID, "'%s' names no store", url);
    return driver->migrate(url, version, e) || err_wrap(e, "migrate '%s'", url);
}

int store_schema_version(void)
{
    return sqlite_driver.schema_version();
}

static atomic_uint at_work;

void driver_begins(void)
{
    atomic_fetch_add_explicit(&at_work, 1, memory_order_relaxed);
}

void driver_ends(void)
{
    atomic_fetch_sub_explicit(&at_work, 1, memory_order_relaxed);
}

unsigned store_connections_at_work(void)
{
    return atomic_load_explicit(&at_work, memory_order_relaxed);
}

const char *store_version(const struct store *store)
{
    return store->version;
}

const char *store_driver_version(void)
{
    return sqlite_driver.version(NULL);
}

void store_testing_set_driver(const struct store_driver *driver)
{
    tests_driver = driver;
}

void store_testing_fail_commit(struct store *store, uint64_t nth)
{
    writer_fail_commit(store->writer, nth);
}

void store_testing_set_hold(struct store *store, int hold)
{
    store->forced_hold = hold;
}

void store_testing_hold(struct store *store, int held)
{
    writer_hold(store->writer, held != 0);
}
