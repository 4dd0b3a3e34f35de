/* runs_test.c -- what is written of a run is read back, and only by its tenant. */
#include "suites.h"

#include <string.h>

static void add(struct store_run run)
{
    struct store_batch *b = store_batch_new();

    store_batch_run_insert(b, &run);
    commit(b);
}

START_TEST(a_run_reads_back_as_it_was_written)
{
    auto_done(store_run_list) l = {0};
    struct store_run run = sample_run("r1");
    struct err e = {0};

    run.run_token = "token";
    run.parent_run_id = "r0";
    run.parent_kind = "restart";
    run.options = "{\"priority\":12}";
    run.deadline_us = SAMPLE_TIME + 5;
    add(run);
    ck_assert_msg(store_read_run(fixture_reader, SAMPLE_TENANT, "r1", &l, &e), "%s", e.msg);
    ck_assert_uint_eq(l.count, 1);
    ck_assert_str_eq(l.rows[0].run_id, "r1");
    ck_assert_str_eq(l.rows[0].dag_version, "1.0.0");
    ck_assert_str_eq(l.rows[0].run_token, "token");
    ck_assert_str_eq(l.rows[0].parent_run_id, "r0");
    ck_assert_str_eq(l.rows[0].parent_kind, "restart");
    ck_assert_str_eq(l.rows[0].options, run.options);
    ck_assert_str_eq(l.rows[0].input, run.input);
    ck_assert_str_eq(l.rows[0].levels, run.levels);
    ck_assert_str_eq(l.rows[0].agent_digests, run.agent_digests);
    ck_assert_ptr_null(l.rows[0].output);
    ck_assert_ptr_null(l.rows[0].error);
    ck_assert_int_eq(l.rows[0].status, STORE_RUN_RUNNING);
    ck_assert_int_eq(l.rows[0].seed, 42);
    ck_assert(l.rows[0].deterministic && l.rows[0].checkpoint_enabled && !l.rows[0].paused);
    ck_assert_int_eq(l.rows[0].counts.total, 4);
    ck_assert_int_eq(l.rows[0].started_us, SAMPLE_TIME + 10);
    ck_assert_int_eq(l.rows[0].completed_us, 0);
    ck_assert_int_eq(l.rows[0].deadline_us, SAMPLE_TIME + 5);
    ck_assert_str_eq(l.rows[0].lease_owner, SAMPLE_HOST);
    ck_assert_int_eq(l.rows[0].lease_epoch, 1);
}
END_TEST

START_TEST(another_tenants_run_is_not_found)
{
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    add_run("r1");
    ck_assert(!store_read_run(fixture_reader, "other", "r1", &l, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert_str_eq(e.msg, "no run 'r1'");
}
END_TEST

START_TEST(update_and_end_change_a_run_and_reopen_clears_its_end)
{
    auto_done(store_run_list) ended = {0};
    auto_done(store_run_list) again = {0};
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run("r1");
    struct store_run_end end = sample_run_end("r1");
    const struct store_run_update u = {.tenant = SAMPLE_TENANT,
                                       .run_id = "r1",
                                       .status = STORE_RUN_PAUSED,
                                       .paused = true,
                                       .cancel_requested = true,
                                       .started_us = SAMPLE_TIME + 77,
                                       .counts = {5, 1, 1, 1}};
    struct err e = {0};

    run.status = STORE_RUN_PENDING;
    run.started_us = 0;
    end.status = STORE_RUN_FAILED;
    end.error = "Node 'a' failed: x";
    end.errors = "[\"Node 'a' failed: x\"]";
    end.compensations = "[]";
    store_batch_run_insert(b, &run);
    store_batch_run_update(b, &u);
    store_batch_run_end(b, &end);
    commit(b);
    ck_assert(store_read_run(fixture_reader, SAMPLE_TENANT, "r1", &ended, &e));
    ck_assert_int_eq(ended.rows[0].status, STORE_RUN_FAILED);
    ck_assert_int_eq(ended.rows[0].started_us, SAMPLE_TIME + 77);
    ck_assert_int_eq(ended.rows[0].completed_us, end.completed_us);
    ck_assert_str_eq(ended.rows[0].error, end.error);
    ck_assert_str_eq(ended.rows[0].errors, end.errors);
    ck_assert_str_eq(ended.rows[0].compensations, "[]");
    ck_assert_str_eq(ended.rows[0].chain_hash, SAMPLE_HASH_A);
    ck_assert_int_eq(ended.rows[0].counts.completed, 4);
    ck_assert(!ended.rows[0].paused);
    b = store_batch_new();
    store_batch_run_reopen(b, SAMPLE_TENANT, "r1", SAMPLE_HOST, 1);
    commit(b);
    ck_assert(store_read_run(fixture_reader, SAMPLE_TENANT, "r1", &again, &e));
    ck_assert_int_eq(again.rows[0].status, STORE_RUN_RUNNING);
    ck_assert_int_eq(again.rows[0].started_us, SAMPLE_TIME + 77);
    ck_assert_int_eq(again.rows[0].completed_us, 0);
    ck_assert_ptr_null(again.rows[0].error);
    ck_assert_ptr_null(again.rows[0].output);
    ck_assert_ptr_null(again.rows[0].chain_hash);
    ck_assert(!again.rows[0].cancel_requested);
}
END_TEST

START_TEST(changes_to_a_run_that_is_not_there_are_refused)
{
    struct store_batch *b[3] = {store_batch_new(), store_batch_new(), store_batch_new()};
    const struct store_run_update u = {.tenant = "other",
                                       .run_id = "r1",
                                       .status = STORE_RUN_PAUSED};
    const struct store_run_end end = sample_run_end("r2");

    add_run("r1");
    store_batch_run_update(b[0], &u);
    store_batch_run_end(b[1], &end);
    store_batch_run_reopen(b[2], "other", "r1", SAMPLE_HOST, 1);
    for (size_t i = 0; i < ARRAY_LEN(b); i++)
        ck_assert_int_eq(commit_code(b[i]), ERR_NOT_FOUND);
}
END_TEST

START_TEST(the_same_token_dag_and_inputs_give_one_run_a_tenant)
{
    auto_done(store_run_list) first = {0};
    auto_done(store_run_list) none = {0};
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run("r1");
    struct err e = {0};

    run.run_token = "t";
    add(run);
    run.run_id = "r2";
    store_batch_run_insert(b, &run);
    ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
    run.tenant = "other";
    add(run);
    ck_assert(store_read_run_by_token(fixture_reader, SAMPLE_TENANT, "t", SAMPLE_DAG, SAMPLE_HASH_A,
                                      &first, &e));
    ck_assert_uint_eq(first.count, 1);
    ck_assert_str_eq(first.rows[0].run_id, "r1");
    ck_assert_ptr_null(first.rows[0].input);
    ck_assert(store_read_run_by_token(fixture_reader, SAMPLE_TENANT, "t", SAMPLE_DAG, SAMPLE_HASH_B,
                                      &none, &e));
    ck_assert_uint_eq(none.count, 0);
}
END_TEST

START_TEST(a_run_id_is_taken_once)
{
    struct store_batch *b = store_batch_new();
    const struct store_run run = sample_run("r1");

    add_run("r1");
    store_batch_run_insert(b, &run);
    ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
}
END_TEST

/* Twenty runs: five times each of four (dag, status) pairs, two started at the same moment. */
static void add_twenty(void)
{
    for (int i = 0; i < 20; i++) {
        char id[8];
        struct store_run run = sample_run(id);

        snprintf(id, sizeof id, "r%02d", i);
        run.started_us = SAMPLE_TIME + (i / 2) * 100;
        run.dag_id = i % 2 == 0 ? "even" : "odd";
        run.status = i % 4 < 2 ? STORE_RUN_RUNNING : STORE_RUN_COMPLETED;
        add(run);
    }
}

/* All pages of the filter: their run ids, one behind the other. */
static void read_all(const struct store_run_filter *filter, uint32_t size, struct buf *ids)
{
    auto_mem char *token = NULL;
    int pages = 0;

    do {
        auto_done(store_run_list) l = {0};
        struct err e = {0};

        ck_assert_msg(store_read_runs(fixture_reader, filter, (struct store_page){token, size}, &l,
                                      &e),
                      "%s", e.msg);
        ck_assert_uint_le(l.count, size);
        for (size_t i = 0; i < l.count; i++)
            buf_addf(ids, "%s ", l.rows[i].run_id);
        free(token);
        token = mem_str(l.next_page);
        ck_assert_int_lt(pages++, 100);
    } while (token != NULL);
}

START_TEST(runs_list_newest_first_then_by_id_on_any_page_size)
{
    static const struct {
        struct store_run_filter filter;
        const char *ids;
    } rows[] = {
        {{.tenant = SAMPLE_TENANT},
         "r18 r19 r16 r17 r14 r15 r12 r13 r10 r11 r08 r09 r06 r07 r04 r05 r02 r03 r00 r01 "},
        {{.tenant = SAMPLE_TENANT, .dag_id = "even"}, "r18 r16 r14 r12 r10 r08 r06 r04 r02 r00 "},
        {{.tenant = SAMPLE_TENANT, .statuses = 1u << STORE_RUN_COMPLETED},
         "r18 r19 r14 r15 r10 r11 r06 r07 r02 r03 "},
        {{.tenant = SAMPLE_TENANT, .dag_id = "odd", .statuses = 1u << STORE_RUN_COMPLETED},
         "r19 r15 r11 r07 r03 "},
        {{.tenant = SAMPLE_TENANT,
          .dag_id = "odd",
          .statuses = 1u << STORE_RUN_COMPLETED | 1u << STORE_RUN_RUNNING},
         "r19 r17 r15 r13 r11 r09 r07 r05 r03 r01 "},
        {{.tenant = SAMPLE_TENANT, .statuses = 1u << STORE_RUN_FAILED}, ""},
        {{.tenant = SAMPLE_TENANT, .from_us = SAMPLE_TIME + 700}, "r18 r19 r16 r17 r14 r15 "},
        {{.tenant = SAMPLE_TENANT, .to_us = SAMPLE_TIME + 100}, "r00 r01 "},
        {{.tenant = SAMPLE_TENANT, .from_us = SAMPLE_TIME + 100, .to_us = SAMPLE_TIME + 300},
         "r04 r05 r02 r03 "},
        {{.tenant = "other"}, ""},
    };

    add_twenty();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (uint32_t size = 1; size <= 21; size += 4) {
            auto_done(buf) ids = {0};

            read_all(&rows[i].filter, size, &ids);
            ck_assert_str_eq(buf_text(&ids), rows[i].ids);
        }
    }
}
END_TEST

START_TEST(a_list_has_no_bodies_and_one_run_has_them)
{
    auto_done(store_run_list) without = {0};
    auto_done(store_run_list) head = {0};
    auto_done(store_run_list) with = {0};
    struct store_run_filter filter = {.tenant = SAMPLE_TENANT};
    struct err e = {0};

    add_run("r1");
    ck_assert(store_read_runs(fixture_reader, &filter, (struct store_page){0}, &without, &e));
    ck_assert_ptr_null(without.rows[0].input);
    ck_assert_str_eq(without.rows[0].inputs_hash, SAMPLE_HASH_A);
    ck_assert(store_read_run_head(fixture_reader, SAMPLE_TENANT, "r1", &head, &e));
    ck_assert_ptr_null(head.rows[0].input);
    ck_assert_str_eq(head.rows[0].inputs_hash, SAMPLE_HASH_A);
    ck_assert(store_read_run(fixture_reader, SAMPLE_TENANT, "r1", &with, &e));
    ck_assert_str_eq(with.rows[0].input, sample_run("r1").input);
}
END_TEST

START_TEST(a_set_with_an_unknown_status_and_a_foreign_token_are_refused)
{
    auto_done(store_run_list) l = {0};
    const struct store_run_filter odd = {.tenant = SAMPLE_TENANT, .statuses = 1u << 20};
    const struct store_run_filter plain = {.tenant = SAMPLE_TENANT};
    struct err e = {0};

    ck_assert(!store_read_runs(fixture_reader, &odd, (struct store_page){0}, &l, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
    ck_assert(!store_read_runs(fixture_reader, &plain, (struct store_page){.token = "x!"}, &l, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
    ck_assert_ptr_null(l.mem);
}
END_TEST

START_TEST(recovery_finds_unfinished_runs_of_all_tenants_oldest_first)
{
    static const struct {
        const char *id;
        const char *tenant;
        enum store_run_status status;
        int64_t created_us;
    } rows[] = {
        {"c", "acme", STORE_RUN_PENDING, 30}, {"a", "other", STORE_RUN_PAUSED, 20},
        {"b", "acme", STORE_RUN_RUNNING, 20}, {"d", "acme", STORE_RUN_COMPLETED, 10},
        {"e", "acme", STORE_RUN_FAILED, 5},
    };
    auto_done(store_run_list) first = {0};
    auto_done(store_run_list) second = {0};
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_run run = sample_run(rows[i].id);

        run.tenant = rows[i].tenant;
        run.status = rows[i].status;
        run.created_us = rows[i].created_us;
        add(run);
    }
    ck_assert(store_read_unfinished(fixture_reader, SAMPLE_HOST, 1, (struct store_page){.size = 2},
                                    &first, &e));
    ck_assert_uint_eq(first.count, 2);
    ck_assert_str_eq(first.rows[0].run_id, "a");
    ck_assert_str_eq(first.rows[1].run_id, "b");
    ck_assert_ptr_null(first.rows[0].input); /* heads only */
    ck_assert(store_read_unfinished(fixture_reader, SAMPLE_HOST, 1,
                                    (struct store_page){first.next_page, 2}, &second, &e));
    ck_assert_uint_eq(second.count, 1);
    ck_assert_str_eq(second.rows[0].run_id, "c");
    ck_assert_ptr_null(second.next_page);
}
END_TEST

static void check_unsigned(size_t count)
{
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    ck_assert(store_read_unsigned(fixture_reader, (struct store_page){0}, &l, &e));
    ck_assert_uint_eq(l.count, count);
    if (count > 0)
        ck_assert_str_eq(l.rows[0].run_id, "a");
}

/* That of a host that is alive is its own to sign. */
START_TEST(an_ended_run_of_a_host_that_is_gone_waits_for_its_statement_until_one_is_stored)
{
    struct store_run_end end = sample_run_end("a");
    struct store_statement statement = {0, "a", SAMPLE_TENANT, SAMPLE_HASH_A, "{}", 1};
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run("a");

    run.lease_owner = store_host_id(fixture_store);
    run.lease_epoch = store_host_epoch(fixture_store);
    add(run);
    check_unsigned(0);
    store_batch_run_end(b, &end);
    commit(b);
    check_unsigned(0);
    fixture_close();
    fixture_open();
    check_unsigned(1);
    b = store_batch_new();
    store_batch_statement_put(b, &statement);
    commit(b);
    check_unsigned(0);
}
END_TEST

/* What an earlier end's host was slow to store must not stand for the end that came behind it. */
START_TEST(a_statement_of_an_end_that_is_no_more_is_not_stored)
{
    struct store_run_end end = sample_run_end("a");
    struct store_statement late = {0, "a", SAMPLE_TENANT, SAMPLE_HASH_A, "{\"of\":1}", 1};
    struct store_statement fits = {0, "a", SAMPLE_TENANT, SAMPLE_HASH_B, "{\"of\":2}", 2};
    auto_done(store_statement_list) s = {0};
    struct store_batch *b = store_batch_new();
    struct err e;

    add(sample_run("a"));
    end.status = STORE_RUN_FAILED;
    store_batch_run_end(b, &end);
    store_batch_run_reopen(b, SAMPLE_TENANT, "a", "gone", 1);
    end.chain_hash = SAMPLE_HASH_B;
    store_batch_run_end(b, &end);
    store_batch_statement_put(b, &late);
    commit(b);
    ck_assert(!store_read_statement(fixture_reader, SAMPLE_TENANT, "a", &s, &e));
    check_unsigned(1);
    b = store_batch_new();
    store_batch_statement_put(b, &fits);
    commit(b);
    check_unsigned(0);
    ck_assert(store_read_statement(fixture_reader, SAMPLE_TENANT, "a", &s, &e));
    ck_assert_str_eq(s.rows[0].envelope, "{\"of\":2}");
}
END_TEST

static struct store_batch *options_of(const char *tenant, const char *run_id)
{
    struct store_batch *b = store_batch_new();

    store_batch_run_options(b, tenant, run_id, "{\"deadlines\":[]}");
    return b;
}

START_TEST(options_are_written_anew)
{
    auto_done(store_run_list) found = {0};
    struct err e = {0};

    add_run("r1");
    commit(options_of(SAMPLE_TENANT, "r1"));
    ck_assert(store_read_run(fixture_reader, SAMPLE_TENANT, "r1", &found, &e));
    ck_assert_str_eq(found.rows[0].options, "{\"deadlines\":[]}");
    ck_assert_int_eq(commit_code(options_of("other", "r1")), ERR_NOT_FOUND);
    ck_assert_int_eq(commit_code(options_of(SAMPLE_TENANT, "none")), ERR_NOT_FOUND);
}
END_TEST

START_TEST(counts_and_durations_are_the_tenants_own)
{
    struct store_status_counts counts;
    struct store_durations d;
    auto_done(store_slow_node_list) slow = {0};
    struct err e = {0};

    add_twenty();
    for (int i = 0; i < 20; i++) {
        struct store_batch *b = store_batch_new();
        char id[8];
        struct store_node node = sample_node(id, i % 2 == 0 ? "fast" : "slow");
        struct store_run_end end = sample_run_end(id);

        snprintf(id, sizeof id, "r%02d", i);
        node.duration_ms = i % 2 == 0 ? 1 : 100 + i;
        end.completed_us = SAMPLE_TIME + (i / 2) * 100 + 4000;
        store_batch_node_upsert(b, &node);
        store_batch_run_end(b, &end);
        commit(b);
    }
    ck_assert(store_read_status_counts(fixture_reader, SAMPLE_TENANT, &counts, &e));
    ck_assert_int_eq(counts.of[STORE_RUN_COMPLETED], 20);
    ck_assert_int_eq(counts.of[STORE_RUN_RUNNING], 0);
    ck_assert(store_read_status_counts(fixture_reader, "other", &counts, &e));
    ck_assert_int_eq(counts.of[STORE_RUN_COMPLETED], 0);
    ck_assert(store_read_durations(fixture_reader, SAMPLE_TENANT, &d, &e));
    ck_assert_double_eq_tol(d.run_avg_ms, 4.0, 1e-9);
    ck_assert_double_eq_tol(d.node_p99_ms, 119.0, 1e-9);
    ck_assert(store_read_slow_nodes(fixture_reader, SAMPLE_TENANT, &slow, &e));
    ck_assert_uint_eq(slow.count, 2);
    ck_assert_str_eq(slow.rows[0].node_id, "slow");
    ck_assert_str_eq(slow.rows[0].dag_id, "odd");
    ck_assert_int_eq(slow.rows[0].count, 10);
    ck_assert_double_eq_tol(slow.rows[0].avg_ms, 110.0, 1e-9);
    ck_assert_double_eq_tol(slow.rows[0].p99_ms, 119.0, 1e-9);
    ck_assert(store_read_durations(fixture_reader, "other", &d, &e));
    ck_assert_double_eq_tol(d.run_avg_ms, 0.0, 1e-9);
}
END_TEST

START_TEST(counts_beyond_the_total_are_refused)
{
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run("r1");

    run.counts = (struct store_counts){.total = 1, .completed = 1, .failed = 1};
    store_batch_run_insert(b, &run);
    ck_assert_int_eq(commit_code(b), ERR_INVALID);
}
END_TEST

START_TEST(status_words_are_v021s_both_ways)
{
    for (int s = STORE_RUN_INVALID + 1; s < STORE_RUN_STATUS_COUNT; s++)
        ck_assert_int_eq(store_run_status_parse(store_run_status_text((enum store_run_status)s)),
                         s);
    for (int s = STORE_NODE_INVALID + 1; s < STORE_NODE_STATUS_COUNT; s++)
        ck_assert_int_eq(store_node_status_parse(store_node_status_text((enum store_node_status)s)),
                         s);
    ck_assert_int_eq(store_run_status_parse("timeout"), STORE_RUN_INVALID);
    ck_assert_int_eq(store_node_status_parse(""), STORE_NODE_INVALID);
}
END_TEST

TCase *runs_cases(void)
{
    TCase *c = tcase_create("runs");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_run_reads_back_as_it_was_written);
    tcase_add_test(c, another_tenants_run_is_not_found);
    tcase_add_test(c, update_and_end_change_a_run_and_reopen_clears_its_end);
    tcase_add_test(c, changes_to_a_run_that_is_not_there_are_refused);
    tcase_add_test(c, the_same_token_dag_and_inputs_give_one_run_a_tenant);
    tcase_add_test(c, a_run_id_is_taken_once);
    tcase_add_test(c, runs_list_newest_first_then_by_id_on_any_page_size);
    tcase_add_test(c, a_list_has_no_bodies_and_one_run_has_them);
    tcase_add_test(c, a_set_with_an_unknown_status_and_a_foreign_token_are_refused);
    tcase_add_test(c, recovery_finds_unfinished_runs_of_all_tenants_oldest_first);
    tcase_add_test(c,
                   an_ended_run_of_a_host_that_is_gone_waits_for_its_statement_until_one_is_stored);
    tcase_add_test(c, a_statement_of_an_end_that_is_no_more_is_not_stored);
    tcase_add_test(c, options_are_written_anew);
    tcase_add_test(c, counts_and_durations_are_the_tenants_own);
    tcase_add_test(c, counts_beyond_the_total_are_refused);
    tcase_add_test(c, status_words_are_v021s_both_ways);
    tcase_set_timeout(c, 60);
    return c;
}
