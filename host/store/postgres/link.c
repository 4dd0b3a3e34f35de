/* link.c -- see link.h. */
#include "store/postgres/link.h"

#include "base/mem.h"
#include "store/postgres/pq.h"

#include <string.h>
#include <unistd.h>

enum { SERVER_VERSION_MIN = 150000 };
#define CONNECT_S "10"

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

const char *link_schema(const char *name)
{
    return name != NULL && *name != '\0' ? name : "orchestrator";
}

bool link_takes(const char *url)
{
    const char *at = strpbrk(url, "=/");

    return starts(url, "postgresql://") || starts(url, "postgres://") || (at != NULL && *at == '=');
}

void link_host_name(char ret[LINK_HOST_NAME_BYTES])
{
    memset(ret, 0, LINK_HOST_NAME_BYTES);
    (void)gethostname(ret, LINK_HOST_NAME_BYTES - 1);
}

/* In one line. */
bool link_lost(PGconn *conn, struct err *e)
{
    auto_mem char *text = mem_str(PQerrorMessage(conn));

    text[strcspn(text, "\n")] = '\0';
    return err_set(e, ERR_UNAVAILABLE, "%s", *text != '\0' ? text : "the connection was lost");
}

enum err_code link_code_of(const char *state, const struct link_code *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (starts(state, codes[i].state))
            return codes[i].code;
    }
    return ERR_SYSTEM;
}

static void pass_over(void *arg unused_arg, const PGresult *notice unused_arg)
{
}

static bool sound(const PQconninfoOption *options, struct err *e)
{
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        const char *value = o->val != NULL ? o->val : "";
        bool of_host =
            strcmp(o->keyword, "host") == 0 && strchr(value, '@') != NULL && *value != '@';
        bool of_port =
            strcmp(o->keyword, "port") == 0 && value[strspn(value, "0123456789, ")] != '\0';

        if (of_host || of_port)
            return err_set(e, ERR_INVALID,
                           "the %s in the store's address is none: a ':', '/', '@' or '%%' of a "
                           "user's name or a password is written as %%3A, %%2F, %%40 or %%25",
                           o->keyword);
    }
    return true;
}

/* libpq's own words have the part that it did not understand, which may be of a password. */
static bool address_is_sound(const char *url, struct err *e)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    bool good = options != NULL ? sound(options, e)
                                : err_set(e, ERR_INVALID, "the store's address cannot be read");

    PQconninfoFree(options);
    return good;
}

typedef PGconn *connect_fn(const char *const *keys, const char *const *values, int expand_dbname);

static PGconn *connect_to(connect_fn *how, const char *url, const char *part, const char *timeout_s)
{
    static const char *const keys[] = {"connect_timeout",     "keepalives_idle",
                                       "keepalives_interval", "keepalives_count",
                                       "tcp_user_timeout",    "target_session_attrs",
                                       "client_encoding",     "dbname",
                                       "application_name",    NULL};
    char host[LINK_HOST_NAME_BYTES];
    auto_mem char *name = NULL;

    link_host_name(host);
    name = mem_printf("orchestrator:%s:%s", host, part);
    /* What stands before dbname the URL may say otherwise. */
    const char *const values[] = {timeout_s,    "5",    "2", "3",  "10000",
                                  "read-write", "UTF8", url, name, NULL};

    return how(keys, values, 1);
}

PGconn *link_begin(const char *url, const char *part)
{
    return connect_to(PQconnectStartParams, url, part, CONNECT_S);
}

bool link_made(PGconn *conn, struct err *e)
{
    if (PQstatus(conn) != CONNECTION_OK)
        return link_lost(conn, e);
    if (PQserverVersion(conn) < SERVER_VERSION_MIN)
        return err_set(e, ERR_UNSUPPORTED, "PostgreSQL %d is older than 15",
                       PQserverVersion(conn) / 10000);
    PQsetNoticeReceiver(conn, pass_over, NULL);
    return true;
}

bool link_open(const char *url, const char *part, PGconn **ret, struct err *e)
{
    return link_open_in(url, part, CONNECT_S, ret, e);
}

bool link_open_in(const char *url, const char *part, const char *timeout_s, PGconn **ret,
                  struct err *e)
{
    PGconn *conn;

    if (!pq_load(e) || !address_is_sound(url, e))
        return false;
    conn = connect_to(PQconnectdbParams, url, part, timeout_s);
    if (!link_made(conn, e)) {
        PQfinish(conn);
        return false;
    }
    *ret = conn;
    return true;
}
