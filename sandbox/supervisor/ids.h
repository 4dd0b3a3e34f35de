/* ids.h -- whose ids attempts have: the uids and gids that we give to one process each, whether
 * this host has them, and the one id of a user namespace.
 *
 * Owns the pool. A slot is two ids: that of a zygote or an attempt, and, behind it, of a zygote's
 * init. It is taken again as late as possible, and never while a process has it. */
#ifndef ORCH_SANDBOX_SUPERVISOR_IDS_H
#define ORCH_SANDBOX_SUPERVISOR_IDS_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

enum { ID_SLOTS = 4096 };

struct ids {
    uint64_t used[ID_SLOTS / 64];
    uint32_t next;
};

/* The first of a slot. 0: none is free. */
uint32_t ids_take(struct ids *ids);
/* Accepts 0. */
void ids_give_back(struct ids *ids, uint32_t id);

/* All of them may be had in the user namespace that we are in, whatever our uid is. */
bool ids_are_mapped(void);
/* Makes our uid and gid 0 in the user namespace of pid, and nobody else there at all: what that 0
 * may do ends with the namespace. */
bool ids_map_own(pid_t pid, struct err *e) must_check;

#endif
