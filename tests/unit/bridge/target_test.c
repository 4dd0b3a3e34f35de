/* target_test.c -- which addresses of Redis are read, and as what. */
#include "suites.h"

#include "base/auto.h"
#include "bridge/redis/target.h"

#include <string.h>

static const struct {
    const char *url, *host, *port, *user, *password;
    int database;
} good[] = {
    {"redis://127.0.0.1:6399/0", "127.0.0.1", "6399", NULL, NULL, 0},
    {"redis://redis", "redis", "6379", NULL, NULL, 0},
    {"redis://redis/", "redis", "6379", NULL, NULL, 0},
    {"redis://[::1]:7000/12", "::1", "7000", NULL, NULL, 12},
    {"redis://me:s%40crt@redis.example:1", "redis.example", "1", "me", "s@crt", 0},
    {"redis://:word@redis", "redis", "6379", "", "word", 0},
};

static const struct {
    const char *url, *why;
} bad[] = {
    {"", "is not redis://"},
    {"redis", "is not redis://"},
    {"http://redis", "does not begin with redis://"},
    {"rediss://redis", "without TLS"},
    {"redis://redis:99999", "is not redis://"},
    {"redis://redis/x", "number of a database"},
    {"redis://redis/-1", "number of a database"},
    {"redis://redis/70000", "number of a database"},
    {"redis://redis/0?a=b", "nothing behind the database"},
    {"redis://redis/0#a", "nothing behind the database"},
};

static void same(const char *got, const char *wanted)
{
    if (wanted == NULL)
        ck_assert_ptr_null(got);
    else
        ck_assert_str_eq(got, wanted);
}

START_TEST(an_address_is_read_as_redis_clients_write_it)
{
    auto_done(redis_target) t = {0};
    struct err e = {0};

    ck_assert_msg(redis_target_parse(good[_i].url, &t, &e), "%s: %s", good[_i].url, e.msg);
    ck_assert_str_eq(t.host, good[_i].host);
    ck_assert_str_eq(t.port, good[_i].port);
    same(t.user, good[_i].user);
    same(t.password, good[_i].password);
    ck_assert_int_eq(t.database, good[_i].database);
}
END_TEST

START_TEST(what_is_no_address_is_refused_with_the_reason)
{
    auto_done(redis_target) t = {0};
    struct err e = {0};

    ck_assert_msg(!redis_target_parse(bad[_i].url, &t, &e), "%s", bad[_i].url);
    ck_assert_msg(strstr(e.msg, bad[_i].why) != NULL, "%s: %s", bad[_i].url, e.msg);
}
END_TEST

TCase *target_cases(void)
{
    TCase *c = tcase_create("target");

    tcase_add_loop_test(c, an_address_is_read_as_redis_clients_write_it, 0, ARRAY_LEN(good));
    tcase_add_loop_test(c, what_is_no_address_is_refused_with_the_reason, 0, ARRAY_LEN(bad));
    return c;
}
