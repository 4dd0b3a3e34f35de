/* residue.h -- what attempts leave behind: nothing. Taken before and after, and compared. It counts
 * what belongs to this process and to supervisors that were started below it, so that other tests
 * may run on the machine at the same time.
 *
 *   residue_begin()              once, before anything else is forked
 *   before = residue_take()
 *   ...                          each sandbox_start() is followed by residue_note_supervisors()
 *   residue_expect_equal(&before, "what was done")
 */
#ifndef ORCH_TESTS_ADVERSARIAL_RESIDUE_H
#define ORCH_TESTS_ADVERSARIAL_RESIDUE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct residue {
    unsigned processes;    /* below this one; the dead that nobody has reaped too */
    unsigned descriptors;  /* of this process and of all below it */
    unsigned groups;       /* cgroup folders of supervisors that were below this process */
    unsigned files;        /* in /tmp, /var/tmp and /dev/shm, owned by a uid that attempts have */
    uint64_t charge_bytes; /* memory that is charged to those groups */
};

/* A charge is counted in batches of pages by each processor: within this it is the same. */
enum { RESIDUE_CHARGE_SLACK = 8 << 20 };

/* Orphans of what this process forks stay below it from now on. */
void residue_begin(void);
/* Remembers the supervisors that are below this process, for all that fork from where residue_begin
 * was called: their folders are told by their names when they are long gone. */
void residue_note_supervisors(void);

struct residue residue_take(void);
bool residue_equal(const struct residue *a, const struct residue *b);
void residue_say(const struct residue *r, struct buf *b);
/* Waits for what still ends, at most 10 s; both in words. Outside of a test too. */
bool residue_comes_back(const struct residue *before, struct buf *why);
/* The same; the test fails. */
void residue_expect_equal(const struct residue *before, const char *what);

#endif
