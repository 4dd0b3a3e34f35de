/* task_steps.h -- what tests say of a lane, and tasks that they give it. */
#ifndef ORCH_TESTS_ENGINE_TASK_STEPS_H
#define ORCH_TESTS_ENGINE_TASK_STEPS_H

#include "suites.h"

struct control *task_control(void);
void task_lane_put(const char *lane, const char *text);
void task_give(const struct api_task *task, const char *payload, struct rig_answer *answer);
struct rig_answer task_add(const char *lane, const char *id, const char *payload);
struct rig_answer task_add_with(const char *id, int32_t priority);
void task_refused(const struct rig_answer *a, enum err_code code, const char *word);

#endif
