/* target.c -- see target.h. */
#include "bridge/redis/target.h"

#include "base/mem.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { DATABASE_MAX = 65535 };
#define PORT_USUAL "6379"

static void auto_url_cleanup(CURLU **url)
{
    curl_url_cleanup(*url);
}

void redis_target_done(struct redis_target *t)
{
    free(t->host);
    free(t->port);
    free(t->user);
    free(t->password);
    *t = (struct redis_target){0};
}

/* NULL: it has none. */
static char *part_owned(CURLU *url, CURLUPart which, unsigned flags)
{
    char *text, *copy;

    if (curl_url_get(url, which, &text, flags) != CURLUE_OK)
        return NULL;
    copy = mem_str(text);
    curl_free(text);
    return copy;
}

static bool take_scheme(CURLU *url, struct err *e)
{
    auto_mem char *scheme = part_owned(url, CURLUPART_SCHEME, 0);

    if (scheme != NULL && strcmp(scheme, "redis") == 0)
        return true;
    if (scheme != NULL && strcmp(scheme, "rediss") == 0)
        return err_set(e, ERR_UNSUPPORTED,
                       "rediss: Redis is spoken without TLS here: a tunnel on this machine has it");
    return err_set(e, ERR_INVALID, "the address of Redis does not begin with redis://");
}

static bool take_database(CURLU *url, int *ret, struct err *e)
{
    auto_mem char *path = part_owned(url, CURLUPART_PATH, 0);
    char *end = NULL;
    long number = 0;

    if (path != NULL && path[0] == '/' && path[1] != '\0')
        number = strtol(path + 1, &end, 10);
    if ((end != NULL && *end != '\0') || number < 0 || number > DATABASE_MAX)
        return err_set(e, ERR_INVALID, "behind the port there is the number of a database, 0 to %d",
                       DATABASE_MAX);
    *ret = (int)number;
    return true;
}

static bool no_more(CURLU *url, struct err *e)
{
    auto_mem char *query = part_owned(url, CURLUPART_QUERY, 0);
    auto_mem char *fragment = part_owned(url, CURLUPART_FRAGMENT, 0);

    return (query == NULL && fragment == NULL) ||
           err_set(e, ERR_INVALID, "the address of Redis has nothing behind the database");
}

/* An address of IPv6 comes in brackets. */
static void take_host(struct redis_target *t, char *host)
{
    size_t len = strlen(host);

    t->host = host[0] == '[' && host[len - 1] == ']' ? mem_strn(host + 1, len - 2) : mem_str(host);
    free(host);
}

bool redis_target_parse(const char *text, struct redis_target *ret, struct err *e)
{
    __attribute__((cleanup(auto_url_cleanup))) CURLU *url = curl_url();
    auto_done(redis_target) t = {0};
    char *host;

    if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        (host = part_owned(url, CURLUPART_HOST, 0)) == NULL)
        return err_set(e, ERR_INVALID,
                       "the address of Redis is not redis://HOST[:PORT][/DATABASE]");
    take_host(&t, host);
    if (!take_scheme(url, e) || !take_database(url, &t.database, e) || !no_more(url, e))
        return false;
    t.port = part_owned(url, CURLUPART_PORT, 0);
    if (t.port == NULL)
        t.port = mem_str(PORT_USUAL);
    t.user = part_owned(url, CURLUPART_USER, CURLU_URLDECODE);
    t.password = part_owned(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
    *ret = t;
    t = (struct redis_target){0};
    return true;
}
