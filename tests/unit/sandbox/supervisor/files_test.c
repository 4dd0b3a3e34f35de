/* files_test.c -- descriptors that are spent: closed together, those alone, and in time. */
#include "base/fd.h"
#include "sandbox/supervisor/files.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MANY = 3 * FILES_SPENT_MAX };

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int open_one(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    return fd;
}

static void raise_from(struct files *f, rlim_t most)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (most < limit.rlim_max)
        limit.rlim_max = most;
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    files_raise(f);
}

START_TEST(what_is_spent_is_closed_and_no_neighbour_of_it)
{
    struct files f = {0};
    int fds[12];

    raise_from(&f, 4096);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        fds[i] = open_one();
    for (size_t i = ARRAY_LEN(fds); i-- > 0;)
        if (i % 4 != 1)
            files_spend(&f, (int[]){-1, fds[i]}, 2);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        ck_assert(is_open(fds[i]));
    files_close_spent(&f);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        ck_assert_int_eq(is_open(fds[i]), i % 4 == 1);
    files_close_spent(&f);
    for (size_t i = 1; i < ARRAY_LEN(fds); i += 4)
        ck_assert_int_eq(close(fds[i]), 0);
}
END_TEST

/* So many that what is promised to others is still there. */
static void spend_many(rlim_t most, uint32_t kept)
{
    struct files f = {0};
    unsigned open_count = 0;
    int fds[MANY];

    raise_from(&f, most);
    ck_assert_uint_eq(f.spent_max, kept);
    for (int i = 0; i < MANY; i++) {
        fds[i] = open_one();
        files_spend(&f, &fds[i], 1);
        ck_assert_uint_le(f.spent_count, kept);
    }
    files_close_spent(&f);
    for (int i = 0; i < MANY; i++)
        open_count += is_open(fds[i]);
    ck_assert_uint_eq(open_count, 0);
}

START_TEST(as_many_stay_open_as_there_is_room_for)
{
    static const struct {
        rlim_t most;
        uint32_t kept;
    } rooms[] = {{4096, FILES_SPENT_MAX}, {512, 64}, {64, 16}};

    spend_many(rooms[_i].most, rooms[_i].kept);
}
END_TEST

START_TEST(spent_ones_are_not_promised_to_anybody)
{
    struct files f = {0};

    raise_from(&f, 1024);
    files_take(&f, f.max - f.spent_max);
    ck_assert(!files_are_left(&f));
    files_give_back(&f, f.max - f.spent_max);
    ck_assert(files_are_left(&f));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("files");
    TCase *tests = tcase_create("spent");
    SRunner *runner;
    int failed;

    tcase_add_test(tests, what_is_spent_is_closed_and_no_neighbour_of_it);
    tcase_add_loop_test(tests, as_many_stay_open_as_there_is_room_for, 0, 3);
    tcase_add_test(tests, spent_ones_are_not_promised_to_anybody);
    suite_add_tcase(s, tests);
    runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
