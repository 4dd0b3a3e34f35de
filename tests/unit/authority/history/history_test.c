/* history_test.c -- the authority signs one history of each tenant, whatever store it is shown. */
#include "suites.h"

#include "authority/history/history.h"
#include "authority/trust/dsse.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { EVENTS_MAX = 200 };
#define STORE_A "01890a5d-ac96-774b-bcce-b302099a8057"
#define STORE_B "01890a5d-ac96-774b-bcce-b302099a8058"

static struct history *history;
static struct key_secret *own;

static void load(void)
{
    struct err e = {0};

    history_free(history);
    ck_good(history_load(test_dir, key_secret_public(own), &history, &e), &e);
}

static void setup(void)
{
    test_dir_make();
    own = test_key(7);
    load();
}

static void teardown(void)
{
    history_free(history);
    history = NULL;
    key_secret_free(own);
    test_dir_remove();
}

/* The hash of a tenant's nth event (from 1) in one of several stories, which are the same up to
 * `fork`. */
struct story {
    const char *name;
    uint64_t fork;
};
static const struct story first = {"first", 0}, second = {"second", 10};

static void event_hash(const struct story *story, uint64_t n, uint8_t ret[SHA256_BYTES])
{
    auto_mem char *text = mem_printf("%s %d", n <= story->fork ? "first" : story->name, (int)n);

    sha256(text, strlen(text), ret);
}

static struct ledger_head head_at(const struct story *story, uint64_t events)
{
    struct ledger_head head = {.last_seq = (int64_t)events * 3};

    strcpy(head.tenant, "acme");
    strcpy(head.timestamp, "2026-01-01T00:00:00.000000Z");
    for (uint64_t n = 1; n <= events; n++) {
        uint8_t hash[SHA256_BYTES], leaf[SHA256_BYTES];

        event_hash(story, n, hash);
        merkle_leaf(hash, sizeof hash, leaf);
        merkle_append(&head.tree, leaf);
    }
    return head;
}

static void envelope_of(const struct ledger_head *head, const struct key_secret *key,
                        struct buf *ret)
{
    auto_done(buf) payload = {0};

    ledger_head_write(head, &payload);
    dsse_sign(DSSE_TYPE_LEDGER_HEAD, payload.data, payload.len, &key, 1, ret);
}

/* Asks for a head over `to` events of a store whose newest head is over `from` of them. */
static bool ask_with(const struct story *story, uint64_t from, uint64_t to,
                     const struct key_secret *before_key, struct err *e)
{
    const struct ledger_head head = head_at(story, to), earlier = head_at(story, from);
    auto_done(buf) payload = {0};
    auto_done(buf) before = {0};
    auto_done(buf) leaves = {0};
    struct ledger_head got;

    ledger_head_write(&head, &payload);
    if (from > 0)
        envelope_of(&earlier, before_key, &before);
    for (uint64_t n = from + 1; n <= to; n++) {
        uint8_t hash[SHA256_BYTES];

        event_hash(story, n, hash);
        buf_add(&leaves, hash, sizeof hash);
    }
    return history_check(history,
                         &(struct history_ask){payload.data, payload.len, before.data, before.len,
                                               (const uint8_t *)leaves.data, leaves.len},
                         &got, e) &&
           history_keep(history, &got, 1, e);
}

static bool ask(const struct story *story, uint64_t from, uint64_t to, struct err *e)
{
    return ask_with(story, from, to, own, e);
}

static void signs(const struct story *story, uint64_t from, uint64_t to)
{
    struct err e = {0};

    ck_good(ask(story, from, to, &e), &e);
}

static void refuses(const struct story *story, uint64_t from, uint64_t to, const char *words)
{
    struct err e = {0};

    ck_assert_msg(!ask(story, from, to, &e), "%d to %d was signed", (int)from, (int)to);
    ck_error(&e, ERR_CONFLICT, words);
}

START_TEST(a_ledger_that_grows_is_signed_also_over_restarts)
{
    uint64_t at = 0;

    for (uint64_t to = 1; to < EVENTS_MAX; to += 1 + to % 17) {
        signs(&first, at, to);
        at = to;
        if (to % 3 == 0)
            load();
    }
}
END_TEST

/* The host ended, or its disk failed, between the signature and the commit. */
START_TEST(a_head_that_was_signed_and_not_stored_is_signed_once_more)
{
    signs(&first, 0, 20);
    signs(&first, 0, 20);
    signs(&first, 0, 25);
    load();
    signs(&first, 20, 25);
    signs(&first, 20, 40);
}
END_TEST

START_TEST(a_smaller_ledger_is_refused_also_after_a_restart)
{
    signs(&first, 0, 100);
    refuses(&first, 0, 99, "an older copy");
    refuses(&first, 50, 60, "an older copy");
    load();
    refuses(&first, 50, 99, "an older copy");
    signs(&first, 100, 101);
}
END_TEST

/* An older copy that was put back and has grown past what was signed. */
START_TEST(another_ledger_of_any_size_is_refused)
{
    signs(&first, 0, 12);
    load();
    for (uint64_t from = 0; from <= 10; from += 5) {
        for (uint64_t to = 12; to < 80; to += 7)
            refuses(&second, from, to, "another history");
    }
    refuses(&second, 12, 20, "another history"); /* its own head over 12 was never signed */
    signs(&first, 12, 13);
}
END_TEST

START_TEST(what_was_forgotten_is_learnt_from_a_head_of_our_own_and_no_other)
{
    auto_obj(key_secret) foreign = test_key(8);
    struct err e = {0};

    ck_assert(!ask_with(&first, 10, 20, foreign, &e));
    ck_error(&e, ERR_CONFLICT, "not signed by this host");
    signs(&first, 10, 20); /* a home from before there was a memory */
    refuses(&first, 0, 15, "an older copy");
}
END_TEST

START_TEST(events_that_do_not_lead_to_the_head_are_refused)
{
    const struct ledger_head head = head_at(&first, 9);
    auto_done(buf) payload = {0};
    uint8_t leaves[9 * SHA256_BYTES] = {0};
    struct history_ask asked = {.leaves = leaves, .leaves_len = sizeof leaves};
    struct ledger_head got;
    struct err e = {0};

    ledger_head_write(&head, &payload);
    asked.payload = payload.data;
    asked.len = payload.len;
    ck_assert(!history_check(history, &asked, &got, &e));
    ck_error(&e, ERR_INVALID, "do not give");
    for (size_t len = 0; len < sizeof leaves; len += 31) {
        asked.leaves_len = len;
        ck_assert(!history_check(history, &asked, &got, &e));
        ck_error(&e, ERR_INVALID, "that it needs");
    }
}
END_TEST

START_TEST(tenants_do_not_meet_and_one_asked_twice_is_refused)
{
    struct ledger_head twice[2] = {head_at(&first, 3), head_at(&first, 4)};
    struct err e = {0};

    ck_assert(!history_keep(history, twice, 2, &e));
    ck_error(&e, ERR_INVALID, "at once");
    strcpy(twice[1].tenant, "other");
    ck_good(history_keep(history, twice, 2, &e), &e);
    load();
    refuses(&first, 0, 2, "an older copy");
    signs(&first, 0, 3);
}
END_TEST

START_TEST(a_line_that_a_crash_cut_is_dropped_and_a_damaged_one_is_refused)
{
    auto_done(buf) text = {0};
    struct err e = {0};

    signs(&first, 0, 5);
    signs(&first, 5, 9);
    ck_good(file_read(test_path("ledger-heads"), 1 << 20, &text, &e), &e);
    text.data[text.len - 10] = '\0';
    test_write("ledger-heads", text.data, 0600);
    load();
    refuses(&first, 0, 4, "an older copy");
    signs(&first, 5, 7);
    load();
    refuses(&first, 0, 6, "an older copy");
    test_write("ledger-heads", "{}\n", 0600);
    history_free(history);
    history = NULL;
    ck_assert(!history_load(test_dir, key_secret_public(own), &history, &e));
    ck_error(&e, ERR_CORRUPT, "line 1");
    test_write("ledger-heads", "", 0600);
    load();
}
END_TEST

START_TEST(the_file_of_heads_does_not_grow_without_end)
{
    struct stat st;

    for (uint64_t n = 1; n < 4000; n++)
        signs(&first, n % EVENTS_MAX == 0 ? 0 : 7, 7 + n / 400);
    ck_assert_int_eq(stat(test_path("ledger-heads"), &st), 0);
    ck_assert_int_lt(st.st_size, 2000 * 600);
    load();
    refuses(&first, 0, 15, "an older copy");
}
END_TEST

START_TEST(the_first_store_is_taken_and_another_only_anew)
{
    struct err e = {0};
    auto_done(buf) list = {0};

    ck_good(history_bind(history, STORE_A, false, &e), &e);
    signs(&first, 0, 5);
    load();
    ck_good(history_bind(history, STORE_A, false, &e), &e);
    ck_assert(!history_bind(history, STORE_B, false, &e));
    ck_error(&e, ERR_CONFLICT, STORE_A);
    ck_good(history_bind(history, STORE_B, true, &e), &e);
    history_list(history, &list);
    ck_assert_uint_eq(list.len, 0);
    load();
    signs(&second, 0, 3);
    ck_assert(!history_bind(history, STORE_A, false, &e));
    ck_good(file_read(test_path("ledger-heads." STORE_A), 1 << 20, &list, &e), &e);
    ck_assert_ptr_nonnull(strstr(list.data, "\"tree_size\":5"));
    ck_assert(!history_bind(history, "x", false, &e));
    ck_error(&e, ERR_INVALID, "not a store's id");
}
END_TEST

TCase *history_cases(void)
{
    TCase *c = tcase_create("history");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, a_ledger_that_grows_is_signed_also_over_restarts);
    tcase_add_test(c, a_head_that_was_signed_and_not_stored_is_signed_once_more);
    tcase_add_test(c, a_smaller_ledger_is_refused_also_after_a_restart);
    tcase_add_test(c, another_ledger_of_any_size_is_refused);
    tcase_add_test(c, what_was_forgotten_is_learnt_from_a_head_of_our_own_and_no_other);
    tcase_add_test(c, events_that_do_not_lead_to_the_head_are_refused);
    tcase_add_test(c, tenants_do_not_meet_and_one_asked_twice_is_refused);
    tcase_add_test(c, a_line_that_a_crash_cut_is_dropped_and_a_damaged_one_is_refused);
    tcase_add_test(c, the_file_of_heads_does_not_grow_without_end);
    tcase_add_test(c, the_first_store_is_taken_and_another_only_anew);
    tcase_set_timeout(c, 120);
    return c;
}
