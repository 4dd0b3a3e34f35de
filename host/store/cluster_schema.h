/* cluster_schema.h -- the schema of a store in PostgreSQL, moved and told without a host: what
 * `orchd migrate` does. Blocking, any thread, one process at a time: a second one waits for the
 * first (a lock of the database's, which ends with its session).
 *
 * Each step is one transaction with its line in a history: Flyway's flyway_schema_history where
 * there is one in the schema or in "public", else schema_history, which has the same columns. A
 * step that Flyway made is done for us, and ours is for Flyway. A file that is not the one that was
 * applied (its checksum is Flyway's) is an error that names it. */
#ifndef ORCH_STORE_CLUSTER_SCHEMA_H
#define ORCH_STORE_CLUSTER_SCHEMA_H

#include "base/auto.h"
#include "base/err.h"

struct store_cluster {
    const char *url;    /* what libpq takes: a URL, or "host=... dbname=..." */
    const char *schema; /* NULL or "": "orchestrator" */
};

struct store_migration {
    int version;
    const char *file;    /* "V021__workflows.sql" */
    const char *applied; /* when, UTC, as the history has it; NULL: it was not, or no longer is */
};
/* What is borrowed ends with the call. */
typedef void (*store_migration_fn)(void *arg, const struct store_migration *m);

#define STORE_VERSION_NEWEST (-1)
#define STORE_VERSION_BEFORE (-2) /* the one before the newest that was applied */

/* Goes to a version; 0: to nothing. Tells each step once it is committed: one up has `applied`, one
 * down has none. ERR_INVALID: not a URL, or no such version. ERR_UNAVAILABLE: no connection.
 * ERR_TIMEOUT: somebody held a lock for too long. ERR_CONFLICT: the history is not of these files.
 * ERR_UNSUPPORTED: an older server, or a schema that a newer program made (only the way down). */
bool store_cluster_migrate(const struct store_cluster *cluster, int version,
                           store_migration_fn told, void *arg, struct err *e) must_check;
/* Tells every migration that this program has, in their order. */
bool store_cluster_status(const struct store_cluster *cluster, store_migration_fn told, void *arg,
                          struct err *e) must_check;

/* What somebody who looks after the store wants to know of it. */
struct store_cluster_facts {
    char server[32];  /* "15.20" */
    char sslmode[16]; /* as asked for */
    char tls[32];     /* "TLSv1.3"; "": the connection has none */
    bool local;       /* over a socket of this machine */
    int version;      /* of the schema; 0: there is none */
    char role[64];
    bool superuser, bypasses; /* row security does not hold the role */
};
int store_cluster_newest(void); /* the version that this program has */
/* Looks, and changes nothing. Errors as above. */
bool store_cluster_look(const struct store_cluster *cluster, struct store_cluster_facts *ret,
                        struct err *e) must_check;

#endif
