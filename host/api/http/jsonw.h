/* jsonw.h -- JSON written straight into a buffer: views of rows whose JSON columns are text already
 * and go out as they are. Commas are put where they belong; the caller balances the brackets. */
#ifndef ORCH_API_HTTP_JSONW_H
#define ORCH_API_HTTP_JSONW_H

#include "base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* key NULL: an array's element. open is '{' or '['. */
void jw_open(struct buf *b, const char *key, char open);
void jw_close(struct buf *b, char close);
void jw_str(struct buf *b, const char *key, const char *text);  /* NULL gives null */
void jw_text(struct buf *b, const char *key, const char *text); /* NULL gives "" */
void jw_int(struct buf *b, const char *key, int64_t number);
void jw_real(struct buf *b, const char *key, double number);
void jw_bool(struct buf *b, const char *key, bool value);
void jw_raw(struct buf *b, const char *key, const char *json); /* NULL gives null */
void jw_json(struct buf *b, const char *key, const json_t *value);
void jw_time(struct buf *b, const char *key, int64_t wall_us); /* 0 gives null */

#endif
