/* row.c -- rows into statements and back, by their columns (db.h). */
#include "base/buf.h"
#include "model/version/version.h"
#include "store/arena.h"
#include "store/rows.h"
#include "store/sqlite/db.h"
#include "store/sqlite/hash.h"

#include <assert.h>
#include <string.h>

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    if (text != NULL)
        sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, at);
}

static void bind_hash(sqlite3_stmt *stmt, int at, const char *text, struct bound_hashes *hashes)
{
    uint8_t *bytes = hashes->bytes[hashes->count];

    assert(hashes->count < HASHES_MAX);
    if (text == NULL || !hash_pack(text, bytes)) {
        bind_text(stmt, at, text);
        return;
    }
    sqlite3_bind_blob(stmt, at, bytes, SHA256_BYTES, SQLITE_STATIC);
    hashes->count++;
}

static void bind_time(sqlite3_stmt *stmt, int at, int64_t us)
{
    if (us != 0)
        sqlite3_bind_int64(stmt, at, us);
    else
        sqlite3_bind_null(stmt, at);
}

static void bind_blob(sqlite3_stmt *stmt, int at, const void *const *blob)
{
    size_t bytes;

    memcpy(&bytes, (const char *)blob + sizeof *blob, sizeof bytes);
    sqlite3_bind_blob64(stmt, at, *blob, bytes, SQLITE_STATIC);
}

static void bind_version_key(sqlite3_stmt *stmt, int at, const char *version)
{
    auto_done(buf) key = {0};

    version_key(version, &key);
    sqlite3_bind_text(stmt, at, buf_text(&key), (int)key.len, SQLITE_TRANSIENT);
}

/* A bind fails for a value over the limit, which db.c keeps above what a batch holds, or
 * for want of memory, which the step then meets too. */
static void bind_column(sqlite3_stmt *stmt, int at, enum column_kind kind, const void *member,
                        struct bound_hashes *hashes)
{
    switch (kind) {
    case COL_TEXT:
    case COL_TEXT_NULL:
        bind_text(stmt, at, *(const char *const *)member);
        break;
    case COL_HASH:
    case COL_HASH_NULL:
        bind_hash(stmt, at, *(const char *const *)member, hashes);
        break;
    case COL_ID: /* of an INSERT: its number stays unused */
    case COL_SAID:
        break;
    case COL_INT:
        sqlite3_bind_int64(stmt, at, *(const int64_t *)member);
        break;
    case COL_TIME:
        bind_time(stmt, at, *(const int64_t *)member);
        break;
    case COL_REAL:
        sqlite3_bind_double(stmt, at, *(const double *)member);
        break;
    case COL_BOOL:
        sqlite3_bind_int(stmt, at, *(const bool *)member);
        break;
    case COL_BLOB:
        bind_blob(stmt, at, member);
        break;
    case COL_RUN_STATUS:
        bind_text(stmt, at, store_run_status_text(*(const enum store_run_status *)member));
        break;
    case COL_NODE_STATUS:
        bind_text(stmt, at, store_node_status_text(*(const enum store_node_status *)member));
        break;
    case COL_VERSION_KEY:
        bind_version_key(stmt, at, *(const char *const *)member);
        break;
    }
}

void sqlite_db_bind_row(sqlite3_stmt *stmt, const struct row_type *type, const void *row,
                        struct bound_hashes *hashes)
{
    int parameters = sqlite3_bind_parameter_count(stmt);

    hashes->count = 0;
    for (int i = 0; i < parameters && i < (int)type->count; i++) {
        const struct column *c = &type->columns[i];

        bind_column(stmt, i + 1, c->kind, (const char *)row + c->offset, hashes);
    }
}

static const char *copy_text(sqlite3_stmt *stmt, int at, struct arena *mem)
{
    const unsigned char *text = sqlite3_column_text(stmt, at);

    return text != NULL ? arena_copy(mem, text, (size_t)sqlite3_column_bytes(stmt, at)) : NULL;
}

static const char *copy_hash(sqlite3_stmt *stmt, int at, struct arena *mem)
{
    char *text;

    if (sqlite3_column_type(stmt, at) != SQLITE_BLOB)
        return copy_text(stmt, at, mem);
    text = arena_alloc(mem, SHA256_HEX_BYTES);
    hash_unpack(sqlite3_column_blob(stmt, at), (size_t)sqlite3_column_bytes(stmt, at), text);
    return text;
}

static void read_blob(sqlite3_stmt *stmt, int at, struct arena *mem, const void **blob)
{
    const void *bytes = sqlite3_column_blob(stmt, at);
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);

    *blob = bytes != NULL ? arena_copy(mem, bytes, len) : NULL;
    memcpy((char *)blob + sizeof *blob, &len, sizeof len);
}

static const char *word(sqlite3_stmt *stmt, int at)
{
    const unsigned char *text = sqlite3_column_text(stmt, at);

    return text != NULL ? (const char *)text : "";
}

static void read_column(sqlite3_stmt *stmt, int at, enum column_kind kind, struct arena *mem,
                        void *member)
{
    switch (kind) {
    case COL_TEXT:
    case COL_TEXT_NULL:
        *(const char **)member = copy_text(stmt, at, mem);
        break;
    case COL_HASH:
    case COL_HASH_NULL:
        *(const char **)member = copy_hash(stmt, at, mem);
        break;
    case COL_ID:
    case COL_INT:
    case COL_TIME: /* NULL reads as 0 */
        *(int64_t *)member = sqlite3_column_int64(stmt, at);
        break;
    case COL_REAL:
        *(double *)member = sqlite3_column_double(stmt, at);
        break;
    case COL_BOOL:
    case COL_SAID:
        *(bool *)member = sqlite3_column_int(stmt, at) != 0;
        break;
    case COL_BLOB:
        read_blob(stmt, at, mem, member);
        break;
    case COL_RUN_STATUS:
        *(enum store_run_status *)member = store_run_status_parse(word(stmt, at));
        break;
    case COL_NODE_STATUS:
        *(enum store_node_status *)member = store_node_status_parse(word(stmt, at));
        break;
    case COL_VERSION_KEY:
        break;
    }
}

void sqlite_db_read_row(sqlite3_stmt *stmt, const struct row_type *type, struct arena *mem,
                        void *row)
{
    memset(row, 0, type->bytes);
    for (size_t i = 0; i < type->count; i++) {
        const struct column *c = &type->columns[i];

        read_column(stmt, (int)i, c->kind, mem, (char *)row + c->offset);
    }
}
