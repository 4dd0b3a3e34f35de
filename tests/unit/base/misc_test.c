/* misc_test.c -- errors, buffers, clocks, files, memfds, ids, hashes, log lines, places. */
#include "suites.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/library.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

START_TEST(an_error_is_made_once_and_wrapped_once_a_layer)
{
    struct err e = {0};

    errno = ENOENT;
    ck_assert(!err_sys(&e, "open '%s'", "x"));
    ck_assert(!err_wrap(&e, "load"));
    ck_assert_str_eq(e.msg, "load: open 'x': No such file or directory");
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert_int_eq(e.sys_errno, ENOENT);
    ck_assert(!err_set(NULL, ERR_LIMIT, "nobody wants to know"));
}
END_TEST

START_TEST(every_code_has_its_http_status_and_name)
{
    ck_assert_int_eq(err_code_http(ERR_LIMIT), 429);
    ck_assert_str_eq(err_code_text(ERR_NOT_FOUND), "not_found");
    ck_assert(err_code_retryable(ERR_UNAVAILABLE) && !err_code_retryable(ERR_INVALID));
    for (int code = ERR_NONE; code < ERR_CODE_COUNT; code++)
        ck_assert_ptr_nonnull(err_code_text((enum err_code)code));
}
END_TEST

START_TEST(a_buffer_grows_cuts_and_gives_away)
{
    auto_done(buf) b = {0};
    auto_mem char *text = NULL;

    ck_assert_str_eq(buf_text(&b), "");
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "%d,", i);
    buf_cut(&b, 2);
    ck_assert_int_eq(strncmp(buf_text(&b), "1,2,3,", 6), 0);
    text = buf_take(&b);
    ck_assert_int_eq(text[0], '1');
    ck_assert_uint_eq(b.len, 0);
    buf_add_json_str(&b, "a\"\\\b\f\n\r\t\x01/\x7f", 11);
    ck_assert_str_eq(buf_text(&b), "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001/\x7f\"");
}
END_TEST

START_TEST(a_time_that_no_text_holds_is_the_first_or_last_that_one_does)
{
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {253402300799999999, "9999-12-31T23:59:59.999999Z"},
        {253402300800000000, "9999-12-31T23:59:59.999999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999999Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {INT64_MIN, "1000-01-01T00:00:00.000000Z"},
    };
    char text[CLOCK_TEXT_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        clock_text(rows[i].us, text);
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(times_go_both_ways)
{
    char text[CLOCK_TEXT_BYTES];
    int64_t us;

    clock_text(1795333080123456, text);
    ck_assert_str_eq(text, "2026-11-22T07:38:00.123456Z");
    ck_assert(clock_parse(text, &us) && us == 1795333080123456);
    ck_assert(clock_parse("2026-11-22T09:38:00.1+02:00", &us) && us == 1795333080100000);
    ck_assert(clock_parse("2026-11-22T07:38:00Z", &us) && us == 1795333080000000);
    ck_assert(!clock_parse("2026-02-31T00:00:00Z", &us));
    ck_assert(!clock_parse("2026-11-22T07:38:00", &us));
    ck_assert(!clock_parse("2026-11-22T07:38:00.Z", &us));
    ck_assert(!clock_parse("2026-11-22T07:38:00+0200", &us));
    ck_assert(!clock_parse("yesterday", &us));
    ck_assert(!clock_parse("", &us));
    ck_assert(!clock_parse("2026- 1-02T07:38:00Z", &us));
    ck_assert(!clock_parse("+202-11-22T07:38:00Z", &us));
    ck_assert(!clock_parse("2026-11-22T07:38:75Z", &us));
    ck_assert(!clock_parse("2026-11-22T24:00:00Z", &us));
    ck_assert(!clock_parse("2026-11-22T07:38:00+-1:-3", &us));
    ck_assert(!clock_parse("2026-11-22T07:38:00+24:00", &us));
    ck_assert(!clock_parse("2026-11-22T07:38:00Z ", &us));
    ck_assert(!clock_parse("2026-11-22T07:38:00.1234567890Z", &us));
    ck_assert(clock_mono_ns() > 0 && clock_wall_us() > 1700000000000000);
}
END_TEST

START_TEST(ids_are_version_7_and_sort_by_time)
{
    char a[UUID_TEXT_BYTES], b[UUID_TEXT_BYTES];

    uuid7(1795333080000000, a);
    uuid7(1795333080002000, b);
    ck_assert(uuid_is_valid(a) && uuid_is_valid(b));
    ck_assert_int_eq(a[14], '7');
    ck_assert_int_lt(strcmp(a, b), 0);
    ck_assert(!uuid_is_valid("0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c7"));
    ck_assert(!uuid_is_valid("0199c7e2-4f1a-7c3e-9d55_0a6b1f3e2c77"));
}
END_TEST

START_TEST(a_file_is_replaced_as_a_whole)
{
    char dir[] = "/tmp/orch-base-XXXXXX";
    auto_mem char *path = NULL, *link_path = NULL, *sub = NULL;
    auto_done(buf) b = {0};
    struct err e = {0};
    struct stat st;

    ck_assert_ptr_nonnull(mkdtemp(dir));
    sub = mem_printf("%s/a", dir);
    path = mem_printf("%s/file", sub);
    link_path = mem_printf("%s/link", sub);
    ck_assert(!file_read(path, 10, &b, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert(dir_make(sub, 0700, &e));
    ck_assert(file_write_atomic(path, "one", 3, 0600, &e));
    ck_assert(file_write_atomic(path, "two!", 4, 0600, &e));
    ck_assert(file_read(path, 10, &b, &e));
    ck_assert_str_eq(buf_text(&b), "two!");
    ck_assert(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    ck_assert(!file_read(path, 3, &b, &e));
    ck_assert_int_eq(e.code, ERR_TOO_LARGE);
    ck_assert_int_eq(symlink(path, link_path), 0);
    ck_assert(!file_read(link_path, 10, &b, &e));
    ck_assert(!file_read(dir, 10, &b, &e));
    ck_assert_int_eq(unlink(link_path) | unlink(path) | rmdir(sub) | rmdir(dir), 0);
}
END_TEST

/* A host of the same process id died while it wrote: containers give the same ids again. */
START_TEST(a_temporary_file_of_a_crash_blocks_nothing)
{
    char dir[] = "/tmp/orch-base-XXXXXX";
    auto_mem char *path = NULL, *left = NULL, *next = NULL;
    auto_done(buf) b = {0};
    auto_fd fd = -1;
    struct err e = {0};

    ck_assert_ptr_nonnull(mkdtemp(dir));
    path = mem_printf("%s/file", dir);
    left = file_temp_name(path);
    next = file_temp_name(path);
    ck_assert_str_ne(left, next);
    fd = open(left, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert(file_write_atomic(path, "one", 3, 0600, &e));
    ck_assert(file_read(path, 3, &b, &e));
    ck_assert_int_eq(unlink(left) | unlink(path) | rmdir(dir), 0);
}
END_TEST

START_TEST(a_sealed_memfd_never_changes)
{
    auto_fd fd = -1;
    struct err e = {0};
    char byte;

    ck_assert(memfd_sealed("test", "abc", 3, true, &fd, &e));
    ck_assert(memfd_is_sealed(fd));
    ck_assert_int_eq(write(fd, "x", 1), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ftruncate(fd, 0), -1);
    ck_assert(read(fd, &byte, 1) == 1 && byte == 'a');
    ck_assert(!memfd_is_sealed(STDIN_FILENO));
}
END_TEST

START_TEST(hashes_in_pieces_equal_hashes_at_once)
{
    uint8_t whole[SHA256_BYTES], pieces[SHA256_BYTES];
    struct sha256_stream *s = sha256_stream_new();

    sha256("hello world", 11, whole);
    sha256_stream_add(s, "hello ", 6);
    sha256_stream_add(s, "world", 5);
    sha256_stream_end(s, pieces);
    ck_assert_mem_eq(whole, pieces, SHA256_BYTES);
    ck_assert_str_eq(sha256_hex("", 0).text,
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

/* Returns what one log line looked like. */
static char *logged(bool json)
{
    int ends[2], saved = dup(STDERR_FILENO);
    struct err e = {0};
    auto_done(buf) b = {0};

    ck_assert_int_eq(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_setup("test", LOG_INFO, json);
    log_event(LOG_DEBUG, "not.shown", F_INT("n", 1));
    err_set(&e, ERR_LIMIT, "said \"no\"\nlevel=info");
    log_event(LOG_WARN, "thing.failed", F_STR("id", "r-1"), F_INT("n", 7), F_ERR(&e));
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    ck_assert(fd_read_all(ends[0], 4096, &b, &e));
    close(ends[0]);
    return buf_take(&b);
}

START_TEST(a_peer_cannot_forge_a_log_line)
{
    auto_mem char *text = logged(false), *json = logged(true);
    const char *tail = strstr(text, "level=");

    ck_assert_ptr_nonnull(tail);
    ck_assert_str_eq(tail, "level=\"warn\" process=\"test\" event=\"thing.failed\" id=\"r-1\" n=7 "
                           "error=\"said \\\"no\\\"\\nlevel=info\"\n");
    ck_assert_ptr_nonnull(strstr(json, "\"event\":\"thing.failed\",\"id\":\"r-1\",\"n\":7,"));
}
END_TEST

START_TEST(log_levels_have_names)
{
    enum log_level level;

    ck_assert(log_level_parse("WARNING", &level) && level == LOG_WARN);
    ck_assert(log_level_parse("debug", &level) && level == LOG_DEBUG);
    ck_assert(!log_level_parse("loud", &level));
}
END_TEST

START_TEST(the_other_programs_are_where_they_are_said_to_be_or_beside_this_one)
{
    auto_mem char *here = program_dir();
    auto_mem char *said = program_libexec("/opt/orch");
    auto_mem char *unset = program_libexec(NULL);
    auto_mem char *empty = program_libexec("");
    auto_mem char *self = mem_printf("%s/base_test", here);

    ck_assert_int_eq(access(self, X_OK), 0);
    ck_assert_str_eq(said, "/opt/orch");
    ck_assert_str_eq(unset, here);
    ck_assert_str_eq(empty, here);
}
END_TEST

START_TEST(a_library_is_loaded_with_all_that_is_wanted_of_it_or_not_at_all)
{
    double (*down)(double) = NULL, (*unknown)(double) = NULL;
    const struct library_function functions[] = {{"floor", (void *)&down},
                                                 {"no_such_function", (void *)&unknown}};
    struct err e = {0};
    void *library;

    ck_assert(!library_load("libm.so.6", functions, 2, &library, &e));
    ck_assert_int_eq(e.code, ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(e.msg, "no_such_function"));
    ck_assert(down == NULL && unknown == NULL);
    ck_assert(!library_load("libnothing.so.0", functions, 1, &library, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "libnothing.so.0"));
    ck_assert(library_load("libm.so.6", functions, 1, &library, &e));
    ck_assert_double_eq(down(2.5), 2);
    library_unload(library);
}
END_TEST

TCase *misc_cases(void)
{
    TCase *tc = tcase_create("misc");

    tcase_add_test(tc, an_error_is_made_once_and_wrapped_once_a_layer);
    tcase_add_test(tc, every_code_has_its_http_status_and_name);
    tcase_add_test(tc, a_buffer_grows_cuts_and_gives_away);
    tcase_add_test(tc, times_go_both_ways);
    tcase_add_test(tc, a_time_that_no_text_holds_is_the_first_or_last_that_one_does);
    tcase_add_test(tc, ids_are_version_7_and_sort_by_time);
    tcase_add_test(tc, a_file_is_replaced_as_a_whole);
    tcase_add_test(tc, a_temporary_file_of_a_crash_blocks_nothing);
    tcase_add_test(tc, a_sealed_memfd_never_changes);
    tcase_add_test(tc, hashes_in_pieces_equal_hashes_at_once);
    tcase_add_test(tc, a_peer_cannot_forge_a_log_line);
    tcase_add_test(tc, log_levels_have_names);
    tcase_add_test(tc, the_other_programs_are_where_they_are_said_to_be_or_beside_this_one);
    tcase_add_test(tc, a_library_is_loaded_with_all_that_is_wanted_of_it_or_not_at_all);
    return tc;
}
