/* overdue.h -- tells of deadlines that come near or have passed (runs/deadlines.h): an event of
 * the run, a counter, a line of the log. Nothing is stopped. Inside control only. */
#ifndef ORCH_ENGINE_CONTROL_OVERDUE_H
#define ORCH_ENGINE_CONTROL_OVERDUE_H

#include "engine/control/control.h"

struct active_run;

/* What is due of the run by now, in a commit of its own. Before what comes to it at the same time,
 * so that nothing ends late unheard; of a run without deadlines it costs a look. */
void overdue_look(struct control *ctl, struct active_run *ar);
/* The runs whose time has come. */
void overdue_tick(struct control *ctl, int64_t now_ns);

#endif
