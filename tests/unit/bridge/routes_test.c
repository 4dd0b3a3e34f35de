/* routes_test.c -- what is said of a lane is heard by the backend that has it, and by no other. */
#include "suites.h"
#include "talk.h"

#include "base/mem.h"
#include "bridge/server/routes.h"

#include <stdio.h>
#include <string.h>

struct ear {
    char heard[256]; /* "TYPE lane " each */
    bool refuses;
};

static struct routes *routes;
static struct ear redis, nats;

static bool hear(void *backend, const struct message *m, struct err *e)
{
    struct unpack u = unpack_of(m->body, m->body_bytes);
    struct ear *ear = backend;
    char lane[BRIDGE_LANE_BYTES_MAX];
    size_t len = strlen(ear->heard);

    unpack_str(&u, lane, sizeof lane);
    snprintf(ear->heard + len, sizeof ear->heard - len, "%s %s ",
             m->type == BRIDGE_LANE ? "LANE" : "TAKE", lane);
    return !ear->refuses || err_set(e, ERR_INVALID, "refused");
}

static void begin(void)
{
    redis = nats = (struct ear){0};
    routes = routes_new();
    routes_open(routes, BRIDGE_REDIS, hear, &redis);
    routes_open(routes, BRIDGE_NATS, hear, &nats);
}

static void end(void)
{
    routes_free(routes);
}

static bool say(enum bridge_message type, struct buf *body, struct err *e)
{
    struct message m = {.type = type, .body = body->data, .body_bytes = body->len, .fd = -1};
    bool ok = routes_hear(routes, &m, e);

    buf_done(body);
    return ok;
}

static bool lane(const char *name, enum bridge_backend backend)
{
    struct bridge_lane told = {.backend = backend, .reads = true};
    struct buf body = {0};

    snprintf(told.name, sizeof told.name, "%s", name);
    bridge_lane_pack(&body, &told);
    return say(BRIDGE_LANE, &body, NULL);
}

static bool take_of(const char *name)
{
    struct bridge_entry entry = {.id = "1-1"};
    struct buf body = {0};

    snprintf(entry.queue.lane, sizeof entry.queue.lane, "%s", name);
    bridge_entry_pack(&body, &entry);
    return say(BRIDGE_TAKE, &body, NULL);
}

static void heard(const char *by_redis, const char *by_nats)
{
    ck_assert_str_eq(redis.heard, by_redis);
    ck_assert_str_eq(nats.heard, by_nats);
    redis.heard[0] = nats.heard[0] = '\0';
}

START_TEST(who_has_the_lane_hears_of_it)
{
    ck_assert(lane("a", BRIDGE_REDIS) && lane("b", BRIDGE_NATS));
    heard("LANE a ", "LANE b ");
    ck_assert(take_of("a") && take_of("b") && take_of("unknown"));
    heard("TAKE a ", "TAKE b ");
}
END_TEST

START_TEST(another_backend_has_it_and_the_first_hears_so)
{
    ck_assert(lane("a", BRIDGE_REDIS) && lane("a", BRIDGE_NATS));
    heard("LANE a LANE a ", "LANE a ");
    ck_assert(take_of("a"));
    heard("", "TAKE a ");
    ck_assert(lane("a", BRIDGE_STORE) && take_of("a"));
    heard("", "LANE a ");
    ck_assert(lane("a", BRIDGE_STORE));
    heard("", "");
}
END_TEST

START_TEST(a_backend_that_is_not_there_hears_nothing)
{
    routes_open(routes, BRIDGE_NATS, NULL, NULL);
    ck_assert(lane("a", BRIDGE_NATS) && take_of("a") && lane("a", BRIDGE_REDIS));
    heard("LANE a ", "");
}
END_TEST

START_TEST(what_is_malformed_or_refused_is_a_breach)
{
    struct buf body = {0};
    struct err e = {0};

    ck_assert(!say(BRIDGE_CLAIM, &body, &e));
    body = (struct buf){0};
    ck_assert(!say(BRIDGE_LANE, &body, &e));
    redis.refuses = true;
    ck_assert(!lane("a", BRIDGE_REDIS));
    ck_assert(!take_of("a"));
}
END_TEST

START_TEST(there_is_an_end_to_lanes)
{
    char name[16];

    for (int i = 0; i < ROUTES_LANES_MAX; i++) {
        snprintf(name, sizeof name, "l%d", i);
        ck_assert(lane(name, BRIDGE_NATS));
        nats.heard[0] = '\0';
    }
    ck_assert(lane(name, BRIDGE_REDIS));
    ck_assert(!lane("more", BRIDGE_REDIS));
}
END_TEST

TCase *routes_cases(void)
{
    TCase *c = tcase_create("routes");

    tcase_add_checked_fixture(c, begin, end);
    tcase_add_test(c, who_has_the_lane_hears_of_it);
    tcase_add_test(c, another_backend_has_it_and_the_first_hears_so);
    tcase_add_test(c, a_backend_that_is_not_there_hears_nothing);
    tcase_add_test(c, what_is_malformed_or_refused_is_a_breach);
    tcase_add_test(c, there_is_an_end_to_lanes);
    return c;
}
