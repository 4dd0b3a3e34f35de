/* out_file_test.c -- what a verb writes to, whatever has that name. */
#include "suites.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/out_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void folder_make(void)
{
    strcpy(folder, "out_file.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

/* Removes everything, and counts it. */
static unsigned folder_empty(void)
{
    DIR *dir = opendir(".");
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *d; (d = readdir(dir)) != NULL;)
        count += unlink(d->d_name) == 0;
    closedir(dir);
    return count;
}

static void folder_done(void)
{
    folder_empty();
    ck_assert_int_eq(chdir(".."), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void put(const char *path, const char *text)
{
    struct err e = {0};

    ck_assert_msg(out_file_write(path, text, strlen(text), 0644, &e), "%s", e.msg);
}

static void holds(const char *path, const char *text)
{
    auto_done(buf) b = {0};
    struct err e = {0};

    ck_assert_msg(file_read(path, 1024, &b, &e), "%s", e.msg);
    ck_assert_str_eq(buf_text(&b), text);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    ck_assert_int_eq(lstat(path, &st), 0);
    return st.st_mode;
}

START_TEST(a_file_is_replaced_as_a_whole_and_keeps_its_mode)
{
    put("new", "one");
    ck_assert_int_eq(mode_of("new") & 0777, 0644);
    ck_assert_int_eq(chmod("new", 0600), 0);
    put("new", "two");
    holds("new", "two");
    ck_assert_int_eq(mode_of("new"), S_IFREG | 0600);
    ck_assert_uint_eq(folder_empty(), 1);
}
END_TEST

START_TEST(a_link_stays_and_its_target_is_written)
{
    put("target", "a long old text");
    ck_assert_int_eq(symlink("target", "link"), 0);
    ck_assert_int_eq(symlink("later", "dangling"), 0);
    put("link", "new");
    put("dangling", "made");
    ck_assert(S_ISLNK(mode_of("link")) && S_ISLNK(mode_of("dangling")));
    holds("target", "new");
    holds("later", "made");
    ck_assert_uint_eq(folder_empty(), 4);
}
END_TEST

START_TEST(a_fifo_stays_and_is_written_through)
{
    char text[8] = {0};
    auto_fd reader = -1;

    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    reader = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    put("fifo", "hello");
    ck_assert_int_eq(read(reader, text, sizeof text), 5);
    ck_assert_str_eq(text, "hello");
    ck_assert(S_ISFIFO(mode_of("fifo")));
}
END_TEST

/* As the device that --out was tried with, where one may be made. */
START_TEST(a_device_stays_and_is_written_through)
{
    struct err e = {0};

    put("/dev/null", "gone");
    ck_assert(S_ISCHR(mode_of("/dev/null")));
    ck_assert(!out_file_write("/dev/full", "text", 4, 0644, &e));
    ck_assert(strstr(e.msg, "/dev/full") != NULL);
    ck_assert(S_ISCHR(mode_of("/dev/full")));
}
END_TEST

START_TEST(what_is_not_kept_leaves_nothing)
{
    struct err e = {0};

    put("old", "old");
    {
        auto_done(out_file) f = {0};

        ck_assert(out_file_open("old", 0644, &f, &e));
        ck_assert_int_ge(fputs("half", f.stream), 0);
    }
    holds("old", "old");
    ck_assert_uint_eq(folder_empty(), 1);
    ck_assert(!out_file_write("nowhere/file", "x", 1, 0644, &e));
    ck_assert(!out_file_write(".", "x", 1, 0644, &e));
    ck_assert(strstr(e.msg, "directory") != NULL);
}
END_TEST

TCase *out_file_cases(void)
{
    TCase *tcase = tcase_create("out_file");

    tcase_add_checked_fixture(tcase, folder_make, folder_done);
    tcase_add_test(tcase, a_file_is_replaced_as_a_whole_and_keeps_its_mode);
    tcase_add_test(tcase, a_link_stays_and_its_target_is_written);
    tcase_add_test(tcase, a_fifo_stays_and_is_written_through);
    tcase_add_test(tcase, a_device_stays_and_is_written_through);
    tcase_add_test(tcase, what_is_not_kept_leaves_nothing);
    return tcase;
}
