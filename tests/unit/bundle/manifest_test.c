/* manifest_test.c -- a manifest holds what it must and nothing else. */
#include "suites.h"

#include "base/buf.h"

#include <string.h>

START_TEST(an_authors_manifest_is_read)
{
    auto_obj(manifest) m = NULL;
    auto_mem char *name = NULL;
    struct err e;

    ck_assert_msg(manifest_parse(source_manifest, strlen(source_manifest), MANIFEST_SOURCE, &m, &e),
                  "%s", e.msg);
    ck_assert_str_eq(m->id, "hello");
    ck_assert_uint_eq(m->agent_count, 1);
    ck_assert(m->agents[0].pure);
    ck_assert(!m->agents[0].idempotent);
    ck_assert_str_eq(m->agents[0].input_schema, "schemas/greet.json");
    ck_assert_ptr_nonnull(manifest_agent_find(m, "hello.greet"));
    ck_assert_ptr_null(manifest_agent_find(m, "hello"));
    name = manifest_bundle_name(m);
    ck_assert_ptr_eq(strstr(name, "hello-1.2.3-linux-"), name);
}
END_TEST

START_TEST(a_packed_manifest_lists_files_and_archive)
{
    auto_done(packed) p;
    auto_obj(manifest) m = NULL;
    struct err e;

    packed_make(&p);
    ck_assert_msg(manifest_parse(buf_text(&p.payload), p.payload.len, MANIFEST_SIGNED, &m, &e),
                  "%s", e.msg);
    ck_assert_uint_eq(m->abi_major, 1);
    ck_assert_str_eq(m->library, "lib/hello.so");
    ck_assert_uint_eq(m->file_count, 3);
    ck_assert_ptr_nonnull(manifest_file_find(m, "sbom.spdx.json"));
    ck_assert_msg(manifest_archive_matches(m, p.archive.data, p.archive.len, &e), "%s", e.msg);
    ck_assert(!manifest_archive_matches(m, p.archive.data, p.archive.len - 1, &e));
    p.archive.data[9] ^= 1;
    ck_assert(!manifest_archive_matches(m, p.archive.data, p.archive.len, &e));
    ck_assert_int_eq(e.code, ERR_CORRUPT);
}
END_TEST

#define AGENT "{\"id\":\"a.b\",\"version\":\"1.0.0\"}"
#define REQ "\"requests\":{\"profiles\":[\"pure\"]}"
#define ID "\"id\":\"a\",\"version\":\"1.0.0\""

/* Each is wrong in one thing; the message names it. */
static const struct {
    const char *text, *message;
} wrong[] = {
    {"[]", "must be an object"},
    {"{\"id\":\"a\",\"id\":\"b\"}", "duplicate"},
    {"{\"version\":\"1.0.0\",\"agents\":[" AGENT "]," REQ "}", "'id' is missing"},
    {"{" ID ",\"agents\":[" AGENT "]}", "'requests' is missing"},
    {"{" ID ",\"agents\":[]," REQ "}", "1 to 64 agents"},
    {"{" ID ",\"agents\":[" AGENT "," AGENT "]," REQ "}", "listed twice"},
    {"{" ID ",\"agents\":[" AGENT "]," REQ ",\"colour\":1}", "'colour' does not belong here"},
    {"{" ID ",\"agents\":[" AGENT "]," REQ ",\"files\":[]}", "'files' does not belong here"},
    {"{" ID ",\"agents\":{}," REQ "}", "'agents' must be a list"},
    {"{\"id\":\"A\",\"version\":\"1.0.0\",\"agents\":[" AGENT "]," REQ "}", "id 'A'"},
    {"{\"id\":\"../a\",\"version\":\"1.0.0\",\"agents\":[" AGENT "]," REQ "}", "id '../a'"},
    {"{\"id\":\"a\",\"version\":\"1.0\",\"agents\":[" AGENT "]," REQ "}", "version '1.0'"},
    {"{\"id\":\"a\",\"version\":\"01.0.0\",\"agents\":[" AGENT "]," REQ "}", "version '01.0.0'"},
    {"{\"id\":\"a\",\"version\":\"1.0.0 \",\"agents\":[" AGENT "]," REQ "}", "version '1.0.0 '"},
    {"{" ID ",\"agents\":[{\"id\":\"a.b\"}]," REQ "}", "'version' is missing"},
    {"{" ID ",\"agents\":[{\"id\":\"a.b\",\"version\":\"1.0.0\",\"profile\":\"all\"}]," REQ "}",
     "no profile is called 'all'"},
    {"{" ID ",\"agents\":[{\"id\":\"a.b\",\"version\":\"1.0.0\",\"profile\":\"net\"}]," REQ "}",
     "requests.profiles does not list 'net'"},
    {"{" ID ",\"agents\":[{\"id\":\"a.b\",\"version\":\"1.0.0\",\"input_schema\":\"../x\"}]," REQ
     "}",
     "not a plain path"},
    {"{" ID ",\"agents\":[" AGENT "],\"requests\":{\"profiles\":[\"pure\",7]}}",
     "requests.profiles"},
    {"{" ID ",\"agents\":[" AGENT
     "],\"requests\":{\"profiles\":[\"pure\"],\"network\":[\"host\"]}}",
     "requests.network"},
    {"{" ID ",\"agents\":[" AGENT
     "],\"requests\":{\"profiles\":[\"pure\"],\"limits\":{\"cpu_ms\":-1}}}",
     "'cpu_ms' must be a whole number"},
};

START_TEST(a_wrong_manifest_is_refused_with_the_reason)
{
    auto_obj(manifest) m = NULL;
    struct err e = {0};

    ck_assert(!manifest_parse(wrong[_i].text, strlen(wrong[_i].text), MANIFEST_SOURCE, &m, &e));
    ck_assert_msg(strstr(e.msg, wrong[_i].message) != NULL, "%s", e.msg);
    ck_assert_ptr_null(m);
}
END_TEST

START_TEST(each_kind_asks_for_its_own_members)
{
    auto_done(packed) p;
    auto_obj(manifest) m = NULL;
    struct err e;

    packed_make(&p);
    ck_assert(!manifest_parse(buf_text(&p.payload), p.payload.len, MANIFEST_SOURCE, &m, &e));
    ck_assert(!manifest_parse(buf_text(&p.payload), p.payload.len, MANIFEST_INNER, &m, &e));
    ck_assert(!manifest_parse(source_manifest, strlen(source_manifest), MANIFEST_SIGNED, &m, &e));
}
END_TEST

Suite *manifest_suite(void)
{
    Suite *suite = suite_create("manifest");
    TCase *tc = tcase_create("members");

    tcase_add_test(tc, an_authors_manifest_is_read);
    tcase_add_test(tc, a_packed_manifest_lists_files_and_archive);
    tcase_add_loop_test(tc, a_wrong_manifest_is_refused_with_the_reason, 0, (int)ARRAY_LEN(wrong));
    tcase_add_test(tc, each_kind_asks_for_its_own_members);
    suite_add_tcase(suite, tc);
    return suite;
}
