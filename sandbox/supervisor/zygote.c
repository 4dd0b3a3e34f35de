/* zygote.c -- see zygote.h. */
#include "sandbox/supervisor/zygote.h"

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/kernel/pidfd.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the living ---- */

void zygotes_add(struct zygotes *all, struct super_zygote **z, struct files *files)
{
    struct super_zygote *kept = take(*z);

    assert(kept->magic == ZYGOTE_MAGIC);
    LIST_INSERT_HEAD(&all->live, kept, link);
    files_take(files, FILES_A_ZYGOTE);
}

struct super_zygote *zygote_find(struct zygotes *all, uint64_t id)
{
    struct super_zygote *z;

    LIST_FOREACH (z, &all->live, link)
        if (z->id == id)
            return z;
    return NULL;
}

void zygote_become(struct super_zygote *z, enum zygote_state state)
{
    assert(z->magic == ZYGOTE_MAGIC && z->state != ZYGOTE_GONE);
    assert(state == z->state + 1 || state == ZYGOTE_GONE);
    z->state = state;
}

bool zygote_send(struct super_zygote *z, const struct frame *frame, struct err *e)
{
    if (z->control.fd < 0)
        return err_set(e, ERR_UNAVAILABLE, "the zygote is gone");
    return frame_send(z->control.fd, frame, e);
}

void zygote_kill(struct super_zygote *z)
{
    if (z->init.fd >= 0)
        pidfd_signal(z->init.fd, SIGKILL);
}

/* ---- the dead ---- */

void zygote_died(struct zygotes *all, struct super_zygote *z)
{
    LIST_REMOVE(z, link);
    LIST_INSERT_HEAD(&all->dead, z, link);
}

static void bury(struct zygotes *all, struct super_zygote *z, struct files *files)
{
    assert(z->magic == ZYGOTE_MAGIC);
    assert(z->control.fd < 0 && z->status.fd < 0 && z->log.fd < 0 && z->init.fd < 0 &&
           z->calls.fd < 0);
    LIST_REMOVE(z, link);
    files_give_back(files, FILES_A_ZYGOTE);
    cgroup_give_back(z->group);
    ids_give_back(&all->ids, z->uid);
    if (z->plugin_fd >= 0)
        close(take_fd(&z->plugin_fd));
    z->magic = 0;
    free(z);
}

void zygotes_bury(struct zygotes *all, struct files *files)
{
    struct super_zygote *z, *next;

    /* Whatever else lives in the namespace was left by a constructor. */
    LIST_FOREACH (z, &all->live, link)
        if (z->state == ZYGOTE_GONE && z->attempts == 0 && !z->killed) {
            z->killed = true;
            zygote_kill(z);
        }
    for (z = LIST_FIRST(&all->dead); z != NULL; z = next) {
        next = LIST_NEXT(z, link);
        if (z->attempts == 0)
            bury(all, z, files);
    }
}
