/* archive_test.c -- only what the signed manifest lists comes out of an archive. Hostile archives
 * are made here with libarchive and given a manifest that vouches for the archive's own hash, so
 * that each test reaches the check it is about. */
#include "suites.h"

#include "base/json.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

static json_t *payload_of(const struct packed *p)
{
    json_t *json = NULL;
    struct err e;

    ck_assert_msg(json_parse(buf_text(&p->payload), p->payload.len, &json_limits_default, &json,
                             NULL, &e),
                  "%s", e.msg);
    return json;
}

/* The manifest with the archive's hash set right. */
static struct manifest *vouch(json_t *json, const struct buf *archive)
{
    auto_done(buf) text = {0};
    struct manifest *m = NULL;
    struct err e;

    json_object_set_new(json, "archive",
                        json_pack("{ss sI}", "sha256", sha256_hex(archive->data, archive->len).text,
                                  "size", (json_int_t)archive->len));
    ck_assert_msg(jcs_write(json, &text, &e), "%s", e.msg);
    ck_assert_msg(manifest_parse(buf_text(&text), text.len, MANIFEST_SIGNED, &m, &e), "%s", e.msg);
    return m;
}

struct member {
    const char *path;
    struct buf bytes;
    unsigned type;        /* AE_IFREG */
    const char *hardlink; /* or NULL */
};

static la_ssize_t append(struct archive *a unused_arg, void *arg, const void *bytes, size_t len)
{
    buf_add(arg, bytes, len);
    return (la_ssize_t)len;
}

static void write_members(const struct member *members, size_t count, struct buf *ret)
{
    struct archive *a = archive_write_new();

    archive_write_set_format_pax_restricted(a);
    archive_write_add_filter_zstd(a);
    archive_write_set_bytes_in_last_block(a, 1);
    ck_assert_int_eq(archive_write_open(a, ret, NULL, append, NULL), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();

        archive_entry_set_pathname(entry, members[i].path);
        archive_entry_set_filetype(entry, members[i].type);
        archive_entry_set_perm(entry, 0644);
        if (members[i].hardlink != NULL)
            archive_entry_set_hardlink(entry, members[i].hardlink);
        if (members[i].type == AE_IFLNK)
            archive_entry_set_symlink(entry, "/etc/passwd");
        archive_entry_set_size(entry, (la_int64_t)members[i].bytes.len);
        ck_assert_int_eq(archive_write_header(a, entry), ARCHIVE_OK);
        archive_write_data(a, members[i].bytes.data, members[i].bytes.len);
        archive_entry_free(entry);
    }
    ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

/* The honest members, in the order of the packed archive: manifest.json first. */
enum { INNER, LIBRARY, SBOM, SCHEMA, MEMBERS };

struct parts {
    struct packed p;
    json_t *json;
    struct bundle_contents *honest;
    struct buf inner;
    struct member members[MEMBERS + 1];
    size_t count;
};

static void parts_make(struct parts *t)
{
    auto_obj(manifest) m = NULL;
    auto_json inner = NULL;
    struct err e;

    memset(t, 0, sizeof *t);
    packed_make(&t->p);
    t->json = payload_of(&t->p);
    m = vouch(t->json, &t->p.archive);
    ck_assert_msg(bundle_unpack(m, t->p.archive.data, t->p.archive.len, &t->honest, &e), "%s",
                  e.msg);
    inner = json_copy(t->json);
    json_object_del(inner, "archive");
    ck_assert_msg(jcs_write(inner, &t->inner, &e), "%s", e.msg);
    t->members[INNER] = (struct member){"manifest.json", t->inner, AE_IFREG, NULL};
    for (size_t i = 0; i < t->honest->count; i++)
        t->members[i + 1] = (struct member){t->honest->entries[i].path, t->honest->entries[i].bytes,
                                            AE_IFREG, NULL};
    t->count = MEMBERS;
}

static void parts_done(struct parts *t)
{
    packed_done(&t->p);
    json_decref(t->json);
    bundle_contents_free(t->honest);
    buf_done(&t->inner);
}
DEFINE_AUTO_DONE(parts)

/* Its msg is "" when the archive unpacks. */
static struct err unpack_error(struct parts *t)
{
    auto_done(buf) archive = {0};
    auto_obj(manifest) m = NULL;
    auto_obj(bundle_contents) contents = NULL;
    struct err e = {0};

    write_members(t->members, t->count, &archive);
    m = vouch(t->json, &archive);
    if (!bundle_unpack(m, archive.data, archive.len, &contents, &e))
        ck_assert_int_eq(e.code, ERR_CORRUPT);
    return e;
}

START_TEST(packing_twice_gives_the_same_bytes)
{
    auto_done(packed) a;
    auto_done(packed) b;

    packed_make(&a);
    packed_make(&b);
    ck_assert_uint_eq(a.archive.len, b.archive.len);
    ck_assert_mem_eq(a.archive.data, b.archive.data, a.archive.len);
    ck_assert_str_eq(buf_text(&a.payload), buf_text(&b.payload));
}
END_TEST

START_TEST(the_library_comes_out_as_it_went_in)
{
    auto_done(packed) p;
    auto_done(buf) so = {0};
    auto_json json = NULL;
    auto_obj(manifest) m = NULL;
    struct err e;

    packed_make(&p);
    json = payload_of(&p);
    m = vouch(json, &p.archive);
    ck_assert_msg(bundle_unpack_so(m, p.archive.data, p.archive.len, &so, &e), "%s", e.msg);
    ck_assert_str_eq(buf_text(&so), "\177ELF not really");
}
END_TEST

START_TEST(one_changed_bit_is_seen_before_anything_is_unpacked)
{
    auto_done(packed) p;
    auto_json json = NULL;
    auto_obj(manifest) m = NULL;
    auto_obj(bundle_contents) contents = NULL;
    struct err e;

    packed_make(&p);
    json = payload_of(&p);
    m = vouch(json, &p.archive);
    for (size_t i = 0; i < p.archive.len; i += 7) {
        p.archive.data[i] ^= 4;
        ck_assert(!bundle_unpack(m, p.archive.data, p.archive.len, &contents, &e));
        ck_assert_ptr_nonnull(strstr(e.msg, "archive's SHA-256"));
        p.archive.data[i] ^= 4;
    }
}
END_TEST

START_TEST(the_bill_of_materials_lists_every_file)
{
    auto_done(parts) t;
    auto_json sbom = NULL;
    json_t *files;
    struct err e;

    parts_make(&t);
    ck_assert_str_eq(t.members[SBOM].path, "sbom.spdx.json");
    ck_assert_msg(json_parse(buf_text(&t.members[SBOM].bytes), t.members[SBOM].bytes.len,
                             &json_limits_default, &sbom, NULL, &e),
                  "%s", e.msg);
    ck_assert_str_eq(json_string_value(json_object_get(sbom, "spdxVersion")), "SPDX-2.3");
    files = json_object_get(sbom, "files");
    ck_assert_uint_eq(json_array_size(files), 2);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(files, 0), "fileName")),
                     "./lib/hello.so");
}
END_TEST

/* What a hostile packer does; each leaves the archive's own hash right. */
static void honest(struct parts *t unused_arg)
{
}
static void link_library(struct parts *t)
{
    t->members[LIBRARY].type = AE_IFLNK;
    t->members[LIBRARY].bytes.len = 0;
}
static void hard_link_library(struct parts *t)
{
    t->members[LIBRARY].hardlink = "manifest.json";
    t->members[LIBRARY].bytes.len = 0;
}
static void climb(struct parts *t)
{
    t->members[MEMBERS] = t->members[SCHEMA];
    t->members[MEMBERS].path = "../../etc/cron.d/x";
    t->count++;
}
static void absolute(struct parts *t)
{
    t->members[SCHEMA].path = "/schemas/greet.json";
}
static void twice(struct parts *t)
{
    t->members[MEMBERS] = t->members[LIBRARY];
    t->count++;
}
static void manifest_twice(struct parts *t)
{
    t->members[MEMBERS] = t->members[INNER];
    t->count++;
}
static void leave_out(struct parts *t)
{
    t->count = SCHEMA;
}
static void leave_out_manifest(struct parts *t)
{
    t->members[INNER] = t->members[LIBRARY];
    t->members[LIBRARY] = t->members[SCHEMA];
    t->count = SCHEMA;
}
static void change_byte(struct parts *t)
{
    t->members[LIBRARY].bytes.data[0] ^= 1;
}
static void shorten(struct parts *t)
{
    t->members[LIBRARY].bytes.len--;
}
static void change_manifest(struct parts *t)
{
    t->inner.data[t->inner.len / 2] ^= 1;
}
static void make_folder(struct parts *t)
{
    t->members[LIBRARY].type = AE_IFDIR;
    t->members[LIBRARY].bytes.len = 0;
}

static const struct {
    void (*change)(struct parts *t);
    const char *reason;
} hostile[] = {
    {honest, ""},
    {link_library, "it is not a regular file"},
    {hard_link_library, "it is not a regular file"},
    {climb, "'../../etc/cron.d/x' is not in the manifest"},
    {absolute, "'/schemas/greet.json' is not in the manifest"},
    {twice, "'lib/hello.so' is in the archive twice"},
    {manifest_twice, "'manifest.json' is not in the manifest"},
    {leave_out, "'schemas/greet.json' is missing"},
    {leave_out_manifest, "is missing"},
    {change_byte, "'lib/hello.so': its SHA-256 is not the manifest's"},
    {shorten, "'lib/hello.so': it has 14 bytes, the manifest says 15"},
    {change_manifest, "manifest.json differs from the signed manifest"},
    {make_folder, "is not in the manifest"}, /* libarchive adds a slash to its name */
};

START_TEST(only_what_the_manifest_lists_comes_out)
{
    auto_done(parts) t;
    struct err e;

    parts_make(&t);
    hostile[_i].change(&t);
    e = unpack_error(&t);
    ck_assert_msg(strstr(e.msg, hostile[_i].reason) != NULL, "%s", e.msg);
    ck_assert_int_eq(hostile[_i].reason[0] == '\0', e.code == ERR_NONE);
}
END_TEST

Suite *archive_suite(void)
{
    Suite *suite = suite_create("archive");
    TCase *tc = tcase_create("contents");

    tcase_add_test(tc, packing_twice_gives_the_same_bytes);
    tcase_add_test(tc, the_library_comes_out_as_it_went_in);
    tcase_add_test(tc, one_changed_bit_is_seen_before_anything_is_unpacked);
    tcase_add_test(tc, the_bill_of_materials_lists_every_file);
    tcase_add_loop_test(tc, only_what_the_manifest_lists_comes_out, 0, (int)ARRAY_LEN(hostile));
    suite_add_tcase(suite, tc);
    return suite;
}
