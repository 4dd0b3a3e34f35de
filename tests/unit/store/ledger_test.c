/* ledger_test.c -- events and their cursor, statements, tree heads; nothing of it ever changes. */
#include "suites.h"

#include <string.h>

/* What follows the run's last event. */
static int64_t next_n(const char *run_id)
{
    auto_done(store_event_list) last = {0};
    struct err e;

    ck_assert(store_read_last_event(fixture_reader, SAMPLE_TENANT, run_id, &last, &e));
    return last.count > 0 ? last.rows[0].n + 1 : 1;
}

static struct store_done append(const char *run_id, const char *dag_id, const char *status, int n)
{
    struct store_batch *b = store_batch_new();

    for (int64_t at = next_n(run_id), end = at + n; at < end; at++) {
        struct store_event event = sample_event(run_id, at, "step.updated");

        event.dag_id = dag_id;
        event.status = status;
        store_batch_event_append(b, &event);
    }
    return commit(b);
}

START_TEST(an_event_reads_back_as_it_was_written)
{
    auto_done(store_event_list) l = {0};
    const struct store_event_filter filter = {.tenant = SAMPLE_TENANT};
    struct store_batch *b = store_batch_new();
    struct store_event event = sample_event("r1", 1, "step.updated");
    struct store_done done;
    struct err e = {0};
    int64_t next;

    event.node_id = "n1";
    event.attempt = 2;
    store_batch_event_append(b, &event);
    done = commit(b);
    ck_assert(store_read_events(fixture_reader, &filter, 0, 0, &l, &next, &e));
    ck_assert_uint_eq(l.count, 1);
    ck_assert_int_eq(l.rows[0].seq, done.first_event);
    ck_assert_int_eq(next, done.last_event);
    ck_assert_int_eq(l.rows[0].n, 1);
    ck_assert_str_eq(l.rows[0].run_id, "r1");
    ck_assert_str_eq(l.rows[0].node_id, "n1");
    ck_assert_int_eq(l.rows[0].attempt, 2);
    ck_assert_str_eq(l.rows[0].type, "step.updated");
    ck_assert_str_eq(l.rows[0].payload, event.payload);
    ck_assert_str_eq(l.rows[0].prev_hash, SAMPLE_HASH_A);
    ck_assert_str_eq(l.rows[0].hash, SAMPLE_HASH_B);
}
END_TEST

START_TEST(a_batchs_events_follow_each_other_and_the_completion_names_them)
{
    struct store_done a = append("r1", "d", "running", 3);
    struct store_done b = append("r2", "d", "running", 2);
    struct store_done none = commit(store_batch_new());

    ck_assert_int_eq(a.last_event - a.first_event, 2);
    ck_assert_int_eq(b.first_event, a.last_event + 1);
    ck_assert_int_eq(b.last_event, b.first_event + 1);
    ck_assert_int_eq(none.first_event, 0);
    ck_assert_int_eq(none.last_event, 0);
}
END_TEST

/* Reads from 0 to the newest event, rows at a time, and counts the matches. */
static size_t count_events(const struct store_event_filter *filter, uint32_t rows)
{
    int64_t oldest, newest, next = 0;
    size_t count = 0;
    struct err e = {0};

    ck_assert(store_read_event_bounds(fixture_reader, filter->tenant, &oldest, &newest, &e));
    while (next < newest) {
        auto_done(store_event_list) l = {0};
        int64_t after = next;

        ck_assert(store_read_events(fixture_reader, filter, after, rows, &l, &next, &e));
        ck_assert_int_gt(next, after);
        for (size_t i = 0; i < l.count; i++)
            ck_assert(l.rows[i].seq > after && l.rows[i].seq <= next);
        count += l.count;
    }
    return count;
}

START_TEST(a_cursor_gives_every_match_once_on_any_page_size)
{
    static const struct {
        struct store_event_filter filter;
        size_t count;
    } rows[] = {
        {{.tenant = SAMPLE_TENANT}, 60},
        {{.tenant = "other"}, 0},
        {{.tenant = SAMPLE_TENANT, .run_id = "r1"}, 30},
        {{.tenant = "other", .run_id = "r1"}, 0},
        {{.tenant = SAMPLE_TENANT, .dag_id = "d2"}, 30},
        {{.tenant = SAMPLE_TENANT, .status = "failed"}, 20},
        {{.tenant = SAMPLE_TENANT, .run_id = "r1", .status = "failed"}, 10},
        {{.tenant = SAMPLE_TENANT, .run_id = "r1", .dag_id = "d2"}, 0},
        {{.tenant = SAMPLE_TENANT, .dag_id = "d2", .status = "running"}, 20},
    };

    for (int i = 0; i < 10; i++) {
        append("r1", "d1", "running", 2);
        append("r2", "d2", "running", 2);
        append("r1", "d1", "failed", 1);
        append("r3", "d2", "failed", 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (uint32_t size = 1; size <= 61; size += 12)
            ck_assert_uint_eq(count_events(&rows[i].filter, size), rows[i].count);
    }
}
END_TEST

START_TEST(a_rare_match_is_found_window_by_window)
{
    enum { OTHERS = STORE_EVENT_SCAN_MAX + 5000, BATCH = 5000 };
    auto_done(store_event_list) first = {0};
    const struct store_event_filter rare = {.tenant = SAMPLE_TENANT, .dag_id = "rare"};
    struct err e = {0};
    int64_t next;

    for (int i = 0; i < OTHERS; i += BATCH)
        append("r1", "common", "running", BATCH);
    append("r2", "rare", "running", 1);
    ck_assert(store_read_events(fixture_reader, &rare, 0, 10, &first, &next, &e));
    ck_assert_uint_eq(first.count, 0);
    ck_assert_int_eq(next, STORE_EVENT_SCAN_MAX);
    ck_assert_uint_eq(count_events(&rare, 10), 1);
}
END_TEST

START_TEST(a_cursor_at_the_newest_event_gives_nothing_and_stays)
{
    auto_done(store_event_list) l = {0};
    auto_done(store_event_list) ahead = {0};
    const struct store_event_filter all = {.tenant = SAMPLE_TENANT};
    struct store_done done = append("r1", "d", "running", 2);
    struct err e = {0};
    int64_t next;

    ck_assert(store_read_events(fixture_reader, &all, done.last_event, 0, &l, &next, &e));
    ck_assert_uint_eq(l.count, 0);
    ck_assert_int_eq(next, done.last_event);
    ck_assert(store_read_events(fixture_reader, &all, 999, 0, &ahead, &next, &e));
    ck_assert_int_eq(next, 999);
    ck_assert(!store_read_events(fixture_reader, &all, -1, 0, &ahead, &next, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

START_TEST(the_last_event_of_a_run_is_where_its_chain_goes_on)
{
    auto_done(store_event_list) last = {0};
    auto_done(store_event_list) none = {0};
    struct err e = {0};

    append("r1", "d", "running", 5);
    append("r2", "d", "running", 1);
    ck_assert(store_read_last_event(fixture_reader, SAMPLE_TENANT, "r1", &last, &e));
    ck_assert_uint_eq(last.count, 1);
    ck_assert_int_eq(last.rows[0].n, 5);
    ck_assert(store_read_last_event(fixture_reader, "other", "r1", &none, &e));
    ck_assert_uint_eq(none.count, 0);
}
END_TEST

START_TEST(bounds_of_an_empty_ledger_are_zero)
{
    int64_t oldest = -1, newest = -1;
    struct err e = {0};

    ck_assert(store_read_event_bounds(fixture_reader, SAMPLE_TENANT, &oldest, &newest, &e));
    ck_assert_int_eq(oldest, 0);
    ck_assert_int_eq(newest, 0);
    append("r1", "d", "running", 3);
    ck_assert(store_read_event_bounds(fixture_reader, SAMPLE_TENANT, &oldest, &newest, &e));
    ck_assert_int_eq(oldest, 1);
    ck_assert_int_eq(newest, 3);
}
END_TEST

START_TEST(the_newest_statement_and_head_are_read)
{
    auto_done(store_statement_list) s = {0};
    auto_done(store_statement_list) missing = {0};
    auto_done(store_ledger_head_list) h = {0};
    struct store_batch *b = store_batch_new();
    struct store_statement statement = {0, "r1", SAMPLE_TENANT, SAMPLE_HASH_A, "{\"v\":1}", 1};
    struct store_ledger_head head = {0, SAMPLE_TENANT, 8, 8, SAMPLE_HASH_A, "{\"head\":8}", 1};
    struct err e = {0};

    store_batch_statement_put(b, &statement);
    store_batch_ledger_head_put(b, &head);
    statement.envelope = "{\"v\":2}";
    head.tree_size = head.last_seq = 16;
    store_batch_statement_put(b, &statement);
    store_batch_ledger_head_put(b, &head);
    commit(b);
    ck_assert(store_read_statement(fixture_reader, SAMPLE_TENANT, "r1", &s, &e));
    ck_assert_str_eq(s.rows[0].envelope, "{\"v\":2}");
    ck_assert(!store_read_statement(fixture_reader, "other", "r1", &missing, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert(store_read_ledger_head(fixture_reader, SAMPLE_TENANT, &h, &e));
    ck_assert_uint_eq(h.count, 1);
    ck_assert_int_eq(h.rows[0].tree_size, 16);
}
END_TEST

/* The ids of the runs without a statement, page by page of one. */
static void list_unsigned(struct store_run_filter filter, struct buf *ids)
{
    auto_mem char *token = NULL;
    struct err e = {0};

    filter.tenant = SAMPLE_TENANT;
    do {
        auto_done(store_run_list) rows = {0};
        struct store_page page = {.token = token, .size = 1};

        ck_assert_msg(store_read_runs(fixture_reader, &filter, page, &rows, &e), "%s", e.msg);
        for (size_t i = 0; i < rows.count; i++)
            buf_addf(ids, "%s%s ", rows.rows[i].run_id,
                     rows.rows[i].statement_refused != NULL ? rows.rows[i].statement_refused : "");
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
}

static void lists_unsigned(struct store_run_filter filter, const char *want)
{
    auto_done(buf) ids = {0};

    list_unsigned(filter, &ids);
    ck_assert_str_eq(buf_text(&ids), want);
}

START_TEST(a_run_without_a_statement_is_listed_until_one_is_stored)
{
    static const char *const ids[] = {"r1", "r2", "r3", "r4"};
    struct store_batch *b = store_batch_new();
    struct store_statement statement = {0, "r1", SAMPLE_TENANT, SAMPLE_HASH_A, "{}", 1};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct store_run_end end = sample_run_end(ids[i]);

        if (i == 2)
            end.status = STORE_RUN_FAILED;
        add_run(ids[i]);
        if (i < 3) /* the last goes on */
            store_batch_run_end(b, &end);
    }
    store_batch_statement_put(b, &statement);
    store_batch_statement_refuse(b, SAMPLE_TENANT, "r1", "it is signed");
    store_batch_statement_refuse(b, SAMPLE_TENANT, "r2", "!");
    store_batch_statement_refuse(b, "other", "r3", "another's");
    commit(b);
    lists_unsigned((struct store_run_filter){.statement = STORE_UNSIGNED}, "r2! r3 ");
    lists_unsigned((struct store_run_filter){.statement = STORE_REFUSED}, "r2! ");
    lists_unsigned((struct store_run_filter){.statement = STORE_REFUSED, .dag_id = "none"}, "");
    lists_unsigned((struct store_run_filter){.statement = STORE_UNSIGNED, .dag_id = SAMPLE_DAG},
                   "r2! r3 ");
    lists_unsigned((struct store_run_filter){.statement = STORE_UNSIGNED,
                                             .statuses = 1u << STORE_RUN_FAILED},
                   "r3 ");
    b = store_batch_new();
    statement.run_id = "r2";
    store_batch_statement_put(b, &statement);
    store_batch_run_reopen(b, SAMPLE_TENANT, "r3", SAMPLE_HOST,
                           1); /* what was to be signed is no more */
    commit(b);
    lists_unsigned((struct store_run_filter){.statement = STORE_UNSIGNED}, "");
}
END_TEST

/* Heads of the tenant over 10, 20, 30, ... events, made at 1000, 2000, 3000, ... */
static void put_heads(const char *tenant, int count)
{
    struct store_batch *b = store_batch_new();

    for (int i = 1; i <= count; i++) {
        struct store_ledger_head head = {0,    tenant,           10 * i, 10 * i, SAMPLE_HASH_A,
                                         "{}", INT64_C(1000) * i};

        store_batch_ledger_head_put(b, &head);
    }
    commit(b);
}

typedef bool head_fn(struct store_reader *r, const char *tenant, int64_t time_us,
                     struct store_ledger_head_list *ret, struct err *e);

/* tree_size of the head that is found; 0: none. */
static int64_t size_at(head_fn *read, const char *tenant, int64_t time_us)
{
    auto_done(store_ledger_head_list) h = {0};
    struct err e = {0};

    ck_assert_msg(read(fixture_reader, tenant, time_us, &h, &e), "%s", e.msg);
    ck_assert_uint_le(h.count, 1);
    return h.count > 0 ? h.rows[0].tree_size : 0;
}

START_TEST(the_head_that_stood_at_a_time_is_found)
{
    static const struct {
        int64_t time_us;
        int64_t before;
        int64_t from;
    } rows[] = {
        {0, 0, 10},     {1000, 0, 10},  {1001, 10, 20}, {2000, 10, 20},
        {2999, 20, 30}, {3000, 20, 30}, {3001, 30, 0},
    };

    put_heads(SAMPLE_TENANT, 3);
    put_heads("other", 7);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_int_eq(size_at(store_read_ledger_head_before, SAMPLE_TENANT, rows[i].time_us),
                         rows[i].before);
        ck_assert_int_eq(size_at(store_read_ledger_head_from, SAMPLE_TENANT, rows[i].time_us),
                         rows[i].from);
    }
    ck_assert_int_eq(size_at(store_read_ledger_head_from, "nobody", 0), 0);
}
END_TEST

START_TEST(the_database_itself_refuses_to_change_the_ledger)
{
    static const char *const forbidden[] = {
        "UPDATE run_events SET payload = '{}'",
        "DELETE FROM run_events",
        "INSERT OR REPLACE INTO run_events SELECT event_no, tenant_id, run_id, n, dag_id, type, "
        "status,"
        " node_id, attempt, at, trace_id, '{\"forged\":1}', prev_hash, hash FROM run_events",
        "UPDATE statements SET envelope = '{}'",
        "DELETE FROM statements",
        "INSERT OR REPLACE INTO statements SELECT * FROM statements",
        "UPDATE ledger_heads SET root_hash = ''",
        "DELETE FROM ledger_heads",
        "INSERT OR REPLACE INTO ledger_heads SELECT * FROM ledger_heads",
        "INSERT OR REPLACE INTO ledger_heads SELECT id + 9, tenant_id, tree_size, last_seq, 'x',"
        " envelope, created_at FROM ledger_heads",
    };
    struct store_batch *b = store_batch_new();
    const struct store_statement statement = {0, "r1", SAMPLE_TENANT, SAMPLE_HASH_A, "{}", 1};
    const struct store_ledger_head head = {0, SAMPLE_TENANT, 8, 8, SAMPLE_HASH_A, "{}", 1};

    store_batch_statement_put(b, &statement);
    store_batch_ledger_head_put(b, &head);
    commit(b);
    append("r1", "d", "running", 1);
    for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
        ck_assert_msg(outside_sql(forbidden[i]) != 0, "done: %s", forbidden[i]);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM run_events WHERE payload LIKE '%actor%'"),
                     1);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM statements"), 1);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM ledger_heads WHERE root_hash <> ''"), 1);
}
END_TEST

START_TEST(all_events_behind_a_number_come_in_one_question)
{
    auto_done(store_event_list) two = {0}, rest = {0}, none = {0};
    int64_t last = append("r1", "d", "running", 5).last_event;

    ck_assert(store_read_events_after(fixture_reader, SAMPLE_TENANT, last - 5, 2, &two, NULL));
    ck_assert_uint_eq(two.count, 2);
    ck_assert_int_eq(two.rows[0].seq, last - 4);
    ck_assert(store_read_events_after(fixture_reader, SAMPLE_TENANT, last - 3, 9, &rest, NULL));
    ck_assert_uint_eq(rest.count, 3);
    ck_assert_int_eq(rest.rows[2].seq, last);
    ck_assert(store_read_events_after(fixture_reader, SAMPLE_TENANT, INT64_MAX, 9, &none, NULL));
    ck_assert_uint_eq(none.count, 0);
}
END_TEST

TCase *ledger_cases(void)
{
    TCase *c = tcase_create("ledger");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, an_event_reads_back_as_it_was_written);
    tcase_add_test(c, a_batchs_events_follow_each_other_and_the_completion_names_them);
    tcase_add_test(c, a_cursor_gives_every_match_once_on_any_page_size);
    tcase_add_test(c, all_events_behind_a_number_come_in_one_question);
    tcase_add_test(c, a_rare_match_is_found_window_by_window);
    tcase_add_test(c, a_cursor_at_the_newest_event_gives_nothing_and_stays);
    tcase_add_test(c, the_last_event_of_a_run_is_where_its_chain_goes_on);
    tcase_add_test(c, bounds_of_an_empty_ledger_are_zero);
    tcase_add_test(c, the_newest_statement_and_head_are_read);
    tcase_add_test(c, a_run_without_a_statement_is_listed_until_one_is_stored);
    tcase_add_test(c, the_head_that_stood_at_a_time_is_found);
    tcase_add_test(c, the_database_itself_refuses_to_change_the_ledger);
    tcase_set_timeout(c, 60);
    return c;
}
