/* wal.h -- a look at a write-ahead log from outside of SQLite: how much of it is whole. SQLite
 * takes what is behind the first damaged frame for never written and says nothing; whoever knows
 * how much was acknowledged (count.h) can tell. Reads only. Private to host/store.
 *
 * The format is SQLite's (fileformat2.html, section 4). */
#ifndef ORCH_STORE_SQLITE_WAL_H
#define ORCH_STORE_SQLITE_WAL_H

#include "base/err.h"

#include <stdint.h>

struct wal_view {
    bool whole_header; /* false: none of it is readable, or there is no file */
    uint32_t salt1;    /* one higher each time the WAL starts anew */
    uint32_t salt2;
    uint32_t frames; /* up to the last whole commit */
};

/* path is the WAL's. A missing or empty one is an answer, not an error. */
bool wal_look(const char *path, struct wal_view *ret, struct err *e) must_check;
/* Only the salts, of an open WAL; false when there is no header yet. */
bool wal_salts(int fd, struct wal_view *ret);

#endif
