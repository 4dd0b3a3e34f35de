/* bulletin.c -- see bulletin.h. */
#include "store/postgres/bulletin.h"

#include "base/mem.h"
#include "base/names.h"

#include <string.h>

static const char *const kinds[STORE_NEWS_KIND_COUNT] = {
    [STORE_NEWS_EVENTS] = "events", [STORE_NEWS_FREE] = "free",     [STORE_NEWS_ORDERS] = "orders",
    [STORE_NEWS_KNOWN] = "known",   [STORE_NEWS_WANTED] = "wanted", [STORE_NEWS_MISSED] = "missed",
};
static const char *const things[STORE_KNOWN_COUNT] = {
    [STORE_KNOWN_DAGS] = "dags",     [STORE_KNOWN_PLUGINS] = "plugins",
    [STORE_KNOWN_TOKENS] = "tokens", [STORE_KNOWN_TENANTS] = "tenants",
    [STORE_KNOWN_LANES] = "lanes",   [STORE_KNOWN_QUOTAS] = "quotas",
    [STORE_KNOWN_GATES] = "gates",
};

/* ---- out ---- */

static char *line_of(const struct store_news *n)
{
    const char *tenant = n->tenant != NULL ? n->tenant : "", *blank = *tenant != '\0' ? " " : "";

    if (n->kind == STORE_NEWS_EVENTS)
        return mem_printf("events %lld %s", (long long)n->number, tenant);
    if (n->kind == STORE_NEWS_KNOWN)
        return mem_printf("known %s%s%s", things[n->number], blank, tenant);
    if (n->kind == STORE_NEWS_WANTED)
        return mem_printf("wanted %s", tenant);
    return mem_str(kinds[n->kind]);
}

bool bulletin_add(struct buf *payload, const struct store_news *news)
{
    auto_mem char *line = line_of(news);

    if (payload->len + 1 + strlen(line) > BULLETIN_BYTES_MAX)
        return false;
    if (payload->len > 0)
        buf_addc(payload, '\n');
    buf_adds(payload, line);
    return true;
}

/* ---- in ---- */

static bool word_among(const char *word, const char *const words[], int count, int *ret)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool read_number(const char *word, int64_t *ret)
{
    int64_t number = 0;

    if (*word == '0')
        return false;
    for (const char *at = word; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || number > STORE_SEQ_MAX / 10)
            return false;
        number = number * 10 + (*at - '0');
    }
    *ret = number;
    return number > 0 && number <= STORE_SEQ_MAX;
}

/* What stands behind the first word, and what follows it: NULL where nothing does. */
static bool read_details(struct store_news *n, const char *first, const char *second)
{
    int what;

    switch (n->kind) {
    case STORE_NEWS_EVENTS:
        if (second == NULL || !read_number(first, &n->number))
            return false;
        break;
    case STORE_NEWS_KNOWN:
        if (first == NULL || !word_among(first, things, STORE_KNOWN_COUNT, &what))
            return false;
        n->number = what;
        break;
    case STORE_NEWS_WANTED:
        n->tenant = first;
        return first != NULL && second == NULL && name_check_tenant(first, NULL);
    default:
        return first == NULL;
    }
    n->tenant = second;
    return second == NULL || name_check_tenant(second, NULL);
}

/* Cuts the text at the first of the characters: what stands behind, or NULL. */
static char *cut(char *text, char at)
{
    char *end = strchr(text, at);

    if (end == NULL)
        return NULL;
    *end = '\0';
    return end + 1;
}

static bool read_line(char *line, struct store_news *ret)
{
    char *first = cut(line, ' '), *second = first != NULL ? cut(first, ' ') : NULL;
    int kind;

    if (!word_among(line, kinds, STORE_NEWS_KIND_COUNT, &kind))
        return false;
    *ret = (struct store_news){.kind = (enum store_news_kind)kind};
    return read_details(ret, first, second);
}

bool bulletin_read(const char *payload, struct news_set *ret, struct err *e)
{
    auto_mem char *copy = mem_str(payload);

    for (char *line = copy, *next; line != NULL; line = next) {
        struct store_news news;

        next = cut(line, '\n');
        if (!read_line(line, &news))
            return err_set(e, ERR_INVALID, "not a bulletin: '%.40s'", line);
        news_add(ret, &news);
    }
    return true;
}
