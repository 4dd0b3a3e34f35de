/* gather.h -- a VFS that hands the WAL's frames to the system in one write for each commit.
 *
 * SQLite writes a frame's header and its page by calls of their own: two for each page. The file
 * that is made here keeps what follows on the last write, and writes it when a commit's last page
 * came, when GATHER_BYTES_MAX is full, or before the file is read, measured, cut, synced or closed.
 * So the bytes are those of the plain VFS, and all that SQLite's index tells of is in the file
 * before the index tells of it: a commit's last write takes it there. A write that fails is told by
 * the call that made it.
 *
 * Only a WAL is gathered; every other file is the plain VFS's own. */
#ifndef ORCH_STORE_SQLITE_GATHER_H
#define ORCH_STORE_SQLITE_GATHER_H

#include <sqlite3.h>

/* SQLite's own VFS takes 128 KiB - 1 at a time. */
enum { GATHER_BYTES_MAX = 124 * 1024 };

struct gather_vfs {
    sqlite3_vfs vfs; /* first: SQLite hands it back as this */
    sqlite3_vfs *plain;
};

/* A VFS of that name over plain, for sqlite3_vfs_register; it has to stay as long as SQLite knows
 * it. */
void gather_init(struct gather_vfs *gather, const char *name, sqlite3_vfs *plain);

#endif
