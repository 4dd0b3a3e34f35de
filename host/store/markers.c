/* markers.c -- see markers.h. */
#include "store/markers.h"

#include <assert.h>
#include <string.h>

void markers_expand(struct buf *b, const char *text, const struct row_type *row, marker_fn *add)
{
    const char *p = text;

    for (const char *open = strchr(p, '{'); open != NULL; open = strchr(p, '{')) {
        const char *close = strchr(open, '}');
        char marker[16] = "";

        assert(close != NULL && (size_t)(close - open) < sizeof marker);
        memcpy(marker, open + 1, (size_t)(close - open) - 1);
        buf_add(b, p, (size_t)(open - p));
        add(b, marker, row);
        p = close + 1;
    }
    buf_adds(b, p);
}
