/* unpack.c -- an archive into memory, each entry against its manifest; see archive.h. */
#include "bundle/archive.h"

#include "base/json.h"
#include "base/mem.h"
#include "bundle/libarchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define INNER_MANIFEST "manifest.json"

static void archive_read_auto_free(struct archive **a)
{
    if (*a != NULL)
        archive_read_free(*a);
}
#define auto_archive __attribute__((cleanup(archive_read_auto_free))) struct archive *

void bundle_contents_free(struct bundle_contents *contents)
{
    if (contents == NULL)
        return;
    for (size_t i = 0; i < contents->count; i++) {
        free(contents->entries[i].path);
        buf_done(&contents->entries[i].bytes);
    }
    free(contents->entries);
    free(contents);
}

/* Exactly size bytes, no more and no less. */
static bool read_data(struct archive *a, uint64_t size, struct buf *ret, struct err *e)
{
    la_ssize_t n;
    char extra;

    buf_reserve(ret, (size_t)size + 1);
    while (ret->len < size) {
        n = archive_read_data(a, ret->data + ret->len, (size_t)size - ret->len);
        if (n <= 0)
            return err_set(e, ERR_CORRUPT, "%s", n < 0 ? archive_error_string(a) : "it is cut off");
        ret->len += (size_t)n;
    }
    if (archive_read_data(a, &extra, 1) != 0)
        return err_set(e, ERR_CORRUPT, "it is longer than listed");
    ret->data[ret->len] = '\0';
    return true;
}

/* The copy inside is the signed one without its "archive". */
static bool check_inner(struct archive *a, struct archive_entry *entry, const struct manifest *m,
                        struct err *e)
{
    auto_json wanted = json_copy(m->json); /* shallow: only a member is left out */
    auto_done(buf) text = {0}, canonical = {0};

    json_object_del(wanted, "archive");
    if (!jcs_write(wanted, &canonical, e))
        return false;
    if (archive_entry_size(entry) != (la_int64_t)canonical.len ||
        !read_data(a, canonical.len, &text, e) ||
        memcmp(text.data, canonical.data, canonical.len) != 0)
        return err_set(e, ERR_CORRUPT, INNER_MANIFEST " differs from the signed manifest");
    return true;
}

static bool check_entry(struct archive *a, struct archive_entry *entry,
                        const struct manifest_file *file, struct buf *ret, struct err *e)
{
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL ||
        archive_entry_symlink(entry) != NULL)
        return err_set(e, ERR_CORRUPT, "it is not a regular file");
    if (archive_entry_size(entry) != (la_int64_t)file->size)
        return err_set(e, ERR_CORRUPT, "it has %jd bytes, the manifest says %ju",
                       (intmax_t)archive_entry_size(entry), (uintmax_t)file->size);
    if (!read_data(a, file->size, ret, e))
        return false;
    if (strcmp(sha256_hex(ret->data, ret->len).text, file->sha256) != 0)
        return err_set(e, ERR_CORRUPT, "its SHA-256 is not the manifest's");
    return true;
}

static bool take_entry(struct archive *a, struct archive_entry *entry, const struct manifest *m,
                       struct bundle_contents *contents, bool *inner_seen, struct err *e)
{
    const char *path = archive_entry_pathname(entry);
    const struct manifest_file *file = path != NULL ? manifest_file_find(m, path) : NULL;
    struct bundle_entry *to;

    if (path != NULL && strcmp(path, INNER_MANIFEST) == 0 && !*inner_seen) {
        *inner_seen = true;
        return check_inner(a, entry, m, e);
    }
    if (file == NULL)
        return err_set(e, ERR_CORRUPT, "'%.128s' is not in the manifest",
                       path != NULL ? path : "(no name)");
    to = &contents->entries[file - m->files];
    if (to->path != NULL)
        return err_set(e, ERR_CORRUPT, "'%s' is in the archive twice", path);
    to->path = mem_str(path);
    return check_entry(a, entry, file, &to->bytes, e) || err_wrap(e, "'%s'", path);
}

static bool check_complete(const struct manifest *m, const struct bundle_contents *contents,
                           bool inner_seen, struct err *e)
{
    for (size_t i = 0; i < contents->count; i++)
        if (contents->entries[i].path == NULL)
            return err_set(e, ERR_CORRUPT, "'%s' is missing", m->files[i].path);
    return inner_seen || err_set(e, ERR_CORRUPT, INNER_MANIFEST " is missing");
}

static bool read_entries(struct archive *a, const struct manifest *m,
                         struct bundle_contents *contents, struct err *e)
{
    struct archive_entry *entry;
    bool inner_seen = false;
    int status;

    while ((status = archive_read_next_header(a, &entry)) == ARCHIVE_OK)
        if (!take_entry(a, entry, m, contents, &inner_seen, e))
            return false;
    if (status != ARCHIVE_EOF)
        return err_set(e, ERR_CORRUPT, "%s", archive_error_string(a));
    return check_complete(m, contents, inner_seen, e);
}

bool bundle_unpack(const struct manifest *m, const void *archive, size_t len,
                   struct bundle_contents **ret, struct err *e)
{
    auto_obj(bundle_contents) contents = mem_new(struct bundle_contents);
    auto_archive a = NULL;

    if (!manifest_archive_matches(m, archive, len, e) || !libarchive_load(e))
        return false;
    contents->count = m->file_count;
    contents->entries = mem_array(m->file_count, struct bundle_entry);
    a = archive_read_new();
    if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
        archive_read_open_memory(a, archive, len) != ARCHIVE_OK)
        return err_set(e, ERR_CORRUPT, "the archive: %s", archive_error_string(a));
    if (!read_entries(a, m, contents, e))
        return err_wrap(e, "the archive");
    *ret = take(contents);
    return true;
}

bool bundle_unpack_so(const struct manifest *m, const void *archive, size_t len, struct buf *ret,
                      struct err *e)
{
    auto_obj(bundle_contents) contents = NULL;
    const struct manifest_file *library = manifest_file_find(m, m->library);
    struct buf *so;

    if (!bundle_unpack(m, archive, len, &contents, e))
        return false;
    so = &contents->entries[library - m->files].bytes;
    buf_add(ret, so->data, so->len);
    return true;
}

void bundle_archive_rest(void)
{
    libarchive_unload();
}
