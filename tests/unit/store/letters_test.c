/* letters_test.c -- dead letters: one a task, however often it died, until it is dead no more. */
#include "suites.h"

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
    tcase_add_test(c, a_letter_is_of_its_tenant_alone);
    tcase_add_test(c, a_task_is_dead_while_its_letter_is_there);
    tcase_add_test(c, a_letter_for_no_reason_is_refused);
    return c;
}
