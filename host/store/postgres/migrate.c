/* migrate.c -- see cluster_schema.h. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/cluster_schema.h"
#include "store/postgres/history.h"
#include "store/postgres/session.h"

#include <assert.h>
#include <string.h>

#define LOCK_WAIT "SET lock_timeout = '60s'"
/* Behind a table's lock that is waited for everybody else waits too. */
#define TABLE_WAIT "SET lock_timeout = '10s'"

int32_t pg_migration_checksum(const char *text)
{
    uint32_t crc = UINT32_MAX;

    for (; *text != '\0'; text++) {
        if (*text == '\n' || *text == '\r')
            continue;
        crc ^= (uint8_t)*text;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
    }
    return (int32_t)~crc;
}

/* Held until the session ends: whatever becomes of us. */
static bool lock(PGconn *conn, struct err *e)
{
    static const char sql[] = "SELECT pg_advisory_lock(hashtextextended('orchd migrate', 0))";

    return (session_run(conn, LOCK_WAIT, e) && session_run(conn, sql, e) &&
            session_run(conn, TABLE_WAIT, e)) ||
           err_wrap(e, "wait for another migration");
}

static bool begin(PGconn *conn, const char *schema, struct err *e)
{
    const char *const params[] = {schema};

    return session_run(conn, "BEGIN", e) &&
           session_ask(conn, "SELECT set_config('orchestrator.schema', $1, true)", params, 1, NULL,
                       e);
}

static bool step_up(struct history *h, int place, struct err *e)
{
    int64_t began = clock_mono_ns();

    return session_run(h->conn, pg_migrations[place].up, e) &&
           history_add(h, place, (clock_mono_ns() - began) / 1000000, e);
}

static bool step_down(struct history *h, int place, struct err *e)
{
    return session_run(h->conn, pg_migrations[place].down, e) && history_remove(h, place, e);
}

typedef bool (*step_fn)(struct history *h, int place, struct err *e);

static bool step(struct history *h, const char *schema, int place, step_fn run, struct err *e)
{
    if (begin(h->conn, schema, e) && run(h, place, e) && session_run(h->conn, "COMMIT", e))
        return true;
    PQclear(PQexec(h->conn, "ROLLBACK"));
    return err_wrap(e, "%s", pg_migrations[place].file);
}

/* How many of the list were applied: all up to one, or the history has a hole. */
static bool count_applied(const struct history *h, int *ret, struct err *e)
{
    int count = 0;

    while (count < pg_migration_count && h->applied[count][0] != '\0')
        count++;
    for (int i = count; i < pg_migration_count; i++) {
        if (h->applied[i][0] != '\0')
            return err_set(e, ERR_CONFLICT, "%s was applied and %s, which is before it, was not",
                           pg_migrations[i].file, pg_migrations[count].file);
    }
    *ret = count;
    return true;
}

static bool target_of(int version, int applied, int *ret, struct err *e)
{
    if (version == STORE_VERSION_NEWEST)
        *ret = pg_migration_count;
    else if (version == STORE_VERSION_BEFORE)
        *ret = applied > 0 ? applied - 1 : 0;
    else
        for (*ret = 0; *ret < pg_migration_count && pg_migrations[*ret].version <= version;)
            ++*ret;
    if (version > 0 && (*ret == 0 || pg_migrations[*ret - 1].version != version))
        return err_set(e, ERR_INVALID, "there is no migration %d", version);
    return true;
}

struct going {
    struct history *history;
    const char *schema;
    store_migration_fn told;
    void *arg;
};

static bool go_up(const struct going *g, int from, int to, struct err *e)
{
    for (int i = from; i < to; i++) {
        if (!step(g->history, g->schema, i, step_up, e))
            return false;
        g->told(g->arg,
                &(struct store_migration){pg_migrations[i].version, pg_migrations[i].file, "now"});
    }
    return true;
}

static bool go_down(const struct going *g, int from, int to, struct err *e)
{
    int newest = pg_migrations[pg_migration_count - 1].version;

    if (from > to && g->history->newest > newest)
        return err_set(e, ERR_UNSUPPORTED,
                       "version %d was made by a newer program: go back with that one first",
                       g->history->newest);
    for (int i = from; i-- > to;) {
        if (!step(g->history, g->schema, i, step_down, e))
            return false;
        g->told(g->arg,
                &(struct store_migration){pg_migrations[i].version, pg_migrations[i].file, NULL});
    }
    return true;
}

static bool look(const struct store_cluster *cluster, PGconn **ret_conn, struct history *ret,
                 struct err *e)
{
    assert(pg_migration_count <= PG_MIGRATIONS_MAX);
    return session_open(cluster->url, "migrate", ret_conn, e) && lock(*ret_conn, e) &&
           history_read(*ret_conn, link_schema(cluster->schema), ret, e);
}

bool store_cluster_migrate(const struct store_cluster *cluster, int version,
                           store_migration_fn told, void *arg, struct err *e)
{
    auto_session conn = NULL;
    auto_done(history) history = {0};
    const struct going g = {&history, link_schema(cluster->schema), told, arg};
    int now = 0, to = 0;

    return look(cluster, &conn, &history, e) && count_applied(&history, &now, e) &&
           target_of(version, now, &to, e) &&
           (now <= to ? go_up(&g, now, to, e) : go_down(&g, now, to, e));
}

bool store_cluster_status(const struct store_cluster *cluster, store_migration_fn told, void *arg,
                          struct err *e)
{
    auto_session conn = NULL;
    auto_done(history) history = {0};

    if (!look(cluster, &conn, &history, e))
        return false;
    for (int i = 0; i < pg_migration_count; i++) {
        const char *applied = history.applied[i];

        told(arg, &(struct store_migration){pg_migrations[i].version, pg_migrations[i].file,
                                            *applied != '\0' ? applied : NULL});
    }
    return true;
}
