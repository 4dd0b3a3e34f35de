/* letters_stats.c -- dead letters counted, and those that are alike together (LANES_KIT.md 5). */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/mem.h"

#include <string.h>

enum { GROUPS_MAX = 100, CLUSTERS_MAX = 10 };
enum { OK_MAX = 10, WARN_MAX = 50 }; /* LANES_KIT.md 5 */

static void add_samples(struct buf *b, const struct store_dead_group *group)
{
    jw_open(b, "sample", '[');
    for (size_t i = 0; i < ARRAY_LEN(group->samples) && group->samples[i] != NULL; i++) {
        size_t len = strcspn(group->samples[i], " ");
        auto_mem char *id = mem_strn(group->samples[i], len);

        jw_open(b, NULL, '{');
        jw_str(b, "deadLetterId", id);
        jw_str(b, "taskId", group->samples[i] + len + 1);
        jw_close(b, '}');
    }
    jw_close(b, ']');
}

static void add_group(struct buf *b, const struct store_dead_group *group)
{
    jw_open(b, NULL, '{');
    jw_str(b, "fingerprint", group->fingerprint);
    jw_str(b, "errorClass", group->error_class);
    jw_str(b, "message", group->message);
    jw_str(b, "lane", group->lane);
    jw_int(b, "count", group->letters);
    jw_time(b, "firstSeenUtc", group->first_us);
    jw_time(b, "lastSeenUtc", group->last_us);
    add_samples(b, group);
    jw_close(b, '}');
}

/* What groups are asked for, and under which name. */
struct asked_groups {
    const char *tenant, *lane, *key;
    uint32_t max;
};

static bool add_groups(struct store_reader *reader, const struct asked_groups *asked, struct buf *b,
                       struct err *e)
{
    auto_done(store_dead_group_list) groups = {0};

    if (!store_read_dead_groups(reader, asked->tenant, asked->lane, asked->max, &groups, e))
        return false;
    jw_open(b, asked->key, '[');
    for (size_t i = 0; i < groups.count; i++)
        add_group(b, &groups.rows[i]);
    jw_close(b, ']');
    return true;
}

bool letter_summary(const struct api_request *req, struct store_reader *reader, struct made *made,
                    struct err *e)
{
    const struct asked_groups asked = {req->who.tenant, api_query(req, "lane"), "groups",
                                       GROUPS_MAX};

    jw_open(&made->body, NULL, '{');
    if (!add_groups(reader, &asked, &made->body, e))
        return false;
    jw_close(&made->body, '}');
    return true;
}

static const char *verdict_of(int64_t letters)
{
    if (letters <= OK_MAX)
        return "ok";
    return letters <= WARN_MAX ? "warn" : "fail";
}

static bool add_counts(const struct view_source *from, const char *key, enum store_dead_by by,
                       struct buf *b, struct err *e)
{
    auto_done(store_dead_count_list) counts = {0};

    if (!store_read_dead_counts(from->reader, from->tenant, by, &counts, e))
        return false;
    jw_open(b, key, '{');
    for (size_t i = 0; i < counts.count; i++)
        jw_int(b, counts.rows[i].name, counts.rows[i].letters);
    jw_close(b, '}');
    return true;
}

bool letter_stats(const struct api_request *req, struct store_reader *reader, struct made *made,
                  struct err *e)
{
    const struct view_source from = {reader, req->who.tenant};
    const struct asked_groups asked = {from.tenant, NULL, "clusters", CLUSTERS_MAX};
    struct store_dead_totals totals;
    struct buf *body = &made->body;

    if (!store_read_dead_totals(reader, from.tenant, &totals, e))
        return false;
    jw_open(body, NULL, '{');
    jw_int(body, "total", totals.letters);
    jw_int(body, "retryable", totals.retryable);
    jw_time(body, "oldestUtc", totals.oldest_us);
    jw_time(body, "newestUtc", totals.newest_us);
    jw_str(body, "verdict", verdict_of(totals.letters));
    if (!add_counts(&from, "byLane", STORE_DEAD_BY_LANE, body, e) ||
        !add_counts(&from, "byErrorClass", STORE_DEAD_BY_CLASS, body, e) ||
        !add_groups(reader, &asked, body, e))
        return false;
    jw_close(body, '}');
    return true;
}
