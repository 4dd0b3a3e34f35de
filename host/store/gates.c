/* gates.c -- questions about what runs wait at (reader.h). */
#include "store/question.h"

#define OF_KEY(of)                                                                                 \
    P_TEXT((of)->tenant), P_TEXT((of)->dag_id), P_TEXT((of)->kind), P_TEXT((of)->gate_key)

bool store_read_gate(struct store_reader *r, const char *tenant, const char *run_id,
                     const char *kind, struct store_gate_list *ret, struct err *e)
{
    return read_rows(r, ASK(Q_GATE, P_TEXT(tenant), P_TEXT(run_id), P_TEXT(kind)), &ret->list, NULL,
                     e);
}

static bool read_some(struct store_reader *r, enum query query, const struct store_gate *of,
                      uint32_t max, struct store_gate_list *ret, struct err *e)
{
    return read_rows(r,
                     &(const struct question){.query = query,
                                              PARAMS(OF_KEY(of), P_INT(max + 1)),
                                              .rows_max = max},
                     &ret->list, NULL, e);
}

bool store_read_gates_held(struct store_reader *r, const struct store_gate *of, uint32_t max,
                           struct store_gate_list *ret, struct err *e)
{
    return read_some(r, Q_GATES_HELD, of, max, ret, e);
}

bool store_read_gates_newest(struct store_reader *r, const struct store_gate *of, uint32_t max,
                             struct store_gate_list *ret, struct err *e)
{
    return read_some(r, Q_GATES_NEWEST, of, max, ret, e);
}

bool store_read_gates_ahead(struct store_reader *r, const struct store_gate *of, int64_t *ret,
                            struct err *e)
{
    return read_int(r, ASK(Q_GATES_AHEAD, OF_KEY(of), P_TIME(of->created_us), P_TEXT(of->run_id)),
                    ret, e);
}
