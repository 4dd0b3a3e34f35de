/* calls.c -- see calls.h and any.h. */
#include "calls.h"

#include "any.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

enum { OPENS_MAX = 4096, DEVICE = 77 };

/* What a descriptor is, if it is of the disk. */
enum { OPEN_ELSEWHERE, OPEN_FILE, OPEN_FOLDER };
static struct opened {
    atomic_int kind; /* behind the next: asked without the lock */
    int file;
} opened[OPENS_MAX];

static struct disk *disk;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
    int fd; /* -1 */
    bool told;
    size_t at;
} watched = {.fd = -1};

static const char folder[] = "/power-loss";
static const char *const suffixes[DISK_NAMES] = {
    [DISK_STORE] = "",   [DISK_JOURNAL] = "-journal", [DISK_WAL] = "-wal",
    [DISK_SHM] = "-shm", [DISK_COUNT] = ".count",     [DISK_LOCK] = ".lock",
};

/* ---- what was told ---- */

/* The lock is held. */
static void look_whether_told(void)
{
    struct pollfd p = {.fd = watched.fd, .events = POLLIN};
    struct timespec none = {0};

    if (watched.fd < 0 || watched.told || syscall(SYS_ppoll, &p, 1, &none, NULL, 0) != 1)
        return;
    watched.told = true;
    watched.at = disk->op_count;
}

void calls_watch(int told_fd)
{
    pthread_mutex_lock(&lock);
    watched.fd = told_fd;
    watched.told = false;
    pthread_mutex_unlock(&lock);
}

size_t calls_told(void)
{
    size_t at;

    pthread_mutex_lock(&lock);
    look_whether_told();
    assert(watched.told);
    watched.told = false;
    at = watched.at;
    pthread_mutex_unlock(&lock);
    return at;
}

void calls_use(struct disk *d)
{
    for (int i = 0; i < OPENS_MAX; i++)
        assert(opened[i].kind == OPEN_ELSEWHERE);
    disk = d;
}

/* ---- names ---- */

/* DISK_NAMES: not of the disk. */
static enum disk_name name_of(const char *path)
{
    size_t store = sizeof CALLS_STORE - 1;

    if (strncmp(path, CALLS_STORE, store) != 0)
        return DISK_NAMES;
    for (int i = 0; i < DISK_NAMES; i++) {
        if (strcmp(path + store, suffixes[i]) == 0)
            return (enum disk_name)i;
    }
    abort(); /* the store makes a file that the simulator does not know */
}

static bool is_ours(const char *path)
{
    return strncmp(path, folder, sizeof folder - 1) == 0;
}

static long fail(int number)
{
    errno = number;
    return -1;
}

/* ---- descriptors ---- */

static struct opened *opened_as(int fd)
{
    return fd >= 0 && fd < OPENS_MAX && opened[fd].kind != OPEN_ELSEWHERE ? &opened[fd] : NULL;
}

static int descriptor(int kind, int file)
{
    int fd = (int)syscall(SYS_eventfd2, 0, EFD_CLOEXEC);

    assert(fd >= 0 && fd < OPENS_MAX);
    opened[fd].file = file;
    opened[fd].kind = kind;
    return fd;
}

/* Shared memory is the kernel's: it is mapped. What a power loss leaves of it is anything. */
static int memory_open(struct disk_file *f)
{
    if (f->memory_fd < 0) {
        f->memory_fd = (int)syscall(SYS_memfd_create, "shm", MFD_CLOEXEC);
        syscall(SYS_fchmod, f->memory_fd, 0600);
        syscall(SYS_write, f->memory_fd, suffixes, sizeof suffixes);
    }
    return (int)syscall(SYS_fcntl, f->memory_fd, F_DUPFD_CLOEXEC, 0);
}

static int disk_open(const char *path, int flags)
{
    enum disk_name name;
    int file;

    if (strcmp(path, folder) == 0)
        return descriptor(OPEN_FOLDER, DISK_NONE);
    name = name_of(path);
    assert(name != DISK_NAMES && disk != NULL);
    file = disk->names[name];
    if (file == DISK_NONE && (flags & O_CREAT) == 0)
        return (int)fail(ENOENT);
    if (file != DISK_NONE && (flags & O_EXCL) != 0)
        return (int)fail(EEXIST);
    if (file == DISK_NONE) {
        look_whether_told();
        file = disk_make(disk, name);
    }
    assert((flags & O_TRUNC) == 0);
    if (name == DISK_SHM)
        return memory_open(&disk->files[file]);
    return descriptor(OPEN_FILE, file);
}

int any_open(const char *path, int flags, unsigned mode)
{
    int fd;

    if (!is_ours(path))
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    pthread_mutex_lock(&lock);
    fd = disk_open(path, flags);
    pthread_mutex_unlock(&lock);
    return fd;
}

int any_close(int fd)
{
    pthread_mutex_lock(&lock);
    if (opened_as(fd) != NULL)
        opened[fd].kind = OPEN_ELSEWHERE;
    pthread_mutex_unlock(&lock);
    return (int)syscall(SYS_close, fd);
}

/* ---- reads ---- */

ssize_t any_pread(int fd, void *bytes, size_t count, off_t at)
{
    struct opened *o = opened_as(fd);
    size_t got;

    if (o == NULL)
        return syscall(SYS_pread64, fd, bytes, count, at);
    pthread_mutex_lock(&lock);
    got = content_read(&disk->files[o->file].now, bytes, count, (size_t)at);
    pthread_mutex_unlock(&lock);
    return (ssize_t)got;
}

static void describe(int file, struct stat *ret)
{
    *ret = (struct stat){.st_dev = makedev(DEVICE, 0),
                         .st_ino = (ino_t)file + 2,
                         .st_mode = S_IFREG | 0600,
                         .st_nlink = 1,
                         .st_uid = geteuid(),
                         .st_blksize = CONTENT_PAGE,
                         .st_size = (off_t)disk->files[file].now.bytes};
}

int any_fstat(int fd, struct stat *ret)
{
    struct opened *o = opened_as(fd);

    if (o == NULL)
        return (int)syscall(SYS_newfstatat, fd, "", ret, AT_EMPTY_PATH);
    pthread_mutex_lock(&lock);
    describe(o->file, ret);
    pthread_mutex_unlock(&lock);
    return 0;
}

static int disk_stat(const char *path, struct stat *ret)
{
    enum disk_name name = name_of(path);
    int file = name != DISK_NAMES ? disk->names[name] : DISK_NONE;

    if (file == DISK_NONE)
        return (int)fail(ENOENT);
    if (disk->files[file].memory_fd >= 0)
        return (int)syscall(SYS_newfstatat, disk->files[file].memory_fd, "", ret, AT_EMPTY_PATH);
    describe(file, ret);
    return 0;
}

int any_stat(const char *path, struct stat *ret, int flags)
{
    int rc;

    if (!is_ours(path))
        return (int)syscall(SYS_newfstatat, AT_FDCWD, path, ret, flags);
    pthread_mutex_lock(&lock);
    rc = disk_stat(path, ret);
    pthread_mutex_unlock(&lock);
    return rc;
}

int any_access(const char *path, int mode)
{
    struct stat st;

    if (!is_ours(path))
        return (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
    return any_stat(path, &st, 0);
}

/* ---- changes ---- */

/* For a change, of a file of the disk: false when it is for the kernel. */
static bool change_begins(int fd, struct opened **ret)
{
    *ret = opened_as(fd);
    if (*ret == NULL)
        return false;
    pthread_mutex_lock(&lock);
    look_whether_told();
    return true;
}

ssize_t any_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    struct opened *o;

    if (!change_begins(fd, &o))
        return syscall(SYS_pwrite64, fd, bytes, count, at);
    disk_write(disk, o->file, bytes, count, (size_t)at);
    pthread_mutex_unlock(&lock);
    return (ssize_t)count;
}

int any_ftruncate(int fd, off_t bytes)
{
    struct opened *o;

    if (!change_begins(fd, &o))
        return (int)syscall(SYS_ftruncate, fd, bytes);
    disk_cut(disk, o->file, (size_t)bytes);
    pthread_mutex_unlock(&lock);
    return 0;
}

int any_sync(int fd, long number)
{
    struct opened *o;

    if (!change_begins(fd, &o))
        return (int)syscall(number, fd);
    if (o->kind == OPEN_FOLDER)
        disk_sync_names(disk);
    else
        disk_sync(disk, o->file);
    pthread_mutex_unlock(&lock);
    return 0;
}

int any_unlink(const char *path)
{
    enum disk_name name;
    int rc = 0;

    if (!is_ours(path))
        return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    pthread_mutex_lock(&lock);
    look_whether_told();
    name = name_of(path);
    if (name == DISK_NAMES || disk->names[name] == DISK_NONE)
        rc = (int)fail(ENOENT);
    else
        disk_unlink(disk, name);
    pthread_mutex_unlock(&lock);
    return rc;
}

/* ---- locks, modes, owners: nobody else has the disk ---- */

int any_fcntl(int fd, int what, void *arg)
{
    if (opened_as(fd) == NULL)
        return (int)syscall(SYS_fcntl, fd, what, arg);
    if (what == F_GETLK || what == F_OFD_GETLK)
        ((struct flock *)arg)->l_type = F_UNLCK;
    return 0;
}

int any_flock(int fd, int what)
{
    return opened_as(fd) != NULL ? 0 : (int)syscall(SYS_flock, fd, what);
}

int any_fchmod(int fd, mode_t mode)
{
    return opened_as(fd) != NULL ? 0 : (int)syscall(SYS_fchmod, fd, mode);
}

int any_fchown(int fd, uid_t user, gid_t group)
{
    return opened_as(fd) != NULL ? 0 : (int)syscall(SYS_fchown, fd, user, group);
}
