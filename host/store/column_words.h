/* column_words.h -- the words that tables of columns are written in (columns.c,
 * columns_schedules.c). */
#ifndef ORCH_STORE_COLUMN_WORDS_H
#define ORCH_STORE_COLUMN_WORDS_H

#include "base/auto.h"
#include "store/columns.h"

#include <stddef.h>

#define AT(row, member) offsetof(struct row, member)
#define COL(row, kind, member, name)                                                               \
    {                                                                                              \
        name, COL_##kind, AT(row, member), NULL, false, false, false                               \
    }
#define KEY(row, kind, member, name)                                                               \
    {                                                                                              \
        name, COL_##kind, AT(row, member), NULL, true, false, false                                \
    }
#define OWNER(row, member, name)                                                                   \
    {                                                                                              \
        name, COL_TEXT, AT(row, member), NULL, true, false, true                                   \
    }
#define OWNERS(row)                                                                                \
    OWNER(row, run_id, "execution_id"), OWNER(row, tenant, "tenant_id"),                           \
        OWNER(row, node_id, "node_id")
#define READ(row, kind, member, name, expression)                                                  \
    {                                                                                              \
        name, COL_##kind, AT(row, member), expression, false, false, false                         \
    }
/* A column that there is not, but the SELECT says. */
#define SAYS(row, kind, member, name, expression)                                                  \
    {                                                                                              \
        name, COL_##kind, AT(row, member), expression, false, true, false                          \
    }
/* A large column of a list that may be read without: parameter 1 says whether it is wanted. */
#define BODY(row, kind, member, name)                                                              \
    READ(row, kind, member, name, "CASE WHEN ?1 > 0 THEN " name " END")
/* The same, also wanted without the others where it is -1. */
#define NEEDS(row, kind, member, name)                                                             \
    READ(row, kind, member, name, "CASE WHEN ?1 <> 0 THEN " name " END")
#define ROW_TYPE(type, row, table)                                                                 \
    const struct row_type type = {table, ARRAY_LEN(table), sizeof(struct row)}

#endif
