/* floor.c -- see floor.h. */
#include "floor.h"

#include "shared.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILE_BYTES = 16 * 1024 * 1024, BLOCK_BYTES = 4096 };

double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

double floor_fdatasync(const char *folder, double seconds)
{
    static char block[BLOCK_BYTES];
    char path[4096];
    double start, spent;
    long count = 0;
    int fd;

    snprintf(path, sizeof path, "%s/fdatasync.floor", folder);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0, path);
    for (int i = 0; i < FILE_BYTES / BLOCK_BYTES; i++)
        must(pwrite(fd, block, BLOCK_BYTES, (off_t)i * BLOCK_BYTES) == BLOCK_BYTES, "write");
    must(fsync(fd) == 0, "fsync");
    start = bench_now();
    do {
        off_t at = (off_t)(count % (FILE_BYTES / BLOCK_BYTES)) * BLOCK_BYTES;

        memset(block, (int)count, sizeof block);
        must(pwrite(fd, block, BLOCK_BYTES, at) == BLOCK_BYTES, "write");
        must(fdatasync(fd) == 0, "fdatasync");
        count++;
        spent = bench_now() - start;
    } while (spent < seconds);
    close(fd);
    unlink(path);
    return (double)count / spent;
}

static void fork_for(double seconds, volatile long *count)
{
    double start = bench_now();

    while (bench_now() - start < seconds) {
        pid_t pid = fork();

        must(pid >= 0, "fork");
        if (pid == 0)
            _exit(0);
        must(waitpid(pid, NULL, 0) == pid, "waitpid");
        (*count)++;
    }
}

double floor_fork(int parents, double seconds)
{
    volatile long *counts = shared_new(sizeof(long) * (size_t)parents);
    double total = 0;

    for (int i = 0; i < parents; i++) {
        pid_t pid = fork();

        must(pid >= 0, "fork");
        if (pid == 0) {
            fork_for(seconds, &counts[i]);
            _exit(0);
        }
    }
    for (int i = 0; i < parents; i++)
        must(wait(NULL) > 0, "wait");
    for (int i = 0; i < parents; i++)
        total += (double)counts[i];
    munmap((void *)(uintptr_t)counts, sizeof(long) * (size_t)parents);
    return total / seconds;
}
