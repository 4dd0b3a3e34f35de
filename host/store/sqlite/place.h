/* place.h -- where a node's rows are: the number of its run, its own, and that of its records,
 * which is given with the first of them, so that what is written together stands together
 * (schema/0013). A batch names one node several times in a row, so the last one is remembered. The
 * writer's thread. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_PLACE_H
#define ORCH_STORE_SQLITE_PLACE_H

#include "base/err.h"
#include "store/columns.h"

#include <sqlite3.h>

/* What the rows of a node begin with (columns.c: OWNERS). */
struct place_owner {
    const char *run_id;
    const char *tenant;
    const char *node_id;
};

struct place {
    sqlite3 *db;
    sqlite3_stmt *find, *add, *number, *reserve;
    struct place_owner owner; /* of the numbers; texts of a batch. run_id NULL: of nobody */
    int64_t run_no;
    int64_t node_no;    /* 0: the node has no row yet */
    int64_t records_no; /* 0: it has no record yet */
    int64_t given,
        reserved;      /* numbers of records: the last one, and the last that the store keeps */
    bool reserved_now; /* in this transaction */
};

bool place_open(sqlite3 *db, struct place *ret, struct err *e) must_check;
void place_close(struct place *p);

/* Another batch: its texts are others. */
static inline void place_forget(struct place *p)
{
    p->owner.run_id = NULL;
}
static inline void place_begin(struct place *p)
{
    p->reserved_now = false;
}
/* What was written since the transaction or the savepoint began is undone. */
static inline void place_undone(struct place *p)
{
    place_forget(p);
    if (p->reserved_now)
        p->given = p->reserved = 0;
    p->reserved_now = false;
}

static inline bool place_has(const struct row_type *row)
{
    return row->columns[0].owner;
}

enum placed { PLACED, PLACED_NOWHERE, PLACE_FAILED };

/* Finds the owner's numbers. PLACED_NOWHERE: the tenant has no such run. */
enum placed place_find(struct place *p, const struct place_owner *owner);
/* The same, and the node has a number, and one for its records, from then on. */
enum placed place_make(struct place *p, const struct place_owner *owner);
/* The node's row was inserted just now. */
void place_made(struct place *p);

/* record_no of the node's first place. */
enum { PLACE_BITS = 24 };
static inline int64_t place_records(const struct place *p)
{
    return p->records_no << PLACE_BITS;
}

#endif
