/* libarchive.c -- see libarchive.h. */
#include "bundle/libarchive.h"

#include "base/auto.h"
#include "base/library_calls.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define FUNCTIONS(RETURNS, GIVES, RELEASES)                                                        \
    RETURNS(const char *, archive_error_string, (struct archive * a), (a))                         \
    RETURNS(struct archive *, archive_read_new, (void), ())                                        \
    RETURNS(int, archive_read_free, (struct archive * a), (a))                                     \
    RETURNS(int, archive_read_support_format_tar, (struct archive * a), (a))                       \
    RETURNS(int, archive_read_support_filter_zstd, (struct archive * a), (a))                      \
    RETURNS(int, archive_read_open_memory, (struct archive * a, const void *bytes, size_t len),    \
            (a, bytes, len))                                                                       \
    RETURNS(int, archive_read_next_header, (struct archive * a, struct archive_entry * *ret),      \
            (a, ret))                                                                              \
    RETURNS(la_ssize_t, archive_read_data, (struct archive * a, void *to, size_t len),             \
            (a, to, len))                                                                          \
    RETURNS(struct archive *, archive_write_new, (void), ())                                       \
    RETURNS(int, archive_write_free, (struct archive * a), (a))                                    \
    RETURNS(int, archive_write_set_format_ustar, (struct archive * a), (a))                        \
    RETURNS(int, archive_write_add_filter_zstd, (struct archive * a), (a))                         \
    RETURNS(int, archive_write_set_filter_option,                                                  \
            (struct archive * a, const char *filter, const char *option, const char *value),       \
            (a, filter, option, value))                                                            \
    RETURNS(int, archive_write_set_bytes_in_last_block, (struct archive * a, int bytes),           \
            (a, bytes))                                                                            \
    RETURNS(int, archive_write_open,                                                               \
            (struct archive * a, void *arg, archive_open_callback *opens,                          \
             archive_write_callback *writes, archive_close_callback *closes),                      \
            (a, arg, opens, writes, closes))                                                       \
    RETURNS(int, archive_write_header, (struct archive * a, struct archive_entry * entry),         \
            (a, entry))                                                                            \
    RETURNS(la_ssize_t, archive_write_data, (struct archive * a, const void *bytes, size_t len),   \
            (a, bytes, len))                                                                       \
    RETURNS(int, archive_write_close, (struct archive * a), (a))                                   \
    RETURNS(struct archive_entry *, archive_entry_new, (void), ())                                 \
    GIVES(archive_entry_free, (struct archive_entry * entry), (entry))                             \
    RETURNS(const char *, archive_entry_pathname, (struct archive_entry * entry), (entry))         \
    RETURNS(const char *, archive_entry_hardlink, (struct archive_entry * entry), (entry))         \
    RETURNS(const char *, archive_entry_symlink, (struct archive_entry * entry), (entry))          \
    RETURNS(mode_t, archive_entry_filetype, (struct archive_entry * entry), (entry))               \
    RETURNS(la_int64_t, archive_entry_size, (struct archive_entry * entry), (entry))               \
    GIVES(archive_entry_set_pathname, (struct archive_entry * entry, const char *path),            \
          (entry, path))                                                                           \
    GIVES(archive_entry_set_filetype, (struct archive_entry * entry, unsigned type),               \
          (entry, type))                                                                           \
    GIVES(archive_entry_set_perm, (struct archive_entry * entry, mode_t mode), (entry, mode))      \
    GIVES(archive_entry_set_size, (struct archive_entry * entry, la_int64_t bytes),                \
          (entry, bytes))                                                                          \
    GIVES(archive_entry_set_mtime, (struct archive_entry * entry, time_t s, long ns),              \
          (entry, s, ns))

/* The names of the parameters are ours.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,readability-function-size) */
LIBRARY_CALLS(FUNCTIONS, libarchive_load)
/* NOLINTEND(readability-inconsistent-declaration-parameter-name,readability-function-size) */

static void *library;

bool libarchive_load(struct err *e)
{
    return library != NULL ||
           library_load("libarchive.so.13", functions, ARRAY_LEN(functions), &library, e);
}

void libarchive_unload(void)
{
    if (library == NULL)
        return;
    library_unload(take(library));
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        memset(functions[i].to, 0, sizeof(void *));
}
