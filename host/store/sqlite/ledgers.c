/* ledgers.c -- see ledgers.h. */
#include "store/sqlite/ledgers.h"

#include "base/mem.h"
#include "store/sqlite/db.h"

#include <assert.h>
#include <string.h>
#include <uthash.h>

enum { REMEMBERED_MAX = 4096 };

struct ledger {
    int64_t newest; /* event_no */
    UT_hash_handle hh;
    char tenant[];
};

static const struct statement find = {"SELECT ledger_no, " LEDGER_NEWEST
                                      " FROM ledgers WHERE tenant_id = ?1",
                                      NULL};
/* A ledger that is new in a store that was numbered before goes on where the others do. */
static const struct statement add = {
    "INSERT INTO ledgers (tenant_id, seq_before)"
    " SELECT ?1, coalesce(max(seq_before), 0) FROM ledgers RETURNING ledger_no, seq_before",
    NULL};

bool ledgers_open(sqlite3 *db, struct ledgers *ret, struct err *e)
{
    *ret = (struct ledgers){.db = db};
    return sqlite_db_prepare(db, &find, &ret->find, e) && sqlite_db_prepare(db, &add, &ret->add, e);
}

void ledgers_close(struct ledgers *l)
{
    ledgers_forget(l);
    sqlite3_finalize(l->find);
    sqlite3_finalize(l->add);
}

void ledgers_forget(struct ledgers *l)
{
    struct ledger *ledger, *next;

    HASH_ITER(hh, l->by_tenant, ledger, next)
    {
        HASH_DEL(l->by_tenant, ledger);
        free(ledger);
    }
}

static struct ledger *remember(struct ledgers *l, const char *tenant, int64_t newest)
{
    size_t bytes = strlen(tenant) + 1;
    struct ledger *ledger = mem_zero(1, sizeof *ledger + bytes);

    if (HASH_COUNT(l->by_tenant) >= REMEMBERED_MAX)
        ledgers_forget(l);
    ledger->newest = newest;
    memcpy(ledger->tenant, tenant, bytes);
    HASH_ADD_STR(l->by_tenant, tenant, ledger);
    return ledger;
}

/* *ret stays NULL when the statement has no row. */
static bool ask(struct ledgers *l, sqlite3_stmt *stmt, const char *tenant, struct ledger **ret)
{
    int rc;

    sqlite3_bind_text(stmt, 1, tenant, -1, SQLITE_STATIC);
    rc = sqlite_db_step(stmt);
    if (rc == SQLITE_ROW)
        *ret = remember(l, tenant,
                        (sqlite3_column_int64(stmt, 0) << LEDGER_SEQ_BITS) +
                            sqlite3_column_int64(stmt, 1));
    sqlite3_reset(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

bool ledgers_next(struct ledgers *l, const char *tenant, int64_t *ret_event_no)
{
    struct ledger *ledger;

    HASH_FIND_STR(l->by_tenant, tenant, ledger);
    if (ledger == NULL && !ask(l, l->find, tenant, &ledger))
        return false;
    if (ledger == NULL && !ask(l, l->add, tenant, &ledger))
        return false;
    assert(ledger != NULL); /* an insert that says nothing is another schema: shape.c */
    *ret_event_no = ++ledger->newest;
    return true;
}

bool ledgers_total(sqlite3 *db, int64_t *ret, struct err *e)
{
    return sqlite_db_int(db, "SELECT coalesce(sum(" LEDGER_NEWEST "), 0) FROM ledgers", ret, e);
}
