/* group.c -- see group.h. */
#include "store/sqlite/group.h"

enum applied_group { APPLIED_ALL, AGAIN, APPLY_BUSY, APPLY_FAILED };

/* Without savepoints: most groups hold no refused batch, and those that do are done over. A group
 * of one has no neighbours to protect. */
static enum applied_group apply_plain(struct sqlite_write *db, struct store_batch *group,
                                      struct err *e)
{
    for (struct store_batch *b = group; b != NULL; b = b->next) {
        enum applied result = sqlite_write_apply(db, b, e);

        if (result == BROKEN)
            return APPLY_FAILED;
        if (result == REFUSED && group->next != NULL)
            return AGAIN;
        if (result == REFUSED)
            batch_refuse(b, e);
    }
    return APPLIED_ALL;
}

static enum applied_group apply_guarded(struct sqlite_write *db, struct store_batch *group,
                                        struct err *e)
{
    for (struct store_batch *b = group; b != NULL; b = b->next) {
        enum applied result = sqlite_write_apply_guarded(db, b, e);

        if (result == BROKEN)
            return APPLY_FAILED;
        if (result == REFUSED)
            batch_refuse(b, e);
    }
    return APPLIED_ALL;
}

static enum applied_group begin(struct sqlite_write *db, struct err *e)
{
    if (sqlite_write_begin(db, e))
        return APPLIED_ALL;
    return sqlite_write_was_busy(db) ? APPLY_BUSY : APPLY_FAILED;
}

static enum applied_group apply(struct sqlite_write *db, struct store_batch *group, struct err *e)
{
    enum applied_group result = begin(db, e);

    if (result == APPLIED_ALL)
        result = apply_plain(db, group, e);
    if (result != AGAIN)
        return result;
    sqlite_write_rollback(db);
    result = begin(db, e);
    return result == APPLIED_ALL ? apply_guarded(db, group, e) : result;
}

static int64_t events_of(const struct store_batch *group)
{
    int64_t events = 0;

    for (const struct store_batch *b = group; b != NULL; b = b->next) {
        if (b->last_event != 0)
            events += b->last_event - b->first_event + 1;
    }
    return events;
}

enum group_end sqlite_group_commit(struct driver_write *write, struct store_batch *group,
                                   atomic_uint_fast64_t *fail_in, bool *ret_synced, struct err *e)
{
    struct sqlite_write *db = sqlite_write_of(write);
    bool alone_and_refused;

    if (!sqlite_write_look(db, e))
        return GROUP_FAILED;
    switch (apply(db, group, e)) {
    case APPLIED_ALL:
        break;
    case APPLY_BUSY:
        atomic_store(&write->away, true);
        return GROUP_BUSY;
    default:
        return GROUP_FAILED;
    }
    alone_and_refused = group->next == NULL && group->err != NULL;
    if (alone_and_refused)
        sqlite_write_rollback(db);
    else if (driver_fault_is_due(fail_in, e) || !sqlite_write_commit(db, events_of(group), e))
        return GROUP_FAILED;
    *ret_synced = !alone_and_refused;
    return GROUP_COMMITTED;
}
