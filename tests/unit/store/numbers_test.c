/* numbers_test.c -- the numbers of a tenant's events (store/rows.h, docs/adr/0047). */
#include "suites.h"

static struct store_done append_of(const char *tenant, const char *run_id, int64_t from, int n)
{
    struct store_batch *b = store_batch_new();

    for (int64_t at = from; at < from + n; at++) {
        struct store_event event = sample_event(run_id, at, "step.updated");

        event.tenant = tenant;
        store_batch_event_append(b, &event);
    }
    return commit(b);
}

static void put_head(const char *tenant, int64_t last_seq)
{
    const struct store_ledger_head head = {0, tenant, last_seq, last_seq, SAMPLE_HASH_A, "{}", 1};
    struct store_batch *b = store_batch_new();

    store_batch_ledger_head_put(b, &head);
    commit(b);
}

/* As many events as its cursor gives, which must count them. */
static int64_t read_all(const char *tenant)
{
    auto_done(store_event_list) l = {0};
    struct err e = {0};
    int64_t next;

    ck_assert(store_read_events(fixture_reader, &(struct store_event_filter){.tenant = tenant}, 0,
                                STORE_PAGE_ROWS_MAX, &l, &next, &e));
    for (size_t i = 0; i < l.count; i++)
        ck_assert_int_eq(l.rows[i].seq, (int64_t)i + 1);
    ck_assert_int_eq(next, (int64_t)l.count);
    return next;
}

START_TEST(each_tenants_events_are_numbered_without_a_gap_whatever_the_others_do)
{
    int64_t oldest, newest;
    struct err e = {0};

    for (int i = 0; i < 4; i++) {
        struct store_done a = append_of("a", "ra", 1 + 3 * i, 3);
        struct store_done b = append_of("b", "rb", 1 + i, 1);

        ck_assert_int_eq(a.first_event, 1 + 3 * i);
        ck_assert_int_eq(a.last_event, 3 + 3 * i);
        ck_assert_int_eq(b.first_event, 1 + i);
        ck_assert_int_eq(b.last_event, 1 + i);
    }
    ck_assert(store_read_event_bounds(fixture_reader, "a", &oldest, &newest, &e));
    ck_assert(oldest == 1 && newest == 12);
    ck_assert(store_read_event_bounds(fixture_reader, "b", &oldest, &newest, &e));
    ck_assert(oldest == 1 && newest == 4);
    ck_assert_int_eq(read_all("a"), 12);
    ck_assert_int_eq(read_all("b"), 4);
}
END_TEST

START_TEST(leaves_are_of_one_tenant_in_the_order_of_its_commits)
{
    struct err e = {0};
    int64_t after = 2;
    size_t count = 0;

    append_of("even", "re", 1, 9);
    append_of("odd", "ro", 1, 20);
    append_of("even", "re", 10, 11);
    while (after < 18) {
        auto_done(store_leaf_list) l = {0};

        ck_assert(store_read_leaves(fixture_reader, "even", after, 18, 5, &l, &e));
        ck_assert(l.count > 0 && l.count <= 5);
        for (size_t i = 0; i < l.count; i++) {
            ck_assert_int_eq(l.rows[i].seq, ++after);
            ck_assert_str_eq(l.rows[i].hash, SAMPLE_HASH_B);
        }
        count += l.count;
    }
    ck_assert_uint_eq(count, 16);
}
END_TEST

START_TEST(a_number_beyond_the_ledger_is_not_the_next_ledgers)
{
    auto_done(store_leaf_list) all = {0}, none = {0};
    auto_done(store_event_list) events = {0};
    int64_t next, far = INT64_C(1) << 45;
    struct err e = {0};

    append_of("a", "ra", 1, 1);
    append_of("b", "rb", 1, 1);
    ck_assert(store_read_leaves(fixture_reader, "a", 0, INT64_MAX, 0, &all, &e));
    ck_assert_uint_eq(all.count, 1);
    ck_assert(store_read_leaves(fixture_reader, "a", far, INT64_MAX, 0, &none, &e));
    ck_assert_uint_eq(none.count, 0);
    ck_assert(store_read_events(fixture_reader, &(struct store_event_filter){.tenant = "a"}, far, 0,
                                &events, &next, &e));
    ck_assert_uint_eq(events.count, 0);
}
END_TEST

START_TEST(the_ledgers_say_how_far_they_are_sealed)
{
    auto_done(store_ledger_list) none = {0}, two = {0}, page = {0};
    struct err e = {0};

    ck_assert(store_read_ledgers(fixture_reader, (struct store_page){0}, &none, &e));
    ck_assert_uint_eq(none.count, 0);
    append_of("b", "rb", 1, 80);
    append_of("a", "ra", 1, 2);
    put_head("b", 70);
    ck_assert(store_read_ledgers(fixture_reader, (struct store_page){0}, &two, &e));
    ck_assert_uint_eq(two.count, 2);
    ck_assert_str_eq(two.rows[0].tenant, "a");
    ck_assert(two.rows[0].newest == 2 && two.rows[0].sealed == 0);
    ck_assert_str_eq(two.rows[1].tenant, "b");
    ck_assert(two.rows[1].newest == 80 && two.rows[1].sealed == 70);
    ck_assert(store_read_ledgers(fixture_reader, (struct store_page){.size = 1}, &page, &e));
    ck_assert_uint_eq(page.count, 1);
    ck_assert_ptr_nonnull(page.next_page);
}
END_TEST

START_TEST(a_refused_batch_takes_no_number)
{
    struct store_batch *b = store_batch_new();
    struct store_event first = sample_event("r1", 1, "step.updated"), second = first;
    struct err e = {0};

    store_batch_event_append(b, &first);
    store_batch_event_append(b, &second); /* does not follow the first */
    ck_assert(!store_commit_wait(fixture_store, &b, NULL, &e));
    ck_assert_int_eq(append_of(SAMPLE_TENANT, "r1", 1, 1).first_event, 1);
}
END_TEST

TCase *numbers_cases(void)
{
    TCase *c = tcase_create("numbers");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, each_tenants_events_are_numbered_without_a_gap_whatever_the_others_do);
    tcase_add_test(c, a_refused_batch_takes_no_number);
    tcase_add_test(c, the_ledgers_say_how_far_they_are_sealed);
    tcase_add_test(c, leaves_are_of_one_tenant_in_the_order_of_its_commits);
    tcase_add_test(c, a_number_beyond_the_ledger_is_not_the_next_ledgers);
    return c;
}
