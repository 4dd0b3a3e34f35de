/* disk.h -- a folder with the files of one store, in memory, and the log of everything that a
 * program changed in it. calls.h leads a program's system calls here.
 *
 * The log is what a power loss is made of (crash.h): each write, cut, sync, new name and removed
 * name in its order. Reads are of what was written last, as a page cache gives it. The lock of
 * calls.c is around each call while a program runs. */
#ifndef ORCH_TESTS_SIM_POWER_DISK_H
#define ORCH_TESTS_SIM_POWER_DISK_H

#include "content.h"

#include <stdbool.h>

/* What the store's names end with; its shared memory is no part of the disk, but has a name. */
enum disk_name {
    DISK_STORE,
    DISK_JOURNAL,
    DISK_WAL,
    DISK_SHM,
    DISK_COUNT,
    DISK_LOCK,
    DISK_NAMES,
};
enum { DISK_NONE = -1 };

enum disk_change { DISK_WRITE, DISK_CUT, DISK_SYNC, DISK_LINK, DISK_UNLINK, DISK_SYNC_NAMES };

struct disk_op {
    enum disk_change change;
    enum disk_name name;
    int file;         /* a file keeps its number when it loses its name */
    size_t at, bytes; /* DISK_CUT: bytes is the size */
    uint8_t *data;
};

/* Which syncs do nothing, for tests of the test: the WAL's; the store's while there is a WAL, which
 * are those of a checkpoint; the folder's. */
enum disk_lie { LIE_NONE, LIE_WAL, LIE_STORE, LIE_NAMES };

struct disk_file {
    struct content now;
    int memory_fd; /* of the shared memory; -1 */
};

struct disk {
    struct disk_file *files;
    int file_count;
    int names[DISK_NAMES]; /* DISK_NONE: there is none */
    enum disk_lie lie;
    bool logs;
    struct disk_op *ops;
    size_t op_count, op_space;
};

struct disk *disk_new(void);
void disk_free(struct disk *d); /* accepts NULL */
DEFINE_AUTO(disk)

/* The same files; a log that is kept from here on, and has these operations already. */
struct disk *disk_go_on(const struct disk *from, const struct disk_op *ops,
                        size_t count) must_check;

int disk_make(struct disk *d, enum disk_name name);
void disk_unlink(struct disk *d, enum disk_name name);
void disk_write(struct disk *d, int file, const void *bytes, size_t count, size_t at);
void disk_cut(struct disk *d, int file, size_t bytes);
void disk_sync(struct disk *d, int file);
void disk_sync_names(struct disk *d);

#endif
