/* bulletin.h -- news as the payload of a notification. Whoever may connect to the database can send
 * one, so what comes is believed to be from anybody. Pure. Private to host/store.
 *
 *   payload = line *( LF line )
 *   line    = "events " number SP tenant | "free" | "orders" | "known " what [ SP tenant ]
 *           | "wanted " tenant | "missed"
 *   what    = "dags" | "plugins" | "tokens" | "tenants"
 *   number  = 1 to STORE_SEQ_MAX,
 * decimal, without leading zeros */
#ifndef ORCH_STORE_POSTGRES_BULLETIN_H
#define ORCH_STORE_POSTGRES_BULLETIN_H

#include "base/buf.h"
#include "base/err.h"
#include "store/news.h"

enum { BULLETIN_BYTES_MAX = 7900 }; /* the server takes less than 8000 */

/* False: there is no room for the line, and nothing was added. */
bool bulletin_add(struct buf *payload, const struct store_news *news) must_check;
/* Adds to ret what the payload tells. ERR_INVALID: it is none, and ret has what stood before. */
bool bulletin_read(const char *payload, struct news_set *ret, struct err *e) must_check;

#endif
