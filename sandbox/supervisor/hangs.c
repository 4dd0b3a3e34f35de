/* hangs.c -- see hangs.h. */
#include "sandbox/supervisor/hangs.h"

#include "base/clock.h"
#include "base/log.h"
#include "sandbox/kernel/pidfd.h"
#include "sandbox/supervisor/look.h"

#include <signal.h>
#include <unistd.h>

#define LOOK_EVERY_NS (1000 * 1000 * 1000LL)

static void tell(const struct super_zygote *z, const char *event, pid_t pid)
{
    log_event(LOG_WARN, event, F_INT("zygote", z->id), F_INT("pid", pid), F_INT("seconds", HANG_S));
}

/* By a descriptor, so that its number is still its own. */
static void kill_zygote_alone(const struct super_zygote *z)
{
    int pidfd = pidfd_of(z->pid);
    pid_t pid, parent;

    if (pidfd < 0)
        return;
    if (pidfd_ids(pidfd, &pid, &parent) && parent == z->init_pid)
        pidfd_signal(pidfd, SIGKILL);
    close(pidfd);
}

static uint32_t still_for(pid_t pid, uint32_t before)
{
    return look_state(pid) == 'T' ? before + 1 : 0;
}

static void look_at_zygote(struct super_zygote *z)
{
    z->still = z->pid != 0 ? still_for(z->pid, z->still) : 0;
    z->init_still = still_for(z->init_pid, z->init_still);
    if (z->still == HANG_S) {
        tell(z, "zygote.hangs", z->pid);
        kill_zygote_alone(z);
    }
    if (z->init_still == HANG_S) {
        tell(z, "init.hangs", z->init_pid);
        pidfd_signal(z->init.fd, SIGCONT);
    } else if (z->init_still == 2 * HANG_S) {
        zygote_kill(z);
    }
}

static void look(struct timer *t, int64_t now_ns)
{
    struct hangs *h = t->owner;
    struct super_zygote *z, *deaf;

    LIST_FOREACH (z, &h->zygotes->live, link)
        if (z->init.fd >= 0)
            look_at_zygote(z);
    deaf = attempts_overdue(h->attempts, HANG_S);
    if (deaf != NULL && deaf->state != ZYGOTE_GONE) {
        tell(deaf, "zygote.hangs", deaf->pid);
        kill_zygote_alone(deaf);
    }
    t->due_ns = now_ns + LOOK_EVERY_NS;
}

void hangs_start(struct hangs *h, struct zygotes *zygotes, struct attempts *attempts,
                 struct loop *loop)
{
    h->zygotes = zygotes;
    h->attempts = attempts;
    loop_timer(loop, &h->look, look, h);
    h->look.due_ns = clock_mono_ns() + LOOK_EVERY_NS;
}
