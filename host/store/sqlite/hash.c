/* hash.c -- see hash.h. */
#include "store/sqlite/hash.h"

#include "base/text.h"
#include "store/sqlite/db.h"

bool hash_pack(const char *text, uint8_t ret[SHA256_BYTES])
{
    return text_is_sha256(text) && text_unhex(text, SHA256_HEX_BYTES - 1, ret, SHA256_BYTES);
}

void hash_unpack(const uint8_t *bytes, size_t count, char ret[SHA256_HEX_BYTES])
{
    text_hex(bytes, count < SHA256_BYTES ? count : SHA256_BYTES, ret);
}

static void sql_hash_bytes(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    uint8_t bytes[SHA256_BYTES];

    (void)count;
    if (text != NULL && hash_pack(text, bytes))
        sqlite3_result_blob(context, bytes, sizeof bytes, SQLITE_TRANSIENT);
    else
        sqlite3_result_value(context, values[0]);
}

bool hash_add_function(sqlite3 *db, struct err *e)
{
    if (sqlite3_create_function_v2(db, "orch_hash_bytes", 1,
                                   SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL,
                                   sql_hash_bytes, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_db_fail(db, "add a function", e);
    return true;
}
