/* hangs.c -- see hangs.h. */
#include "sandbox/supervisor/hangs.h"

#include "base/clock.h"
#include "base/log.h"
#include "sandbox/kernel/pidfd.h"
#include "sandbox/supervisor/look.h"

#include <signal.h>
#include <unistd.h>

#define LOOK_EVERY_NS (1000 * 1000 * 1000LL)
#define LOOK_ALONE_NS (15 * LOOK_EVERY_NS) /* without a word of the host */

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

/* True: somebody hangs, or may. */
static bool look_at_all(struct hangs *h)
{
    struct super_zygote *z, *deaf;
    bool on_way = false, still = false;

    LIST_FOREACH (z, &h->zygotes->live, link) {
        if (z->init.fd < 0)
            continue;
        look_at_zygote(z);
        still = still || z->still > 0 || z->init_still > 0;
    }
    deaf = attempts_overdue(h->attempts, HANG_S, &on_way);
    if (deaf != NULL && deaf->state != ZYGOTE_GONE) {
        tell(deaf, "zygote.hangs", deaf->pid);
        kill_zygote_alone(deaf);
    }
    return on_way || still;
}

static void look(struct timer *t, int64_t now_ns)
{
    struct hangs *h = t->owner;

    h->looked_ns = now_ns;
    t->due_ns = now_ns + (look_at_all(h) ? LOOK_EVERY_NS : LOOK_ALONE_NS);
}

void hangs_beat(struct hangs *h)
{
    int64_t now_ns = clock_mono_ns();

    if (now_ns - h->looked_ns > LOOK_EVERY_NS * 3 / 4)
        look(&h->look, now_ns);
}

void hangs_start(struct hangs *h, struct zygotes *zygotes, struct attempts *attempts,
                 struct loop *loop)
{
    h->zygotes = zygotes;
    h->attempts = attempts;
    loop_timer(loop, &h->look, look, h);
    h->look.due_ns = clock_mono_ns() + LOOK_EVERY_NS;
}
