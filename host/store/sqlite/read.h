/* read.h -- a reader's connection and its statements, one a question. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_READ_H
#define ORCH_STORE_SQLITE_READ_H

#include "store/driver.h"
#include "store/sqlite/db.h"

/* With the rows of query_rows. */
extern const char *const queries[QUERY_COUNT];

struct sqlite_reader {
    struct store_reader base; /* first: the store hands it back as this */
    sqlite3 *db;
    sqlite3_stmt *stmts[QUERY_COUNT]; /* made when it is first asked for: most readers ask few */
};
static inline struct sqlite_reader *sqlite_reader_of(struct store_reader *base)
{
    return (struct sqlite_reader *)base;
}

bool sqlite_reader_open(const char *path, struct store_reader **ret, struct err *e) must_check;
/* The other calls of a driver (store/driver.h). */
void sqlite_reader_free(struct store_reader *base);
bool sqlite_reader_rows(struct store_reader *base, const struct question *q, struct answer *answer,
                        struct err *e) must_check;
bool sqlite_reader_number(struct store_reader *base, const struct question *q, int64_t *ret_int,
                          double *ret_real, struct err *e) must_check;

#endif
