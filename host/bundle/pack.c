/* pack.c -- a deterministic zstd tar and the manifest over it; see archive.h. */
#include "bundle/archive.h"

#include "base/json.h"
#include "base/mem.h"
#include "bundle/bundle.h"
#include "bundle/libarchive.h"
#include "bundle/sbom.h"

#include <orch/plugin.h>

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* What zstd takes by itself. Above it each archive, however small, takes 30 MB and more for a tenth
 * of its size. */
#define ZSTD_LEVEL "3"
#define ARCHIVE_BYTES_MAX (BUNDLE_BYTES_MAX - BUNDLE_ENVELOPE_BYTES_MAX - 8)

static void archive_write_auto_free(struct archive **a)
{
    if (*a != NULL)
        archive_write_free(*a);
}
#define auto_archive __attribute__((cleanup(archive_write_auto_free))) struct archive *

static void archive_entry_auto_free(struct archive_entry **entry)
{
    archive_entry_free(*entry);
}
#define auto_entry __attribute__((cleanup(archive_entry_auto_free))) struct archive_entry *

static la_ssize_t append(struct archive *a unused_arg, void *arg, const void *bytes, size_t len)
{
    buf_add(arg, bytes, len);
    return (la_ssize_t)len;
}

static bool archive_fail(struct archive *a, const char *what, struct err *e)
{
    return err_set(e, ERR_SYSTEM, "%s: %s", what, archive_error_string(a));
}

static bool add_file(struct archive *a, const struct bundle_file *file, struct err *e)
{
    auto_entry entry = archive_entry_new();

    archive_entry_set_pathname(entry, file->path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)file->len);
    archive_entry_set_mtime(entry, 0, 0);
    if (archive_write_header(a, entry) != ARCHIVE_OK ||
        archive_write_data(a, file->bytes, file->len) != (la_ssize_t)file->len)
        return archive_fail(a, file->path, e);
    return true;
}

static bool write_archive(const struct bundle_file *files, size_t count, struct buf *ret,
                          struct err *e)
{
    auto_archive a = archive_write_new();

    if (archive_write_set_format_ustar(a) != ARCHIVE_OK ||
        archive_write_add_filter_zstd(a) != ARCHIVE_OK ||
        archive_write_set_filter_option(a, "zstd", "compression-level", ZSTD_LEVEL) != ARCHIVE_OK ||
        archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
        archive_write_open(a, ret, NULL, append, NULL) != ARCHIVE_OK)
        return archive_fail(a, "zstd tar", e);
    for (size_t i = 0; i < count; i++)
        if (!add_file(a, &files[i], e))
            return false;
    return archive_write_close(a) == ARCHIVE_OK || archive_fail(a, "zstd tar", e);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct bundle_file *)a)->path, ((const struct bundle_file *)b)->path);
}

/* The manifest as it lies in the archive. */
static json_t *inner_manifest(const struct manifest *source, const char *library,
                              const struct bundle_file *files, size_t count)
{
    json_t *json = json_deep_copy(source->json), *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{ss ss sI}", "path", files[i].path, "sha256",
                                              sha256_hex(files[i].bytes, files[i].len).text, "size",
                                              (json_int_t)files[i].len));
    json_object_set_new(json, "abi",
                        json_pack("{si si}", "major", ORCH_ABI_MAJOR, "minor", ORCH_ABI_MINOR));
    json_object_set_new(json, "os", json_string("linux"));
    json_object_set_new(json, "arch", json_string(manifest_arch()));
    json_object_set_new(json, "library", json_string(library));
    json_object_set_new(json, "files", list);
    return json;
}

/* sorted has room for two more than count. */
static bool pack_sorted(json_t *inner, struct bundle_file *sorted, size_t count,
                        struct buf *payload, struct buf *archive, struct err *e)
{
    auto_done(buf) text = {0};

    if (!jcs_write(inner, &text, e))
        return false;
    sorted[count] = (struct bundle_file){"manifest.json", text.data, text.len};
    qsort(sorted, count + 1, sizeof *sorted, by_path);
    if (!write_archive(sorted, count + 1, archive, e))
        return false;
    if (archive->len > ARCHIVE_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the archive has %zu bytes, %u are the most", archive->len,
                       ARCHIVE_BYTES_MAX);
    json_object_set_new(inner, "archive",
                        json_pack("{ss sI}", "sha256", sha256_hex(archive->data, archive->len).text,
                                  "size", (json_int_t)archive->len));
    return jcs_write(inner, payload, e);
}

bool bundle_pack(const struct manifest *source, const struct bundle_file *files, size_t count,
                 struct buf *ret_payload, struct buf *ret_archive, struct err *e)
{
    auto_mem struct bundle_file *sorted = mem_array(count + 2, struct bundle_file);
    auto_obj(manifest) check = NULL;
    auto_done(buf) sbom = {0};
    auto_json inner = NULL;

    if (count == 0 || count > MANIFEST_FILES_MAX - 1)
        return err_set(e, ERR_INVALID, "a bundle holds 1 to %d files", MANIFEST_FILES_MAX - 1);
    if (!libarchive_load(e) || !sbom_write(source, files, count, &sbom, e))
        return false;
    memcpy(sorted, files, count * sizeof *files);
    sorted[count] = (struct bundle_file){SBOM_PATH, sbom.data, sbom.len};
    qsort(sorted, count + 1, sizeof *sorted, by_path);
    inner = inner_manifest(source, files[0].path, sorted, count + 1);
    if (!pack_sorted(inner, sorted, count + 1, ret_payload, ret_archive, e))
        return false;
    /* What we write, we accept: a path or a hash that our own reader refuses is found here. */
    return manifest_parse(buf_text(ret_payload), ret_payload->len, MANIFEST_SIGNED, &check, e);
}
