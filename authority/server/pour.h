/* pour.h -- plaintext on its way into attempts' pipes. Authority process only.
 *
 * A pipe holds 64 KiB; what does not fit at once waits here, in locked memory, until the attempt
 * reads on, goes away (ERR_UNAVAILABLE) or takes longer than POUR_NS (ERR_TIMEOUT). An attempt
 * that never reads therefore holds nobody up and nothing for long. */
#ifndef ORCH_AUTHORITY_SERVER_POUR_H
#define ORCH_AUTHORITY_SERVER_POUR_H

#include "authority/keys/locked.h"
#include "base/err.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#define POUR_NS (5LL * 1000 * 1000 * 1000)

enum { POUR_MAX = 128 };

struct pour {
    int fd; /* -1: this slot is free */
    uint64_t request;
    struct locked *bytes;
    size_t written;
    int64_t deadline_ns;
};

struct pours {
    struct pour slots[POUR_MAX];
};
void pours_init(struct pours *pours);
void pours_done(struct pours *pours);

/* Takes both: *fd is -1 and *bytes NULL after success, unchanged after failure. Refuses a
 * descriptor that is not a pipe's end. Nothing is written before pours_turn. */
bool pours_add(struct pours *pours, uint64_t request, int *fd, struct locked **bytes,
               int64_t now_ns, struct err *e) must_check;

/* Fills out with what to poll for, at most POUR_MAX; returns how many. */
size_t pours_poll(const struct pours *pours, struct pollfd *out);
/* The next deadline; INT64_MAX when nothing waits. */
int64_t pours_deadline_ns(const struct pours *pours);

/* Writes what the pipes take now. done is called once for each that ended: err NULL when all of
 * it is in the pipe. */
typedef void (*pour_done_fn)(void *arg, uint64_t request, const struct err *err);
void pours_turn(struct pours *pours, int64_t now_ns, pour_done_fn done, void *arg);

#endif
