/* walls.h -- what an attempt's process is put behind from outside, and what is seen of it then.
 * Between FORKED and the opening of its gate, by attempt.c; its zygote's part by hear.c. */
#ifndef ORCH_SANDBOX_SUPERVISOR_WALLS_H
#define ORCH_SANDBOX_SUPERVISOR_WALLS_H

#include "sandbox/supervisor/attempt.h"

/* What the process may map: where a cgroup counts what is touched, room to reserve; else the limit
 * itself. */
uint64_t walls_address_space(const struct layers *have, uint64_t memory_bytes);
/* What is the same for all attempts of a zygote it has before it loads or forks, and they inherit:
 * it is set once, and by nobody taken back. Where nothing is, each attempt's is set. */
bool walls_limit_zygote(const struct layers *have, pid_t pid, uint32_t uid,
                        struct err *e) must_check;
/* Its groups and its limits. Its process is known, and waits at its gate. */
bool walls_raise(struct attempts *all, struct super_attempt *a, struct err *e) must_check;
/* The outer layers: seen from here, or said by our own code before any of a plugin ran in this
 * process or in what it was forked from. False: one that must be there is not. */
bool walls_look(const struct attempts *all, const struct super_attempt *a, uint32_t *ret_layers,
                struct err *e) must_check;

#endif
