/* jsonw.c -- see jsonw.h. */
#include "api/http/jsonw.h"

#include "base/clock.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

static void begin(struct buf *b, const char *key)
{
    char last = b->len > 0 ? b->data[b->len - 1] : '{';

    if (last != '{' && last != '[')
        buf_addc(b, ',');
    if (key == NULL)
        return;
    buf_add_json_str(b, key, strlen(key));
    buf_addc(b, ':');
}

void jw_open(struct buf *b, const char *key, char open)
{
    begin(b, key);
    buf_addc(b, open);
}

void jw_close(struct buf *b, char close)
{
    buf_addc(b, close);
}

void jw_str(struct buf *b, const char *key, const char *text)
{
    begin(b, key);
    if (text != NULL)
        buf_add_json_str(b, text, strlen(text));
    else
        buf_adds(b, "null");
}

void jw_text(struct buf *b, const char *key, const char *text)
{
    jw_str(b, key, text != NULL ? text : "");
}

void jw_int(struct buf *b, const char *key, int64_t number)
{
    begin(b, key);
    buf_addf(b, "%lld", (long long)number);
}

void jw_real(struct buf *b, const char *key, double number)
{
    char text[32];

    begin(b, key);
    if (!isfinite(number)) {
        buf_adds(b, "null");
        return;
    }
    jcs_number(number, text);
    buf_adds(b, text);
}

void jw_bool(struct buf *b, const char *key, bool value)
{
    begin(b, key);
    buf_adds(b, value ? "true" : "false");
}

void jw_raw(struct buf *b, const char *key, const char *json)
{
    begin(b, key);
    buf_adds(b, json != NULL ? json : "null");
}

void jw_json(struct buf *b, const char *key, const json_t *value)
{
    begin(b, key);
    if (value != NULL)
        json_add_compact(b, value);
    else
        buf_adds(b, "null");
}

void jw_time(struct buf *b, const char *key, int64_t wall_us)
{
    char text[CLOCK_TEXT_BYTES];

    if (wall_us != 0)
        clock_text(wall_us, text);
    jw_str(b, key, wall_us != 0 ? text : NULL);
}
