/* secret_test.c -- a secret opens under its own name alone, and reaches its pipe whole or not at
 * all. */
#include "suites.h"

#include "authority/keys/keyring.h"
#include "authority/keys/secret.h"
#include "authority/server/pour.h"
#include "base/buf.h"
#include "ipc/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct keyring *test_keyring(uint8_t byte)
{
    uint8_t root[ROOT_KEY_BYTES];

    memset(root, byte, sizeof root);
    return keyring_derive(root);
}

START_TEST(a_boxed_value_opens_for_its_authority_tenant_and_name_only)
{
    auto_obj(keyring) ours = test_keyring(1);
    auto_obj(keyring) theirs = test_keyring(2);
    const struct secret_box_keys keys = keyring_box(ours), foreign = keyring_box(theirs);
    auto_obj(locked) value = NULL;
    auto_done(buf) box = {0};
    struct err e = {0};

    ck_good(secret_box(keys.public_key, "acme", "db", "hunter2", 7, &box, &e), &e);
    ck_assert_ptr_null(memmem(box.data, box.len, "hunter2", 7));
    ck_good(secret_unbox(&keys, &(struct secret_name){"acme", "db", 1}, box.data, box.len, &value,
                         &e),
            &e);
    ck_assert_uint_eq(value->len, 7);
    ck_assert_mem_eq(value->data, "hunter2", 7);
    locked_free(take(value));
    ck_assert(!secret_unbox(&foreign, &(struct secret_name){"acme", "db", 1}, box.data, box.len,
                            &value, &e));
    ck_error(&e, ERR_DENIED, "not boxed for this authority");
    ck_assert(!secret_unbox(&keys, &(struct secret_name){"rival", "db", 1}, box.data, box.len,
                            &value, &e));
    ck_error(&e, ERR_DENIED, "another tenant or name");
    ck_assert(!secret_unbox(&keys, &(struct secret_name){"acme", "dc", 1}, box.data, box.len,
                            &value, &e));
    ck_error(&e, ERR_DENIED, "another tenant or name");
    box.data[box.len - 1] ^= 1;
    ck_assert(!secret_unbox(&keys, &(struct secret_name){"acme", "db", 1}, box.data, box.len,
                            &value, &e));
    ck_assert(
        !secret_unbox(&keys, &(struct secret_name){"acme", "db", 1}, box.data, 47, &value, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
}
END_TEST

START_TEST(names_and_values_have_limits)
{
    auto_obj(keyring) k = test_keyring(1);
    const uint8_t *box_public = keyring_box(k).public_key;
    static char value[SECRET_VALUE_BYTES_MAX + 1], name[SECRET_NAME_BYTES_MAX + 2];
    auto_done(buf) box = {0};
    struct err e = {0};

    memset(name, 'n', sizeof name - 1);
    ck_assert(!secret_box(box_public, "acme", "db", value, sizeof value, &box, &e));
    ck_assert_int_eq(e.code, ERR_TOO_LARGE);
    ck_assert(!secret_box(box_public, "acme", name, "", 0, &box, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
    ck_assert(!secret_box(box_public, "", "db", "", 0, &box, &e));
    ck_assert(!secret_box(box_public, "acme", "\xff", "", 0, &box, &e));
    ck_assert_uint_eq(box.len, 0);
    ck_good(secret_box(box_public, "acme", "db", value, sizeof value - 1, &box, &e), &e);
    ck_assert_uint_le(box.len, SECRET_BOX_BYTES_MAX);
}
END_TEST

static void seal(const struct keyring *k, const struct secret_name *name, const char *text,
                 struct buf *blob)
{
    auto_obj(locked) value = locked_new(strlen(text));

    locked_add(value, text, strlen(text));
    secret_seal(keyring_sealing(k), name, value, blob);
}

START_TEST(a_sealed_value_opens_under_its_own_name_only)
{
    static const struct secret_name own = {"acme", "db", 3};
    static const struct secret_name others[] = {{"rival", "db", 3},
                                                {"acme", "dc", 3},
                                                {"acme", "db", 2},
                                                {"acmed", "b", 3}};
    auto_obj(keyring) k = test_keyring(1);
    auto_obj(keyring) other = test_keyring(2);
    auto_obj(locked) value = NULL;
    auto_done(buf) blob = {0};
    struct err e = {0};

    seal(k, &own, "hunter2", &blob);
    ck_assert_ptr_null(memmem(blob.data, blob.len, "hunter2", 7));
    ck_good(secret_open(keyring_sealing(k), &own, blob.data, blob.len, &value, &e), &e);
    ck_assert_uint_eq(value->len, 7);
    ck_assert_mem_eq(value->data, "hunter2", 7);
    locked_free(take(value));
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        ck_assert(!secret_open(keyring_sealing(k), &others[i], blob.data, blob.len, &value, &e));
        ck_error(&e, ERR_DENIED, "does not open");
    }
    ck_assert(!secret_open(keyring_sealing(other), &own, blob.data, blob.len, &value, &e));
    ck_assert_ptr_null(value);
}
END_TEST

START_TEST(a_changed_blob_does_not_open)
{
    static const struct secret_name own = {"acme", "db", 1};
    auto_obj(keyring) k = test_keyring(1);
    auto_obj(locked) value = NULL;
    auto_done(buf) blob = {0};
    struct err e = {0};

    seal(k, &own, "hunter2", &blob);
    for (size_t i = 0; i < blob.len; i++) {
        blob.data[i] ^= 1;
        ck_assert_msg(!secret_open(keyring_sealing(k), &own, blob.data, blob.len, &value, &e),
                      "byte %zu", i);
        ck_assert_int_eq(e.code, i == 0 ? ERR_UNSUPPORTED : ERR_DENIED);
        blob.data[i] ^= 1;
    }
    ck_assert(!secret_open(keyring_sealing(k), &own, blob.data, 40, &value, &e));
    ck_assert_int_eq(e.code, ERR_CORRUPT);
}
END_TEST

START_TEST(the_same_value_seals_differently_every_time)
{
    static const struct secret_name own = {"acme", "db", 1};
    auto_obj(keyring) k = test_keyring(1);
    auto_done(buf) first = {0};
    auto_done(buf) second = {0};

    seal(k, &own, "hunter2", &first);
    seal(k, &own, "hunter2", &second);
    ck_assert_uint_eq(first.len, second.len);
    ck_assert_mem_ne(first.data, second.data, first.len);
}
END_TEST

START_TEST(records_read_back_in_order)
{
    auto_obj(locked) out = locked_new(secret_record_bytes("A", 1) + secret_record_bytes("BB", 0));
    auto_obj(locked) one = locked_new(1);
    auto_obj(locked) none = locked_new(0);
    struct unpack u;
    char name[8], value[8];
    struct err e = {0};

    locked_add(one, "x", 1);
    secret_record_add(out, "A", one);
    secret_record_add(out, "BB", none);
    u = unpack_of(out->data, out->len);
    unpack_str(&u, name, sizeof name);
    unpack_str(&u, value, sizeof value);
    ck_assert_str_eq(name, "A");
    ck_assert_str_eq(value, "x");
    unpack_str(&u, name, sizeof name);
    unpack_str(&u, value, sizeof value);
    ck_assert_str_eq(name, "BB");
    ck_assert_str_eq(value, "");
    ck_good(unpack_end(&u, &e), &e);
}
END_TEST

TCase *secret_cases(void)
{
    TCase *tc = tcase_create("secret");

    tcase_add_test(tc, a_boxed_value_opens_for_its_authority_tenant_and_name_only);
    tcase_add_test(tc, names_and_values_have_limits);
    tcase_add_test(tc, a_sealed_value_opens_under_its_own_name_only);
    tcase_add_test(tc, a_changed_blob_does_not_open);
    tcase_add_test(tc, the_same_value_seals_differently_every_time);
    tcase_add_test(tc, records_read_back_in_order);
    return tc;
}

/* What pours_turn told about the pours of a test. */
struct ended {
    unsigned count;
    uint64_t request;
    enum err_code code;
};

static void note(void *arg, uint64_t request, const struct err *err)
{
    struct ended *ended = arg;

    ended->count++;
    ended->request = request;
    ended->code = err != NULL ? err->code : ERR_NONE;
}

/* Adds len bytes for a new pipe; *ret_read is the attempt's end. */
static void pour_into_pipe(struct pours *pours, uint64_t request, size_t len, int *ret_read)
{
    struct locked *bytes = locked_new(len);
    int ends[2];
    struct err e = {0};

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    memset(bytes->data, 's', len);
    bytes->len = len;
    ck_good(pours_add(pours, request, &ends[1], &bytes, 1000, &e), &e);
    ck_assert_int_eq(ends[1], -1);
    ck_assert_ptr_null(bytes);
    *ret_read = ends[0];
}

static size_t drain(int fd)
{
    static char bytes[256 * 1024];
    ssize_t n = read(fd, bytes, sizeof bytes);

    ck_assert_int_ge(n, 0);
    return (size_t)n;
}

START_TEST(a_value_larger_than_the_pipe_waits_for_its_reader)
{
    enum { BYTES = 200 * 1024 };
    struct pours pours;
    struct ended ended = {0};
    struct pollfd polled[POUR_MAX];
    auto_fd reader = -1;
    size_t got = 0;

    pours_init(&pours);
    ck_assert_int_eq(pours_deadline_ns(&pours), INT64_MAX);
    pour_into_pipe(&pours, 7, BYTES, &reader);
    pours_turn(&pours, 1001, note, &ended);
    ck_assert_uint_eq(ended.count, 0);
    ck_assert_uint_eq(pours_poll(&pours, polled), 1);
    ck_assert_int_eq(pours_deadline_ns(&pours), 1000 + POUR_NS);
    while (got < BYTES) {
        got += drain(reader);
        pours_turn(&pours, 1002, note, &ended);
    }
    ck_assert_uint_eq(got, BYTES);
    ck_assert_uint_eq(drain(reader), 0); /* and then the end: our end is closed */
    ck_assert_uint_eq(ended.count, 1);
    ck_assert_uint_eq(ended.request, 7);
    ck_assert_int_eq(ended.code, ERR_NONE);
    ck_assert_uint_eq(pours_poll(&pours, polled), 0);
    pours_done(&pours);
}
END_TEST

START_TEST(a_reader_that_never_reads_or_goes_away_holds_nobody_up)
{
    struct pours pours;
    struct ended slow = {0}, gone = {0};
    auto_fd reader = -1;
    int lost;

    signal(SIGPIPE, SIG_IGN);
    pours_init(&pours);
    pour_into_pipe(&pours, 1, 200 * 1024, &reader);
    pours_turn(&pours, 1000 + POUR_NS - 1, note, &slow);
    ck_assert_uint_eq(slow.count, 0);
    pours_turn(&pours, 1000 + POUR_NS, note, &slow);
    ck_assert_uint_eq(slow.count, 1);
    ck_assert_int_eq(slow.code, ERR_TIMEOUT);
    pour_into_pipe(&pours, 2, 10, &lost);
    close(lost);
    pours_turn(&pours, 2000, note, &gone);
    ck_assert_uint_eq(gone.count, 1);
    ck_assert_int_eq(gone.code, ERR_UNAVAILABLE);
    pours_done(&pours);
}
END_TEST

START_TEST(secrets_go_into_pipes_only_and_into_so_many)
{
    struct pours pours;
    struct locked *bytes = locked_new(1);
    int readers[POUR_MAX], ends[2];
    auto_fd file = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct err e = {0};

    pours_init(&pours);
    ck_assert(!pours_add(&pours, 1, &file, &bytes, 0, &e));
    ck_error(&e, ERR_INVALID, "pipes only");
    ck_assert_int_ge(file, 0);
    for (size_t i = 0; i < POUR_MAX; i++)
        pour_into_pipe(&pours, i, 1, &readers[i]);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert(!pours_add(&pours, 1, &ends[1], &bytes, 0, &e));
    ck_assert_int_eq(e.code, ERR_LIMIT);
    for (size_t i = 0; i < POUR_MAX; i++)
        close(readers[i]);
    close(ends[0]);
    close(ends[1]);
    locked_free(bytes);
    pours_done(&pours);
}
END_TEST

TCase *pour_cases(void)
{
    TCase *tc = tcase_create("pour");

    tcase_add_test(tc, a_value_larger_than_the_pipe_waits_for_its_reader);
    tcase_add_test(tc, a_reader_that_never_reads_or_goes_away_holds_nobody_up);
    tcase_add_test(tc, secrets_go_into_pipes_only_and_into_so_many);
    return tc;
}
