/* letters_test.c -- dead letters: one a task, however often it died, until it is dead no more. */
#include "suites.h"

#include "base/mem.h"

#include <string.h>

static struct store_dead_letter letter(const char *id)
{
    return (struct store_dead_letter){.dead_letter_id = id,
                                      .tenant = SAMPLE_TENANT,
                                      .task_id = "t",
                                      .run_id = id,
                                      .lane = "ml",
                                      .reason = "retries_exhausted",
                                      .error_class = "E",
                                      .message = "it broke",
                                      .fingerprint = SAMPLE_HASH_A,
                                      .replayed_by = "",
                                      .deaths = 1,
                                      .attempts = 2,
                                      .priority = 6,
                                      .first_us = SAMPLE_TIME,
                                      .last_us = SAMPLE_TIME};
}

static void put(const struct store_dead_letter *row)
{
    struct store_batch *b = store_batch_new();

    store_batch_dead_letter_put(b, row);
    commit(b);
}

/* Ids of the letters that the filter finds, in their order, a page of two at a time. */
static void found(struct store_dead_filter filter, const char *want)
{
    auto_done(buf) ids = {0};
    auto_mem char *token = NULL;
    struct err e = {0};

    if (filter.tenant == NULL)
        filter.tenant = SAMPLE_TENANT;
    do {
        auto_done(store_dead_letter_list) l = {0};
        struct store_page page = {.token = token, .size = 2};

        ck_assert_msg(store_read_dead_letters(fixture_reader, &filter, page, &l, &e), "%s", e.msg);
        for (size_t i = 0; i < l.count; i++)
            buf_addf(&ids, "%s ", l.rows[i].dead_letter_id);
        free(token);
        token = mem_str(l.next_page);
    } while (token != NULL);
    ck_assert_str_eq(buf_text(&ids), want);
}

START_TEST(a_letter_is_read_as_it_was_put)
{
    auto_done(store_dead_letter_list) l = {0};
    const struct store_dead_letter row = letter("r1");
    struct err e = {0};

    put(&row);
    ck_assert(store_read_dead_letter(fixture_reader, SAMPLE_TENANT, "r1", &l, &e));
    ck_assert_str_eq(l.rows[0].task_id, "t");
    ck_assert_str_eq(l.rows[0].run_id, "r1");
    ck_assert_str_eq(l.rows[0].lane, "ml");
    ck_assert_str_eq(l.rows[0].reason, "retries_exhausted");
    ck_assert_str_eq(l.rows[0].error_class, "E");
    ck_assert_str_eq(l.rows[0].message, "it broke");
    ck_assert_str_eq(l.rows[0].fingerprint, SAMPLE_HASH_A);
    ck_assert_str_eq(l.rows[0].replayed_by, "");
    ck_assert_int_eq(l.rows[0].deaths, 1);
    ck_assert_int_eq(l.rows[0].attempts, 2);
    ck_assert_int_eq(l.rows[0].priority, 6);
    ck_assert_int_eq(l.rows[0].first_us, SAMPLE_TIME);
    ck_assert_int_eq(l.rows[0].last_us, SAMPLE_TIME);
}
END_TEST

START_TEST(a_task_that_dies_again_has_one_letter_that_counts)
{
    auto_done(store_dead_letter_list) l = {0};
    struct store_dead_letter row = letter("r1");
    struct err e = {0};

    put(&row);
    row.error_class = "F";
    row.message = "otherwise";
    row.fingerprint = SAMPLE_HASH_B;
    row.reason = "permanent_error";
    row.attempts = 5;
    row.first_us = row.last_us = SAMPLE_TIME + 7;
    put(&row);
    found((struct store_dead_filter){0}, "r1 ");
    ck_assert(store_read_dead_letter(fixture_reader, SAMPLE_TENANT, "r1", &l, &e));
    ck_assert_int_eq(l.rows[0].deaths, 2);
    ck_assert_int_eq(l.rows[0].attempts, 5);
    ck_assert_str_eq(l.rows[0].error_class, "F");
    ck_assert_str_eq(l.rows[0].message, "otherwise");
    ck_assert_str_eq(l.rows[0].fingerprint, SAMPLE_HASH_B);
    ck_assert_str_eq(l.rows[0].reason, "permanent_error");
    ck_assert_int_eq(l.rows[0].first_us, SAMPLE_TIME);
    ck_assert_int_eq(l.rows[0].last_us, SAMPLE_TIME + 7);
}
END_TEST

START_TEST(letters_are_found_by_lane_class_and_fingerprint)
{
    struct store_dead_letter row = letter("r1");

    put(&row);
    row.run_id = row.dead_letter_id = "r2";
    row.lane = "codegen";
    put(&row);
    row.run_id = row.dead_letter_id = "r3";
    row.error_class = "F";
    row.fingerprint = SAMPLE_HASH_B;
    put(&row);
    row.run_id = row.dead_letter_id = "r4";
    row.tenant = "other";
    put(&row);
    found((struct store_dead_filter){0}, "r3 r2 r1 ");
    found((struct store_dead_filter){.lane = "codegen"}, "r3 r2 ");
    found((struct store_dead_filter){.error_class = "E"}, "r2 r1 ");
    found((struct store_dead_filter){.fingerprint = SAMPLE_HASH_A}, "r2 r1 ");
    found((struct store_dead_filter){.fingerprint = SAMPLE_HASH_A, .lane = "ml"}, "r1 ");
    found((struct store_dead_filter){.fingerprint = SAMPLE_HASH_B, .error_class = "E"}, "");
    found((struct store_dead_filter){.tenant = "other"}, "r4 ");
}
END_TEST

static void put_of(const char *id, const char *lane, const char *fingerprint, int64_t time_us)
{
    struct store_dead_letter row = letter(id);
    auto_mem char *message = mem_printf("message of %s", id);

    row.lane = lane;
    row.message = message;
    row.fingerprint = fingerprint;
    row.error_class = strcmp(fingerprint, SAMPLE_HASH_A) == 0 ? "E" : "F";
    row.reason = strcmp(lane, "ml") == 0 ? "deliveries_exhausted" : "permanent_error";
    row.first_us = time_us;
    row.last_us = time_us + 1;
    put(&row);
}

static void put_five(void)
{
    put_of("r1", "ml", SAMPLE_HASH_A, SAMPLE_TIME + 40);
    put_of("r2", "ml", SAMPLE_HASH_A, SAMPLE_TIME + 20);
    put_of("r3", "ml", SAMPLE_HASH_A, SAMPLE_TIME + 30);
    put_of("r4", "ml", SAMPLE_HASH_A, SAMPLE_TIME + 25);
    put_of("r5", "codegen", SAMPLE_HASH_B, SAMPLE_TIME + 50);
}

START_TEST(letters_are_counted_by_lane_and_class)
{
    auto_done(store_dead_count_list) lanes = {0};
    auto_done(store_dead_count_list) classes = {0};
    struct store_dead_totals t;
    struct err e = {0};

    ck_assert(store_read_dead_totals(fixture_reader, SAMPLE_TENANT, &t, &e));
    ck_assert_int_eq(t.letters + t.retryable + t.oldest_us + t.newest_us, 0);
    put_five();
    ck_assert(store_read_dead_totals(fixture_reader, SAMPLE_TENANT, &t, &e));
    ck_assert_int_eq(t.letters, 5);
    ck_assert_int_eq(t.retryable, 4);
    ck_assert_int_eq(t.oldest_us, SAMPLE_TIME + 20);
    ck_assert_int_eq(t.newest_us, SAMPLE_TIME + 51);
    ck_assert(
        store_read_dead_counts(fixture_reader, SAMPLE_TENANT, STORE_DEAD_BY_LANE, &lanes, &e));
    ck_assert_uint_eq(lanes.count, 2);
    ck_assert_str_eq(lanes.rows[0].name, "ml");
    ck_assert_int_eq(lanes.rows[0].letters, 4);
    ck_assert_str_eq(lanes.rows[1].name, "codegen");
    ck_assert(
        store_read_dead_counts(fixture_reader, SAMPLE_TENANT, STORE_DEAD_BY_CLASS, &classes, &e));
    ck_assert_uint_eq(classes.count, 2);
    ck_assert_str_eq(classes.rows[1].name, "F");
    ck_assert_int_eq(classes.rows[1].letters, 1);
    ck_assert(store_read_dead_totals(fixture_reader, "other", &t, &e));
    ck_assert_int_eq(t.letters, 0);
}
END_TEST

START_TEST(letters_are_counted_of_all_tenants)
{
    auto_done(store_dead_count_list) none = {0};
    auto_done(store_dead_count_list) all = {0};
    auto_done(store_dead_count_list) first = {0};
    struct store_dead_letter row = letter("r1");
    struct err e = {0};

    ck_assert(store_read_dead_depths(fixture_reader, 10, &none, &e));
    ck_assert_uint_eq(none.count, 0);
    put(&row);
    row.tenant = "other";
    put(&row);
    row.run_id = row.dead_letter_id = "r2";
    put(&row);
    ck_assert(store_read_dead_depths(fixture_reader, 10, &all, &e));
    ck_assert_uint_eq(all.count, 2);
    ck_assert_str_eq(all.rows[0].name, SAMPLE_TENANT);
    ck_assert_int_eq(all.rows[0].letters, 1);
    ck_assert_str_eq(all.rows[1].name, "other");
    ck_assert_int_eq(all.rows[1].letters, 2);
    ck_assert(store_read_dead_depths(fixture_reader, 1, &first, &e));
    ck_assert_uint_eq(first.count, 1);
}
END_TEST

START_TEST(letters_that_are_alike_are_a_group_with_its_youngest)
{
    auto_done(store_dead_group_list) all = {0};
    auto_done(store_dead_group_list) first = {0};
    auto_done(store_dead_group_list) lane = {0};
    auto_done(store_dead_group_list) other = {0};
    struct err e = {0};

    put_five();
    ck_assert(store_read_dead_groups(fixture_reader, SAMPLE_TENANT, NULL, 10, &all, &e));
    ck_assert_uint_eq(all.count, 2);
    ck_assert_str_eq(all.rows[0].lane, "ml");
    ck_assert_str_eq(all.rows[0].fingerprint, SAMPLE_HASH_A);
    ck_assert_str_eq(all.rows[0].error_class, "E");
    ck_assert_str_eq(all.rows[0].message, "message of r4");
    ck_assert_str_eq(all.rows[0].samples[0], "r4 t");
    ck_assert_str_eq(all.rows[0].samples[2], "r2 t");
    ck_assert_int_eq(all.rows[0].letters, 4);
    ck_assert_int_eq(all.rows[0].first_us, SAMPLE_TIME + 20);
    ck_assert_int_eq(all.rows[0].last_us, SAMPLE_TIME + 41);
    ck_assert_str_eq(all.rows[1].samples[0], "r5 t");
    ck_assert_ptr_null(all.rows[1].samples[1]);
    ck_assert(store_read_dead_groups(fixture_reader, SAMPLE_TENANT, NULL, 1, &first, &e));
    ck_assert_uint_eq(first.count, 1);
    ck_assert(store_read_dead_groups(fixture_reader, SAMPLE_TENANT, "codegen", 10, &lane, &e));
    ck_assert_uint_eq(lane.count, 1);
    ck_assert_str_eq(lane.rows[0].fingerprint, SAMPLE_HASH_B);
    ck_assert(store_read_dead_groups(fixture_reader, "other", NULL, 10, &other, &e));
    ck_assert_uint_eq(other.count, 0);
}
END_TEST

START_TEST(a_letter_is_of_its_tenant_alone)
{
    auto_done(store_dead_letter_list) l = {0};
    const struct store_dead_letter row = letter("r1");
    struct store_batch *b = store_batch_new();
    struct err e = {0};

    put(&row);
    ck_assert(!store_read_dead_letter(fixture_reader, "other", "r1", &l, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    store_batch_dead_letter_drop(b, "other", "r1");
    commit(b);
    found((struct store_dead_filter){0}, "r1 ");
}
END_TEST

static bool is_dead(const char *run_id)
{
    auto_done(store_run_list) l = {0};
    struct err e = {0};

    ck_assert_msg(store_read_run_head(fixture_reader, SAMPLE_TENANT, run_id, &l, &e), "%s", e.msg);
    return l.rows[0].is_dead;
}

static void end(const char *run_id, const struct store_dead_letter *of)
{
    struct store_batch *b = store_batch_new();
    struct store_run_end row = sample_run_end(run_id);

    row.status = STORE_RUN_FAILED;
    store_batch_run_end(b, &row);
    if (of != NULL)
        store_batch_dead_letter_put(b, of);
    commit(b);
}

START_TEST(a_task_is_dead_while_its_letter_is_there)
{
    struct store_batch *b = store_batch_new();
    struct store_run run = sample_run("r1");
    const struct store_dead_letter row = letter("r1");

    run.task_priority = 5;
    store_batch_run_insert(b, &run);
    commit(b);
    ck_assert(!is_dead("r1"));
    end("r1", &row);
    ck_assert(is_dead("r1"));
    b = store_batch_new();
    store_batch_run_reopen(b, SAMPLE_TENANT, "r1", SAMPLE_HOST, 1);
    commit(b);
    ck_assert(!is_dead("r1")); /* it is tried again */
    end("r1", NULL);
    ck_assert(is_dead("r1"));
    b = store_batch_new();
    store_batch_dead_letter_drop(b, SAMPLE_TENANT, "r1");
    store_batch_dead_letter_drop(b, SAMPLE_TENANT, "none");
    commit(b);
    ck_assert(!is_dead("r1"));
    found((struct store_dead_filter){0}, "");
}
END_TEST

static struct store_batch *replay(const char *tenant, const char *id, const char *task_id)
{
    struct store_batch *b = store_batch_new();

    store_batch_dead_letter_replayed(b, tenant, id, task_id);
    return b;
}

START_TEST(a_letter_names_each_replay_in_their_order)
{
    auto_done(store_dead_letter_list) l = {0};
    struct store_dead_letter row = letter("r1");
    auto_mem char *long_id = mem_printf("%0*d", STORE_REPLAYS_BYTES_MAX / 2, 7);
    struct err e = {0};

    ck_assert_int_eq(commit_code(replay(SAMPLE_TENANT, "r1", "none")), ERR_CONFLICT);
    put(&row);
    commit(replay(SAMPLE_TENANT, "r1", "one"));
    ck_assert_int_eq(commit_code(replay("other", "r1", "theirs")), ERR_CONFLICT);
    commit(replay(SAMPLE_TENANT, "r1", "two"));
    row.message = "again";
    put(&row); /* its own task was tried again, and died */
    ck_assert(store_read_dead_letter(fixture_reader, SAMPLE_TENANT, "r1", &l, &e));
    ck_assert_str_eq(l.rows[0].replayed_by, "one\ntwo\n");
    ck_assert_str_eq(l.rows[0].message, "again");
    commit(replay(SAMPLE_TENANT, "r1", long_id));
    ck_assert_int_eq(commit_code(replay(SAMPLE_TENANT, "r1", long_id)), ERR_CONFLICT);
}
END_TEST

static struct store_batch *clearing(const char *id, int64_t deaths)
{
    struct store_batch *b = store_batch_new();

    store_batch_dead_snapshot_put(b, &(struct store_dead_snapshot){.tenant = SAMPLE_TENANT,
                                                                   .snapshot_id = "s",
                                                                   .reason = "over",
                                                                   .created_by = "ops",
                                                                   .items = "[{}]",
                                                                   .sha256 = SAMPLE_HASH_A,
                                                                   .letters = 1,
                                                                   .created_us = SAMPLE_TIME});
    store_batch_dead_letter_clear(b, SAMPLE_TENANT, id, deaths);
    return b;
}

START_TEST(a_letter_is_cleared_with_its_snapshot_or_neither_is)
{
    auto_done(store_dead_snapshot_list) l = {0};
    auto_done(store_dead_snapshot_list) none = {0};
    struct store_dead_letter row = letter("r1");
    struct err e = {0};

    put(&row);
    put(&row); /* it died again since it was read */
    ck_assert_int_eq(commit_code(clearing("r1", 1)), ERR_CONFLICT);
    found((struct store_dead_filter){0}, "r1 ");
    ck_assert(!store_read_dead_snapshot(fixture_reader, SAMPLE_TENANT, "s", &none, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    commit(clearing("r1", 2));
    found((struct store_dead_filter){0}, "");
    ck_assert(store_read_dead_snapshot(fixture_reader, SAMPLE_TENANT, "s", &l, &e));
    ck_assert_str_eq(l.rows[0].reason, "over");
    ck_assert_str_eq(l.rows[0].created_by, "ops");
    ck_assert_str_eq(l.rows[0].items, "[{}]");
    ck_assert_str_eq(l.rows[0].sha256, SAMPLE_HASH_A);
    ck_assert_int_eq(l.rows[0].letters, 1);
    ck_assert_int_eq(l.rows[0].created_us, SAMPLE_TIME);
    ck_assert(!store_read_dead_snapshot(fixture_reader, "other", "s", &none, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_letter_for_no_reason_is_refused)
{
    struct store_batch *b = store_batch_new();
    struct store_dead_letter row = letter("r1");

    row.reason = "because";
    store_batch_dead_letter_put(b, &row);
    ck_assert_int_eq(commit_code(b), ERR_INVALID);
    found((struct store_dead_filter){0}, "");
}
END_TEST

TCase *letters_cases(void)
{
    TCase *c = tcase_create("letters");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_letter_is_read_as_it_was_put);
    tcase_add_test(c, a_task_that_dies_again_has_one_letter_that_counts);
    tcase_add_test(c, letters_are_found_by_lane_class_and_fingerprint);
    tcase_add_test(c, letters_are_counted_by_lane_and_class);
    tcase_add_test(c, letters_are_counted_of_all_tenants);
    tcase_add_test(c, letters_that_are_alike_are_a_group_with_its_youngest);
    tcase_add_test(c, a_letter_is_of_its_tenant_alone);
    tcase_add_test(c, a_task_is_dead_while_its_letter_is_there);
    tcase_add_test(c, a_letter_names_each_replay_in_their_order);
    tcase_add_test(c, a_letter_is_cleared_with_its_snapshot_or_neither_is);
    tcase_add_test(c, a_letter_for_no_reason_is_refused);
    return c;
}
