/* out.h -- results on standard output in the form --output asks for: a table with fixed columns,
 * JSON, one JSON object a line, YAML, or ids only. Text from outside is made printable in tables
 * (text_add_printable), so a message cannot move the cursor. */
#ifndef ORCH_CLI_OUT_H
#define ORCH_CLI_OUT_H

#include "base/buf.h"
#include "base/json.h"
#include "cli/cli.h"

struct out_column {
    const char *title; /* "DAG"; NULL ends the table */
    const char *key;   /* member of the row, "a.b" goes down one object; absent shows as "-" */
};

/* rows: an array of objects. The first column is the id that -o name prints. With -o json or yaml
 * whole is printed when it is not NULL (it may hold next_page_token), rows otherwise. */
void out_rows(const struct cli *cli, const struct out_column *columns, const json_t *rows,
              const json_t *whole);
/* One object: as KEY value lines in a table, whole otherwise. */
void out_object(const struct cli *cli, const struct out_column *columns, const json_t *object);
/* The id of what a mutating verb made or changed, alone on a line; with -o json|ndjson|yaml the
 * whole reply (NULL: {"id": id}). */
void out_id(const struct cli *cli, const char *id, const json_t *reply);
/* Any value, by itself; a table shows JSON. */
void out_value(const struct cli *cli, const json_t *value);

/* A sign of a drawing where there is UTF-8, its stand-in where there is not. */
const char *out_sign(const struct cli *cli, const char *utf8, const char *ascii);
/* Appends a line of at most so many columns, an ellipsis at its end when it was longer. Escape
 * codes take none and are kept. line may not hold a line break. */
void out_add_clipped(const struct cli *cli, struct buf *b, const char *line, size_t columns);
/* Columns a terminal needs for text (UTF-8, wide characters counted by wcwidth). */
size_t out_width(const char *text);

#endif
