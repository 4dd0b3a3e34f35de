/* dags.c -- questions about DAG versions (reader.h). */
#include "base/buf.h"
#include "model/version/version.h"
#include "store/sqlite/read.h"

#include <string.h>

/* Above every id and every version key. */
#define TEXT_LAST "\xf4\x8f\xbf\xbf"

static struct page_key dag_key(const void *row)
{
    const struct store_dag *dag = row;

    return (struct page_key){0, dag->dag_id, dag->version, ""};
}

bool store_read_dags(struct store_reader *r, const struct store_dag_filter *filter,
                     struct store_page page, struct store_dag_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};
    auto_done(buf) version = {0};
    const char *dag_id = filter->dag_id;
    const struct page_key first = {0, dag_id != NULL ? dag_id : "", "", ""};

    if (!page_begin(page, first, &at, e))
        return false;
    if (at.key.more[0] != '\0')
        version_key(at.key.more, &version);
    else
        buf_adds(&version, TEXT_LAST);
    return read_rows(r,
                     ASK_PAGE(Q_DAGS, at.rows, dag_key, P_TEXT(filter->tenant), P_TEXT(at.key.text),
                              P_TEXT(dag_id != NULL ? dag_id : TEXT_LAST), P_INT(filter->state),
                              P_INT(filter->heads), P_TEXT(buf_text(&version)), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_dag(struct store_reader *r, const char *tenant, const char *dag_id,
                    const char *version, struct store_dag_list *ret, struct err *e)
{
    if (!read_row(r, ASK(Q_DAG, P_TEXT(tenant), P_TEXT(dag_id), P_TEXT(version)), "version",
                  version, &ret->list, e))
        return err_wrap(e, "DAG '%s'", dag_id);
    return true;
}

bool store_read_dag_latest(struct store_reader *r, const char *tenant, const char *dag_id,
                           enum store_dag_state state, struct store_dag_list *ret, struct err *e)
{
    return read_row(r,
                    ASK(Q_DAGS, P_TEXT(tenant), P_TEXT(dag_id), P_TEXT(dag_id), P_INT(state),
                        P_INT(0), P_TEXT(TEXT_LAST), P_INT(1)),
                    "DAG", dag_id, &ret->list, e);
}
