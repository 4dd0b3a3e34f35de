/* hash.h -- hashes as bytes: half of their hex text. Private to host/store. */
#ifndef ORCH_STORE_SQLITE_HASH_H
#define ORCH_STORE_SQLITE_HASH_H

#include "base/err.h"
#include "base/hash.h"

#include <sqlite3.h>
#include <stdint.h>

enum { HASHES_MAX = 4 };

/* The hashes that a statement is bound to, until it is bound anew. */
struct bound_hashes {
    uint8_t bytes[HASHES_MAX][SHA256_BYTES];
    size_t count;
};

/* False for a text that is not the lower-case hex of so many bytes: it is kept as it is. */
bool hash_pack(const char *text, uint8_t ret[SHA256_BYTES]);

/* The hex text of what hash_pack made; of other bytes, which are not ours, as many as fit. */
void hash_unpack(const uint8_t *bytes, size_t count, char ret[SHA256_HEX_BYTES]);

/* Gives the connection orch_hash_bytes(TEXT), for the migration that packs what is there. */
bool hash_add_function(sqlite3 *db, struct err *e) must_check;

#endif
