/* text.c -- see text.h. */
#include "engine/commit/text.h"

#include <assert.h>

char *commit_json_text(const json_t *value, size_t *ret_bytes)
{
    auto_done(buf) text = {0};

    if (value != NULL)
        json_add_compact(&text, value);
    else
        buf_adds(&text, "{}");
    *ret_bytes = text.len;
    return buf_take(&text);
}

/* Input and output of a node were JSON at the door, so a canonical form exists. */
void commit_jcs(const json_t *value, struct buf *text)
{
    struct err e = {0};

    if (!jcs_write(value, text, &e))
        assert(!"a value that came through the door has a canonical form");
}
