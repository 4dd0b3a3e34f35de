/* remembered_test.c -- the heads that the authority remembers, held against the store: the same
 * history or a longer one is well, a shorter or another one is not. */
#include "suites.h"

#include "base/buf.h"
#include "base/mem.h"
#include "engine/evidence/heads.h"
#include "engine/evidence/remembered.h"
#include "engine/evidence/seals.h"
#include "model/ledger/head.h"

#include <string.h>

#define OTHER "other"

/* Of events that the store has not. */
static const char hash_x[] = "000000000000000000000000000000000000000000000000000000000000000b";

/* A head over the tenant's first events, as many of them; 0: all. More than there are: the last
 * ones are made up. */
static struct ledger_head head_over(const char *tenant, uint64_t count)
{
    auto_done(store_leaf_list) rows = {0};
    struct ledger_head head = {.timestamp = "2026-01-01T00:00:00.000000Z"};
    struct err e = {0};

    strcpy(head.tenant, tenant);
    ck_assert(store_read_leaves(rig.reader, tenant, 0, INT64_MAX, STORE_PAGE_ROWS_MAX, &rows, &e));
    for (size_t i = 0; i < rows.count && (count == 0 || head.tree.leaves < count); i++) {
        ck_assert(ledger_tree_add(&head.tree, rows.rows[i].hash, &e));
        head.last_seq = rows.rows[i].seq;
    }
    for (; head.tree.leaves < count; head.last_seq++)
        ck_assert(ledger_tree_add(&head.tree, hash_x, &e));
    return head;
}

static void add_line(struct buf *lines, const struct ledger_head *head)
{
    ledger_head_write(head, lines);
    buf_addc(lines, '\n');
}

static bool remembers(const struct buf *lines, struct err *e)
{
    return remembered_check(rig.reader, buf_text(lines), e);
}

static void is_well(const char *tenant, uint64_t count)
{
    const struct ledger_head head = head_over(tenant, count);
    auto_done(buf) lines = {0};
    struct err e = {0};

    add_line(&lines, &head);
    ck_assert_msg(remembers(&lines, &e), "%d events: %s", (int)count, e.msg);
}

/* Another hash than the last one's. */
static void is_another(const char *tenant, uint64_t count)
{
    struct ledger_head head = head_over(tenant, count - 1);
    auto_done(buf) lines = {0};
    struct err e = {0};

    ck_assert(ledger_tree_add(&head.tree, hash_x, &e));
    head.last_seq = head_over(tenant, count).last_seq;
    add_line(&lines, &head);
    ck_assert_msg(!remembers(&lines, &e), "%d events", (int)count);
    ck_assert_int_eq(e.code, ERR_CORRUPT);
    ck_assert_msg(strstr(e.msg, tenant) != NULL, "%s", e.msg);
}

static void run_some(void)
{
    char id[UUID_TEXT_BYTES];

    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
}

static void seal(const char *tenant)
{
    struct rig_answer a = {0};

    seals_ask(engine_seals(rig.engine), tenant, rig_answered, &a);
    rig_settle(&rig);
    while (rig.authority.count > 0)
        rig_authority_answers(&rig, ERR_NONE);
    ck_assert_uint_eq(a.told, 1);
    ck_assert_int_eq(a.code, ERR_NONE);
}

static void check_each(const char *tenant, uint64_t from)
{
    const uint64_t all = head_over(tenant, 0).tree.leaves;

    ck_assert_uint_gt(all, from);
    for (uint64_t n = from; n <= all; n++)
        is_well(tenant, n);
    for (uint64_t n = from + 1; n <= all; n++)
        is_another(tenant, n);
    is_another(tenant, all + 1); /* and one that is not there at all */
}

START_TEST(a_store_whose_host_died_before_its_first_head_has_the_history_that_was_signed)
{
    struct err e = {0};

    ck_assert(remembered_check(rig.reader, "", &e));
    publish_chain();
    run_some();
    check_each(RIG_TENANT, 2);
}
END_TEST

START_TEST(what_was_signed_behind_the_newest_head_of_the_store_is_gone_through)
{
    uint64_t sealed;

    publish_chain();
    run_some();
    seal(RIG_TENANT);
    sealed = head_over(RIG_TENANT, 0).tree.leaves;
    run_some();
    check_each(RIG_TENANT, sealed);
}
END_TEST

/* The first one's events are gone through from its own head on, past the other's. */
START_TEST(heads_of_two_tenants_are_held_against_the_store_together)
{
    auto_done(buf) lines = {0};
    struct ledger_head mine, theirs;
    struct err e = {0};
    int64_t seq;

    publish_chain();
    run_some();
    seal(RIG_TENANT);
    seq = append_event(OTHER, "one");
    heads_note(engine_heads(rig.engine), OTHER, seq, seq);
    seal(OTHER);
    run_some();
    append_event(OTHER, "two");
    mine = head_over(RIG_TENANT, 0);
    theirs = head_over(OTHER, 0);
    ck_assert_uint_eq(theirs.tree.leaves, 2);
    add_line(&lines, &mine);
    add_line(&lines, &theirs);
    ck_assert_msg(remembers(&lines, &e), "%s", e.msg);
    is_another(OTHER, 3);
}
END_TEST

START_TEST(a_store_that_cannot_be_read_is_no_other_history)
{
    auto_done(buf) lines = {0};
    struct ledger_head head;
    struct err e = {0};

    publish_chain();
    run_some();
    head = head_over(RIG_TENANT, 0);
    add_line(&lines, &head);
    outside_sql("ALTER TABLE run_events RENAME COLUMN hash TO hash_was; DELETE FROM kept");
    ck_assert(!remembers(&lines, &e));
    ck_assert_int_ne(e.code, ERR_CORRUPT);
}
END_TEST

TCase *remembered_cases(void)
{
    TCase *tc = tcase_create("remembered");

    tcase_add_test(tc,
                   a_store_whose_host_died_before_its_first_head_has_the_history_that_was_signed);
    tcase_add_test(tc, what_was_signed_behind_the_newest_head_of_the_store_is_gone_through);
    tcase_add_test(tc, heads_of_two_tenants_are_held_against_the_store_together);
    tcase_add_test(tc, a_store_that_cannot_be_read_is_no_other_history);
    return tc;
}
