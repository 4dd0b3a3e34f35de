/* read.h -- a reader's connection. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_READ_H
#define ORCH_STORE_POSTGRES_READ_H

#include "store/driver.h"
#include "store/postgres/breaker.h"

/* With the markers of kind.h; {read} is the columns of query_rows. */
extern const char *const pg_queries[QUERY_COUNT];

/* What a client hears in the place of libpq's words. */
#define READ_AWAY_TEXT "the database is away: ask again"
#define READ_SILENT_TEXT "the database did not answer in time: ask again"

/* The breaker is shared by all readers of a store and outlives them. */
bool pg_reader_open(const char *url, const char *schema, struct breaker *breaker,
                    struct store_reader **ret, struct err *e) must_check;
/* The other calls of a driver (store/driver.h). */
void pg_reader_free(struct store_reader *base);
bool pg_reader_rows(struct store_reader *base, const struct question *q, struct answer *answer,
                    struct err *e) must_check;
bool pg_reader_number(struct store_reader *base, const struct question *q, int64_t *ret_int,
                      double *ret_real, struct err *e) must_check;

#endif
