/* letters_view.c -- dead letters as clients see them: list, show (LANES_KIT.md 5). */
#include "api/http/jsonw.h"
#include "api/routes/handlers.h"
#include "api/routes/letters.h"
#include "api/routes/tasks.h"
#include "api/routes/view.h"
#include "base/mem.h"

#include <string.h>

/* A line each. */
static void add_replays(struct buf *b, const char *lines)
{
    jw_open(b, "replayedBy", '[');
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");
        auto_mem char *id = mem_strn(lines, len);

        jw_str(b, NULL, id);
        lines += len + (lines[len] == '\n' ? 1 : 0);
    }
    jw_close(b, ']');
}

void letter_view(struct buf *b, const struct store_dead_letter *row)
{
    jw_str(b, "deadLetterId", row->dead_letter_id);
    jw_str(b, "taskId", row->task_id);
    jw_str(b, "jobId", row->task_id);
    jw_str(b, "runId", row->run_id);
    jw_str(b, "lane", row->lane);
    jw_str(b, "tenant", row->tenant);
    jw_str(b, "reason", row->reason);
    jw_str(b, "errorClass", row->error_class);
    jw_str(b, "message", row->message);
    jw_str(b, "fingerprint", row->fingerprint);
    jw_time(b, "firstSeenUtc", row->first_us);
    jw_time(b, "lastSeenUtc", row->last_us);
    jw_int(b, "count", row->deaths);
    jw_int(b, "attempts", row->attempts);
    jw_int(b, "priority", row->priority);
    add_replays(b, row->replayed_by);
}

bool letter_read(struct store_reader *reader, const char *tenant, const char *id,
                 struct store_dead_letter_list *ret, const char **ret_code, struct err *e)
{
    if (store_read_dead_letter(reader, tenant, id, ret, e))
        return true;
    if (e->code == ERR_NOT_FOUND) {
        *ret_code = "DEAD_LETTER_NOT_FOUND";
        return err_set(e, ERR_NOT_FOUND, "Dead letter not found");
    }
    return false;
}

static bool add_letter(struct buf *b, const void *row, void *none unused_arg,
                       struct err *e unused_arg)
{
    jw_open(b, NULL, '{');
    letter_view(b, row);
    jw_close(b, '}');
    return true;
}

bool letter_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                 struct err *e)
{
    const struct store_dead_filter filter = {.tenant = req->who.tenant,
                                             .lane = api_query(req, "lane"),
                                             .error_class = api_query(req, "errorClass"),
                                             .fingerprint = api_query(req, "fingerprint")};
    auto_done(store_dead_letter_list) rows = {0};
    struct store_page page;

    return query_page(req, &page, e) && store_read_dead_letters(reader, &filter, page, &rows, e) &&
           VIEW_ITEMS(&made->body, &rows, add_letter, NULL, e);
}

/* ---- one, with its task ---- */

struct showing {
    struct store_dead_letter_list letter;
    struct store_run_list run;
    const char *code;
};

static void showing_free(void *arg)
{
    struct showing *s = arg;

    store_dead_letter_list_done(&s->letter);
    store_run_list_done(&s->run);
    free(s);
}

/* On a thread. */
static bool read_shown(const struct api_request *req, void *arg, struct store_reader *reader,
                       struct err *e)
{
    struct showing *s = arg;

    return letter_read(reader, req->who.tenant, api_param(req, "deadLetterId"), &s->letter,
                       &s->code, e) &&
           store_read_run(reader, req->who.tenant, s->letter.rows[0].run_id, &s->run, e);
}

static void show(struct api_request *req, void *arg, const struct err *e)
{
    struct showing *s = arg;
    struct buf body = {0};

    if (e != NULL) {
        api_reply_error(req, e, s->code);
    } else {
        const struct store_run *run = &s->run.rows[0];
        struct api_task_now now = task_ask(req, run, false);

        jw_open(&body, NULL, '{');
        letter_view(&body, &s->letter.rows[0]);
        jw_raw(&body, "payload", run->input);
        task_view("task", run, &now, &body);
        jw_close(&body, '}');
        api_reply_text(req, 200, &body);
    }
    showing_free(s);
}

void letter_get(struct api_request *req)
{
    struct showing *s = mem_new(struct showing);

    api_read(req, &(struct read){read_shown, show, showing_free, s, false});
}
