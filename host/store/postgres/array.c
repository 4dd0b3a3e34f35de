/* array.c -- see array.h. The format is array_recv's: dimensions, whether there is a NULL, the
 * elements' type, the one dimension's size and lower bound, then each element with its length. */
#include "store/postgres/array.h"

#include "model/version/version.h"
#include "store/postgres/kind.h"
#include "store/rows.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

void arrays_done(struct arrays *a)
{
    buf_done(&a->bytes);
}

static void add_u32(struct buf *b, uint32_t value)
{
    uint32_t big = htobe32(value);

    buf_add(b, &big, sizeof big);
}

static void add_element(struct buf *b, const void *bytes, size_t len)
{
    add_u32(b, (uint32_t)len);
    buf_add(b, bytes, len);
}

static void add_null(struct buf *b)
{
    add_u32(b, UINT32_MAX);
}

static void add_u64(struct buf *b, uint64_t value)
{
    uint64_t big = htobe64(value);

    add_element(b, &big, sizeof big);
}

static void add_text(struct buf *b, const char *text)
{
    if (text != NULL)
        add_element(b, text, strlen(text));
    else
        add_null(b);
}

static void add_int(struct buf *b, const struct column *c, int64_t value)
{
    if (value == 0 && kind_zero_is_null(c))
        add_null(b);
    else if (kind_type(c) == PG_TIMESTAMPTZ)
        add_u64(b, (uint64_t)kind_time_to_pg(value));
    else
        add_u64(b, (uint64_t)value);
}

static void add_real(struct buf *b, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    add_u64(b, bits);
}

static void add_blob(struct buf *b, const void *const *blob)
{
    size_t len;

    memcpy(&len, (const char *)blob + sizeof *blob, sizeof len);
    add_element(b, *blob != NULL ? *blob : "", len);
}

static void add_version_key(struct buf *b, const char *version)
{
    auto_done(buf) key = {0};

    version_key(version, &key);
    add_element(b, buf_text(&key), key.len);
}

static void add_member(struct buf *b, const struct column *c, const void *member)
{
    switch (c->kind) {
    case COL_TEXT:
    case COL_TEXT_NULL:
    case COL_HASH:
    case COL_HASH_NULL:
        add_text(b, *(const char *const *)member);
        break;
    case COL_INT:
    case COL_TIME:
        add_int(b, c, *(const int64_t *)member);
        break;
    case COL_REAL:
        add_real(b, *(const double *)member);
        break;
    case COL_BOOL:
        add_element(b, *(const bool *)member ? "\1" : "\0", 1);
        break;
    case COL_BLOB:
        add_blob(b, member);
        break;
    case COL_RUN_STATUS:
        add_text(b, store_run_status_text(*(const enum store_run_status *)member));
        break;
    case COL_NODE_STATUS:
        add_text(b, store_node_status_text(*(const enum store_node_status *)member));
        break;
    case COL_VERSION_KEY:
        add_version_key(b, *(const char *const *)member);
        break;
    case COL_ID:
    case COL_SAID:
        break;
    }
}

static void add_array(struct buf *b, const struct column *c, const void *const rows[], size_t count)
{
    add_u32(b, 1);
    add_u32(b, 1); /* there may be a NULL */
    add_u32(b, kind_type(c));
    add_u32(b, (uint32_t)count);
    add_u32(b, 1);
    for (size_t i = 0; i < count; i++)
        add_member(b, c, (const char *)rows[i] + c->offset);
}

void arrays_fill(struct arrays *a, const struct row_type *type, const void *const rows[],
                 size_t count)
{
    buf_clear(&a->bytes);
    a->count = 0;
    for (size_t i = 0; i < type->count; i++) {
        if (!kind_written(&type->columns[i]))
            continue;
        assert(a->count < ARRAY_COLUMNS_MAX);
        a->at[a->count] = a->bytes.len;
        add_array(&a->bytes, &type->columns[i], rows, count);
        a->len[a->count] = (int)(a->bytes.len - a->at[a->count]);
        a->count++;
    }
}
