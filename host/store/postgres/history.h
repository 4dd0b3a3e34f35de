/* history.h -- which migrations a database has had: Flyway's table and ours (cluster_schema.h).
 * Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_HISTORY_H
#define ORCH_STORE_POSTGRES_HISTORY_H

#include "base/auto.h"
#include "base/err.h"
#include "store/postgres/migrations.h"

#include <libpq-fe.h>

enum { HISTORY_TIME_BYTES = 32 };

struct history {
    PGconn *conn;
    char *schema; /* quoted */
    char *flyway; /* Flyway's table, quoted; NULL: there is none */
    char *ours;   /* ours, quoted, whether it is there or not */
    bool ours_is; /* it is there */
    int newest;   /* of ours: the greatest version, which a newer program may have made */
    char applied[PG_MIGRATIONS_MAX][HISTORY_TIME_BYTES]; /* by place in pg_migrations; "": not */
};

/* Reads both. ERR_CONFLICT: a line is of another file, or Flyway failed at one of ours. */
bool history_read(PGconn *conn, const char *schema, struct history *ret, struct err *e) must_check;
void history_done(struct history *h);
DEFINE_AUTO_DONE(history)

/* The line of a step, in its transaction. */
bool history_add(struct history *h, int place, int64_t took_ms, struct err *e) must_check;
bool history_remove(struct history *h, int place, struct err *e) must_check;

#endif
