/* text.h -- JSON as the texts that rows hold: what came through the door, and what is remembered of
 * an attempt. Inside commit only. */
#ifndef ORCH_ENGINE_COMMIT_TEXT_H
#define ORCH_ENGINE_COMMIT_TEXT_H

#include "base/buf.h"
#include "base/json.h"
#include "engine/runs/active_run.h"

/* The value's text, {} for NULL; the caller owns it. */
char *commit_json_text(const json_t *value, size_t *ret_bytes) must_check;
/* Appends the canonical form of a value that came through the door. */
void commit_jcs(const json_t *value, struct buf *text);

/* How an attempt was confined; NULL when it is not known. */
const char *commit_sandbox_text(const struct layer_facts *facts, struct buf *text);
/* What the attempt is remembered by; the tally lets a recovery go on with its numbers. The facts
 * are of the node's own attempt: those of its compensation are not kept. */
void commit_attempt_detail(const struct active_run *ar, const struct run_decision *d,
                           struct buf *ret);

#endif
