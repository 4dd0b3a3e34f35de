/* orch/json_write.h -- a JSON writer into the host's arena; part of orch/sdk.h.
 *
 * The writer keeps its first fault, ignores everything after it, and reports it when the output is
 * emitted: a chain of calls needs one check. It puts the commas; the caller balances the marks. */
#ifndef ORCH_JSON_WRITE_H
#define ORCH_JSON_WRITE_H

#include "orch/host.h"
#include "orch/json_read.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct orch_out {
    const orch_host *host;
    orch_run *run;
    char *ptr;
    uint64_t len, cap;
    const char *fault; /* the first one; everything after it is ignored */
} orch_out;

orch_out orch_out_new(const orch_host *host, orch_run *run);
/* open and close: '{' '}' '[' ']'. Commas are put where they belong. */
void orch_out_mark(orch_out *o, char mark);
void orch_out_key(orch_out *o, const char *key);
void orch_out_text(orch_out *o, orch_bytes utf8);
void orch_out_str(orch_out *o, const char *text);
/* Numbers are finite doubles on all ways through the host (RFC 8785): any finite one may be written
 * and comes back as it is, an integer only within +-(2^53-1); what is beyond goes as a text. */
void orch_out_number(orch_out *o, double number); /* finite; the shortest text that reads back */
void orch_out_int(orch_out *o, int64_t number);
void orch_out_bool(orch_out *o, bool value);
/* A value that was read: its text, or null when there is no value. */
void orch_out_json(orch_out *o, orch_json value);
/* Hands the text to the host as the result. With a fault it reports that instead. */
orch_status orch_out_emit(orch_out *o);

#ifdef __cplusplus
}
#endif

#endif

#if defined(ORCH_SDK_IMPLEMENTATION) && !defined(ORCH_JSON_WRITE_IMPLEMENTED)
#define ORCH_JSON_WRITE_IMPLEMENTED

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ORCH_I_INT_MAX INT64_C(9007199254740991)

orch_out orch_out_new(const orch_host *host, orch_run *run)
{
    orch_out o = {host, run, NULL, 0, 0, NULL};
    return o;
}

static void orch_i_fault(orch_out *o, const char *fault)
{
    if (o->fault == NULL)
        o->fault = fault;
}

static void orch_i_put(orch_out *o, const char *bytes, uint64_t len)
{
    if (o->fault == NULL && len > o->cap - o->len) {
        uint64_t cap = (o->len + len) * 2 + 256;
        char *grown = (char *)o->host->alloc(o->run, cap);

        if (grown == NULL) {
            orch_i_fault(o, "the output does not fit into the arena");
            return;
        }
        if (o->len > 0)
            memcpy(grown, o->ptr, o->len);
        o->ptr = grown;
        o->cap = cap;
    }
    if (o->fault == NULL && len > 0) {
        memcpy(o->ptr + o->len, bytes, len);
        o->len += len;
    }
}

/* Behind an opening mark or a colon no comma goes; a string's last byte is its quote, so the last
 * byte alone tells. */
static void orch_i_comma(orch_out *o)
{
    if (o->len > 0 && memchr("{[:", o->ptr[o->len - 1], 3) == NULL)
        orch_i_put(o, ",", 1);
}

void orch_out_mark(orch_out *o, char mark)
{
    if (mark == '{' || mark == '[')
        orch_i_comma(o);
    orch_i_put(o, &mark, 1);
}

void orch_out_text(orch_out *o, orch_bytes utf8)
{
    orch_i_scan s = orch_i_over(utf8.ptr, utf8.len);

    orch_i_comma(o);
    orch_i_put(o, "\"", 1);
    while (s.at < s.end && o->fault == NULL) {
        const char *start = s.at;
        uint32_t point;
        char escape[8];

        if (!orch_i_utf8(&s, &point))
            orch_i_fault(o, "a text of the output is not UTF-8");
        else if (point >= 0x20 && point != '"' && point != '\\')
            orch_i_put(o, start, (uint64_t)(s.at - start));
        else
            orch_i_put(o, escape, (uint64_t)snprintf(escape, sizeof escape, "\\u%04x", point));
    }
    orch_i_put(o, "\"", 1);
}

void orch_out_str(orch_out *o, const char *text)
{
    orch_out_text(o, orch_text(text));
}

void orch_out_key(orch_out *o, const char *key)
{
    orch_out_str(o, key);
    orch_i_put(o, ":", 1);
}

static void orch_i_put_value(orch_out *o, const char *text)
{
    orch_i_comma(o);
    orch_i_put(o, text, strlen(text));
}

void orch_out_number(orch_out *o, double number)
{
    char text[32];

    if (!isfinite(number)) {
        orch_i_fault(o, "a number of the output is not finite");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    orch_i_put_value(o, text);
}

void orch_out_int(orch_out *o, int64_t number)
{
    char text[32];

    if (number > ORCH_I_INT_MAX || number < -ORCH_I_INT_MAX) {
        orch_i_fault(o, "an integer of the output is beyond +-(2^53-1)");
        return;
    }
    snprintf(text, sizeof text, "%" PRId64, number);
    orch_i_put_value(o, text);
}

void orch_out_bool(orch_out *o, bool value)
{
    orch_i_put_value(o, value ? "true" : "false");
}

void orch_out_json(orch_out *o, orch_json value)
{
    orch_i_comma(o);
    if (value.len == 0)
        orch_i_put(o, "null", 4);
    else
        orch_i_put(o, value.ptr, value.len);
}

orch_status orch_out_emit(orch_out *o)
{
    orch_bytes text = {o->ptr, o->len};

    if (o->fault != NULL)
        return orch_fail(o->host, o->run, ORCH_E_INTERNAL, "OutputError", "%s", o->fault);
    return o->host->emit(o->run, ORCH_PORT_RESULT, text);
}

#endif
