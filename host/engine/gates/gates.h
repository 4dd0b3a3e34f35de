/* gates.h -- the runs that wait before they begin (model/dag/gate.h, docs/adr/0084): which of them
 * get a place of their key, which may begin because no start followed, and which another one stands
 * for and are cancelled.
 *
 * A key is looked at when one of its runs here came, ended or is due, and when another host says
 * that something changed; all of them every ten seconds. One look at a time: what may open gates is
 * written, behind that the keys are read beside the loop, then the runs here are told. While the
 * host drains or is adrift nothing is begun. Loop thread. */
#ifndef ORCH_ENGINE_GATES_GATES_H
#define ORCH_ENGINE_GATES_GATES_H

#include "base/auto.h"

#include <stdint.h>

struct control;
struct gates;
struct store_news;

struct gates *gates_new(struct control *ctl) must_check;
void gates_free(struct gates *g); /* accepts NULL; what it has beside the loop was dropped */

int64_t gates_next_timer(const struct gates *g);
void gates_turn(struct gates *g, int64_t now_ns);
void gates_heard(struct gates *g, const struct store_news *news);

#endif
