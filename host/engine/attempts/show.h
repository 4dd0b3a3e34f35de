/* show.h -- what is told of the attempts that wait and of their lanes. Inside the engine only. */
#ifndef ORCH_ENGINE_ATTEMPTS_SHOW_H
#define ORCH_ENGINE_ATTEMPTS_SHOW_H

#include "base/auto.h"
#include "lanes/lanes.h"

#include <jansson.h>

struct active_run;
struct metrics;

/* [{name, slots, express_priority, paused, depth{regular, express, total}, running}]; the caller
 * owns it. */
json_t *lanes_json_owned(const struct lanes *lanes) must_check;
/* Depth, running and slots of each lane. */
void lanes_gauges(const struct lanes *lanes, struct metrics *metrics);
/* In which lane the run's oldest waiting attempt stands, where, and why, in words; NULL: none of
 * its attempts waits. The caller owns it. */
char *run_waits_owned(const struct lanes *lanes, const struct active_run *ar,
                      int64_t now_ns) must_check;

#endif
