/* history.c -- see history.h. */
#include "store/postgres/history.h"

#include "base/buf.h"
#include "base/mem.h"
#include "store/postgres/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLYWAY "flyway_schema_history"

/* As Flyway makes it, so that one may become the other. */
#define TABLE                                                                                      \
    " (installed_rank integer NOT NULL PRIMARY KEY, version varchar(50),"                          \
    " description varchar(200) NOT NULL, type varchar(20) NOT NULL,"                               \
    " script varchar(1000) NOT NULL, checksum integer, installed_by varchar(100) NOT NULL,"        \
    " installed_on timestamp NOT NULL DEFAULT now(), execution_time integer NOT NULL,"             \
    " success boolean NOT NULL)"

void history_done(struct history *h)
{
    free(h->schema);
    free(h->flyway);
    free(h->ours);
    *h = (struct history){0};
}

static char *quoted(PGconn *conn, const char *name)
{
    char *text = PQescapeIdentifier(conn, name, strlen(name));
    char *copy = mem_str(text != NULL ? text : "");

    PQfreemem(text);
    return copy;
}

static bool is_there(PGconn *conn, const char *table, bool *ret, struct err *e)
{
    auto_result result = NULL;

    if (!session_ask(conn, "SELECT to_regclass($1) IS NOT NULL", &table, 1, &result, e))
        return err_wrap(e, "look for the history");
    *ret = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    return true;
}

static bool find_flyway(struct history *h, struct err *e)
{
    const char *const schemas[] = {h->schema, "public"};
    bool found = false;

    for (size_t i = 0; i < ARRAY_LEN(schemas) && !found; i++) {
        auto_mem char *table = mem_printf("%s." FLYWAY, schemas[i]);

        if (!is_there(h->conn, table, &found, e))
            return false;
        if (found)
            h->flyway = take(table);
    }
    return true;
}

static int place_of(int version)
{
    for (int i = 0; i < pg_migration_count; i++) {
        if (pg_migrations[i].version == version)
            return i;
    }
    return -1;
}

enum { AT_VERSION, AT_TYPE, AT_SCRIPT, AT_CHECKSUM, AT_SUCCESS, AT_TIME };

static bool take_line(struct history *h, const char *table, const PGresult *lines, int line,
                      struct err *e)
{
    int place = place_of(atoi(PQgetvalue(lines, line, AT_VERSION)));
    const struct pg_migration *m = place >= 0 ? &pg_migrations[place] : NULL;
    const char *checksum = PQgetvalue(lines, line, AT_CHECKSUM);
    char own[16];

    if (m == NULL || strcmp(PQgetvalue(lines, line, AT_TYPE), "SQL") != 0)
        return true; /* another's, or undone */
    snprintf(own, sizeof own, "%d", (int)pg_migration_checksum(m->up));
    if (strcmp(PQgetvalue(lines, line, AT_SCRIPT), m->file) != 0)
        return err_set(e, ERR_CONFLICT, "version %d of %s is %s, not %s", m->version, table,
                       PQgetvalue(lines, line, AT_SCRIPT), m->file);
    if (strcmp(PQgetvalue(lines, line, AT_SUCCESS), "t") != 0)
        return err_set(e, ERR_CONFLICT, "%s failed under Flyway: see %s", m->file, table);
    if (strcmp(checksum, own) != 0)
        return err_set(e, ERR_CONFLICT,
                       "%s is not the file that was applied: its checksum is %s, %s has %s",
                       m->file, own, table, checksum);
    snprintf(h->applied[place], HISTORY_TIME_BYTES, "%s", PQgetvalue(lines, line, AT_TIME));
    return true;
}

static bool read_lines(struct history *h, const char *table, int *ret_newest, struct err *e)
{
    auto_result lines = NULL;
    auto_mem char *sql =
        mem_printf("SELECT DISTINCT ON (version::bigint) version, type, script, checksum, success,"
                   " to_char(installed_on, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM %s"
                   " WHERE version ~ '^[0-9]{1,9}$' ORDER BY version::bigint, installed_rank DESC",
                   table);

    if (!session_ask(h->conn, sql, NULL, 0, &lines, e))
        return err_wrap(e, "%s", table);
    for (int i = 0; i < PQntuples(lines); i++) {
        if (!take_line(h, table, lines, i, e))
            return false;
        *ret_newest = atoi(PQgetvalue(lines, i, AT_VERSION));
    }
    return true;
}

bool history_read(PGconn *conn, const char *schema, struct history *ret, struct err *e)
{
    auto_done(history) h = {.conn = conn, .schema = quoted(conn, schema)};
    int others;

    h.ours = mem_printf("%s.schema_history", h.schema);
    if (!find_flyway(&h, e) || !is_there(conn, h.ours, &h.ours_is, e) ||
        (h.flyway != NULL && !read_lines(&h, h.flyway, &others, e)) ||
        (h.ours_is && !read_lines(&h, h.ours, &h.newest, e)))
        return false;
    *ret = h;
    h = (struct history){0};
    return true;
}

static bool make_ours(struct history *h, struct err *e)
{
    auto_mem char *sql = mem_printf("CREATE TABLE IF NOT EXISTS %s" TABLE, h->ours);

    return session_run(h->conn, sql, e);
}

/* "V023__hosts.sql": "hosts" */
static char *description_of(const struct pg_migration *m)
{
    const char *from = strstr(m->file, "__") + 2;
    char *text = mem_strn(from, strlen(from) - strlen(".sql"));

    for (char *at = text; *at != '\0'; at++) {
        if (*at == '_')
            *at = ' ';
    }
    return text;
}

bool history_add(struct history *h, int place, int64_t took_ms, struct err *e)
{
    const struct pg_migration *m = &pg_migrations[place];
    const char *table = h->flyway != NULL ? h->flyway : h->ours;
    auto_mem char *description = description_of(m);
    auto_mem char *version = mem_printf("%03d", m->version);
    auto_mem char *checksum = mem_printf("%d", (int)pg_migration_checksum(m->up));
    auto_mem char *took = mem_printf("%lld", (long long)took_ms);
    const char *const params[] = {version, description, m->file, checksum, took};
    auto_mem char *sql =
        mem_printf("INSERT INTO %s (installed_rank, version, description, type, script, checksum,"
                   " installed_by, installed_on, execution_time, success)"
                   " SELECT coalesce(max(installed_rank), 0) + 1, $1, $2, 'SQL', $3, $4::integer,"
                   " current_user, now() AT TIME ZONE 'UTC', $5::integer, true FROM %s",
                   table, table);

    return (h->flyway != NULL || make_ours(h, e)) &&
           session_ask(h->conn, sql, params, ARRAY_LEN(params), NULL, e);
}

static bool remove_from(struct history *h, const char *table, int version, struct err *e)
{
    auto_mem char *number = mem_printf("%d", version);
    const char *const params[] = {number};
    auto_mem char *sql =
        mem_printf("DELETE FROM %s WHERE version ~ '^[0-9]{1,9}$' AND version::bigint = $1::bigint",
                   table);

    return session_ask(h->conn, sql, params, 1, NULL, e);
}

bool history_remove(struct history *h, int place, struct err *e)
{
    int version = pg_migrations[place].version;

    return (h->flyway == NULL || remove_from(h, h->flyway, version, e)) &&
           (!h->ours_is || remove_from(h, h->ours, version, e));
}
