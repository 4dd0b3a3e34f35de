/* ipc_test.c -- frames with descriptors, what is refused, and packed fields. */
#include "base/fd.h"
#include "ipc/frame.h"
#include "ipc/pack.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct frame_in in;

static int open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void pair(int ends[2])
{
    struct err e = {0};

    ck_assert_msg(frame_pair(ends, &e), "%s", e.msg);
    ck_assert(fd_set_nonblock(ends[1], &e));
}

START_TEST(a_frame_carries_its_payload_and_descriptors)
{
    int ends[2], fds[FRAME_FDS_MAX], before = open_fds();
    struct err e = {0};

    pair(ends);
    for (int i = 0; i < FRAME_FDS_MAX; i++)
        fds[i] = ends[0];
    ck_assert(frame_send(ends[0],
                         &(struct frame){.type = 7,
                                         .id = 99,
                                         .payload = "hello",
                                         .payload_bytes = 5,
                                         .fds = fds,
                                         .fd_count = FRAME_FDS_MAX},
                         &e));
    ck_assert_int_eq(frame_recv(ends[1], &in, &e), FRAME_GOT);
    ck_assert(in.frame.type == 7 && in.frame.id == 99 && in.frame.payload_bytes == 5);
    ck_assert_mem_eq(in.frame.payload, "hello", 5);
    ck_assert_uint_eq(in.frame.fd_count, FRAME_FDS_MAX);
    ck_assert_int_eq(fcntl(in.fds[0], F_GETFD), FD_CLOEXEC);
    close(frame_take_fd(&in, 3));
    ck_assert_int_eq(frame_take_fd(&in, 3), -1);
    ck_assert_int_eq(frame_take_fd(&in, FRAME_FDS_MAX), -1);
    frame_close_fds(&in);
    ck_assert_int_eq(frame_recv(ends[1], &in, &e), FRAME_NONE);
    close(ends[0]);
    ck_assert_int_eq(frame_recv(ends[1], &in, &e), FRAME_CLOSED);
    close(ends[1]);
    ck_assert_int_eq(open_fds(), before);
}
END_TEST

START_TEST(the_largest_payload_fits_and_a_full_socket_says_so)
{
    static uint8_t big[FRAME_PAYLOAD_BYTES_MAX];
    struct frame frame = {.type = 1, .payload = big, .payload_bytes = sizeof big};
    struct err e = {0};
    int ends[2], sent = 0;

    pair(ends);
    ck_assert(fd_set_nonblock(ends[0], &e));
    while (sent < 1000 && frame_send(ends[0], &frame, &e))
        sent++;
    ck_assert_int_gt(sent, 0);
    ck_assert_int_eq(e.code, ERR_UNAVAILABLE);
    ck_assert_int_eq(e.sys_errno, EAGAIN);
    ck_assert_int_eq(frame_recv(ends[1], &in, &e), FRAME_GOT);
    ck_assert_uint_eq(in.frame.payload_bytes, sizeof big);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(frames_leave_together_in_their_order_as_far_as_there_is_room)
{
    static uint8_t big[FRAME_PAYLOAD_BYTES_MAX];
    struct frame frames[FRAMES_AT_ONCE];
    const struct frame *of[FRAMES_AT_ONCE];
    struct err e = {0};
    uint32_t sent = 0;
    int ends[2];

    pair(ends);
    ck_assert(fd_set_nonblock(ends[0], &e));
    for (uint32_t i = 0; i < FRAMES_AT_ONCE; i++) {
        frames[i] = (struct frame){.type = 1, .id = i, .payload = big, .payload_bytes = i};
        frames[i].fds = ends;
        frames[i].fd_count = i % 3;
        of[i] = &frames[i];
    }
    ck_assert(frame_send_some(ends[0], of, FRAMES_AT_ONCE, &sent, &e));
    ck_assert_uint_eq(sent, FRAMES_AT_ONCE);
    for (uint32_t i = 0; i < FRAMES_AT_ONCE; i++) {
        ck_assert_int_eq(frame_recv(ends[1], &in, &e), FRAME_GOT);
        ck_assert_uint_eq(in.frame.id, i);
        ck_assert_uint_eq(in.frame.payload_bytes, i);
        ck_assert_uint_eq(in.frame.fd_count, i % 3);
        frame_close_fds(&in);
        frames[i].payload_bytes = sizeof big;
    }
    ck_assert(frame_send_some(ends[0], of, FRAMES_AT_ONCE, &sent, &e));
    ck_assert_uint_lt(sent, FRAMES_AT_ONCE);
    ck_assert(!frame_send_some(ends[0], of, FRAMES_AT_ONCE, &sent, &e));
    ck_assert_int_eq(e.sys_errno, EAGAIN);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* Sends raw bytes with `count` copies of a descriptor, as a hostile peer would. */
static void send_raw(int sock, const void *bytes, size_t len, unsigned count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(16 * sizeof(int))];
    } control = {0};
    struct iovec part = {(void *)bytes, len};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};

    if (count > 0) {
        struct cmsghdr *c;

        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof(int));
        for (unsigned i = 0; i < count; i++)
            memcpy(CMSG_DATA(c) + i * sizeof(int), &sock, sizeof(int));
    }
    ck_assert_int_ge(sendmsg(sock, &msg, 0), 0);
}

START_TEST(frames_come_together_with_their_descriptors_and_what_is_behind_them)
{
    static struct frame_batch batch;
    struct frame frame = {.type = 1, .fd_count = 2};
    struct err e = {0};
    int ends[2], before = open_fds();

    pair(ends);
    frame.fds = ends;
    ck_assert_int_eq(frame_recv_some(ends[1], &batch, &e), FRAME_NONE);
    ck_assert_uint_eq(batch.count, 0);
    for (frame.id = 0; frame.id < FRAMES_HEARD_AT_ONCE + 1; frame.id++)
        ck_assert(frame_send(ends[0], &frame, &e));
    ck_assert_int_eq(frame_recv_some(ends[1], &batch, &e), FRAME_NONE);
    ck_assert_uint_eq(batch.count, FRAMES_HEARD_AT_ONCE);
    for (uint32_t i = 0; i < batch.count; i++) {
        ck_assert_uint_eq(batch.in[i].frame.id, i);
        ck_assert_uint_eq(batch.in[i].frame.fd_count, 2);
    }
    close(frame_take_fd(&batch.in[3], 1));
    frame_batch_close_fds(&batch);
    ck_assert_int_eq(send(ends[0], "x", 1, 0), 1);
    ck_assert(frame_send(ends[0], &frame, &e));
    ck_assert_int_eq(frame_recv_some(ends[1], &batch, &e), FRAME_BAD);
    ck_assert_str_eq(e.msg, "bad frame: no header");
    ck_assert_uint_eq(batch.count, 1);
    frame_batch_close_fds(&batch);
    frame.fd_count = 0; /* a copy of the other end would keep it open */
    ck_assert(frame_send(ends[0], &frame, &e));
    close(ends[0]);
    ck_assert_int_eq(frame_recv_some(ends[1], &batch, &e), FRAME_CLOSED);
    ck_assert_uint_eq(batch.count, 1);
    frame_batch_close_fds(&batch);
    close(ends[1]);
    ck_assert_int_eq(open_fds(), before);
}
END_TEST

START_TEST(what_is_not_a_whole_frame_is_refused_and_leaks_nothing)
{
    static uint8_t oversized[FRAME_PAYLOAD_BYTES_MAX + 17];
    const uint8_t no_magic[16] = {0};
    const uint8_t two_fds[16] = {0x31, 0x63, 0x72, 0x6f, 1, 0, 2, 0};
    const struct {
        const void *bytes;
        size_t len;
        unsigned fds;
    } rows[] = {
        {"x", 1, 0},      {no_magic, sizeof no_magic, 0},   {two_fds, sizeof two_fds, 0},
        {"x", 1, 3},      {two_fds, sizeof two_fds, 1},     {two_fds, sizeof two_fds, 9},
        {two_fds, 16, 3}, {oversized, sizeof oversized, 0}, {two_fds, 15, 2},
    };
    int ends[2], before;
    struct err e;

    pair(ends);
    before = open_fds();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        send_raw(ends[0], rows[i].bytes, rows[i].len, rows[i].fds);
        ck_assert_msg(frame_recv(ends[1], &in, &e) == FRAME_BAD, "row %zu was taken", i);
        ck_assert_int_eq(e.code, ERR_CORRUPT);
        ck_assert_int_eq(open_fds(), before);
    }
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(an_unlisted_message_is_not_permitted)
{
    static const struct frame_rule rules[] = {
        {.type = 1, .name = "PING", .payload_bytes_max = 4},
        {.type = 2, .name = "PLUGIN", .fds_min = 1, .fds_max = 1, .payload_bytes_max = 64},
    };
    const struct {
        struct frame frame;
        bool permitted;
    } rows[] = {
        {{.type = 1}, true},
        {{.type = 1, .payload_bytes = 5}, false},
        {{.type = 1, .fd_count = 1}, false},
        {{.type = 2, .fd_count = 1, .payload_bytes = 64}, true},
        {{.type = 2}, false},
        {{.type = 3}, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err e = {0};

        ck_assert_int_eq(frame_permitted(rules, ARRAY_LEN(rules), &rows[i].frame, &e),
                         rows[i].permitted);
        ck_assert_int_eq(e.code, rows[i].permitted ? ERR_NONE : ERR_DENIED);
    }
}
END_TEST

START_TEST(fields_read_back_in_the_order_they_were_written)
{
    auto_done(buf) b = {0};
    auto_mem char *owned = NULL;
    struct unpack u;
    struct err e = {0};
    char text[8];
    size_t len;

    pack_u32(&b, 7);
    pack_u64(&b, UINT64_MAX);
    pack_str(&b, "abc");
    pack_str(&b, NULL);
    pack_bytes(&b, "\0\1", 2);
    u = unpack_of(b.data, b.len);
    ck_assert_uint_eq(unpack_u32(&u), 7);
    ck_assert_uint_eq(unpack_u64(&u), UINT64_MAX);
    unpack_str(&u, text, sizeof text);
    ck_assert_str_eq(text, "abc");
    owned = unpack_str_owned(&u, 10);
    ck_assert_str_eq(owned, "");
    ck_assert_mem_eq(unpack_bytes(&u, &len), "\0\1", 2);
    ck_assert_uint_eq(len, 2);
    ck_assert(unpack_end(&u, &e));
}
END_TEST

START_TEST(a_short_payload_gives_zeros_and_one_error_at_the_end)
{
    struct unpack u = unpack_of("\x05\0\0\0ab", 6), extra = unpack_of("abcde", 5);
    struct err e = {0};
    char text[8];

    unpack_str(&u, text, sizeof text);
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(unpack_u64(&u), 0);
    ck_assert(!unpack_end(&u, &e));
    ck_assert_int_eq(e.code, ERR_CORRUPT);
    unpack_u32(&extra);
    ck_assert(!unpack_end(&extra, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "1 bytes too many"));
}
END_TEST

START_TEST(text_with_a_nul_or_too_long_fails_the_reader)
{
    auto_done(buf) b = {0};
    struct unpack u;
    char text[3];

    pack_bytes(&b, "a\0b", 3);
    u = unpack_of(b.data, b.len);
    unpack_str(&u, text, sizeof text);
    ck_assert(u.failed);
    buf_clear(&b);
    pack_str(&b, "abc");
    u = unpack_of(b.data, b.len);
    unpack_str(&u, text, sizeof text);
    ck_assert(u.failed);
    u = unpack_of(b.data, b.len);
    free(unpack_str_owned(&u, 2));
    ck_assert(u.failed);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ipc");
    TCase *tc = tcase_create("ipc");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, a_frame_carries_its_payload_and_descriptors);
    tcase_add_test(tc, the_largest_payload_fits_and_a_full_socket_says_so);
    tcase_add_test(tc, frames_leave_together_in_their_order_as_far_as_there_is_room);
    tcase_add_test(tc, frames_come_together_with_their_descriptors_and_what_is_behind_them);
    tcase_add_test(tc, what_is_not_a_whole_frame_is_refused_and_leaks_nothing);
    tcase_add_test(tc, an_unlisted_message_is_not_permitted);
    tcase_add_test(tc, fields_read_back_in_the_order_they_were_written);
    tcase_add_test(tc, a_short_payload_gives_zeros_and_one_error_at_the_end);
    tcase_add_test(tc, text_with_a_nul_or_too_long_fails_the_reader);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
