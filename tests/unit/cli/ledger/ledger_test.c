/* ledger_test.c -- signed ledger heads and exported ledgers, offline: whose key, and what it is
 * over. What can be wrong with the lines is ledger/check's, tested there. */
#include "suites.h"

#include "authority/trust/dsse.h"
#include "cli/ledger/verify.h"
#include "model/ledger/event.h"
#include "model/ledger/export.h"

#include <string.h>
#include <unistd.h>

/* A host's key, a trust in it, and a ledger of one run that it signs. */
struct site {
    struct key_secret *key;
    struct trust *trust;
    struct event_chain chain;
    struct ledger_head head;
    struct ledger_export x;
    struct buf file;
};

static json_t *head_envelope(const struct site *s, const char *type)
{
    const struct key_secret *keys[1] = {s->key};
    auto_done(buf) payload = {0};
    auto_done(buf) text = {0};

    ledger_head_write(&s->head, &payload);
    dsse_sign(type, buf_text(&payload), payload.len, keys, 1, &text);
    return json_loads(buf_text(&text), 0, NULL);
}

static void add_event(struct site *s)
{
    struct ledger_event event = {"r1", "step.updated", "2026-11-22T10:00:00.000000Z", "{}"};
    struct sha256_hex prev;

    event_chain_add(&s->chain, &event, &prev);
    ck_assert(ledger_tree_add(&s->head.tree, s->chain.prev.text, NULL));
    s->head.last_seq++;
    ledger_export_event(&s->x, &event, s->chain.n, prev.text, s->chain.prev.text, &s->file);
}

/* The file of an export of n events, its head signed as the given type. */
static void site_begin(struct site *s, int n, const char *type)
{
    auto_json envelope = NULL;
    struct err e = {0};

    memset(s, 0, sizeof *s);
    s->key = key_secret_new();
    s->trust = trust_new();
    ck_assert(trust_add_key(s->trust, key_secret_public(s->key), "host-key", 1u << TRUST_HOST, &e));
    event_chain_begin(&s->chain);
    strcpy(s->head.tenant, "acme");
    strcpy(s->head.timestamp, "2026-11-22T10:00:00.000000Z");
    ck_assert(ledger_export_begin(&s->x, "acme", NULL, &s->file, &e));
    for (int i = 0; i < n; i++)
        add_event(s);
    envelope = head_envelope(s, type);
    ck_assert(ledger_export_end(&s->x, envelope, &s->file, &e));
}

static void site_done(struct site *s)
{
    key_secret_free(s->key);
    trust_free(s->trust);
    buf_done(&s->file);
}
DEFINE_AUTO_DONE(site)

/* As `orch verify` reads a file; ret_ledger: it was taken for an export. */
static bool verify_bytes(const struct trust *trust, const char *bytes, size_t len, bool *ret_ledger,
                         json_t **ret, struct err *e)
{
    auto_obj(known_heads) known = known_heads_new();
    auto_file file = tmpfile();
    auto_done(buf) start = {0};

    ck_assert(file != NULL && fwrite(bytes, 1, len, file) == len && fflush(file) == 0);
    ck_assert(lseek(fileno(file), 0, SEEK_SET) == 0);
    ck_assert(verify_is_ledger(fileno(file), &start, ret_ledger, e));
    return *ret_ledger && verify_ledger(trust, known, "export", fileno(file), &start, ret, e);
}

START_TEST(an_export_of_any_size_is_verified_and_described)
{
    static const int sizes[] = {1, 7, 1000}; /* the last is read in several pieces */

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        auto_done(site) s = {0};
        auto_json facts = NULL;
        struct err e = {0};
        bool ledger;

        site_begin(&s, sizes[i], DSSE_TYPE_LEDGER_HEAD);
        ck_assert_msg(verify_bytes(s.trust, buf_text(&s.file), s.file.len, &ledger, &facts, &e),
                      "%s", e.msg);
        ck_assert_str_eq(json_string_value(json_object_get(facts, "kind")), "ledger-export");
        ck_assert_str_eq(json_string_value(json_object_get(facts, "subject")), "acme");
        ck_assert_str_eq(json_string_value(json_object_get(facts, "signer")), "host-key");
        ck_assert_int_eq(json_integer_value(json_object_get(facts, "events")), sizes[i]);
    }
}
END_TEST

static void is_refused(const struct trust *trust, const struct buf *file, size_t len,
                       const char *why)
{
    auto_json facts = NULL;
    struct err e = {0};
    bool ledger;

    ck_assert(!verify_bytes(trust, buf_text(file), len, &ledger, &facts, &e));
    ck_assert(ledger);
    ck_assert_msg(strstr(e.msg, why) != NULL, "'%s' lacks '%s'", e.msg, why);
}

START_TEST(a_head_that_nobody_trusted_signed_proves_nothing)
{
    auto_done(site) s = {0};
    auto_done(site) other = {0};
    auto_done(site) provenance = {0};

    site_begin(&s, 3, DSSE_TYPE_LEDGER_HEAD);
    site_begin(&other, 3, DSSE_TYPE_LEDGER_HEAD);
    is_refused(other.trust, &s.file, s.file.len, "head: ");
    is_refused(other.trust, &s.file, s.file.len, "key_unknown");
    site_begin(&provenance, 3, DSSE_TYPE_PROVENANCE);
    is_refused(provenance.trust, &provenance.file, provenance.file.len, "not a ledger head");
}
END_TEST

START_TEST(a_file_that_was_cut_anywhere_is_refused)
{
    auto_done(site) s = {0};

    site_begin(&s, 3, DSSE_TYPE_LEDGER_HEAD);
    for (size_t len = strlen(LEDGER_EXPORT_BEGINS); len < s.file.len; len++)
        is_refused(s.trust, &s.file, len, "cut short");
}
END_TEST

/* All of the last line but the key's id, which is a hint that nobody believes. */
START_TEST(a_changed_byte_in_the_last_line_is_refused)
{
    auto_done(site) s = {0};
    size_t last, hint;

    site_begin(&s, 3, DSSE_TYPE_LEDGER_HEAD);
    last = (size_t)(strstr(buf_text(&s.file), "{\"count\"") - s.file.data);
    hint = (size_t)(strstr(buf_text(&s.file), "\"keyid\":\"") - s.file.data);
    for (size_t i = last; i < s.file.len; i++) {
        char byte = s.file.data[i];

        if (i >= hint && i < hint + 9 + SHA256_HEX_BYTES)
            continue;
        s.file.data[i] = byte == 'B' ? 'C' : 'B';
        is_refused(s.trust, &s.file, s.file.len, "");
        s.file.data[i] = byte;
    }
}
END_TEST

START_TEST(an_endless_line_is_refused_before_it_is_read)
{
    auto_done(buf) file = {0};
    auto_obj(trust) trust = trust_new();

    buf_adds(&file, LEDGER_EXPORT_BEGINS);
    for (size_t i = 0; i < 2 * (size_t)LEDGER_LINE_BYTES_MAX; i++)
        buf_addc(&file, '1');
    is_refused(trust, &file, file.len, "a line has more than");
}
END_TEST

START_TEST(what_is_no_export_is_left_to_the_others)
{
    static const char *const texts[] = {"", "{", "{\"payload\":\"\"}", "{\"exports\":1}\n"};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        auto_json facts = NULL;
        struct err e = {0};
        bool ledger;

        ck_assert(!verify_bytes(NULL, texts[i], strlen(texts[i]), &ledger, &facts, &e));
        ck_assert(!ledger);
    }
}
END_TEST

START_TEST(a_head_by_itself_is_verified_and_described)
{
    auto_done(site) s = {0};
    auto_json envelope = NULL;
    auto_json facts = NULL;
    auto_done(buf) text = {0};
    struct err e = {0};

    site_begin(&s, 5, DSSE_TYPE_LEDGER_HEAD);
    envelope = head_envelope(&s, DSSE_TYPE_LEDGER_HEAD);
    json_add_compact(&text, envelope);
    ck_assert_msg(verify_envelope(s.trust, buf_text(&text), text.len, &facts, &e), "%s", e.msg);
    ck_assert_str_eq(json_string_value(json_object_get(facts, "kind")), "ledger-head");
    ck_assert_str_eq(json_string_value(json_object_get(facts, "subject")), "acme");
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(facts, "detail")), "5 events"));
}
END_TEST

START_TEST(a_signed_head_that_does_not_add_up_is_refused)
{
    auto_done(site) s = {0};
    auto_done(buf) payload = {0};
    auto_done(buf) text = {0};
    auto_json facts = NULL;
    const struct key_secret *keys[1];
    struct err e = {0};
    char *root;

    site_begin(&s, 5, DSSE_TYPE_LEDGER_HEAD);
    ledger_head_write(&s.head, &payload);
    root = strstr(payload.data, "\"root_hash\":\"") + strlen("\"root_hash\":\"");
    root[0] = root[0] == 'a' ? 'b' : 'a';
    keys[0] = s.key;
    dsse_sign(DSSE_TYPE_LEDGER_HEAD, payload.data, payload.len, keys, 1, &text);
    ck_assert(!verify_envelope(s.trust, buf_text(&text), text.len, &facts, &e));
    ck_assert_msg(strstr(e.msg, "the frontier has root") != NULL, "%s", e.msg);
}
END_TEST

/* In whichever order the files are given. */
START_TEST(a_head_that_hides_that_its_clock_was_set_back_is_refused)
{
    const char *const latest[] = {"", "2070-11-22T10:00:00.000000Z"};
    auto_done(site) s = {0};
    struct ledger_head ahead, right;

    site_begin(&s, 5, DSSE_TYPE_LEDGER_HEAD);
    ahead = right = s.head;
    strcpy(ahead.timestamp, "2070-11-22T10:00:00.000000Z");
    ck_assert(ledger_tree_add(&right.tree, s.chain.prev.text, NULL));
    right.last_seq++;
    strcpy(right.latest, latest[_i]);
    for (int swapped = 0; swapped < 2; swapped++) {
        auto_obj(known_heads) known = known_heads_new();
        struct err e = {0};

        known_heads_add(known, "key", swapped ? &right : &ahead, "one.json");
        ck_assert(known_heads_check(known, "key", swapped ? &ahead : &right, &e) == (_i == 1));
        ck_assert(_i == 1 || strstr(e.msg, "beside 'one.json': tenant 'acme'") != NULL);
        ck_assert(known_heads_check(known, "another", swapped ? &ahead : &right, &e));
    }
}
END_TEST

TCase *ledger_cases(void)
{
    TCase *tc = tcase_create("ledger");

    tcase_add_test(tc, an_export_of_any_size_is_verified_and_described);
    tcase_add_test(tc, a_head_that_nobody_trusted_signed_proves_nothing);
    tcase_add_test(tc, a_file_that_was_cut_anywhere_is_refused);
    tcase_add_test(tc, a_changed_byte_in_the_last_line_is_refused);
    tcase_add_test(tc, an_endless_line_is_refused_before_it_is_read);
    tcase_add_test(tc, what_is_no_export_is_left_to_the_others);
    tcase_add_test(tc, a_head_by_itself_is_verified_and_described);
    tcase_add_test(tc, a_signed_head_that_does_not_add_up_is_refused);
    tcase_add_loop_test(tc, a_head_that_hides_that_its_clock_was_set_back_is_refused, 0, 2);
    return tc;
}
