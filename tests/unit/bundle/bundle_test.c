/* bundle_test.c -- the file's two parts. */
#include "suites.h"

#include "base/limits.h"
#include "bundle/bundle.h"

#include <string.h>

static enum err_code open_code(const struct buf *file)
{
    struct bundle_view view;
    struct err e = {0};

    return bundle_open(file->data, file->len, &view, &e) ? ERR_NONE : e.code;
}

static void join(struct buf *file, const char *envelope, const struct buf *archive)
{
    const struct bundle_view parts = {envelope, strlen(envelope), archive->data, archive->len};

    bundle_join(&parts, file);
}

START_TEST(what_was_joined_opens_again)
{
    auto_done(packed) p;
    auto_done(buf) envelope = {0}, file = {0}, payload = {0};
    struct bundle_view view;
    struct err e;

    packed_make(&p);
    bundle_envelope_unsigned(p.payload.data, p.payload.len, &envelope);
    join(&file, buf_text(&envelope), &p.archive);
    ck_assert_msg(bundle_open(file.data, file.len, &view, &e), "%s", e.msg);
    ck_assert_mem_eq(view.envelope, envelope.data, envelope.len);
    ck_assert_uint_eq(view.archive_bytes, p.archive.len);
    ck_assert_mem_eq(view.archive, p.archive.data, p.archive.len);
    ck_assert_msg(bundle_payload_unverified(&view, &payload, &e), "%s", e.msg);
    ck_assert_str_eq(buf_text(&payload), buf_text(&p.payload));
}
END_TEST

START_TEST(a_file_that_is_cut_or_no_bundle_is_refused)
{
    auto_done(packed) p;
    auto_done(buf) file = {0};
    size_t whole;

    packed_make(&p);
    ck_assert_int_eq(open_code(&p.archive), ERR_INVALID);
    join(&file, "{}", &p.archive);
    ck_assert_int_eq(open_code(&file), ERR_NONE);
    whole = 8 + 2 + 4; /* frame head, envelope, the archive's magic */
    for (file.len = 0; file.len < whole; file.len++)
        ck_assert_int_eq(open_code(&file), ERR_INVALID);
    file.len = whole;
    file.data[10] ^= 1; /* the archive's magic */
    ck_assert_int_eq(open_code(&file), ERR_INVALID);
    file.data[10] ^= 1;
    file.data[0] ^= 1; /* another skippable frame */
    ck_assert_int_eq(open_code(&file), ERR_INVALID);
}
END_TEST

START_TEST(an_envelope_over_its_limit_is_refused)
{
    auto_done(buf) file = {0};
    static const char head[] = "\x5b\x2a\x4d\x18\x01\x00\x08\x00"; /* 512 KiB + 1 */

    buf_add(&file, head, 8);
    ck_assert_int_eq(open_code(&file), ERR_TOO_LARGE);
    file.len = (size_t)BUNDLE_BYTES_MAX + 1; /* not read: the length alone decides */
    ck_assert_int_eq(open_code(&file), ERR_TOO_LARGE);
    file.len = 8;
}
END_TEST

/* Envelopes whose payload is not a manifest's. */
static const char *const bad_envelopes[] = {
    "",
    "[]",
    "{",
    "{\"payload\":\"e30=\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[]}",
    "{\"payload\":\"e30\",\"payloadType\":\"" BUNDLE_PAYLOAD_TYPE "\",\"signatures\":[]}",
    "{\"payload\":7,\"payloadType\":\"" BUNDLE_PAYLOAD_TYPE "\",\"signatures\":[]}",
};

START_TEST(an_envelope_of_something_else_is_refused)
{
    const struct bundle_view view = {bad_envelopes[_i], strlen(bad_envelopes[_i]), "", 0};
    auto_done(buf) payload = {0};
    struct err e = {0};

    ck_assert(!bundle_payload_unverified(&view, &payload, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(e.msg, "envelope"));
}
END_TEST

Suite *bundle_suite(void)
{
    Suite *suite = suite_create("bundle");
    TCase *tc = tcase_create("file");

    tcase_add_test(tc, what_was_joined_opens_again);
    tcase_add_test(tc, a_file_that_is_cut_or_no_bundle_is_refused);
    tcase_add_test(tc, an_envelope_over_its_limit_is_refused);
    tcase_add_loop_test(tc, an_envelope_of_something_else_is_refused, 0,
                        (int)ARRAY_LEN(bad_envelopes));
    suite_add_tcase(suite, tc);
    return suite;
}
