/* fetch.h -- what the store has of bundles, read on a thread beside the loop: the list of them, and
 * the bytes of one into a file of the plugins folder. Inside catalog only.
 *
 * The store is believed nothing: a hash must be one, a size within its limit, the bytes must have
 * the hash; whether they are trusted is decided where every file of the folder is (check.c). A part
 * is held at a time. */
#ifndef ORCH_ENGINE_CATALOG_FETCH_H
#define ORCH_ENGINE_CATALOG_FETCH_H

#include "base/hash.h"
#include "store/reader.h"

/* A row of plugin_bundles, for as long as the list it is in. */
struct stocked {
    char *plugin_id, *version, *key_id;
    struct sha256_hex archive_hash, bundle_hash;
    int64_t bytes, removed_us, released_us;
    bool lacking; /* it is to be fetched */
};

struct stocked_list {
    struct stocked *rows;
    size_t count;
};

void stocked_list_done(struct stocked_list *list);
DEFINE_AUTO_DONE(stocked_list)

/* Rows whose hashes are none are left out and counted: they are no bundles. */
bool stocked_read(struct store_reader *reader, struct stocked_list *ret, unsigned *ret_bad,
                  struct err *e) must_check;

/* "HASH.orchbundle": nothing that the store says but its hash is part of a file's name. */
char *fetched_name(const struct stocked *row) must_check;
bool is_fetched_name(const char *file);
/* Writes it there, whole or not at all. ERR_CORRUPT: the bytes are not those of its hash. */
bool bundle_fetch(struct store_reader *reader, const struct stocked *row, const char *folder,
                  struct err *e) must_check;

#endif
