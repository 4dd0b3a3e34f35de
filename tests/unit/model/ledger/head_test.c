/* head_test.c -- what a tree head says, and every way in which it can lie. */
#include "model/ledger/head.h"

#include "base/json.h"

#include <check.h>
#include <string.h>

TCase *head_cases(void);

static struct ledger_head head_of(unsigned events)
{
    struct ledger_head head = {.tenant = "acme", .timestamp = "2026-11-22T10:00:00.000000Z"};

    for (unsigned i = 0; i < events; i++) {
        struct sha256_hex hash = sha256_hex(&i, sizeof i);

        ck_assert(ledger_tree_add(&head.tree, hash.text, NULL));
    }
    head.last_seq = (int64_t)events * 3;
    return head;
}

START_TEST(a_head_reads_back_as_it_was_written)
{
    for (unsigned events = 1; events <= 70; events++) {
        struct ledger_head head = head_of(events), back = {0};
        auto_done(buf) text = {0};
        struct err e = {0};

        ledger_head_write(&head, &text);
        ck_assert_msg(ledger_head_parse(buf_text(&text), text.len, &back, &e), "%s", e.msg);
        ck_assert_str_eq(back.tenant, "acme");
        ck_assert_str_eq(back.timestamp, head.timestamp);
        ck_assert_int_eq(back.last_seq, head.last_seq);
        ck_assert_uint_eq(back.tree.leaves, events);
        ck_assert_str_eq(ledger_tree_root(&back.tree).text, ledger_tree_root(&head.tree).text);
    }
}
END_TEST

START_TEST(the_payload_is_canonical_json)
{
    struct ledger_head head = head_of(11);
    auto_done(buf) text = {0};
    auto_done(buf) canonical = {0};
    auto_json value = NULL;
    struct err e = {0};

    ledger_head_write(&head, &text);
    ck_assert(json_parse(buf_text(&text), text.len, &json_limits_default, &value, NULL, &e));
    ck_assert(jcs_write(value, &canonical, &e));
    ck_assert_str_eq(buf_text(&text), buf_text(&canonical));
    ck_assert_uint_eq(json_array_size(json_object_get(value, "frontier")), 3); /* 8 + 2 + 1 */
}
END_TEST

START_TEST(the_next_head_costs_only_the_events_since)
{
    struct ledger_head whole = head_of(100), part = head_of(37), resumed = {0};
    auto_done(buf) text = {0};
    struct err e = {0};

    ledger_head_write(&part, &text);
    ck_assert(ledger_head_parse(buf_text(&text), text.len, &resumed, &e));
    for (unsigned i = 37; i < 100; i++) {
        struct sha256_hex hash = sha256_hex(&i, sizeof i);

        ck_assert(ledger_tree_add(&resumed.tree, hash.text, &e));
    }
    ck_assert_str_eq(ledger_tree_root(&resumed.tree).text, ledger_tree_root(&whole.tree).text);
}
END_TEST

START_TEST(what_is_no_hash_is_no_leaf)
{
    static const char *const wrong[] = {
        "", "00", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct merkle tree = {0};
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        ck_assert(!ledger_tree_add(&tree, wrong[i], &e));
        ck_assert_int_eq(e.code, ERR_CORRUPT);
    }
    ck_assert_uint_eq(tree.leaves, 0);
}
END_TEST

static void is_refused(json_t *payload, const char *why)
{
    auto_done(buf) text = {0};
    struct ledger_head head;
    struct err e = {0};

    ck_assert(jcs_write(payload, &text, &e));
    ck_assert_msg(!ledger_head_parse(buf_text(&text), text.len, &head, &e), "taken: %s",
                  buf_text(&text));
    ck_assert_int_eq(e.code, ERR_CORRUPT);
    ck_assert_msg(strstr(e.msg, why) != NULL, "'%s' lacks '%s'", e.msg, why);
}

START_TEST(a_head_that_does_not_add_up_is_refused)
{
    static const struct {
        const char *key;
        const char *value; /* JSON; NULL takes the member away */
        const char *why;
    } rows[] = {
        {"tree_size", "10", "frontier has 3"},
        {"tree_size", "0", "'tree_size'"},
        {"tree_size", "1.5", "'tree_size'"},
        {"tree_size", "9007199254740991", "'tree_size'"},
        {"root_hash", "\"ab\"", "root_hash is 'ab'"},
        {"root_hash", "7", "'root_hash'"},
        {"frontier", "[]", "frontier[0]"},
        {"frontier", "[1, 2, 3]", "frontier[0]"},
        {"tenant", "\"\"", "tenant"},
        {"tenant", "7", "'tenant'"},
        {"timestamp", "\"yesterday\"", "timestamp"},
        {"last_seq", "10", "below tree_size"},
        {"last_seq", "-1", "'last_seq'"},
        {"last_seq", NULL, "members"},
        {"more", "1", "members"},
        {"latest_timestamp", "\"yesterday\"", "latest_timestamp"},
        {"latest_timestamp", "7", "latest_timestamp"},
        {"latest_timestamp", "\"2026-11-22T10:00:00.000000Z\"", "latest_timestamp"},
        {"latest_timestamp", "\"2026-11-22T09:59:59Z\"", "latest_timestamp"},
    };
    struct ledger_head good = head_of(11);
    auto_done(buf) text = {0};

    ledger_head_write(&good, &text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_json payload = json_loads(buf_text(&text), 0, NULL);

        if (rows[i].value != NULL)
            json_object_set_new(payload, rows[i].key,
                                json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
        else
            json_object_del(payload, rows[i].key);
        is_refused(payload, rows[i].why);
    }
}
END_TEST

START_TEST(a_changed_hash_anywhere_in_the_frontier_changes_the_root)
{
    struct ledger_head good = head_of(11);

    for (int level = 0; level < MERKLE_LEVELS_MAX; level++) {
        auto_done(buf) text = {0};
        auto_json payload = NULL;
        struct ledger_head bad = good;

        if (((good.tree.leaves >> level) & 1) == 0)
            continue;
        bad.tree.subtree[level][31] ^= 1;
        ledger_head_write(&bad, &text);
        payload = json_loads(buf_text(&text), 0, NULL);
        json_object_set_new(payload, "root_hash", json_string(ledger_tree_root(&good.tree).text));
        is_refused(payload, "the frontier has root");
    }
}
END_TEST

#define AT_US 1793268000000000LL
#define YEARS_44_US 1388534400000000LL

/* The next head, dated, as its reader has it. */
static struct ledger_head next_head(const struct ledger_head *before, int64_t wall_us)
{
    struct ledger_head head = head_of(before != NULL ? (unsigned)before->tree.leaves + 1 : 1), back;
    auto_done(buf) text = {0};
    auto_done(buf) canonical = {0};
    auto_json value = NULL;
    struct err e = {0};

    ledger_head_date(&head, before, wall_us);
    ledger_head_write(&head, &text);
    ck_assert_msg(ledger_head_parse(buf_text(&text), text.len, &back, &e), "%s", e.msg);
    value = json_loads(buf_text(&text), 0, NULL);
    ck_assert(jcs_write(value, &canonical, &e));
    ck_assert_str_eq(buf_text(&text), buf_text(&canonical));
    return back;
}

static void is_dated(const struct ledger_head *head, int64_t wall_us, int64_t latest_us)
{
    char timestamp[CLOCK_TEXT_BYTES], latest[CLOCK_TEXT_BYTES] = "";

    clock_text(wall_us, timestamp);
    if (latest_us != 0)
        clock_text(latest_us, latest);
    ck_assert_str_eq(head->timestamp, timestamp);
    ck_assert_str_eq(head->latest, latest);
}

START_TEST(a_head_has_the_clocks_own_time_and_says_what_time_it_was_already)
{
    struct ledger_head first = next_head(NULL, AT_US);
    struct ledger_head ahead = next_head(&first, AT_US + YEARS_44_US);
    struct ledger_head back = next_head(&ahead, AT_US + 2000000);
    struct ledger_head later = next_head(&back, AT_US + 3000000);
    struct ledger_head past = next_head(&later, AT_US + YEARS_44_US + 1);
    struct ledger_head last = next_head(&past, INT64_MAX);

    is_dated(&first, AT_US, 0);
    is_dated(&ahead, AT_US + YEARS_44_US, 0);
    is_dated(&back, AT_US + 2000000, AT_US + YEARS_44_US);
    is_dated(&later, AT_US + 3000000, AT_US + YEARS_44_US);
    is_dated(&past, AT_US + YEARS_44_US + 1, 0);
    ck_assert_str_eq(last.timestamp, "9999-12-31T23:59:59.999999Z");
}
END_TEST

START_TEST(a_head_that_hides_a_step_of_the_clock_does_not_follow)
{
    struct ledger_head first = next_head(NULL, AT_US);
    struct ledger_head ahead = next_head(&first, AT_US + YEARS_44_US);
    struct ledger_head back = next_head(&ahead, AT_US + 2), hides = back;
    struct err e = {0};

    ck_assert(ledger_head_times_follow(&first, &ahead, &e));
    ck_assert(ledger_head_times_follow(&ahead, &back, &e));
    ck_assert(ledger_head_times_follow(&first, &back, &e));
    hides.latest[0] = '\0';
    ck_assert(!ledger_head_times_follow(&ahead, &hides, &e));
    ck_assert_int_eq(e.code, ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(e.msg, "does not say that the clock was set back"));
    ck_assert_ptr_nonnull(strstr(e.msg, ahead.timestamp));
    ck_assert(!ledger_head_times_follow(&back, &hides, &e)); /* what the smaller one knew */
}
END_TEST

TCase *head_cases(void)
{
    TCase *tc = tcase_create("head");

    tcase_add_test(tc, a_head_reads_back_as_it_was_written);
    tcase_add_test(tc, the_payload_is_canonical_json);
    tcase_add_test(tc, a_head_has_the_clocks_own_time_and_says_what_time_it_was_already);
    tcase_add_test(tc, a_head_that_hides_a_step_of_the_clock_does_not_follow);
    tcase_add_test(tc, the_next_head_costs_only_the_events_since);
    tcase_add_test(tc, what_is_no_hash_is_no_leaf);
    tcase_add_test(tc, a_head_that_does_not_add_up_is_refused);
    tcase_add_test(tc, a_changed_hash_anywhere_in_the_frontier_changes_the_root);
    return tc;
}
