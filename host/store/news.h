/* news.h -- news that wait: to be delivered on the loop (store/hosts.h), or to be sent. Private to
 * host/store. */
#ifndef ORCH_STORE_NEWS_H
#define ORCH_STORE_NEWS_H

#include "base/auto.h"
#include "store/hosts.h"

#include <stdbool.h>

/* Each is there once, of a tenant's events the highest number. MISSED is as good as all others, and
 * so is what is more than a set takes. */
struct news_set {
    struct news_item *items; /* in the order in which they came first */
};
enum { NEWS_MAX = 1024 };

void news_add(struct news_set *set, const struct store_news *news);
/* Gives each to fn and empties the set. */
void news_deliver(struct news_set *set, store_news_fn *fn, void *arg);
void news_set_done(struct news_set *set);

/* A set between a driver's thread and the loop. */
struct inbox;

/* wake_fd: an eventfd that is written to when there is something; borrowed. */
struct inbox *inbox_new(int wake_fd) must_check;
void inbox_free(struct inbox *inbox); /* accepts NULL */
/* Any thread. */
void inbox_put(struct inbox *inbox, const struct store_news *news);
/* The loop's. */
void inbox_deliver(struct inbox *inbox, store_news_fn *fn, void *arg);

#endif
