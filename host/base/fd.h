/* fd.h -- descriptors and small files. Every descriptor is close-on-exec at birth. */
#ifndef ORCH_BASE_FD_H
#define ORCH_BASE_FD_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads to the end of file; more than bytes_max is ERR_TOO_LARGE. Appends to b. */
bool fd_read_all(int fd, size_t bytes_max, struct buf *b, struct err *e) must_check;
bool fd_write_all(int fd, const void *bytes, size_t len, struct err *e) must_check;
bool fd_set_nonblock(int fd, struct err *e) must_check;
/* Before anything else is opened: a descriptor of 0 to 2 that is closed would become a file of
 * ours, and what is printed would go into it. usable: it becomes /dev/null; else it stays as good
 * as closed, so that who reads or writes there hears so. */
void fd_hold_standard(bool usable);

/* Opens a regular file that is not a symbolic link for reading. path "-" gives a copy of standard
 * input. */
bool file_open(const char *path, int *ret_fd, struct err *e) must_check;
/* The same, and reads it. */
bool file_read(const char *path, size_t bytes_max, struct buf *b, struct err *e) must_check;
/* The name for a file that becomes path when it is whole; the caller owns it. Never the same twice:
 * a process id comes again in a container, and would meet what a crash left. */
char *file_temp_name(const char *path) must_check;
/* Writes a temporary file beside path, syncs it, renames it over path, syncs the folder. */
bool file_write_atomic(const char *path, const void *bytes, size_t len, unsigned mode,
                       struct err *e) must_check;
/* Syncs the folder that holds path, so that a new name in it survives a crash. */
bool file_sync_dir(const char *path, struct err *e) must_check;
/* mkdir -p; the last folder gets the mode. */
bool dir_make(const char *path, unsigned mode, struct err *e) must_check;

/* A memfd that holds bytes and can never change again (all seals set). The caller owns the fd. */
bool memfd_sealed(const char *name, const void *bytes, size_t len, bool executable, int *ret_fd,
                  struct err *e) must_check;
/* True when fd is a memfd sealed against writing, growing and shrinking. */
bool memfd_is_sealed(int fd);

#endif
