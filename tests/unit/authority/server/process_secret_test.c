/* process_secret_test.c -- through the real orch-authority a secret goes from its box to the pipe,
 * and nowhere else. */
#include "process_fixture.h"

#include "authority/keys/secret.h"
#include "base/clock.h"
#include "base/fd.h"

#include <string.h>
#include <unistd.h>

/* Seals value as acme/NAME version 1; the blob goes to b. */
static void seal_value(const char *name, const char *value, size_t len, struct buf *b)
{
    const struct secret_name bound = {"acme", name, 1};
    struct test_keys keys = test_keys();
    auto_done(buf) box = {0};
    struct err e = {0};

    ck_good(secret_box(keys.box, "acme", name, value, len, &box, &e), &e);
    ck_good(authority_secret_seal(test_client, &bound, box.data, box.len, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    buf_add(b, test_answer.text.data, test_answer.text.len);
}

static bool unseal(const char *tenant, const struct authority_secret_ref *refs, unsigned count,
                   int *ret_reader, struct err *e)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    *ret_reader = ends[0];
    ck_good(authority_secret_unseal(test_client, tenant, refs, count, &ends[1], test_reply(), e),
            e);
    return test_wait(e);
}

START_TEST(a_secret_reaches_the_attempts_pipe_and_no_reply)
{
    static const char want[] = "\x02\0\0\0DB\x07\0\0\0hunter2";
    auto_done(buf) blob = {0};
    auto_done(buf) got = {0};
    auto_fd reader = -1;
    struct err e = {0};

    seal_value("db", "hunter2", 7, &blob);
    ck_assert_ptr_null(memmem(blob.data, blob.len, "hunter2", 7));
    ck_good(unseal("acme", &(struct authority_secret_ref){"DB", "db", 1, blob.data, blob.len}, 1,
                   &reader, &e),
            &e);
    ck_assert_uint_eq(test_answer.text.len, 0); /* the reply has no field at all */
    ck_good(fd_read_all(reader, 1024, &got, &e), &e);
    ck_assert_uint_eq(got.len, sizeof want - 1);
    ck_assert_mem_eq(got.data, want, got.len);
}
END_TEST

START_TEST(large_secrets_arrive_whole_though_the_pipe_is_small)
{
    static char value[SECRET_VALUE_BYTES_MAX];
    auto_done(buf) blob = {0};
    auto_done(buf) got = {0};
    struct authority_secret_ref refs[8];
    int ends[2];
    struct err e = {0};

    memset(value, 'v', sizeof value);
    seal_value("big", value, sizeof value, &blob);
    for (size_t i = 0; i < ARRAY_LEN(refs); i++)
        refs[i] = (struct authority_secret_ref){"BIG", "big", 1, blob.data, blob.len};
    ck_assert_int_eq(pipe(ends), 0);
    ck_good(authority_secret_unseal(test_client, "acme", refs, ARRAY_LEN(refs), &ends[1],
                                    test_reply(), &e),
            &e);
    authority_client_turn(test_client, clock_mono_ns());
    ck_good(fd_read_all(ends[0], 1024 * 1024, &got, &e), &e);
    ck_good(test_wait(&e), &e);
    ck_assert_uint_eq(got.len, ARRAY_LEN(refs) * (sizeof value + 8 + 3));
    close(ends[0]);
}
END_TEST

START_TEST(an_attempt_that_does_not_read_does_not_hold_up_others)
{
    static char value[SECRET_VALUE_BYTES_MAX];
    auto_done(buf) blob = {0};
    struct authority_secret_ref refs[2];
    int ends[2];
    struct err e = {0};

    seal_value("big", value, sizeof value, &blob);
    for (size_t i = 0; i < ARRAY_LEN(refs); i++)
        refs[i] = (struct authority_secret_ref){"BIG", "big", 1, blob.data, blob.len};
    ck_assert_int_eq(pipe(ends), 0);
    ck_good(authority_secret_unseal(test_client, "acme", refs, 2, &ends[1], test_reply(), &e), &e);
    authority_client_turn(test_client, clock_mono_ns());
    test_keys(); /* answered while the pipe is full; fails the test otherwise */
    close(ends[0]);
    ck_assert(!test_wait(&e));
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
}
END_TEST

START_TEST(a_secret_of_another_tenant_name_or_version_writes_nothing)
{
    static const struct {
        const char *tenant, *name;
        uint32_t version;
    } wrong[] = {{"rival", "db", 1}, {"acme", "dc", 1}, {"acme", "db", 2}};
    auto_done(buf) blob = {0};
    auto_done(buf) got = {0};

    seal_value("db", "hunter2", 7, &blob);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        const struct authority_secret_ref refs[] = {{"GOOD", "db", 1, blob.data, blob.len},
                                                    {"BAD", wrong[i].name, wrong[i].version,
                                                     blob.data, blob.len}};
        auto_fd reader = -1;
        struct err e = {0};

        ck_assert(!unseal(wrong[i].tenant, refs, 2, &reader, &e));
        ck_assert_int_eq(e.code, ERR_DENIED);
        ck_good(fd_read_all(reader, 1024, &got, &e), &e);
        ck_assert_uint_eq(got.len, 0);
    }
}
END_TEST

START_TEST(a_box_under_another_name_is_not_sealed)
{
    const struct secret_name other = {"rival", "db", 1};
    struct test_keys keys = test_keys();
    auto_done(buf) box = {0};
    struct err e = {0};

    ck_good(secret_box(keys.box, "acme", "db", "hunter2", 7, &box, &e), &e);
    ck_good(authority_secret_seal(test_client, &other, box.data, box.len, test_reply(), &e), &e);
    ck_assert(!test_wait(&e));
    ck_assert_int_eq(e.code, ERR_DENIED);
}
END_TEST

TCase *secret_message_cases(void)
{
    TCase *tc = tcase_create("secret messages");

    tcase_add_checked_fixture(tc, test_start, test_stop);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, a_secret_reaches_the_attempts_pipe_and_no_reply);
    tcase_add_test(tc, large_secrets_arrive_whole_though_the_pipe_is_small);
    tcase_add_test(tc, an_attempt_that_does_not_read_does_not_hold_up_others);
    tcase_add_test(tc, a_secret_of_another_tenant_name_or_version_writes_nothing);
    tcase_add_test(tc, a_box_under_another_name_is_not_sealed);
    return tc;
}
