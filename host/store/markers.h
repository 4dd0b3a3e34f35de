/* markers.h -- the texts of statements name what depends on a row's columns by {marker}: each
 * driver says what its markers are. Private to host/store. */
#ifndef ORCH_STORE_MARKERS_H
#define ORCH_STORE_MARKERS_H

#include "base/buf.h"
#include "store/columns.h"

/* Writes what stands for the marker. */
typedef void marker_fn(struct buf *b, const char *marker, const struct row_type *row);

/* Adds the text to b, each marker as add has it. */
void markers_expand(struct buf *b, const char *text, const struct row_type *row, marker_fn *add);

#endif
