/* idempotency_test.c -- which request with an Idempotency-Key may go on, beside a real store. */
#include "rig.h"
#include "suites.h"

#include "api/auth/idempotency.h"
#include "base/clock.h"

#include <string.h>

static struct rig rig;
static struct idempotency *keys;

static void setup(void)
{
    rig_open(&rig);
    keys = idempotency_new();
}

static void teardown(void)
{
    idempotency_free(keys);
    rig_close(&rig);
}

static struct idempotency_ask ask(const char *tenant, const char *key, const char *path,
                                  const char *body)
{
    return (struct idempotency_ask){tenant, key, path, body, strlen(body)};
}

/* The refusal's code, "" when the claim is held, "repeat" when an answer was found. */
static const char *ask_for(struct idempotency_ask what, struct idempotency_claim *claim)
{
    auto_done(store_idempotency_list) rows = {0};
    const char *code = NULL;
    struct err e;

    if (!idempotency_look(keys, &what, claim, &code, &e) ||
        !idempotency_find(claim, rig.reader, &rows, &e) ||
        !idempotency_take(keys, claim, &rows, &code, &e)) {
        ck_assert(!claim->held);
        idempotency_release(keys, claim);
        return code != NULL ? code : "the store";
    }
    ck_assert(claim->held == (rows.count == 0));
    if (rows.count > 0)
        idempotency_release(keys, claim);
    return rows.count > 0 ? "repeat" : "";
}

static void remember(const struct idempotency_claim *claim, int64_t expires_us)
{
    struct store_batch *batch = store_batch_new();

    store_batch_idempotency_put(batch,
                                &(struct store_idempotency){.tenant = claim->tenant,
                                                            .key = claim->key,
                                                            .path = claim->path,
                                                            .request_hash = claim->body_hash.text,
                                                            .status = 201,
                                                            .body = "{}",
                                                            .created_us = 1,
                                                            .expires_us = expires_us});
    (void)rig_commit(&rig, batch);
}

static const char *const bad_keys[] = {
    "",
    "with blank",
    "tab\there",
    "del\x7f",
    "\xc3\xa9",
    "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
    "012345678901234567890123456789012345678",
};

START_TEST(a_key_is_printable_and_short)
{
    struct idempotency_claim claim = {0};

    ck_assert_str_eq(ask_for(ask("t", bad_keys[_i], "/runs", "{}"), &claim),
                     "IDEMPOTENCY_KEY_INVALID");
}
END_TEST

START_TEST(a_twin_is_refused_until_the_first_is_over)
{
    struct idempotency_claim first = {0}, twin = {0};

    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", "{}"), &first), "");
    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", "{}"), &twin), "IDEMPOTENCY_IN_PROGRESS");
    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", "{\"a\":1}"), &twin),
                     "IDEMPOTENCY_IN_PROGRESS");
    idempotency_release(keys, &first);
    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", "{}"), &twin), "");
    idempotency_release(keys, &twin);
    idempotency_release(keys, &twin);
}
END_TEST

/* Both looked before either had it. */
START_TEST(of_twins_that_look_one_goes_on_and_the_other_looks_again)
{
    struct idempotency_ask same = ask("t", "k", "/runs", "{}");
    struct idempotency_claim first = {0}, twin = {0};
    const struct store_idempotency_list none = {0};
    const char *code;
    struct err e;

    ck_assert(idempotency_look(keys, &same, &first, &code, &e));
    ck_assert(idempotency_look(keys, &same, &twin, &code, &e));
    ck_assert(idempotency_take(keys, &first, &none, &code, &e) && first.held);
    ck_assert(!idempotency_take(keys, &twin, &none, &code, &e));
    ck_assert_str_eq(code, "IDEMPOTENCY_IN_PROGRESS");
    remember(&first, clock_wall_us() + 60000000);
    idempotency_release(keys, &first);
    ck_assert(idempotency_take(keys, &twin, &none, &code, &e));
    ck_assert(twin.stale && !twin.held);
    idempotency_release(keys, &twin);
    ck_assert_str_eq(ask_for(same, &twin), "repeat");
}
END_TEST

START_TEST(tenant_path_and_key_tell_requests_apart)
{
    struct idempotency_claim claim[4] = {0};

    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", "{}"), &claim[0]), "");
    ck_assert_str_eq(ask_for(ask("u", "k", "/runs", "{}"), &claim[1]), "");
    ck_assert_str_eq(ask_for(ask("t", "k", "/dags", "{}"), &claim[2]), "");
    ck_assert_str_eq(ask_for(ask("t", "l", "/runs", "{}"), &claim[3]), "");
    for (size_t i = 0; i < ARRAY_LEN(claim); i++)
        idempotency_release(keys, &claim[i]);
}
END_TEST

START_TEST(a_repeat_finds_the_answer_and_another_body_is_refused)
{
    struct idempotency_claim first = {0}, later = {0};

    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", "{}"), &first), "");
    ck_assert_str_eq(first.path, "POST /runs");
    remember(&first, clock_wall_us() + 60000000);
    idempotency_release(keys, &first);
    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", "{}"), &later), "repeat");
    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", ""), &later), "IDEMPOTENCY_KEY_REUSED");
    ck_assert_str_eq(ask_for(ask("u", "k", "/runs", "{}"), &later), "");
    idempotency_release(keys, &later);
}
END_TEST

START_TEST(an_answer_that_expired_is_none)
{
    struct idempotency_claim first = {0}, later = {0};

    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", "{}"), &first), "");
    remember(&first, clock_wall_us() - 1);
    idempotency_release(keys, &first);
    ck_assert_str_eq(ask_for(ask("t", "k", "/runs", "{\"b\":2}"), &later), "");
    idempotency_release(keys, &later);
}
END_TEST

TCase *idempotency_cases(void)
{
    TCase *tc = tcase_create("idempotency");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_key_is_printable_and_short, 0, (int)ARRAY_LEN(bad_keys));
    tcase_add_test(tc, a_twin_is_refused_until_the_first_is_over);
    tcase_add_test(tc, of_twins_that_look_one_goes_on_and_the_other_looks_again);
    tcase_add_test(tc, tenant_path_and_key_tell_requests_apart);
    tcase_add_test(tc, a_repeat_finds_the_answer_and_another_body_is_refused);
    tcase_add_test(tc, an_answer_that_expired_is_none);
    return tc;
}
