/* fetch.c -- see fetch.h. */
#include "engine/catalog/fetch.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "bundle/bundle.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS_MAX = 65536 };

/* ---- the list ---- */

void stocked_list_done(struct stocked_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->rows[i].plugin_id);
        free(list->rows[i].version);
        free(list->rows[i].key_id);
    }
    free(list->rows);
    *list = (struct stocked_list){0};
}

static bool take_hash(struct sha256_hex *to, const char *text)
{
    return text_is_sha256(text) && text_copy(to->text, sizeof to->text, text);
}

static bool add_row(struct stocked_list *list, const struct store_bundle *row)
{
    struct stocked to = {.bytes = row->bytes,
                         .removed_us = row->removed_us,
                         .released_us = row->released_us};

    if (!take_hash(&to.archive_hash, row->archive_hash) ||
        !take_hash(&to.bundle_hash, row->bundle_hash))
        return false;
    to.plugin_id = mem_str(row->plugin_id);
    to.version = mem_str(row->version);
    to.key_id = mem_str(row->key_id);
    list->rows = mem_resize(list->rows, list->count + 1, sizeof *list->rows);
    list->rows[list->count++] = to;
    return true;
}

bool stocked_read(struct store_reader *reader, struct stocked_list *ret, unsigned *ret_bad,
                  struct err *e)
{
    auto_done(stocked_list) list = {0};
    auto_mem char *token = NULL;
    unsigned bad = 0;

    do {
        auto_done(store_bundle_list) rows = {0};

        if (!store_read_bundles(reader, (struct store_page){token, STORE_PAGE_ROWS_MAX}, &rows, e))
            return false;
        for (size_t i = 0; i < rows.count; i++)
            bad += !add_row(&list, &rows.rows[i]);
        if (list.count > ROWS_MAX)
            return err_set(e, ERR_LIMIT, "the store has over %d bundles", ROWS_MAX);
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    *ret = list;
    list = (struct stocked_list){0};
    *ret_bad = bad;
    return true;
}

/* ---- one bundle ---- */

char *fetched_name(const struct stocked *row)
{
    return mem_printf("%s%s", row->bundle_hash.text, BUNDLE_SUFFIX);
}

bool is_fetched_name(const char *file)
{
    auto_mem char *stem = mem_strn(file, strcspn(file, "."));

    return text_is_sha256(stem) && strcmp(file + strlen(stem), BUNDLE_SUFFIX) == 0;
}

static bool wrong_bytes(const struct stocked *row, struct err *e)
{
    return err_set(e, ERR_CORRUPT, "the store's parts of bundle %s are not its bytes",
                   row->bundle_hash.text);
}

static bool parts_to(int fd, struct store_reader *reader, const struct stocked *row,
                     struct sha256_stream *hash, struct err *e)
{
    int64_t left = row->bytes;

    for (int64_t part = 0; left > 0; part++) {
        auto_done(store_bundle_part_list) l = {0};

        if (!store_read_bundle_part(reader, row->bundle_hash.text, part, &l, e))
            return false;
        if (l.rows[0].content_bytes == 0 || (int64_t)l.rows[0].content_bytes > left)
            return wrong_bytes(row, e);
        sha256_stream_add(hash, l.rows[0].content, l.rows[0].content_bytes);
        if (!fd_write_all(fd, l.rows[0].content, l.rows[0].content_bytes, e))
            return false;
        left -= (int64_t)l.rows[0].content_bytes;
    }
    return true;
}

static bool whole_to(int fd, struct store_reader *reader, const struct stocked *row, struct err *e)
{
    struct sha256_stream *stream = sha256_stream_new();
    bool good = parts_to(fd, reader, row, stream, e);
    struct sha256_hex hash = sha256_stream_end_hex(stream);

    return good && (strcmp(hash.text, row->bundle_hash.text) == 0 || wrong_bytes(row, e));
}

bool bundle_fetch(struct store_reader *reader, const struct stocked *row, const char *folder,
                  struct err *e)
{
    auto_mem char *name = fetched_name(row);
    auto_mem char *path = mem_printf("%s/%s", folder, name);
    auto_mem char *temp = file_temp_name(path);
    auto_fd fd = -1;

    if (row->bytes <= 0 || row->bytes > (int64_t)BUNDLE_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "bundle %s has %lld bytes, more than %u",
                       row->bundle_hash.text, (long long)row->bytes, BUNDLE_BYTES_MAX);
    if (!dir_make(folder, 0700, e))
        return false;
    fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_sys(e, "create '%s'", temp);
    if (!whole_to(fd, reader, row, e)) {
        unlink(temp);
        return false;
    }
    if (fsync(fd) < 0 || rename(temp, path) < 0) {
        err_sys(e, "write '%s'", path);
        unlink(temp);
        return false;
    }
    return file_sync_dir(path, e);
}
