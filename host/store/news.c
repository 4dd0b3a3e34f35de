/* news.c -- see news.h. */
#include "store/news.h"

#include "base/mem.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <uthash.h>

struct news_item {
    struct store_news news; /* its tenant: see below, or NULL */
    UT_hash_handle hh;
    char key[]; /* kind, what it is known of, tenant */
};

/* The number tells one from another only where it is no measure. */
static char *key_text(const struct store_news *n, size_t *ret_prefix)
{
    auto_mem char *prefix = mem_printf("%d.%lld.", (int)n->kind,
                                       (long long)(n->kind == STORE_NEWS_KNOWN ? n->number : 0));

    *ret_prefix = strlen(prefix);
    return mem_printf("%s%s", prefix, n->tenant != NULL ? n->tenant : "");
}

static struct news_item *find(const struct news_set *set, const char *key)
{
    struct news_item *item;

    HASH_FIND_STR(set->items, key, item);
    return item;
}

static void insert(struct news_set *set, const struct store_news *n, const char *key, size_t prefix)
{
    size_t bytes = strlen(key) + 1;
    struct news_item *item = mem_zero(1, sizeof *item + bytes);

    memcpy(item->key, key, bytes);
    item->news =
        (struct store_news){n->kind, n->tenant != NULL ? item->key + prefix : NULL, n->number};
    HASH_ADD_STR(set->items, key, item);
}

static bool has_missed(const struct news_set *set)
{
    return set->items != NULL && set->items->news.kind == STORE_NEWS_MISSED;
}

void news_add(struct news_set *set, const struct store_news *news)
{
    static const struct store_news missed = {.kind = STORE_NEWS_MISSED};
    auto_mem char *key = NULL;
    struct news_item *known;
    size_t prefix;

    if (has_missed(set))
        return;
    if (news->kind == STORE_NEWS_MISSED || HASH_COUNT(set->items) == NEWS_MAX) {
        news_set_done(set);
        news = &missed;
    }
    key = key_text(news, &prefix);
    known = find(set, key);
    if (known == NULL)
        insert(set, news, key, prefix);
    else if (news->number > known->news.number)
        known->news.number = news->number;
}

void news_deliver(struct news_set *set, store_news_fn *fn, void *arg)
{
    struct news_item *item, *next;

    HASH_ITER(hh, set->items, item, next)
    {
        HASH_DEL(set->items, item);
        fn(arg, &item->news);
        free(item);
    }
}

static void pass_over(void *arg unused_arg, const struct store_news *news unused_arg)
{
}

void news_set_done(struct news_set *set)
{
    news_deliver(set, pass_over, NULL);
}

struct inbox {
    pthread_mutex_t lock; /* of the set */
    struct news_set set;
    int wake_fd;
};

struct inbox *inbox_new(int wake_fd)
{
    struct inbox *inbox = mem_new(struct inbox);

    inbox->wake_fd = wake_fd;
    pthread_mutex_init(&inbox->lock, NULL);
    return inbox;
}

void inbox_free(struct inbox *inbox)
{
    if (inbox == NULL)
        return;
    news_set_done(&inbox->set);
    pthread_mutex_destroy(&inbox->lock);
    free(inbox);
}

void inbox_put(struct inbox *inbox, const struct store_news *news)
{
    bool first;

    pthread_mutex_lock(&inbox->lock);
    first = inbox->set.items == NULL;
    news_add(&inbox->set, news);
    pthread_mutex_unlock(&inbox->lock);
    if (first)
        eventfd_write(inbox->wake_fd, 1);
}

void inbox_deliver(struct inbox *inbox, store_news_fn *fn, void *arg)
{
    struct news_set set;

    pthread_mutex_lock(&inbox->lock);
    set = inbox->set;
    inbox->set = (struct news_set){0};
    pthread_mutex_unlock(&inbox->lock);
    news_deliver(&set, fn, arg);
}
