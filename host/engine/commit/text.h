/* text.h -- JSON that came through the door, as the texts that rows hold. Inside commit only. */
#ifndef ORCH_ENGINE_COMMIT_TEXT_H
#define ORCH_ENGINE_COMMIT_TEXT_H

#include "base/buf.h"
#include "base/json.h"

/* The value's text, {} for NULL; the caller owns it. */
char *commit_json_text(const json_t *value, size_t *ret_bytes) must_check;
/* Appends the canonical form of a value that came through the door. */
void commit_jcs(const json_t *value, struct buf *text);

#endif
