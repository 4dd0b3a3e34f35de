/* look.c -- see look.h. */
#include "sandbox/supervisor/look.h"

#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void read_number(const char *line, const char *key, int *ret)
{
    size_t len = strlen(key);

    if (strncmp(line, key, len) == 0)
        *ret = (int)strtol(line + len, NULL, 10);
}

static void read_ids(const char *line, uint32_t ret[4])
{
    char *at = (char *)line + strlen("Uid:");

    if (strncmp(line, "Uid:", strlen("Uid:")) != 0)
        return;
    for (int i = 0; i < 4; i++)
        ret[i] = (uint32_t)strtoul(at, &at, 10);
}

/* Not CapBnd: without CAP_SETPCAP it could not be dropped, and is of no use without execve. */
static void read_capabilities(const char *line, uint64_t *ret)
{
    static const char *const keys[] = {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"};

    if (strncmp(line, "Cap", 3) != 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strncmp(line, keys[i], strlen(keys[i])) == 0)
            *ret |= strtoull(line + strlen(keys[i]), NULL, 16);
}

static void read_line(const char *line, struct seen *ret)
{
    read_ids(line, ret->uids);
    read_capabilities(line, &ret->capabilities);
    read_number(line, "NoNewPrivs:", &ret->no_new_privs);
    read_number(line, "Seccomp:", &ret->seccomp);
    read_number(line, "Seccomp_filters:", &ret->filters);
    read_number(line, "Threads:", &ret->threads);
    if (strncmp(line, "NSpid:", 6) == 0)
        for (const char *at = strchr(line, '\t'); at != NULL; at = strchr(at + 1, '\t'))
            ret->pid_depth++;
}

/* The beginning of a file of /proc, in one read; false when there is none. */
static bool read_of(pid_t pid, const char *name, struct files *files, char *text, size_t bytes)
{
    char path[64];
    auto_fd fd = -1;
    ssize_t n;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd >= 0 ? read(fd, text, bytes - 1) : -1;
    if (files != NULL)
        files_spend(files, &(int){take_fd(&fd)}, 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return true;
}

/* The name before it may have any byte but ends with the last bracket. */
char look_state(pid_t pid)
{
    const char *bracket;
    char text[512];

    if (!read_of(pid, "stat", NULL, text, sizeof text))
        return 0;
    bracket = strrchr(text, ')');
    return bracket != NULL && bracket[1] == ' ' ? bracket[2] : 0;
}

bool look_at(pid_t pid, struct files *files, struct seen *ret)
{
    char text[4096];

    *ret = (struct seen){.filters = -1};
    if (!read_of(pid, "status", files, text, sizeof text))
        return false;
    for (char *save, *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save))
        read_line(line, ret);
    return true;
}

bool seen_is_user(const struct seen *seen, uint32_t uid)
{
    for (int i = 0; i < 4; i++)
        if (seen->uids[i] != uid)
            return false;
    return seen->capabilities == 0;
}

bool seen_is_filtered(const struct seen *seen, int filters)
{
    return seen->seccomp == 2 && (seen->filters < 0 || seen->filters >= filters);
}
