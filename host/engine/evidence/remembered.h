/* remembered.h -- is the store the one whose heads the authority signed? At start, before anything
 * is run: a store that was put back, or that lost events under a head, is refused here; the
 * authority would refuse to sign for it anyway (authority/history/history.h). */
#ifndef ORCH_ENGINE_EVIDENCE_REMEMBERED_H
#define ORCH_ENGINE_EVIDENCE_REMEMBERED_H

#include "base/err.h"

struct store_reader;

/* heads: what was signed last for each tenant, one payload a line. ERR_CORRUPT names the tenant and
 * what the store has in its place. A store that is ahead of the authority is well. */
bool remembered_check(struct store_reader *reader, const char *heads, struct err *e) must_check;

#endif
