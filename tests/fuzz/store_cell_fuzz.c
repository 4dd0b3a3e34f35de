/* store_cell_fuzz.c -- rows of a database that anybody may have written to: every kind of row from
 * any bytes of any type. The first byte chooses the row; each cell is a type, a length, its bytes.
 */
#include "store/postgres/cell.h"
#include "store/postgres/kind.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct row_type *const types[] = {
    &row_run,    &row_node,      &row_attempt,   &row_checkpoint,   &row_provenance, &row_event,
    &row_log,    &row_dag,       &row_statement, &row_ledger_head,  &row_secret,     &row_plugin,
    &row_tenant, &row_slow_node, &row_leaf,      &row_status_count,
};
static const uint32_t wire_types[] = {PG_BOOL, PG_BYTEA, PG_INT8,   PG_INT2,    PG_INT4,
                                      PG_TEXT, PG_JSON,  PG_FLOAT8, PG_VARCHAR, PG_TIMESTAMPTZ};
enum { CELLS_MAX = 48, NULL_LENGTH = 255 };

static size_t next(const uint8_t **bytes, size_t *left)
{
    if (*left == 0)
        return 0;
    --*left;
    return *(*bytes)++;
}

static struct cell next_cell(const uint8_t **bytes, size_t *left)
{
    size_t type = next(bytes, left), len = next(bytes, left);
    struct cell cell = {.type = type < 0xf0 ? wire_types[type % ARRAY_LEN(wire_types)] : 1700};

    if (len == NULL_LENGTH)
        return cell;
    cell.len = len < *left ? len : *left;
    cell.bytes = *bytes;
    *bytes += cell.len;
    *left -= cell.len;
    return cell;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct row_type *type = types[next(&bytes, &len) % ARRAY_LEN(types)];
    auto_obj(arena) mem = arena_new();
    struct cell cells[CELLS_MAX];
    struct err e = {0};
    int64_t number;
    double real;

    assert(type->count <= CELLS_MAX);
    for (size_t i = 0; i < type->count; i++)
        cells[i] = next_cell(&bytes, &len);
    if (!cell_read_row(cells, type, mem, arena_alloc(mem, type->bytes), &e))
        assert(e.code == ERR_CORRUPT);
    if (!cell_read_number(&cells[0], &number, &real, &e))
        assert(e.code == ERR_CORRUPT);
    return 0;
}
