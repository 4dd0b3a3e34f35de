/* secret_test.c -- secrets on their way: from a client into the store, from there to an attempt. */
#include "suites.h"

#include "engine/catalog/secrets.h"

#include <string.h>
#include <unistd.h>

static struct rig_answer put(const char *name, const char *version)
{
    struct rig_answer a = {0};

    secrets_put(&rig.env, &rig_actor,
                &(struct api_secret_put){
                    .name = name, .boxed = "box", .boxed_len = 3, .target_version = version},
                rig_answered, &a);
    if (a.told == 0)
        rig_authority_answers(&rig, ERR_NONE);
    ck_assert_uint_eq(a.told, 1);
    return a;
}

START_TEST(a_secret_gets_the_next_version_or_the_one_it_asks_for)
{
    ck_assert_int_eq(put("token", NULL).count, 1);
    ck_assert_int_eq(put("token", NULL).count, 2);
    ck_assert_int_eq(put("token", "7").count, 7);
    ck_assert_int_eq(put("token", NULL).count, 8);
}
END_TEST

START_TEST(a_secret_that_is_not_sealed_is_not_stored)
{
    struct rig_answer a = {0};
    const struct api_secret_put what = {.name = "token", .boxed = "box", .boxed_len = 3};

    secrets_put(&rig.env, &rig_actor, &what, rig_answered, &a);
    rig_authority_answers(&rig, ERR_INVALID);
    ck_assert_int_eq(a.code, ERR_INVALID);
    rig.authority.attached = false;
    secrets_put(&rig.env, &rig_actor, &what, rig_answered, &a);
    ck_assert_int_eq(a.code, ERR_UNAVAILABLE);
    secrets_delete(&rig.env, &rig_actor, "token", rig_answered, &a);
    ck_assert_int_eq(a.code, ERR_NOT_FOUND);
    ck_assert_uint_eq(a.told, 3);
}
END_TEST

START_TEST(a_deleted_secret_is_gone)
{
    struct rig_answer a = {0};

    put("token", NULL);
    secrets_delete(&rig.env, &rig_actor, "token", rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(put("token", NULL).count, 1);
}
END_TEST

static char id[UUID_TEXT_BYTES];

static void start_with_secret(const char *refs)
{
    char text[512];

    snprintf(text, sizeof text,
             "{\"name\":\"s\",\"dag_id\":\"s\",\"version\":\"1.0.0\",\"nodes\":{\"n\":{"
             "\"agent_id\":\"a\",\"secret_refs\":{%s}}}}",
             refs);
    rig_publish(&rig, text);
    snprintf(id, sizeof id, "%s", run_of("s"));
}

START_TEST(an_attempt_with_secrets_gets_a_pipe_that_the_authority_fills)
{
    const struct rig_attempt *a;
    char byte;

    put("token", NULL);
    put("token", NULL);
    start_with_secret("\"TOKEN\":\"secret://token@1\",\"LATEST\":\"secret://token\"");
    ck_assert_uint_eq(rig.authority.count, 1);
    ck_assert_uint_eq(rig.authority.requests[0].count, 2);
    ck_assert_str_eq(rig.authority.requests[0].names[0], "TOKEN=token@1");
    ck_assert_str_eq(rig.authority.requests[0].names[1], "LATEST=token@2");
    a = rig_open_attempt(&rig, "n");
    ck_assert_int_ge(a->secret_fd, 0);
    ck_assert_int_eq(read(a->secret_fd, &byte, 1), 0); /* no copy of the end stays with the host */
    rig_authority_answers(&rig, ERR_NONE);
    rig_ok(&rig, "n");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
}
END_TEST

static const struct {
    enum err_code answer;
    const char *error_class;
} answers[] = {{ERR_NOT_FOUND, "ValueError"}, {ERR_DENIED, "ValueError"}};

START_TEST(a_secret_that_the_authority_refuses_fails_the_attempt)
{
    auto_done(store_node_list) rows = {0};
    struct err e;

    put("token", NULL);
    start_with_secret("\"TOKEN\":\"secret://token\"");
    rig_authority_answers(&rig, answers[_i].answer);
    ck_assert(rig.sandbox.attempts[0].killed);
    rig_fails(&rig, "n", OUTCOME_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "n", &rows, &e));
    ck_assert_str_eq(rows.rows[0].error_class, answers[_i].error_class);
    ck_assert_ptr_nonnull(strstr(rows.rows[0].error, "the authority says no"));
}
END_TEST

START_TEST(an_authority_that_dies_costs_the_attempt_nothing)
{
    put("token", NULL);
    start_with_secret("\"TOKEN\":\"secret://token\"");
    rig_authority_answers(&rig, ERR_UNAVAILABLE);
    rig_fails(&rig, "n", OUTCOME_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_RUNNING);
    rig_pass(60 * RIG_S);
    rig_settle(&rig);
    ck_assert_uint_eq(rig_open_attempt(&rig, "n")->attempt, 2);
}
END_TEST

START_TEST(a_secret_that_is_not_there_is_named_in_the_error)
{
    auto_done(store_node_list) rows = {0};
    struct err e;

    start_with_secret("\"TOKEN\":\"secret://nothing\"");
    ck_assert(rig.sandbox.attempts[0].killed);
    rig_fails(&rig, "n", OUTCOME_CANCELLED);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "n", &rows, &e));
    ck_assert_ptr_nonnull(strstr(rows.rows[0].error, "secret://nothing"));
}
END_TEST

TCase *secret_cases(void)
{
    TCase *tc = tcase_create("secret");

    tcase_add_test(tc, a_secret_gets_the_next_version_or_the_one_it_asks_for);
    tcase_add_test(tc, a_secret_that_is_not_sealed_is_not_stored);
    tcase_add_test(tc, a_deleted_secret_is_gone);
    tcase_add_test(tc, an_attempt_with_secrets_gets_a_pipe_that_the_authority_fills);
    tcase_add_loop_test(tc, a_secret_that_the_authority_refuses_fails_the_attempt, 0,
                        (int)ARRAY_LEN(answers));
    tcase_add_test(tc, an_authority_that_dies_costs_the_attempt_nothing);
    tcase_add_test(tc, a_secret_that_is_not_there_is_named_in_the_error);
    return tc;
}
