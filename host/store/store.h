/* store.h -- the durable store: the contract that every driver keeps (DESIGN.md 8); an address
 * chooses it.
 *
 * A host has one opening of the store (store/hosts.h), and may be one of several hosts that have.
 * The store owns a writer thread, which owns the only connection that commits batches and does
 * every checkpoint. The other calls of this header belong to one thread, the loop's.
 *
 * What always holds:
 *   - A batch happens whole or not at all, and its completion says which. "Done" means synced to
 *     the disk: it survives kill -9 and power loss.
 *   - Completions are delivered in the order of submission, on the loop's thread, by store_turn.
 *   - Everything that waits is committed together (group commit). A batch that the database
 *     refuses does not touch its neighbours.
 *   - After an I/O error or a full disk nothing more is accepted: every batch of that commit and
 *     every waiting one completes with the error, store_failed tells it, and the host must end.
 *     A failed commit may still be found after the next open; it was never acknowledged.
 *   - So is a file of the store that is removed, replaced or cut under the host: it is found with
 *     the next commit or within a second (within ten, where the file system tells of no change).
 *   - Another process's lock on the file is no failure: it is waited for.
 *   - Submitting never blocks on the disk.
 *
 * store/rows.h has the rows, store/batch.h what can be written, store/reader.h what can be asked.
 */
#ifndef ORCH_STORE_STORE_H
#define ORCH_STORE_STORE_H

#include "base/auto.h"
#include "base/err.h"
#include "base/limits.h"
#include "store/batch.h"
#include "store/hosts.h"
#include "store/reader.h"
#include "store/rows.h"

struct store;

enum store_check {
    STORE_CHECK_QUICK,   /* PRAGMA quick_check at open: some seconds a gigabyte */
    STORE_CHECK_BESIDE,  /* the same behind the open, on a thread, for a minute at most: what it
                            finds fails the store */
    STORE_CHECK_BOUNDED, /* QUICK for a store of 8 MiB, BESIDE for a larger one */
    STORE_CHECK_NONE,
};

/* What a missing or empty file is. */
enum store_create {
    STORE_CREATE_NEW,   /* a store that is made */
    STORE_CREATE_NEVER, /* ERR_NOT_FOUND: this one was there before */
    STORE_CREATE_ANEW,  /* a store that is made, whatever was acknowledged of the one before it */
};

#define STORE_QUEUE_BATCHES_MAX 65536u

struct store_options {
    const char *url;       /* a file, made with mode 0600; postgresql://... or libpq's "host=..." */
    const char *schema;    /* PostgreSQL's; NULL: "orchestrator" */
    const char *host_id;   /* the home's own (hosts.h); NULL: one that is made up */
    uint32_t lease_ttl_ms; /* silent for so long, it may be fenced; 0: 10000 */
    const char *address;   /* where the other hosts' clients find this one; NULL: nowhere */
    enum store_check check;
    enum store_create create;
    uint32_t queue_batches_max; /* 0: STORE_QUEUE_BATCHES_MAX */
    size_t queue_bytes_max;     /* 0: STORE_QUEUE_BYTES_MAX */
    uint32_t checkpoint_pages;  /* size of the WAL that starts a checkpoint; 0: 4000 (16 MiB) */
};

/* Makes or migrates the schema. ERR_CONFLICT: another process has the store open. ERR_UNSUPPORTED:
 * a newer schema, or not a store of ours. ERR_DENIED: others may read or write a file of it.
 * ERR_CORRUPT: the check failed, a table, index or trigger differs from what the migrations make,
 * or something that was acknowledged is not there (sqlite/count.h); then no file was changed. */
bool store_open(const struct store_options *options, struct store **ret, struct err *e) must_check;
/* Commits what waits, delivers every completion, checkpoints, closes. Accepts NULL. */
void store_close(struct store *store);
static inline void store_auto_close(struct store **store)
{
    store_close(*store);
}
#define auto_store __attribute__((cleanup(store_auto_close))) struct store *

struct store_done {
    const struct err *err; /* NULL: committed */
    const char *tenant;    /* whose the batch's events are; NULL when it has none. The batch's */
    int64_t first_event;   /* seq of its first and last event; 0 when it has none. Between them */
    int64_t last_event;    /* all are the batch's own, in the order of the calls. */
};
typedef void store_done_fn(void *arg, const struct store_done *done);

/* Takes the batch: *batch is NULL after success and unchanged after failure. done may be NULL.
 * ERR_LIMIT: the queue is full. ERR_UNAVAILABLE: the store has failed. ERR_TOO_LARGE: the batch is
 * over STORE_BATCH_BYTES_MAX. An empty batch completes too, after those before it. */
bool store_submit_take(struct store *store, struct store_batch **batch, store_done_fn *done,
                       void *arg, struct err *e) must_check;

/* Readable when completions wait. Level-triggered; store_turn makes it quiet. */
int store_poll_fd(const struct store *store);
/* Delivers what has completed, without blocking. Returns how many. A callback may submit; it may
 * not turn, wait or close. */
size_t store_turn(struct store *store);
/* Batches submitted whose completion was not delivered: the backpressure signal. */
size_t store_pending(const struct store *store);
/* More than half of what the queue takes waits for the disk: whoever can wait with new work should,
 * so that what is under way always finds a place. */
bool store_pressed(struct store *store);
/* True when the store has failed; ret_why may be NULL. */
bool store_failed(struct store *store, struct err *ret_why);
/* True while another process's lock, or a database that is away or does not answer, keeps the
 * writer from committing: what is submitted waits, so whoever can come later should. ret_why is for
 * the log and may be NULL; store_blocked_text is for everybody. */
bool store_blocked(struct store *store, struct err *ret_why);
const char *store_blocked_text(const struct store *store);

/* Submits, then turns until this batch is done: for start-up and tools. ret may be NULL; its err
 * and tenant are always NULL. */
bool store_commit_wait(struct store *store, struct store_batch **batch, struct store_done *ret,
                       struct err *e) must_check;

struct store_stats {
    uint64_t commits; /* transactions, each one sync */
    uint64_t batches;
    uint64_t batches_refused;
    uint64_t rows;
    uint64_t checkpoints;
    uint64_t wal_pages; /* now */
};
void store_stats(struct store *store, struct store_stats *ret);

/* Connections of this process that are at work in this moment: the writer's while it commits or
 * waits for the database to let it, and a reader's while it is asked. Any thread. */
unsigned store_connections_at_work(void);

/* A consistent copy in a new file (0600), through a connection of its own: may run on any thread,
 * for as long as the store is open. */
bool store_backup(struct store *store, const char *path, struct err *e) must_check;

/* What a store is given ahead of time, and what is summed up for its readers: once an hour, by one
 * host at a time. Through a connection of its own: may run on any thread, for as long as the store
 * is open. */
bool store_upkeep(struct store *store, struct err *e) must_check;

/* Moves a closed store to another schema version, one step at a time; -1 is the newest. Down is
 * for going back one release: it drops what the older schema has no place for, and with it the
 * count of what was acknowledged. */
bool store_migrate(const char *url, int version, struct err *e) must_check;
int store_schema_version(void);
/* What keeps it: "SQLite 3.40.1". The store's. */
const char *store_version(const struct store *store);
/* The linked SQLite, "3.40.1": what `orch doctor` prints. */
const char *store_driver_version(void);
/* WAL-reset corruption with two writing connections, fixed in SQLite 3.51.3 (USERS.md 0.4). This
 * driver has one writing connection, so it is mitigated; doctor says so. */
bool store_driver_has_reset_bug(void);

#endif
