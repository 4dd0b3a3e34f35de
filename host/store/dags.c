/* dags.c -- questions about DAG versions (reader.h). */
#include "base/buf.h"
#include "model/version/version.h"
#include "store/question.h"

#include <string.h>

/* Above every id and every version key. */
#define TEXT_LAST "\xf4\x8f\xbf\xbf"

static struct page_key dag_key(const void *row)
{
    const struct store_dag *dag = row;

    return (struct page_key){0, dag->dag_id, dag->version, ""};
}

/* The first id of a page of heads: behind the last one that was given. */
static const char *head_from(const struct page_start *at, bool first, struct buf *b)
{
    buf_adds(b, at->key.text);
    if (!first)
        buf_addc(b, '\x01'); /* no id holds it, so no id lies between */
    return buf_text(b);
}

bool store_read_dags(struct store_reader *r, const struct store_dag_filter *filter,
                     struct store_page page, struct store_dag_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};
    auto_done(buf) text = {0};
    const char *dag_id = filter->dag_id, *last = dag_id != NULL ? dag_id : TEXT_LAST;
    const struct page_key first = {0, dag_id != NULL ? dag_id : "", "", ""};

    if (!page_begin(page, first, &at, e))
        return false;
    if (filter->heads)
        return read_rows(r,
                         ASK_LIST(Q_DAG_HEADS_LIVE + filter->state, at.rows, dag_key, P_INT(0),
                                  P_TEXT(filter->tenant),
                                  P_TEXT(head_from(&at, page.token == NULL, &text)), P_TEXT(last),
                                  P_INT(at.rows + 1)),
                         &ret->list, NULL, e);
    if (at.key.more[0] != '\0')
        version_key(at.key.more, &text);
    else
        buf_adds(&text, TEXT_LAST);
    return read_rows(r,
                     ASK_LIST(Q_DAGS_LIVE + filter->state, at.rows, dag_key, P_INT(0),
                              P_TEXT(filter->tenant), P_TEXT(at.key.text), P_TEXT(last),
                              P_TEXT(buf_text(&text)), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

static bool read_version(struct store_reader *r, bool bodies, const char *tenant,
                         const char *dag_id, const char *version, struct store_dag_list *ret,
                         struct err *e)
{
    if (!read_row(r, ASK(Q_DAG, P_INT(bodies), P_TEXT(tenant), P_TEXT(dag_id), P_TEXT(version)),
                  "version", version, &ret->list, e))
        return err_wrap(e, "DAG '%s'", dag_id);
    return true;
}

bool store_read_dag(struct store_reader *r, const char *tenant, const char *dag_id,
                    const char *version, struct store_dag_list *ret, struct err *e)
{
    return read_version(r, true, tenant, dag_id, version, ret, e);
}

bool store_read_dag_head(struct store_reader *r, const char *tenant, const char *dag_id,
                         const char *version, struct store_dag_list *ret, struct err *e)
{
    return read_version(r, false, tenant, dag_id, version, ret, e);
}

static bool read_latest(struct store_reader *r, bool bodies, const char *tenant, const char *dag_id,
                        enum store_dag_state state, struct store_dag_list *ret, struct err *e)
{
    return read_row(r,
                    ASK(Q_DAGS_LIVE + state, P_INT(bodies), P_TEXT(tenant), P_TEXT(dag_id),
                        P_TEXT(dag_id), P_TEXT(TEXT_LAST), P_INT(1)),
                    "DAG", dag_id, &ret->list, e);
}

bool store_read_dag_latest(struct store_reader *r, const char *tenant, const char *dag_id,
                           enum store_dag_state state, struct store_dag_list *ret, struct err *e)
{
    return read_latest(r, true, tenant, dag_id, state, ret, e);
}

bool store_read_dag_latest_head(struct store_reader *r, const char *tenant, const char *dag_id,
                                enum store_dag_state state, struct store_dag_list *ret,
                                struct err *e)
{
    return read_latest(r, false, tenant, dag_id, state, ret, e);
}

bool store_read_dag_count(struct store_reader *r, const char *tenant, int64_t *ret, struct err *e)
{
    return read_int(r, ASK(Q_DAG_COUNT, P_TEXT(tenant), P_TEXT(TEXT_LAST)), ret, e);
}

static bool version_stands(struct store_reader *r, const char *tenant, const char *dag_id,
                           const char *version, enum store_dag_stands *ret, struct err *e)
{
    auto_done(store_dag_list) rows = {0};

    *ret = STORE_DAG_IS_GONE;
    if (!read_version(r, false, tenant, dag_id, version, &rows, e))
        return not_found_is_none(e);
    if (rows.rows[0].deleted_us == 0)
        *ret = rows.rows[0].enabled ? STORE_DAG_STARTS : STORE_DAG_IS_DISABLED;
    return true;
}

bool store_read_dag_stands(struct store_reader *r, const char *tenant, const char *dag_id,
                           const char *version, enum store_dag_stands *ret, struct err *e)
{
    static const struct {
        enum store_dag_state state;
        enum store_dag_stands stands;
    } looks[] = {{STORE_DAG_ENABLED, STORE_DAG_STARTS}, {STORE_DAG_LIVE, STORE_DAG_IS_DISABLED}};

    if (version != NULL)
        return version_stands(r, tenant, dag_id, version, ret, e);
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        auto_done(store_dag_list) rows = {0};

        *ret = looks[i].stands;
        if (read_latest(r, false, tenant, dag_id, looks[i].state, &rows, e))
            return true;
        if (!not_found_is_none(e))
            return false;
    }
    *ret = STORE_DAG_IS_GONE;
    return true;
}
