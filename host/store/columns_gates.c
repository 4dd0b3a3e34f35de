/* columns_gates.c -- what runs wait at as rows. See columns.h. */
#include "store/column_words.h"
#include "store/rows.h"

static const struct column gate_columns[] = {
    KEY(store_gate, TEXT, tenant, "tenant_id"),
    KEY(store_gate, TEXT, run_id, "run_id"),
    KEY(store_gate, TEXT, kind, "kind"),
    COL(store_gate, TEXT, dag_id, "dag_id"),
    COL(store_gate, TEXT, gate_key, "gate_key"),
    COL(store_gate, INT, bound, "bound"),
    COL(store_gate, TEXT, on_conflict, "on_conflict"),
    COL(store_gate, INT, slot, "slot"),
    COL(store_gate, INT, created_us, "created_at"),
    COL(store_gate, INT, due_us, "due_at"),
    COL(store_gate, INT, first_us, "first_at"),
};
ROW_TYPE(row_gate, store_gate, gate_columns);
