/* herald.h -- news between the hosts that share a database (docs/adr/0049): a thread with a
 * connection of its own, which tells the others what this host's writer made durable, and hears
 * what they tell.
 *
 * No commit waits for it, and none is slower for it: a NOTIFY inside a commit puts all commits of
 * the cluster one behind the other. What is told is gathered for 5 ms, so that it is 200
 * notifications a second at most, and none while no other host is heard of. What may have been
 * lost is told as STORE_NEWS_MISSED: with every connection, each second while nothing can be heard,
 * and every few seconds anyway, for a host that died between a commit and its notification.
 *
 *   writer's thread   herald_note      what became durable
 *   loop's            herald_listen    where to what is heard goes
 *   its own           everything else; the lock is over what both touch
 *
 * Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_HERALD_H
#define ORCH_STORE_POSTGRES_HERALD_H

#include "store/news.h"
#include "store/ops.h"

struct herald;

/* Starts the thread, which waits for herald_listen before it connects. */
bool herald_start(const char *url, const char *schema, struct herald **ret,
                  struct err *e) must_check;
/* Tells what is left, for a second at most. Accepts NULL. */
void herald_free(struct herald *h);

/* See driver.h. */
void herald_listen(struct herald *h, struct inbox *inbox);
/* The batches are durable; those that were refused are passed over. Never waits. */
void herald_note(struct herald *h, struct store_batch *const batches[], size_t count);
void herald_tell(struct herald *h, const struct store_news *news);
/* As if another host had told it. Any thread. */
void herald_hear(struct herald *h, const struct store_news *news);

#endif
