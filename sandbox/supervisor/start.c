/* start.c -- see start.h. */
#include "sandbox/supervisor/start.h"

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/supervisor/hear.h"
#include "sandbox/supervisor/init.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ZYGOTE_MEMORY_BYTES = 1 << 30,
};

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

/* S2: while init is parked. */
static bool place_init(struct super *s, struct super_zygote *z, struct err *e)
{
    struct cgroup_limits limits = {ZYGOTE_MEMORY_BYTES, ZYGOTE_PIDS_MAX};

    if ((s->layers.clone_flags & CLONE_NEWUSER) != 0 && !ids_map_own(z->init_pid, e))
        return false;
    return cgroup_take(s->layers.cgroups, &limits, &z->group, e) &&
           cgroup_enter(z->group, z->init_pid, e);
}

static bool start_init(struct super *s, struct super_zygote *z, struct ends *ends, struct err *e)
{
    struct init_start start = {
        .clone_flags = s->layers.clone_flags,
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
    loop_watch(&s->loop, &z->init, pidfd, hear_init_gone, z);
    if (place_init(s, z, e) && (write(go, "", 1) == 1 || err_sys(e, "let init go")))
        return true;
    close(take_fd(&go)); /* init sees the end of file and exits */
    return err_wrap(e, "start zygote");
}

static struct super_zygote *zygote_new(struct super *s, uint64_t id, uint32_t flags)
{
    struct super_zygote *z = mem_new(struct super_zygote);

    z->magic = ZYGOTE_MAGIC;
    z->super = s;
    z->id = id;
    z->flags = flags;
    z->plugin_fd = z->control.fd = z->status.fd = z->log.fd = z->init.fd = z->calls.fd = -1;
    return z;
}

/* Init may be there: hear_init_gone buries it then. */
static void give_up(struct super *s, struct super_zygote **z)
{
    (*z)->told_gone = true;
    if ((*z)->init.fd >= 0)
        zygotes_add(&s->zygotes, z, &s->files);
    else
        ids_give_back(&s->zygotes.ids, (*z)->uid);
}

static void listen_to(struct super *s, struct super_zygote *z, struct ends *ends)
{
    loop_watch(&s->loop, &z->control, take_fd(&ends->control[0]), hear_control, z);
    loop_watch(&s->loop, &z->status, take_fd(&ends->status[0]), hear_status, z);
    loop_watch(&s->loop, &z->log, take_fd(&ends->log[0]), hear_log, z);
}

/* By limits from outside, or by groups: it must not be by the word of what loaded a plugin. */
static bool warm_is_bounded(const struct layers *l)
{
    return l->limits != LIMITS_INSIDE ||
           (cgroups_have(l->cgroups, CGROUP_MEMORY) && cgroups_have(l->cgroups, CGROUP_PIDS));
}

bool start_zygote(struct super *s, uint64_t id, uint32_t flags, int *plugin_fd,
                  struct super_zygote **ret, struct err *e)
{
    auto_done(ends) ends = {{-1, -1}, {-1, -1}, {-1, -1}};
    auto_mem struct super_zygote *z = zygote_new(s, id, flags);

    if ((flags & ZYGOTE_WARM) != 0 && !warm_is_bounded(&s->layers))
        return err_set(
            e, ERR_UNSUPPORTED,
            "isolation warm needs the right to set limits (CAP_SYS_RESOURCE), or cgroups");
    if (!files_are_left(&s->files))
        return err_set(e, ERR_LIMIT, "the supervisor has no descriptors left");
    if (s->layers.root && (z->uid = ids_take(&s->zygotes.ids)) == 0)
        return err_set(e, ERR_LIMIT, "no uid is free");
    if (!ends_open(&ends, e) || !start_init(s, z, &ends, e)) {
        give_up(s, &z);
        return false;
    }
    z->plugin_fd = take_fd(plugin_fd);
    listen_to(s, z, &ends);
    *ret = z;
    zygotes_add(&s->zygotes, &z, &s->files);
    return true;
}
