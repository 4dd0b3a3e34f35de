/* place.c -- see place.h. */
#include "store/sqlite/place.h"

#include "store/rows.h"
#include "store/sqlite/db.h"

#include <assert.h>
#include <string.h>

#define STARTS_WITH_OWNER(row)                                                                     \
    static_assert(offsetof(struct row, run_id) == offsetof(struct place_owner, run_id) &&          \
                      offsetof(struct row, tenant) == offsetof(struct place_owner, tenant) &&      \
                      offsetof(struct row, node_id) == offsetof(struct place_owner, node_id),      \
                  "the row begins with whose it is")
STARTS_WITH_OWNER(store_node);
STARTS_WITH_OWNER(store_attempt);
STARTS_WITH_OWNER(store_checkpoint);
STARTS_WITH_OWNER(store_provenance);

/* How many numbers are reserved by one write: what a start loses of them. */
enum { RESERVED_AT_ONCE = 65536 };

static const struct statement find = {
    "SELECT r.run_no, n.node_no, n.records_no FROM dag_executions AS r"
    " LEFT JOIN nodes AS n ON n.run_no = r.run_no AND n.node_id = ?3"
    " WHERE r.execution_id = ?1 AND r.tenant_id = ?2",
    NULL,
};
static const struct statement add = {
    "INSERT INTO nodes (run_no, node_id, records_no) VALUES (?1, ?2, ?3)", NULL};
static const struct statement number = {"UPDATE nodes SET records_no = ?2 WHERE node_no = ?1",
                                        NULL};
static const struct statement reserve = {
    "UPDATE store_fence SET records_given = records_given + ?1 RETURNING records_given", NULL};

bool place_open(sqlite3 *db, struct place *ret, struct err *e)
{
    *ret = (struct place){.db = db};
    return sqlite_db_prepare(db, &find, &ret->find, e) &&
           sqlite_db_prepare(db, &add, &ret->add, e) &&
           sqlite_db_prepare(db, &number, &ret->number, e) &&
           sqlite_db_prepare(db, &reserve, &ret->reserve, e);
}

void place_close(struct place *p)
{
    sqlite3_finalize(p->find);
    sqlite3_finalize(p->add);
    sqlite3_finalize(p->number);
    sqlite3_finalize(p->reserve);
}

static bool is_remembered(const struct place *p, const struct place_owner *owner)
{
    return p->owner.run_id != NULL && strcmp(p->owner.node_id, owner->node_id) == 0 &&
           strcmp(p->owner.run_id, owner->run_id) == 0 &&
           strcmp(p->owner.tenant, owner->tenant) == 0;
}

enum placed place_find(struct place *p, const struct place_owner *owner)
{
    int rc;

    if (is_remembered(p, owner))
        return PLACED;
    place_forget(p);
    sqlite3_bind_text(p->find, 1, owner->run_id, -1, SQLITE_STATIC);
    sqlite3_bind_text(p->find, 2, owner->tenant, -1, SQLITE_STATIC);
    sqlite3_bind_text(p->find, 3, owner->node_id, -1, SQLITE_STATIC);
    rc = sqlite_db_step(p->find);
    if (rc == SQLITE_ROW) {
        p->owner = *owner;
        p->run_no = sqlite3_column_int64(p->find, 0);
        p->node_no = sqlite3_column_int64(p->find, 1); /* NULL reads as 0 */
        p->records_no = sqlite3_column_int64(p->find, 2);
    }
    sqlite3_reset(p->find);
    if (rc == SQLITE_ROW)
        return PLACED;
    return rc == SQLITE_DONE ? PLACED_NOWHERE : PLACE_FAILED;
}

static bool reserve_numbers(struct place *p)
{
    int rc;

    sqlite3_bind_int64(p->reserve, 1, RESERVED_AT_ONCE);
    rc = sqlite_db_step(p->reserve);
    if (rc == SQLITE_ROW) {
        p->reserved = sqlite3_column_int64(p->reserve, 0);
        p->given = p->reserved - RESERVED_AT_ONCE;
        p->reserved_now = true;
        rc = sqlite_db_step(p->reserve);
    }
    sqlite3_reset(p->reserve);
    return rc == SQLITE_DONE && p->reserved > 0;
}

static bool add_node(struct place *p)
{
    int rc;

    sqlite3_bind_int64(p->add, 1, p->run_no);
    sqlite3_bind_text(p->add, 2, p->owner.node_id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(p->add, 3, p->given);
    rc = sqlite_db_step(p->add);
    sqlite3_reset(p->add);
    if (rc == SQLITE_DONE)
        place_made(p);
    return rc == SQLITE_DONE;
}

static bool number_records(struct place *p)
{
    int rc;

    sqlite3_bind_int64(p->number, 1, p->node_no);
    sqlite3_bind_int64(p->number, 2, p->given);
    rc = sqlite_db_step(p->number);
    sqlite3_reset(p->number);
    return rc == SQLITE_DONE;
}

enum placed place_make(struct place *p, const struct place_owner *owner)
{
    enum placed found = place_find(p, owner);

    if (found != PLACED || p->records_no != 0)
        return found;
    if (p->given == p->reserved && !reserve_numbers(p))
        return PLACE_FAILED;
    p->given++;
    if (p->node_no == 0 ? !add_node(p) : !number_records(p))
        return PLACE_FAILED;
    p->records_no = p->given;
    return PLACED;
}

void place_made(struct place *p)
{
    p->node_no = sqlite3_last_insert_rowid(p->db);
}
