/* hostile_files.c -- files, sockets, descriptors. */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- network and files ---- */

static const char *do_sockets(void)
{
    static const int families[] = {AF_INET,   AF_INET6, AF_UNIX, AF_NETLINK,
                                   AF_PACKET, AF_VSOCK, AF_ALG};

    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (socket(families[i], SOCK_STREAM, 0) >= 0 || errno != EACCES)
            return "another answer than EACCES";
    return "EACCES";
}
static const char *do_connect(void)
{
    struct sockaddr_un to = {AF_UNIX, "/run/postgresql/.s.PGSQL.5432"};

    return failed(connect(3, (struct sockaddr *)&to, sizeof to));
}
static const char *do_abstract(void)
{
    struct sockaddr_un to = {AF_UNIX, "\0orch-canary"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    return fd < 0 ? failed(fd) : failed(connect(fd, (struct sockaddr *)&to, sizeof to));
}
static const char *do_open(void)
{
    static const char *const paths[] = {
        "/etc/passwd",
        "/proc/self/maps",
        "/proc/self/mem",
        "/proc/1/mem",
        "/dev/mem",
        "/",
        "../../../../../../../../../../../../../../../../../../../../../../../../../etc/passwd",
        "/p",
        "/dev/shm/x"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (open(paths[i], O_RDONLY) >= 0 || (errno != EACCES && errno != ENOENT))
            return paths[i];
    return "closed";
}
static const char *do_stat(void)
{
    struct stat st;

    if (stat("/etc/shadow", &st) == 0 || (errno != EACCES && errno != ENOENT))
        return "stat";
    if (lstat("/etc/shadow", &st) == 0 || access("/etc/shadow", F_OK) == 0)
        return "lstat or access";
    if (fstatat(AT_FDCWD, "/etc/shadow", &st, AT_EMPTY_PATH) == 0)
        return "fstatat with a path and AT_EMPTY_PATH";
    return "closed";
}
static const char *do_fds(void)
{
    size_t used = 0;
    struct stat st;
    char bytes[16];

    for (int fd = 0; fd <= 4096; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            continue;
        if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
            return "a folder";
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", used > 0 ? " " : "", fd);
    }
    return read(0, bytes, sizeof bytes) == 0 ? text : "descriptor 0 gave something";
}
static const char *do_write_input(void)
{
    return failed(write(4, "x", 1));
}

const struct attack file_attacks[] = {
    CASE(sockets), CASE(connect), CASE(abstract),    CASE(open),
    CASE(stat),    CASE(fds),     CASE(write_input), END_OF_CASES,
};
