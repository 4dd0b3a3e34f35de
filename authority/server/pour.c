/* pour.c -- see pour.h. */
#include "authority/server/pour.h"

#include "base/fd.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

void pours_init(struct pours *pours)
{
    for (size_t i = 0; i < POUR_MAX; i++)
        pours->slots[i] = (struct pour){.fd = -1};
}

static void slot_free(struct pour *pour)
{
    auto_close_fd(&pour->fd);
    locked_free(pour->bytes);
    *pour = (struct pour){.fd = -1};
}

void pours_done(struct pours *pours)
{
    for (size_t i = 0; i < POUR_MAX; i++)
        slot_free(&pours->slots[i]);
}

static struct pour *free_slot(struct pours *pours)
{
    for (size_t i = 0; i < POUR_MAX; i++) {
        if (pours->slots[i].fd < 0)
            return &pours->slots[i];
    }
    return NULL;
}

bool pours_add(struct pours *pours, uint64_t request, int *fd, struct locked **bytes,
               int64_t now_ns, struct err *e)
{
    struct pour *slot = free_slot(pours);
    struct stat st;

    if (fstat(*fd, &st) < 0 || !S_ISFIFO(st.st_mode))
        return err_set(e, ERR_INVALID, "secrets are unsealed into pipes only");
    if (slot == NULL)
        return err_set(e, ERR_LIMIT, "%d attempts are waiting for their secrets", POUR_MAX);
    if (!fd_set_nonblock(*fd, e))
        return false;
    *slot = (struct pour){
        .fd = take_fd(fd),
        .request = request,
        .bytes = take(*bytes),
        .deadline_ns = now_ns + POUR_NS,
    };
    return true;
}

size_t pours_poll(const struct pours *pours, struct pollfd *out)
{
    size_t count = 0;

    for (size_t i = 0; i < POUR_MAX; i++) {
        if (pours->slots[i].fd >= 0)
            out[count++] = (struct pollfd){.fd = pours->slots[i].fd, .events = POLLOUT};
    }
    return count;
}

int64_t pours_deadline_ns(const struct pours *pours)
{
    int64_t soonest = INT64_MAX;

    for (size_t i = 0; i < POUR_MAX; i++) {
        const struct pour *pour = &pours->slots[i];

        if (pour->fd >= 0 && pour->deadline_ns < soonest)
            soonest = pour->deadline_ns;
    }
    return soonest;
}

/* False with an error, or with err_code 0 when the pipe is full for now. */
static bool pour_write(struct pour *pour, struct err *e)
{
    while (pour->written < pour->bytes->len) {
        ssize_t n =
            write(pour->fd, pour->bytes->data + pour->written, pour->bytes->len - pour->written);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return false;
        if (n < 0)
            return err_sys(e, "write secrets to the attempt");
        pour->written += (size_t)n;
    }
    return true;
}

void pours_turn(struct pours *pours, int64_t now_ns, pour_done_fn done, void *arg)
{
    for (size_t i = 0; i < POUR_MAX; i++) {
        struct pour *pour = &pours->slots[i];
        struct err e = {0};
        uint64_t request = pour->request;
        bool ended;

        if (pour->fd < 0)
            continue;
        ended = pour_write(pour, &e);
        if (!ended && e.code == ERR_NONE && now_ns >= pour->deadline_ns)
            err_set(&e, ERR_TIMEOUT, "the attempt did not read its secrets in time");
        if (!ended && e.code == ERR_NONE)
            continue;
        slot_free(pour);
        done(arg, request, e.code != ERR_NONE ? &e : NULL);
    }
}
