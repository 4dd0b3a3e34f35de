/* schedules.c -- when a schedule would be due (LANES.md 6, LANES_KIT.md 12). */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "base/clock.h"
#include "model/schedule/due_words.h"

enum { COUNT_DEFAULT = 5 };

static bool read_words(const json_t *body, struct due_words *ret, struct err *e)
{
    *ret = (struct due_words){0};
    return json_get_str(body, "cron", NULL, &ret->cron, e) &&
           json_get_str(body, "every", NULL, &ret->every, e) &&
           json_get_str(body, "at", NULL, &ret->at, e) &&
           json_get_str(body, "timezone", NULL, &ret->timezone, e) &&
           json_get_str(body, "dstPolicy", NULL, &ret->dst, e) &&
           json_get_str(body, "anchor", NULL, &ret->anchor, e);
}

static bool read_after(const json_t *body, int64_t now_us, int64_t *ret_us, struct err *e)
{
    const char *after;

    *ret_us = now_us;
    if (!json_get_str(body, "after", NULL, &after, e))
        return false;
    return after == NULL || clock_parse(after, ret_us) ||
           err_set(e, ERR_INVALID, "after: '%.64s' is no time of RFC 3339", after);
}

/* Beside the loop: it reads the zone's file. */
bool schedule_preview(const struct api_request *req, struct store_reader *reader unused_arg,
                      struct made *made, struct err *e)
{
    auto_done(due_read) due = {0};
    auto_json times = NULL;
    struct due_words words;
    int64_t now_us = clock_wall_us(), after_us, count;

    if (!read_words(req->json, &words, e) || !read_after(req->json, now_us, &after_us, e) ||
        !json_get_int(req->json, "count", COUNT_DEFAULT, 1, DUE_COUNT_MAX, &count, e) ||
        !due_words_read(&words, now_us, &due, &made->code, e))
        return false;
    times = due_list_owned(&due.rule, after_us, count);
    jw_open(&made->body, NULL, '{');
    jw_json(&made->body, "fireTimes", times);
    jw_close(&made->body, '}');
    return true;
}
