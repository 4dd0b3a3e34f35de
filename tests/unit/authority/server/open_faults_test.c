/* open_faults_test.c -- each system call of an authority's start, and of the making of a root key,
 * fails once: a reason is given, nothing is left, and what is believed is all of it or nothing. */
#include "authority/server/server.h"
#include "base/mem.h"
#include "faults/shim.h"
#include "faults/walk.h"
#include "suites.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRUSTED = 3, REVOKED = 2 };

static struct server *server;

static unsigned files_in(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}

/* ---- the root key ---- */

static bool create(struct err *e)
{
    return keyring_create(test_dir, e);
}

static void key_is_whole_or_not_there(bool done)
{
    auto_obj(keyring) keyring = NULL;
    struct err e = {0};
    bool loads = keyring_load(test_dir, &keyring, &e);

    ck_assert_msg(loads || e.code == ERR_NOT_FOUND, "after '%s': %s", fault_page->call, e.msg);
    ck_assert_msg(loads || !done, "after '%s': %s", fault_page->call, e.msg);
    if (strcmp(fault_page->call, "unlink") != 0)
        ck_assert_msg(files_in(test_dir) == loads, "files are left after '%s'", fault_page->call);
    test_dir_remove();
    test_dir_make();
}

START_TEST(a_root_key_is_made_whole_or_not_at_all)
{
    ck_assert_uint_gt(fault_walk(&(struct fault_trial){create, key_is_whole_or_not_there}), 5);
}
END_TEST

/* ---- the start ---- */

static bool open_server(struct err *e)
{
    return server_open(test_dir, &server, e);
}

static void all_is_believed(bool done)
{
    if (done) {
        ck_assert_msg(trust_count(server->trust) == TRUSTED, "%zu keys after '%s' failed",
                      trust_count(server->trust), fault_page->call);
        ck_assert_msg(revoked_count(server->revoked) == REVOKED, "%zu tokens after '%s' failed",
                      revoked_count(server->revoked), fault_page->call);
    }
    server_free(take(server));
}

static void fill(void)
{
    struct err e = {0};

    ck_good(keyring_create(test_dir, &e), &e);
    ck_good(open_server(&e), &e);
    for (int i = 0; i < TRUSTED; i++) {
        auto_obj(key_secret) key = test_key((unsigned char)(i + 1));
        char name[] = "key0";

        name[3] += (char)i;
        ck_good(trust_add_key(server->trust, key_secret_public(key), name, 1u << TRUST_HOST, &e),
                &e);
        ck_good(trust_save(trust_at(server->trust, i), server->trust_dir, &e), &e);
    }
    for (int64_t i = 0; i < REVOKED; i++)
        ck_good(revoked_add(server->revoked,
                            i == 0 ? "0197a4b0-0000-7000-8000-00000000000a"
                                   : "0197a4b0-0000-7000-8000-00000000000b",
                            4102444800, 0, &e),
                &e);
    server_free(take(server));
}

START_TEST(a_start_has_all_that_it_believes_or_a_reason)
{
    fill();
    ck_assert_uint_gt(fault_walk(&(struct fault_trial){open_server, all_is_believed}), 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("authority");
    TCase *tests = tcase_create("faults");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tests, test_dir_make, test_dir_remove);
    tcase_add_test(tests, a_root_key_is_made_whole_or_not_at_all);
    tcase_add_test(tests, a_start_has_all_that_it_believes_or_a_reason);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
