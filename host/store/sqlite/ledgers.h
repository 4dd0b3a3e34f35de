/* ledgers.h -- which number the next event of a tenant gets: one above the newest of its ledger
 * (schema/0014). What was found is remembered until a transaction or savepoint is undone. The
 * writer's thread. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_LEDGERS_H
#define ORCH_STORE_SQLITE_LEDGERS_H

#include "base/err.h"
#include "store/rows.h"

#include <assert.h>
#include <sqlite3.h>

struct ledger;

struct ledgers {
    sqlite3 *db;
    sqlite3_stmt *find, *add;
    struct ledger *by_tenant;
};

bool ledgers_open(sqlite3 *db, struct ledgers *ret, struct err *e) must_check;
void ledgers_close(struct ledgers *l);

/* The next event is *ret_seq of its tenant's ledger, which is made with the first; *ret_event_no is
 * its row's. False: see sqlite_db_fail. */
bool ledgers_next(struct ledgers *l, const char *tenant, int64_t *ret_event_no) must_check;
void ledgers_forget(struct ledgers *l);

enum { LEDGER_SEQ_BITS = 40 };
static inline int64_t ledger_seq(int64_t event_no)
{
    return event_no & STORE_SEQ_MAX;
}
static_assert(STORE_SEQ_MAX == (INT64_C(1) << LEDGER_SEQ_BITS) - 1, "a ledger holds them all");

/* In a statement over ledgers: the number of a ledger's newest event, and the newest number. */
#define LEDGER_SEQ_MAX "1099511627775"
#define LEDGER_NEWEST_EVENT                                                                        \
    "coalesce((SELECT seq FROM run_events WHERE event_no"                                          \
    " BETWEEN ledger_no << 40 AND (ledger_no << 40) + " LEDGER_SEQ_MAX                             \
    " ORDER BY event_no DESC LIMIT 1), 0)"
#define LEDGER_NEWEST "max(seq_before, " LEDGER_NEWEST_EVENT ")"

/* The newest numbers of all ledgers, added up: how many events there are, and a measure that only
 * rises. */
bool ledgers_total(sqlite3 *db, int64_t *ret, struct err *e) must_check;

#endif
