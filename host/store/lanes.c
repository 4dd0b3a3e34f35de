/* lanes.c -- questions about the lanes that operators set (reader.h). */
#include "store/question.h"

static struct page_key lane_key(const void *row)
{
    return (struct page_key){0, ((const struct store_lane *)row)->lane, "", ""};
}

static struct page_key version_key(const void *row)
{
    return (struct page_key){((const struct store_lane *)row)->version, "", "", ""};
}

bool store_read_lanes(struct store_reader *r, struct store_page page, struct store_lane_list *ret,
                      struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_LANES, at.rows, lane_key, P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_lane(struct store_reader *r, const char *lane, struct store_lane_list *ret,
                     struct err *e)
{
    return read_rows(r, ASK(Q_LANE, P_TEXT(lane)), &ret->list, NULL, e);
}

bool store_read_lane_versions(struct store_reader *r, const char *lane, struct store_page page,
                              struct store_lane_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){INT64_MAX, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_LANE_VERSIONS, at.rows, version_key, P_TEXT(lane),
                              P_INT(at.key.number), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}
