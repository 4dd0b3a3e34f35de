/* lifetime_test.c -- the authority starts whole, keeps no right it does not need, ends with its
 * peer. */
#include "process_fixture.h"

#include "authority/wire/protocol.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

START_TEST(kill_9_fails_what_was_asked_and_a_new_authority_goes_on)
{
    struct test_keys before = test_keys(), after;
    struct err e = {0};
    int sock;

    ck_assert_int_eq(kill(test_pid, SIGSTOP), 0);
    ck_good(authority_public_keys(test_client, test_reply(), &e), &e);
    authority_client_turn(test_client, 1);
    ck_assert_int_eq(kill(test_pid, SIGKILL), 0);
    ck_assert(!test_wait(&e));
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    ck_assert(!authority_client_attached(test_client));
    ck_assert_int_eq(test_exit_status(test_pid), -SIGKILL);
    test_pid = test_spawn(&sock, false);
    authority_client_attach(test_client, &sock);
    after = test_keys();
    ck_assert(test_same(&before.host, &after.host));
}
END_TEST

/* Sends one frame and expects the authority to end with status 1 for it. */
static void expect_end(const struct frame *frame)
{
    struct err e = {0};
    int sock;
    pid_t pid = test_spawn(&sock, false);

    ck_good(frame_send(sock, frame, &e), &e);
    ck_assert_int_eq(test_exit_status(pid), 1);
    close(sock);
}

START_TEST(an_unlisted_message_ends_the_authority)
{
    static const uint8_t bytes[1] = {0};

    test_keys(); /* the first one made the root key */
    expect_end(&(struct frame){.type = MESSAGE_COUNT, .id = 1});
    expect_end(&(struct frame){.type = MESSAGE_INVALID, .id = 1});
    expect_end(&(struct frame){.type = MESSAGE_SIGN | MESSAGE_REPLY, .id = 1});
    expect_end(&(
        struct frame){.type = MESSAGE_PUBLIC_KEYS, .id = 1, .payload = bytes, .payload_bytes = 1});
    expect_end(&(struct frame){.type = MESSAGE_SECRET_UNSEAL, .id = 1});
}
END_TEST

START_TEST(a_body_that_is_not_sealed_ends_the_authority)
{
    auto_file file = tmpfile();
    int fds[2];
    struct frame frame = {.type = MESSAGE_SIGN, .id = 1, .fds = fds, .fd_count = 1};

    test_keys();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fputs("not a memfd", file) >= 0, 1);
    fflush(file);
    fds[0] = fileno(file);
    expect_end(&frame);
    fds[1] = fds[0];
    frame.fd_count = 2;
    expect_end(&frame);
}
END_TEST

START_TEST(a_request_that_is_cut_short_is_an_error_not_an_end)
{
    auto_done(buf) body = {0};
    auto_mem struct frame_in *in = mem_new(struct frame_in);
    struct err e = {0};
    int sock;
    pid_t pid;

    test_keys();
    pid = test_spawn(&sock, false);
    pack_u32(&body, 1000);
    for (unsigned type = MESSAGE_INVALID + 1; type < MESSAGE_COUNT; type++) {
        auto_done(message) m = {.fd = -1};
        struct unpack u;

        if (message_bytes_max(type) == 0 || type == MESSAGE_SECRET_UNSEAL)
            continue;
        ck_good(message_send(sock, type, type, &body, -1, &e), &e);
        ck_assert_int_eq(authority_recv(sock, READER_HOST, in, &m, &e), FRAME_GOT);
        ck_assert_uint_eq(m.type, type | MESSAGE_REPLY);
        u = unpack_of(m.body, m.body_bytes);
        ck_assert_msg(unpack_u32(&u) != ERR_NONE, "%s", message_name(type));
    }
    close(sock);
    ck_assert_int_eq(test_exit_status(pid), 0);
}
END_TEST

START_TEST(without_a_root_key_the_authority_does_not_start)
{
    auto_done(buf) log = {0};
    struct err e = {0};
    int sock;
    pid_t pid;

    test_keys();
    ck_assert_int_eq(unlink(test_path("root.key")), 0);
    pid = test_spawn(&sock, false);
    ck_assert_int_eq(test_exit_status(pid), 1);
    close(sock);
    ck_good(file_read(test_path("log"), 1 << 20, &log, &e), &e);
    ck_assert_ptr_nonnull(strstr(log.data, "root key"));
}
END_TEST

/* The field of /proc/PID/status. */
static int status_field(const char *name)
{
    auto_mem char *path = mem_printf("/proc/%d/status", (int)test_pid);
    auto_file file = fopen(path, "re");
    char line[256];
    int value = -1;

    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            ck_assert_int_eq(sscanf(line + strlen(name) + 1, "%d", &value), 1);
    }
    return value;
}

START_TEST(the_authority_has_given_up_what_it_does_not_need)
{
    auto_mem char *limits_path = mem_printf("/proc/%d/limits", (int)test_pid);
    auto_done(buf) limits = {0};
    auto_done(buf) log = {0};
    struct err e = {0};

    test_keys(); /* it answered, so it is confined */
    ck_assert_int_eq(status_field("NoNewPrivs"), 1);
    ck_assert_int_eq(status_field("Threads"), 1);
    ck_good(file_read(limits_path, 8192, &limits, &e), &e);
    ck_assert_ptr_nonnull(strstr(limits.data, "Max core file size        0                    0"));
    ck_good(file_read(test_path("log"), 1 << 20, &log, &e), &e);
    ck_assert_ptr_nonnull(strstr(log.data, "authority.ready"));
    if (strstr(log.data, "\"seccomp\":0") != NULL)
        return; /* a sanitizer or coverage build has no filter: authority/server/confine.h */
    ck_assert_int_eq(status_field("Seccomp"), 2);
}
END_TEST

START_TEST(the_log_names_what_was_signed_and_never_a_secret)
{
    auto_done(buf) log = {0};
    auto_done(buf) box = {0};
    const struct secret_name name = {"acme", "db", 1};
    struct test_keys keys = test_keys();
    const struct authority_sign_item item = {.purpose = PURPOSE_PROVENANCE,
                                             .type = "application/vnd.in-toto+json",
                                             .payload = "{}",
                                             .len = 2};
    struct err e = {0};

    ck_good(secret_box(keys.box, "acme", "db", "hunter2", 7, &box, &e), &e);
    ck_good(authority_secret_seal(test_client, &name, box.data, box.len, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    ck_good(authority_sign(test_client, &item, 1, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    ck_good(file_read(test_path("log"), 1 << 20, &log, &e), &e);
    ck_assert_ptr_nonnull(strstr(log.data, "\"event\":\"authority.signed\""));
    ck_assert_ptr_nonnull(strstr(log.data, sha256_hex("{}", 2).text));
    ck_assert_ptr_nonnull(strstr(log.data, "\"event\":\"authority.secret_sealed\""));
    ck_assert_ptr_null(strstr(log.data, "hunter2"));
}
END_TEST

TCase *lifetime_cases(void)
{
    TCase *tc = tcase_create("lifetime");

    tcase_add_checked_fixture(tc, test_start, test_stop);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, kill_9_fails_what_was_asked_and_a_new_authority_goes_on);
    tcase_add_test(tc, an_unlisted_message_ends_the_authority);
    tcase_add_test(tc, a_body_that_is_not_sealed_ends_the_authority);
    tcase_add_test(tc, a_request_that_is_cut_short_is_an_error_not_an_end);
    tcase_add_test(tc, without_a_root_key_the_authority_does_not_start);
    tcase_add_test(tc, the_authority_has_given_up_what_it_does_not_need);
    tcase_add_test(tc, the_log_names_what_was_signed_and_never_a_secret);
    return tc;
}
