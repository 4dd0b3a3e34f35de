/* dsse_test.c -- envelopes are made and taken as the specification says. */
#include "suites.h"

#include "authority/trust/dsse.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

static bool parse(const char *text, struct dsse_envelope **ret, struct err *e)
{
    return dsse_parse(text, strlen(text), ret, e);
}

START_TEST(pae_is_the_specifications_example)
{
    auto_done(buf) pae = {0};

    dsse_pae("http://example.com/HelloWorld", "hello world", 11, &pae);
    ck_assert_str_eq(pae.data, "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}
END_TEST

START_TEST(the_specifications_envelope_parses)
{
    auto_obj(dsse_envelope) envelope = NULL;
    struct err e = {0};

    ck_good(
        parse("{\"payload\": \"aGVsbG8gd29ybGQ=\",\n"
              " \"payloadType\": \"http://example.com/HelloWorld\",\n"
              " \"signatures\": [{\"sig\": \"A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajab"
              "ZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==\"}]}",
              &envelope, &e),
        &e);
    ck_assert_str_eq(envelope->type, "http://example.com/HelloWorld");
    ck_assert_str_eq(envelope->payload.data, "hello world");
    ck_assert_uint_eq(envelope->count, 1);
    ck_assert_str_eq(envelope->signatures[0].key_id, "");
}
END_TEST

START_TEST(what_we_sign_parses_and_verifies)
{
    auto_obj(key_secret) first = test_key(1);
    auto_obj(key_secret) second = test_key(2);
    auto_obj(key_secret) third = test_key(3);
    const struct key_secret *keys[] = {first, second};
    auto_obj(dsse_envelope) envelope = NULL;
    auto_done(buf) text = {0};
    struct err e = {0};

    dsse_sign(DSSE_TYPE_DAG, "{\"a\":1}", 7, keys, 2, &text);
    ck_good(dsse_parse(text.data, text.len, &envelope, &e), &e);
    ck_assert_uint_eq(envelope->count, 2);
    ck_assert_str_eq(envelope->payload.data, "{\"a\":1}");
    ck_assert_str_eq(envelope->signatures[1].key_id, key_id(key_secret_public(second)).text);
    ck_assert(dsse_signed_by(envelope, 0, key_secret_public(first)));
    ck_assert(dsse_signed_by(envelope, 1, key_secret_public(second)));
    ck_assert(!dsse_signed_by(envelope, 0, key_secret_public(second)));
    ck_assert(!dsse_signed_by(envelope, 1, key_secret_public(third)));
}
END_TEST

START_TEST(a_signature_holds_for_its_payload_type_only)
{
    auto_obj(key_secret) key = test_key(1);
    const struct key_secret *keys[] = {key};
    auto_obj(dsse_envelope) envelope = NULL;
    auto_done(buf) text = {0};
    struct err e = {0};

    dsse_sign(DSSE_TYPE_DAG, "{}", 2, keys, 1, &text);
    ck_good(dsse_parse(text.data, text.len, &envelope, &e), &e);
    strcpy(envelope->type, DSSE_TYPE_PROVENANCE);
    ck_assert(!dsse_signed_by(envelope, 0, key_secret_public(key)));
}
END_TEST

START_TEST(both_base64_alphabets_are_taken)
{
    static const char *const payloads[] = {"+/+/", "-_-_", "+w==", "-w==", "-w"};
    static const unsigned char want[][3] = {
        {0xfb, 0xff, 0xbf}, {0xfb, 0xff, 0xbf}, {0xfb}, {0xfb}, {0xfb}};

    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        auto_mem char *text =
            mem_printf("{\"payload\":\"%s\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}]}",
                       payloads[i]);
        auto_obj(dsse_envelope) envelope = NULL;
        struct err e = {0};

        ck_good(parse(text, &envelope, &e), &e);
        ck_assert_uint_eq(envelope->payload.len, i < 2 ? 3 : 1);
        ck_assert_mem_eq(envelope->payload.data, want[i], envelope->payload.len);
    }
}
END_TEST

START_TEST(unknown_members_are_passed_over)
{
    auto_obj(key_secret) key = test_key(1);
    auto_obj(dsse_envelope) envelope = NULL;
    struct err e = {0};

    ck_good(parse("{\"payload\":\"\",\"payloadType\":\"t\",\"x\":[{}],\"signatures\":"
                  "[{\"sig\":\"AAAA\",\"keyid\":null,\"extension\":{\"kind\":\"k\"}}]}",
                  &envelope, &e),
            &e);
    ck_assert(!envelope->signatures[0].ed25519);
    ck_assert(!dsse_signed_by(envelope, 0, key_secret_public(key)));
}
END_TEST

START_TEST(malformed_envelopes_are_refused_as_such)
{
    static const char *const refused[] = {
        "",
        "[]",
        "{\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}]}",
        "{\"payload\":\"\",\"signatures\":[{\"sig\":\"\"}]}",
        "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[{\"sig\":\"\"}]}",
        "{\"payload\":\"\",\"payloadType\":\"t\"}",
        "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":{}}",
        "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[1]}",
        "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{}]}",
        "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":1}]}",
        "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"*\"}]}",
        "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\",\"keyid\":7}]}",
        "{\"payload\":\"a\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}]}",
        "{\"payload\":\"ab==\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}]}",
        "{\"payload\":\"YQ==\\n\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}]}",
        "{\"payload\":\"\",\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}]}",
        "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"},{\"sig\":\"\"},"
        "{\"sig\":\"\"},{\"sig\":\"\"},{\"sig\":\"\"},{\"sig\":\"\"},{\"sig\":\"\"},{\"sig\":\"\"},"
        "{\"sig\":\"\"}]}",
    };

    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct dsse_envelope *envelope = NULL;
        struct err e = {0};

        ck_assert_msg(!parse(refused[i], &envelope, &e), "took %s", refused[i]);
        ck_refused(&e, REFUSAL_ENVELOPE_MALFORMED);
        ck_assert_ptr_null(envelope);
    }
}
END_TEST

START_TEST(an_envelope_without_signatures_is_unsigned)
{
    struct dsse_envelope *envelope = NULL;
    struct err e = {0};

    ck_assert(!parse("{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[]}", &envelope, &e));
    ck_refused(&e, REFUSAL_UNSIGNED);
}
END_TEST

TCase *dsse_cases(void)
{
    TCase *tc = tcase_create("dsse");

    tcase_add_test(tc, pae_is_the_specifications_example);
    tcase_add_test(tc, the_specifications_envelope_parses);
    tcase_add_test(tc, what_we_sign_parses_and_verifies);
    tcase_add_test(tc, a_signature_holds_for_its_payload_type_only);
    tcase_add_test(tc, both_base64_alphabets_are_taken);
    tcase_add_test(tc, unknown_members_are_passed_over);
    tcase_add_test(tc, malformed_envelopes_are_refused_as_such);
    tcase_add_test(tc, an_envelope_without_signatures_is_unsigned);
    return tc;
}
