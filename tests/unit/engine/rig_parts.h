/* rig_parts.h -- what the rig's files share. */
#ifndef ORCH_TESTS_ENGINE_RIG_PARTS_H
#define ORCH_TESTS_ENGINE_RIG_PARTS_H

#include "rig.h"

/* Ends the program. */
void rig_broken(const char *what, const struct err *e) __attribute__((noreturn));

struct engine_sandbox rig_sandbox(struct rig *rig);
struct engine_authority rig_authority(struct rig *rig);
const struct agent *rig_agent_find(const struct agents *agents, const char *tenant,
                                   const char *agent_id, const char *digest);
bool rig_agent_awaited(const struct agents *agents, const char *tenant, const char *agent_id,
                       const char *digest, struct err *ret);
bool rig_agent_withdrawn(const struct agents *agents, const char *tenant, const char *agent_id,
                         const char *digest, struct err *ret);
void rig_attempt_done(struct rig_attempt *a);
void rig_request_done(struct rig_request *r);

#endif
