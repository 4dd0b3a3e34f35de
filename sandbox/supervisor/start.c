/* start.c -- makes a zygote: its uid, its channels, its namespaces through init, its group
 * (SANDBOX.md 2.4, S1 to S3). What it says afterwards is zygote.c's. */
#include "sandbox/supervisor/super.h"

#include "base/fd.h"
#include "base/mem.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    UID_FIRST = 0x6f720000, /* far above what people and systemd use; two a zygote */
    ZYGOTE_MEMORY_BYTES = 1 << 30,
    ZYGOTE_PIDS_MAX = 1024,
};

/* ---- uids ---- */

static uint32_t uid_take(struct super *s)
{
    for (uint32_t i = 0; i < UID_SLOTS; i++) {
        uint32_t slot = (s->uid_next + i) % UID_SLOTS;

        if ((s->uid_used[slot / 64] & 1ULL << slot % 64) != 0)
            continue;
        s->uid_used[slot / 64] |= 1ULL << slot % 64;
        s->uid_next = slot + 1;
        return UID_FIRST + 2 * slot;
    }
    return 0;
}

void uid_give_back(struct super *s, uint32_t uid)
{
    uint32_t slot = (uid - UID_FIRST) / 2;

    if (uid != 0)
        s->uid_used[slot / 64] &= ~(1ULL << slot % 64);
}

/* ---- the start ---- */

struct ends {
    int control[2], status[2], log[2];
};

static void ends_done(struct ends *ends)
{
    for (int *fd = (int *)ends; fd < (int *)(ends + 1); fd++)
        if (*fd >= 0)
            close(*fd);
}
DEFINE_AUTO_DONE(ends)

static bool ends_open(struct ends *ends, struct err *e)
{
    int on = 1;

    if (!frame_pair(ends->control, e))
        return false;
    if (pipe2(ends->status, O_CLOEXEC) < 0 || pipe2(ends->log, O_CLOEXEC) < 0)
        return err_sys(e, "pipe");
    if (setsockopt(ends->control[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return err_sys(e, "ask for credentials");
    return fd_set_nonblock(ends->control[0], e) && fd_set_nonblock(ends->status[0], e) &&
           fd_set_nonblock(ends->log[0], e);
}

/* Rootless: one uid of ours becomes uid 0 inside, which has no rights outside. */
static bool map_ids(pid_t pid, struct err *e)
{
    const struct {
        const char *file;
        unsigned id;
    } maps[] = {{"uid_map", geteuid()}, {"gid_map", getegid()}};
    char path[64], text[64];

    snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
    for (int i = -1; i < (int)ARRAY_LEN(maps); i++) {
        auto_fd fd = -1;

        if (i >= 0) {
            snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, maps[i].file);
            snprintf(text, sizeof text, "0 %u 1", maps[i].id);
        } else {
            snprintf(text, sizeof text, "deny");
        }
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || !fd_write_all(fd, text, strlen(text), e))
            return err_sys(e, "write '%s'", path);
    }
    return true;
}

/* S2: while init is parked. */
static bool place_init(struct super *s, struct super_zygote *z, struct err *e)
{
    struct cgroup_limits limits = {ZYGOTE_MEMORY_BYTES, ZYGOTE_PIDS_MAX};

    if ((s->clone_flags & CLONE_NEWUSER) != 0 && !map_ids(z->init_pid, e))
        return false;
    return cgroup_take(s->cgroups, &limits, &z->group, e) && cgroup_enter(z->group, z->init_pid, e);
}

static bool start_init(struct super *s, struct super_zygote *z, struct ends *ends, struct err *e)
{
    struct init_start start = {
        .clone_flags = s->clone_flags,
        .worker_fd = s->worker_fd,
        .control = ends->control[1],
        .status = ends->status[1],
        .log = ends->log[1],
        .init_uid = z->uid != 0 ? z->uid + 1 : 0,
    };
    auto_fd go = -1;
    int pidfd;

    if (!init_start(&start, &z->init_pid, &pidfd, &go, e))
        return false;
    source_watch(s, &z->init, pidfd, zygote_on_init_gone, z);
    if (!place_init(s, z, e) || write(go, "", 1) != 1) {
        close(take_fd(&go)); /* init sees the end of file and exits; on_init_gone buries it */
        return err_wrap(e, "start zygote");
    }
    return true;
}

bool zygote_start(struct super *s, uint64_t id, uint32_t flags, const char *digest, int *plugin_fd,
                  struct super_zygote **ret, struct err *e)
{
    auto_done(ends) ends = {{-1, -1}, {-1, -1}, {-1, -1}};
    auto_mem struct super_zygote *z = mem_new(struct super_zygote);
    struct super_zygote *kept = z;

    z->id = id;
    z->flags = flags;
    z->plugin_fd = z->control.fd = z->status.fd = z->log.fd = z->init.fd = -1;
    snprintf(z->digest, sizeof z->digest, "%s", digest);
    if (!files_are_left(s))
        return err_set(e, ERR_LIMIT, "the supervisor has no descriptors left");
    if (s->root && (z->uid = uid_take(s)) == 0)
        return err_set(e, ERR_LIMIT, "no uid is free");
    if (!ends_open(&ends, e) || !start_init(s, z, &ends, e)) {
        bool started = z->init.fd >= 0;

        z->told_gone = true;
        if (!started) {
            uid_give_back(s, z->uid);
            return false;
        }
        z = NULL; /* on_init_gone buries it */
        s->zygote_count++;
        LIST_INSERT_HEAD(&s->zygotes, kept, link);
        return false;
    }
    z->plugin_fd = take_fd(plugin_fd);
    source_watch(s, &z->control, take_fd(&ends.control[0]), zygote_on_control, z);
    source_watch(s, &z->status, take_fd(&ends.status[0]), zygote_on_status, z);
    source_watch(s, &z->log, take_fd(&ends.log[0]), zygote_on_log, z);
    z = NULL;
    s->zygote_count++;
    LIST_INSERT_HEAD(&s->zygotes, kept, link);
    *ret = kept;
    return true;
}
