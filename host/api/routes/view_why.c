/* view_why.c -- see view_why.h. */
#include "api/routes/view_why.h"

#include "api/http/jsonw.h"
#include "api/routes/view_hosts.h"
#include "base/mem.h"

#include <string.h>

/* ---- what this host knows ---- */

struct why_asked *why_ask_owned(const struct api_request *req, const char *run_id, uint32_t max)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct why_asked *asked = mem_new(struct why_asked);

    asked->here = engine->run_why_owned(engine->arg, req->who.tenant, run_id, max);
    asked->host_id = mem_str(engine->host_id(engine->arg));
    return asked;
}

void why_asked_free(void *arg)
{
    struct why_asked *asked = arg;

    if (asked == NULL)
        return;
    json_decref(asked->here);
    free(asked->host_id);
    free(asked);
}

/* ---- both together ---- */

void why_add(json_t *reasons, const char *reason, const char *detail, const char *step)
{
    json_t *one = json_pack("{s:s, s:s, s:i}", "reason", reason, "detail", detail, "ahead", 0);

    if (step != NULL)
        json_object_set_new(one, "step", json_string(step));
    json_array_append_new(reasons, one);
}

static const char *word(const json_t *one, const char *key)
{
    const char *text = json_string_value(json_object_get(one, key));

    return text != NULL ? text : "";
}

/* A step that lacks its plugin is held: that was said, with who has it. */
static bool is_said(const json_t *reasons, const json_t *one)
{
    const json_t *first = json_array_get(reasons, 0);

    return first != NULL && strcmp(word(first, "reason"), "missing_bundle") == 0 &&
           strcmp(word(one, "reason"), "held") == 0 &&
           strcmp(word(one, "step"), word(first, "step")) == 0;
}

static void add_here(json_t *reasons, const json_t *here)
{
    json_t *one;
    size_t i;

    json_array_foreach(json_object_get(here, "reasons"), i, one)
    {
        if (!is_said(reasons, one))
            json_array_append(reasons, one);
    }
}

static const char *status_of(const struct store_run *run)
{
    if (run->completed_us != 0)
        return store_run_status_text(run->status);
    if (run->cancel_requested)
        return "cancelling";
    if (run->paused)
        return store_run_status_text(STORE_RUN_PAUSED);
    return run->status == STORE_RUN_PENDING ? "queued" : view_run_status(run->status);
}

static enum why_where where_of(const struct store_run *run, const struct why_asked *asked)
{
    bool mine = run->lease_owner != NULL && strcmp(run->lease_owner, asked->host_id) == 0;

    return asked->here != NULL || mine ? WHY_HERE : WHY_ELSEWHERE;
}

static bool read_why_owned(struct store_reader *reader, const struct why_run *of,
                           const struct why_asked *asked, json_t **ret, struct err *e)
{
    const struct store_run *run = &of->rows.rows[0];
    auto_json reasons = json_array();
    json_int_t more = 0;
    bool alive = false;

    if (run->completed_us == 0 &&
        !hosts_add_why(reasons, reader, run, &of->hosts, where_of(run, asked), &alive, e))
        return false;
    if (alive && asked->here != NULL) {
        add_here(reasons, asked->here);
        more = json_integer_value(json_object_get(asked->here, "more"));
    }
    *ret = json_pack("{s:s, s:O, s:I}", "status", status_of(run), "reasons", reasons, "more", more);
    return true;
}

bool why_run_read(const struct view_source *from, const char *run_id, const struct why_asked *asked,
                  struct why_run *ret, const char **ret_code, struct err *e)
{
    const struct store_page all = {.size = STORE_PAGE_ROWS_MAX};

    return read_run(from, run_id, "Run not found", &ret->rows, ret_code, e) &&
           store_read_hosts(from->reader, all, &ret->hosts, e) &&
           read_why_owned(from->reader, ret, asked, &ret->why, e);
}

void why_run_done(struct why_run *run)
{
    store_run_list_done(&run->rows);
    store_host_list_done(&run->hosts);
    json_decref(run->why);
    *run = (struct why_run){0};
}

const char *why_text(const json_t *why)
{
    const json_t *one;
    size_t i;

    json_array_foreach(json_object_get(why, "reasons"), i, one)
    {
        if (json_object_get(one, "behind") == NULL &&
            strcmp(word(one, "reason"), WHY_OTHER_HOST) != 0)
            return word(one, "detail");
    }
    return NULL;
}

/* ---- what a run failed by ---- */

static bool is_before(const struct store_node *node, const struct store_node *first)
{
    if (node->status != STORE_NODE_FAILED && node->status != STORE_NODE_TIMED_OUT)
        return false;
    return first == NULL || node->completed_us < first->completed_us;
}

static void view_cause(struct buf *b, const char *key, const struct store_node *node,
                       const struct store_run *run)
{
    jw_open(b, key, '{');
    jw_str(b, "step", node != NULL ? node->node_id : NULL);
    jw_str(b, "class", node != NULL ? node->error_class : NULL);
    jw_str(b, "source", node != NULL ? node->error_source : NULL);
    jw_str(b, "message", node != NULL ? node->error : run->error);
    jw_int(b, "attempts", node != NULL ? node->attempts : 0);
    jw_time(b, "at", node != NULL ? node->completed_us : run->completed_us);
    jw_close(b, '}');
}

struct first_failed {
    const struct store_node *node; /* NULL: none so far */
    struct store_node_list page;   /* in which it stands */
};

static bool take_first(void *arg, struct store_node_list *nodes)
{
    struct first_failed *f = arg;
    const struct store_node *first = f->node;

    for (size_t i = 0; i < nodes->count; i++)
        first = is_before(&nodes->rows[i], first) ? &nodes->rows[i] : first;
    if (first != f->node) {
        store_node_list_done(&f->page);
        *f = (struct first_failed){first, *nodes};
        *nodes = (struct store_node_list){0};
    }
    return true;
}

bool view_root_cause(struct buf *b, const char *key, struct store_reader *reader,
                     const struct store_run *run, struct err *e)
{
    const struct store_node_filter filter = {run->tenant, run->run_id, .outputs = false};
    struct first_failed f = {0};
    bool read;

    if (run->status != STORE_RUN_FAILED) {
        jw_raw(b, key, NULL);
        return true;
    }
    read = read_nodes_each(reader, &filter, take_first, &f, e);
    if (read)
        view_cause(b, key, f.node, run);
    store_node_list_done(&f.page);
    return read;
}
