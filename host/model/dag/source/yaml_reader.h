/* yaml_reader.h -- our own reading of a YAML text's scalars, beside libfyaml's. Private to this
 * folder.
 *
 * libfyaml says where mappings and sequences begin and end and which style a scalar has; what a
 * scalar says is read here, from the source, and the library's own texts are never looked at (its
 * 0.7.12 gives wrong ones: docs/adr/0024-what-a-definition-says.md). The two readings are held
 * together by bytes: each byte of the text is either part of exactly one scalar as read here or an
 * indicator, a blank or a comment. A text whose bytes do not add up is refused, so the library can
 * neither swallow a key nor make one of half a word.
 *
 * The text is UTF-8 without NUL bytes and is read once, from its begin to its end; nothing here
 * goes back further than the line in hand. Pure. */
#ifndef ORCH_MODEL_DAG_SOURCE_YAML_READER_H
#define ORCH_MODEL_DAG_SOURCE_YAML_READER_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct yaml_reader {
    const char *begin, *at, *end; /* what is before at is accounted for */
    bool directives;              /* they may still come */
};

/* What a scalar stands in. */
struct yaml_parent {
    int indent; /* column of the block mapping's or sequence's entries, from 0; -1: none */
    bool flow;
};

/* Goes to where a scalar or the end of the text stands; ERR_INVALID when anything but structure is
 * on the way, or the place was passed already. */
bool yaml_reach(struct yaml_reader *r, const char *place, struct err *e) must_check;
/* Nothing but blanks, breaks and comments is between where the reader stands and end. */
bool yaml_same_end(const struct yaml_reader *r, const char *end);
/* Says that the two readings differ. */
bool yaml_differ(struct err *e);
/* To the next byte that is no structure: where a block scalar's "|" or ">" must be. */
void yaml_reach_indicator(struct yaml_reader *r);

/* Of the byte where the reader stands, from 1, in characters. */
int yaml_column(const struct yaml_reader *r);

/* Each reads the scalar that begins at r->at (YAML 1.2.2, 7.3 and 8.1), appends its text to an
 * empty out, and goes behind it. Appended is UTF-8 without NUL bytes. */
void yaml_read_plain(struct yaml_reader *r, struct yaml_parent in, struct buf *out);
bool yaml_read_single(struct yaml_reader *r, struct buf *out, struct err *e) must_check;
bool yaml_read_double(struct yaml_reader *r, struct buf *out, struct err *e) must_check;
bool yaml_read_block(struct yaml_reader *r, struct yaml_parent in, struct buf *out,
                     struct err *e) must_check;

/* The text for the library, byte for byte in the same places, but for the indicators of block
 * scalars without text: there it finds a plain scalar. Freed by the caller. */
char *yaml_for_library(const char *text, size_t len);

/* The byte at p; 0 at the end of the text and behind it. */
static inline char yaml_peek(const struct yaml_reader *r, const char *p)
{
    return p < r->end ? *p : '\0';
}

static inline bool yaml_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* YAML 1.2 has no others; the end of the text ends a line as well. */
static inline bool yaml_is_break(char c)
{
    return c == '\n' || c == '\r';
}

static inline bool yaml_is_space_or_end(char c)
{
    return c == '\0' || yaml_is_blank(c) || yaml_is_break(c);
}

/* Behind the break at p, which may be two bytes. */
static inline const char *yaml_behind_break(const struct yaml_reader *r, const char *p)
{
    return p + (*p == '\r' && yaml_peek(r, p + 1) == '\n' ? 2 : 1);
}

/* "---" or "..." at the begin of a line ends every scalar. */
bool yaml_at_document_mark(const struct yaml_reader *r, const char *p);

#endif
