/* database.h -- the one database that a world's hosts share: a model of what PostgreSQL is to them,
 * and the driver (store/driver.h) by which their stores reach it.
 *
 * What is the product's: the store above its drivers (writer, queue, inbox), and every statement
 * and question in SQL, which are the SQLite driver's, run here on one connection for all hosts.
 * Modelled is what SQLite has not: several openings that are alive at once (store_fence has a row
 * for each), the pulse and the fence of ADR 48, and a network that loses requests and answers.
 *
 * A group of a host is on its way in three steps, which the world takes when it wants to: sent (the
 * writer's thread waits in the driver's commit), applied (here, whole, if the opening is alive),
 * and answered. All of it happens on the world's thread; the writers' threads only wait. One
 * database at a time. */
#ifndef ORCH_TESTS_SIM_HOSTS_DATABASE_H
#define ORCH_TESTS_SIM_HOSTS_DATABASE_H

#include "history.h"

#include "store/driver.h"
#include "store/postgres/steady.h"

#include <pthread.h>
#include <stdatomic.h>

struct inbox;
struct store;

#define DATABASE_URL "sim:"
#define LEASE_TTL_US (5LL * 1000 * 1000)
#define HELD_US (LEASE_TTL_US * 7 / 10)
#define BEAT_US (LEASE_TTL_US / 10)

/* What the database does wrong, to see that the judge finds it. */
enum lie { LIE_NONE, LIE_FENCE, LIE_CLAIM, LIE_ACK, LIE_HOLD, LIE_COUNT };

/* One opening, from the host's side. */
struct link {
    unsigned host;
    int64_t epoch;
    /* Of those that ask, in whatever thread. */
    atomic_bool cut;        /* the host does not reach the database */
    atomic_uint reads_fail; /* so many questions, from now on */
    atomic_bool dead;
    unsigned readers;     /* open */
    struct inbox *inbox;  /* NULL: nobody listens */
    int64_t sent_boot_us; /* of the last renewal that was answered */
    struct steady steady;
    struct driver_write *write;

    enum way { WAY_NONE, WAY_SENT, WAY_APPLIED } way;
    struct store_batch *group; /* that is on its way */
    enum group_end end;        /* of applied */
    struct err why;

    pthread_mutex_t lock; /* of what follows: between the writer's thread and the world's */
    pthread_cond_t moved;
    bool waits, answered;
    enum group_end answer;
};

struct database_sink {
    void *arg;
    /* A batch of the opening is durable: facts, views and news come of it. */
    void (*durable)(void *arg, const struct link *link, const struct store_batch *b);
    void (*told)(void *arg, const struct link *link, const struct store_news *news);
    void (*opening)(void *arg, enum fact_kind kind, unsigned host, int64_t epoch);
};

/* A new one in the file, a copy of the template. */
void database_open(const char *path, const char *template_path, enum lie lie,
                   struct database_sink sink);
void database_close(void);
enum lie database_lie(void);
bool database_is(const char *url);
/* What database_open copies. */
void database_make_template(const char *path);

/* What a host's store has open; NULL: nothing. */
struct link *database_link(unsigned host);
bool database_alive(unsigned host, int64_t epoch);
/* Its clock, against the world's. */
void database_clock(int64_t now_us);
/* A renewal of the opening, which is then held until *ret_fenced says otherwise, and what comes of
 * it for those that were silent. */
void database_renew(struct link *link, int64_t sent_boot_us, bool *ret_fenced);

/* ---- a group on its way ---- */

/* Its batches wait for link_apply; false: the store has none. */
bool link_send(struct link *link, struct store *store) must_check;
void link_apply(struct link *link);
/* The database cannot be had: the writer's driver says so, and the group waits on. */
void link_away(struct link *link);
/* What was applied is told to the store; its completions wait for store_turn. */
void link_answer(struct link *link, struct store *store);
/* The host's disk, or the database, fails for good. */
void link_fail(struct link *link, struct store *store);
/* The process is killed: nothing that it has reaches the database any more. */
void link_kill(struct link *link);

/* ---- what the database has ---- */

/* (-1, 0): nobody. False: there is no such row. */
bool database_owner(const char *run_id, int *ret_host, int64_t *ret_epoch);
bool database_job_owner(const char *job, int *ret_host, int64_t *ret_epoch);
int64_t database_newest_order(const char *run_id);
int64_t database_statements(const char *run_id);
/* One that no fault reaches. */
struct store_reader *database_reader(void);

#endif
