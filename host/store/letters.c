/* letters.c -- questions about dead letters (reader.h). */
#include "store/question.h"

/* Ids are ASCII. */
#define AFTER_ALL "\x7f"

static struct page_key letter_key(const void *row)
{
    return (struct page_key){0, ((const struct store_dead_letter *)row)->dead_letter_id, "", ""};
}

bool store_read_dead_letters(struct store_reader *r, const struct store_dead_filter *filter,
                             struct store_page page, struct store_dead_letter_list *ret,
                             struct err *e)
{
    auto_done(page_start) at = {0};

    if (!page_begin(page, (struct page_key){0, AFTER_ALL, "", ""}, &at, e))
        return false;
/* What both ask for first; the limit is the last of each. */
#define ASK_LETTERS(query, ...)                                                                    \
    read_rows(r,                                                                                   \
              ASK_PAGE(query, at.rows, letter_key, P_TEXT(filter->tenant), P_TEXT(at.key.text),    \
                       P_TEXT(filter->lane), P_TEXT(filter->error_class), __VA_ARGS__),            \
              &ret->list, NULL, e)
    if (filter->fingerprint != NULL)
        return ASK_LETTERS(Q_DEAD_LETTERS_ALIKE, P_TEXT(filter->fingerprint), P_INT(at.rows + 1));
    return ASK_LETTERS(Q_DEAD_LETTERS, P_INT(at.rows + 1));
#undef ASK_LETTERS
}

bool store_read_dead_letter(struct store_reader *r, const char *tenant, const char *dead_letter_id,
                            struct store_dead_letter_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_DEAD_LETTER, P_TEXT(tenant), P_TEXT(dead_letter_id)), "dead letter",
                    dead_letter_id, &ret->list, e);
}

bool store_read_dead_snapshot(struct store_reader *r, const char *tenant, const char *snapshot_id,
                              struct store_dead_snapshot_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_DEAD_SNAPSHOT, P_TEXT(tenant), P_TEXT(snapshot_id)), "snapshot",
                    snapshot_id, &ret->list, e);
}

bool store_read_dead_totals(struct store_reader *r, const char *tenant,
                            struct store_dead_totals *ret, struct err *e)
{
    struct store_list list = {0};

    if (!read_row(r, ASK(Q_DEAD_TOTALS, P_TEXT(tenant), P_INT(STORE_DEAD_COUNTED_MAX)), "count of",
                  "dead letters", &list, e))
        return false;
    *ret = *(const struct store_dead_totals *)list.rows;
    arena_free(list.mem);
    return true;
}

bool store_read_dead_counts(struct store_reader *r, const char *tenant, enum store_dead_by by,
                            struct store_dead_count_list *ret, struct err *e)
{
    return read_rows(r,
                     ASK_PAGE(by == STORE_DEAD_BY_LANE ? Q_DEAD_BY_LANE : Q_DEAD_BY_CLASS,
                              STORE_PAGE_ROWS_MAX, NULL, P_TEXT(tenant),
                              P_INT(STORE_DEAD_COUNTED_MAX), P_INT(STORE_PAGE_ROWS_MAX)),
                     &ret->list, NULL, e);
}

bool store_read_dead_groups(struct store_reader *r, const char *tenant, const char *lane,
                            uint32_t rows, struct store_dead_group_list *ret, struct err *e)
{
    return read_rows(r,
                     ASK_PAGE(Q_DEAD_GROUPS, page_rows(rows), NULL, P_TEXT(tenant),
                              P_INT(STORE_DEAD_COUNTED_MAX), P_TEXT(lane), P_INT(page_rows(rows))),
                     &ret->list, NULL, e);
}

bool store_read_dead_depths(struct store_reader *r, uint32_t tenants,
                            struct store_dead_count_list *ret, struct err *e)
{
    return read_rows(r, ASK_PAGE(Q_DEAD_DEPTHS, tenants, NULL, P_INT(tenants)), &ret->list, NULL,
                     e);
}
