/* driver.h -- what a driver is: the calls by which the store opens, writes and asks. Nothing above
 * knows which one runs. Each driver puts the base structs below at the start of its own and casts
 * back. Private to host/store. */
#ifndef ORCH_STORE_DRIVER_H
#define ORCH_STORE_DRIVER_H

#include "store/ops.h"
#include "store/question.h"

#include <stdatomic.h>

struct store_driver;
struct inbox;

/* What a store has open for as long as it lives, beside the writer: a lock, an address. The
 * loop's. */
struct driver_base {
    const struct store_driver *driver;
    int64_t epoch; /* of this opening (hosts.h) */
};

/* The connection that writes. The writer's thread, after the open. */
struct driver_write {
    const struct store_driver *driver;
    atomic_int_fast64_t held_until_us; /* by clock_boot_us; the loop reads it (STORE_ADRIFT) */
    /* As far as is known the database cannot be had now, and new work had better come later. The
     * driver says so, with GROUP_BUSY or while it rests; the next group that goes well ends it.
     * Read by any thread. */
    atomic_bool away;
};

struct store_reader {
    const struct store_driver *driver;
};

enum group_end {
    GROUP_COMMITTED,
    GROUP_BUSY,   /* the database cannot be had now: nothing of what is not settled happened, and
                     the group is to be tried again */
    GROUP_FAILED, /* nothing more may be written */
};

struct store_driver {
    const char *name;
    /* What keeps a writer that is away, for everybody to read: names nothing. */
    const char *away_text;
    /* Is the address one for this driver? */
    bool (*takes)(const char *url);

    /* As store_open says. Both are released with the calls below; the base after the writer. */
    bool (*open)(const struct store_options *options, struct driver_base **ret,
                 struct driver_write **ret_write, struct err *e);
    void (*close)(struct driver_base *base);
    bool (*backup)(const struct driver_base *base, const char *path, struct err *e);
    bool (*migrate)(const char *url, int version, struct err *e);
    /* See store_upkeep. Any thread. */
    bool (*upkeep)(const struct driver_base *base, struct err *e);
    int (*schema_version)(void);
    /* Of the database that is open; NULL: of what is linked. The base's, or it lives forever. */
    const char *(*version)(const struct driver_base *base);
    /* From then on news of other hosts go into the inbox, from any thread; NULL: no more, and none
     * is under way when it returns. A driver without it has one host. */
    void (*listen)(struct driver_base *base, struct inbox *inbox);
    void (*tell)(struct driver_base *base,
                 const struct store_news *news); /* has listen: this, too */

    /* Commits the batches that are linked by next. A batch that the database refuses gets its err
     * (batch_refuse) and leaves nothing; the others are durable together. *ret_synced is false when
     * none was left to commit. fail_in counts commits down to an injected fault (fault_is_due). */
    enum group_end (*commit)(struct driver_write *w, struct store_batch *group,
                             atomic_uint_fast64_t *fail_in, bool *ret_synced, struct err *e);
    /* Behind a failure: nothing of a transaction stays open. */
    void (*give_up)(struct driver_write *w);
    /* After the completions are out: nobody waits for it. */
    bool (*tidy)(struct driver_write *w, bool *ret_done, struct err *e);
    /* While there is nothing to do: sleeps until wake_fd can be read or the driver wants to look at
     * what it guards. False: nothing more may be written. True with an error: what keeps it away,
     * or will with the next look. */
    bool (*rest)(struct driver_write *w, int wake_fd, struct err *e);
    /* Keeps no memory that it can do without. */
    void (*shed)(struct driver_write *w);
    uint64_t (*wal_pages)(const struct driver_write *w); /* 0: it has none of its own */
    void (*write_free)(struct driver_write *w);

    bool (*reader_open)(struct driver_base *base, struct store_reader **ret, struct err *e);
    void (*reader_free)(struct store_reader *r);
    /* Fills the answer with rows, in their order, until there are no more or no room. */
    bool (*rows)(struct store_reader *r, const struct question *q, struct answer *answer,
                 struct err *e);
    /* The one number, both ways. */
    bool (*number)(struct store_reader *r, const struct question *q, int64_t *ret_int,
                   double *ret_real, struct err *e);
};

/* Around each call that keeps a connection busy; any thread (store_connections_at_work). */
void driver_begins(void);
void driver_ends(void);

/* For a driver's commit: is this the one that a test wants to fail? Then e says so. */
bool driver_fault_is_due(atomic_uint_fast64_t *fail_in, struct err *e);

extern const struct store_driver sqlite_driver, postgres_driver;

#endif
