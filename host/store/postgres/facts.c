/* facts.c -- store_cluster_look of cluster_schema.h. */
#include "store/cluster_schema.h"
#include "store/postgres/migrations.h"
#include "store/postgres/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char *ret, size_t bytes, const char *text)
{
    snprintf(ret, bytes, "%s", text != NULL ? text : "");
}

static void ask_link(PGconn *conn, struct store_cluster_facts *ret)
{
    PQconninfoOption *options = PQconninfo(conn);
    const char *host = PQhost(conn);

    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (strcmp(o->keyword, "sslmode") == 0)
            copy(ret->sslmode, sizeof ret->sslmode, o->val);
    }
    PQconninfoFree(options);
    copy(ret->server, sizeof ret->server, PQparameterStatus(conn, "server_version"));
    ret->server[strcspn(ret->server, " ")] = '\0';
    if (PQsslInUse(conn))
        copy(ret->tls, sizeof ret->tls, PQsslAttribute(conn, "protocol"));
    ret->local = host == NULL || *host == '/' || *host == '@' || *host == '\0';
}

static bool ask_version(PGconn *conn, const char *schema, int *ret, struct err *e)
{
    const char *const params[] = {schema};
    auto_result there = NULL;
    auto_result newest = NULL;

    if (!session_ask(conn, "SELECT set_config('search_path', quote_ident($1), false)", params, 1,
                     NULL, e) ||
        !session_ask(conn, "SELECT to_regclass('schema_versions')", NULL, 0, &there, e))
        return false;
    if (PQgetisnull(there, 0, 0) != 0)
        return true;
    if (!session_ask(conn, "SELECT max(version) FROM schema_versions", NULL, 0, &newest, e))
        return false;
    *ret = atoi(PQgetvalue(newest, 0, 0));
    return true;
}

static bool ask_role(PGconn *conn, struct store_cluster_facts *ret, struct err *e)
{
    auto_result role = NULL;

    if (!session_ask(conn,
                     "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles"
                     " WHERE rolname = current_user",
                     NULL, 0, &role, e))
        return false;
    copy(ret->role, sizeof ret->role, PQgetvalue(role, 0, 0));
    ret->superuser = *PQgetvalue(role, 0, 1) == 't';
    ret->bypasses = *PQgetvalue(role, 0, 2) == 't';
    return true;
}

int store_cluster_newest(void)
{
    return PG_SCHEMA_VERSION;
}

bool store_cluster_look(const struct store_cluster *cluster, struct store_cluster_facts *ret,
                        struct err *e)
{
    auto_session conn = NULL;

    *ret = (struct store_cluster_facts){0};
    if (!session_open(cluster->url, "doctor", &conn, e))
        return false;
    ask_link(conn, ret);
    return ask_version(conn, link_schema(cluster->schema), &ret->version, e) &&
           ask_role(conn, ret, e);
}
