/* stock.c -- see stock.h. */
#include "engine/catalog/stock.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/catalog/fetch.h"
#include "engine/catalog/installed.h"
#include "engine/catalog/put.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct stock {
    struct agents *agents;
    struct stocked_list list; /* as of the last look */
    bool begun;               /* somebody wanted a look */
    bool known;               /* it was looked at */
    bool settled;             /* and what it had is here, or cannot be had */
    bool wanted;              /* a look */
    bool under_way;           /* one thing */
    unsigned writes;          /* of ours that are not durable: a look would not see them */
    bool stale;               /* one was made while something was being read */
    struct bundle *putting;
};

/* What a thread reads and makes. */
struct reading {
    struct stock *stock;
    char *folder;
    struct stocked row; /* FETCH: its texts are not copied, and not looked at */
    struct stocked_list list;
    unsigned bad;
    struct err e;
    bool good;
};

static void next(struct stock *s);

struct stock *stock_new(struct agents *agents)
{
    struct stock *s = mem_new(struct stock);

    s->agents = agents;
    return s;
}

void stock_free(struct stock *s)
{
    if (s == NULL)
        return;
    stocked_list_done(&s->list);
    free(s);
}

static const struct engine_env *env_of(const struct stock *s)
{
    return s->agents->env;
}

static bool folder_wins(const struct stock *s)
{
    return env_of(s)->set.folder_wins;
}

static char *folder_of(const struct stock *s)
{
    return mem_printf("%s/plugins", env_of(s)->set.home);
}

bool stock_is_first(const struct stock *s)
{
    return s->begun && !s->settled;
}

bool stock_busy(const struct stock *s)
{
    return s->wanted || s->under_way || s->writes > 0;
}

/* ---- rows and bundles ---- */

static bool same_version(const struct stocked *row, const struct bundle *b)
{
    return b->manifest != NULL && strcmp(row->plugin_id, b->manifest->id) == 0 &&
           strcmp(row->version, b->manifest->version) == 0 && strcmp(row->key_id, b->key_id) == 0;
}

static const struct stocked *row_of_version(const struct stock *s, const struct bundle *b)
{
    for (size_t i = 0; i < s->list.count; i++) {
        if (same_version(&s->list.rows[i], b))
            return &s->list.rows[i];
    }
    return NULL;
}

static bool same_archive(const struct stocked *row, const struct bundle *b)
{
    return strcmp(row->archive_hash.text, b->archive_hash.text) == 0;
}

/* Signed once more by the same key it is the same bundle. */
static bool is_of(const struct stocked *row, const struct bundle *b)
{
    return b->state != BUNDLE_REMOVED && (strcmp(row->bundle_hash.text, b->bundle_hash.text) == 0 ||
                                          (same_version(row, b) && same_archive(row, b)));
}

/* Of its file, or of that which the store has. */
static const char *hash_in_store(const struct stock *s, const struct bundle *b)
{
    const struct stocked *row = row_of_version(s, b);

    return row != NULL && same_archive(row, b) ? row->bundle_hash.text : b->bundle_hash.text;
}

bool stock_conflicts(const struct stock *s, const struct bundle *b, struct err *ret)
{
    const struct stocked *row = row_of_version(s, b);

    if (folder_wins(s) || row == NULL || row->removed_us != 0 || same_archive(row, b))
        return false;
    err_set(ret, ERR_CONFLICT,
            "'%s' is in the store with other content: versions are immutable, give it another "
            "version, or remove that one first",
            b->label);
    return true;
}

/* What the store gave is there once more when it is asked; what somebody copied here is not. */
void stock_put_aside(const struct bundle *b)
{
    auto_mem char *path = bundle_path(b);
    auto_mem char *aside = mem_printf("%s.removed", path);

    if (is_fetched_name(b->file))
        unlink(path);
    else
        (void)rename(path, aside);
}

/* ---- what the list says ---- */

/* A development host is about to put its own. */
static bool is_replaced(const struct stock *s, const struct stocked *row)
{
    const struct bundle *b;

    for (b = s->agents->bundles; folder_wins(s) && b != NULL; b = b->hh.next) {
        if (b->state != BUNDLE_REMOVED && same_version(row, b))
            return true;
    }
    return false;
}

static int64_t released_before(const struct stocked_list *before, const struct stocked *row)
{
    for (size_t i = 0; i < before->count; i++) {
        if (strcmp(before->rows[i].bundle_hash.text, row->bundle_hash.text) == 0)
            return before->rows[i].released_us;
    }
    return row->released_us;
}

/* Copied there behind it: somebody wants it back. */
static bool is_newer(const struct bundle *b, int64_t removed_us)
{
    auto_mem char *path = bundle_path(b);
    struct stat st;

    return stat(path, &st) == 0 &&
           (int64_t)st.st_mtim.tv_sec * 1000000 + st.st_mtim.tv_nsec / 1000 > removed_us;
}

static void removed_elsewhere(struct stock *s, struct bundle *b, int64_t removed_us, bool first)
{
    if (!b->stored && (!first || folder_wins(s) || is_newer(b, removed_us)))
        return; /* it was installed anew */
    b->stored = false;
    stock_put_aside(b);
    bundle_withdraw(b, BUNDLE_REMOVED, "it was removed from the store by another host");
}

/* By another key: a bundle may be signed by several. */
static bool is_installed(const struct stocked_list *list, const struct stocked *removed)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->rows[i].removed_us == 0 &&
            strcmp(list->rows[i].bundle_hash.text, removed->bundle_hash.text) == 0)
            return true;
    }
    return false;
}

static void follow(struct stock *s, struct stocked *row, const struct stocked_list *before,
                   bool first)
{
    bool here = false;
    struct bundle *b;

    if (row->removed_us != 0 && is_installed(&s->list, row))
        return;
    for (b = s->agents->bundles; b != NULL; b = b->hh.next) {
        if (!is_of(row, b))
            continue;
        here = true;
        if (row->removed_us != 0) {
            removed_elsewhere(s, b, row->removed_us, first);
            continue;
        }
        b->stored = true;
        if (b->state == BUNDLE_QUARANTINED && row->released_us > released_before(before, row))
            bundle_try_again(b);
    }
    row->lacking = !here && row->removed_us == 0;
}

/* What was ready before the store had another by its name. */
static void look_for_conflicts(struct stock *s)
{
    struct bundle *b;
    struct err why = {0};

    for (b = s->agents->bundles; b != NULL; b = b->hh.next) {
        if (b->state == BUNDLE_READY && stock_conflicts(s, b, &why))
            b->state = BUNDLE_AGREED;
    }
    names_rebuild(s->agents);
}

static void take_list(struct stock *s, struct stocked_list *list)
{
    struct stocked_list before = s->list;
    bool first = !s->known;

    s->list = *list;
    *list = (struct stocked_list){0};
    s->known = true;
    for (size_t i = 0; i < s->list.count; i++)
        follow(s, &s->list.rows[i], &before, first);
    stocked_list_done(&before);
    look_for_conflicts(s);
}

/* ---- reading ---- */

static void reading_free(struct reading *r)
{
    stocked_list_done(&r->list);
    free(r->folder);
    free(r);
}

static void reading_drop(void *arg)
{
    reading_free(arg);
}

static void give(struct stock *s, struct reading *r, void (*run)(void *, struct store_reader *),
                 void (*done)(void *))
{
    s->under_way = true;
    s->stale = false;
    r->stock = s;
    beside_give(env_of(s)->beside, &(struct beside_work){run, done, reading_drop, r});
}

static void read_list(void *arg, struct store_reader *reader)
{
    struct reading *r = arg;

    r->good = stocked_read(reader, &r->list, &r->bad, &r->e);
}

static void list_was_read(void *arg)
{
    struct reading *r = arg;
    struct stock *s = r->stock;

    s->under_way = false;
    if (s->agents->ending) {
        /* nothing more */
    } else if (s->stale) {
        s->wanted = true;
    } else if (r->good) {
        if (r->bad > 0)
            log_event(LOG_ERROR, "plugins.rows_unreadable", F_INT("rows", r->bad));
        take_list(s, &r->list);
    } else {
        log_event(LOG_WARN, "plugins.not_looked_at", F_ERR(&r->e));
    }
    reading_free(r);
    next(s);
}

static void fetch(void *arg, struct store_reader *reader)
{
    struct reading *r = arg;

    r->good = bundle_fetch(reader, &r->row, r->folder, &r->e);
}

static void was_fetched(void *arg)
{
    struct reading *r = arg;
    struct stock *s = r->stock;
    auto_mem char *name = fetched_name(&r->row);
    auto_mem char *path = mem_printf("%s/%s", r->folder, name);

    s->under_way = false;
    if (s->stale || s->agents->ending) {
        if (r->good)
            unlink(path); /* it may have been removed meanwhile: the next look says */
        s->wanted = true;
    } else if (r->good) {
        log_event(LOG_INFO, "plugin.fetched", F_STR("bundle", name), F_INT("bytes", r->row.bytes));
        bundle_look_at(s->agents, name)->stored = true;
    } else {
        log_event(LOG_ERROR, "plugin.not_fetched", F_STR("bundle", name), F_ERR(&r->e));
    }
    reading_free(r);
    next(s);
}

static bool fetch_next(struct stock *s)
{
    for (size_t i = 0; i < s->list.count; i++) {
        struct reading *r;

        if (!s->list.rows[i].lacking)
            continue;
        s->list.rows[i].lacking = false;
        if (is_replaced(s, &s->list.rows[i]))
            continue;
        r = mem_new(struct reading);
        r->folder = folder_of(s);
        r->row = s->list.rows[i];
        give(s, r, fetch, was_fetched);
        return true;
    }
    return false;
}

/* ---- writing ---- */

static void written(void *arg, const struct store_done *result)
{
    struct stock *s = arg;

    s->writes--;
    if (result->err != NULL)
        log_event(LOG_WARN, "plugin.row_lost", F_ERR(result->err));
    s->wanted = true;
    next(s);
}

static void submit(struct stock *s, struct store_batch *batch)
{
    struct err e = {0};

    s->stale = true;
    if (store_submit_take(env_of(s)->store, &batch, written, s, &e)) {
        s->writes++;
        return;
    }
    log_event(LOG_WARN, "plugin.row_lost", F_ERR(&e));
    store_batch_free(batch);
}

void stock_forget(struct stock *s, struct bundle *b)
{
    struct store_batch *batch;

    if (!b->stored)
        return;
    b->stored = false;
    batch = store_batch_new();
    store_batch_bundle_remove(batch, "", hash_in_store(s, b), env_of(s)->clock.wall_us());
    submit(s, batch);
}

void stock_release(struct stock *s, const struct bundle *b)
{
    struct store_batch *batch;

    if (!b->stored)
        return;
    batch = store_batch_new();
    store_batch_bundle_release(batch, "", hash_in_store(s, b), env_of(s)->clock.wall_us());
    submit(s, batch);
}

static void was_put(void *arg, const struct err *why)
{
    struct stock *s = arg;
    struct bundle *b = take(s->putting);

    s->under_way = false;
    s->wanted = true; /* with it in the list, or with what is there instead */
    if (why == NULL) {
        b->stored = true;
        log_event(LOG_INFO, "plugin.stored", F_STR("bundle", b->file), F_STR("plugin", b->label));
    } else {
        b->not_stored = mem_str(why->msg);
        log_event(LOG_ERROR, "plugin.not_stored", F_STR("bundle", b->file), F_ERR(why));
    }
    if (why == NULL && b->state == BUNDLE_REMOVED)
        stock_forget(s, b); /* it was taken away while it was written */
    next(s);
}

static void put(struct stock *s, struct bundle *b)
{
    const struct stocked *row = row_of_version(s, b);
    auto_mem char *path = bundle_path(b);
    const struct bundle_to_put what = {
        .path = path,
        .row = &(const struct store_bundle){.plugin_id = b->manifest->id,
                                            .version = b->manifest->version,
                                            .key_id = b->key_id,
                                            .archive_hash = b->archive_hash.text,
                                            .bundle_hash = b->bundle_hash.text},
        .instead_of = row != NULL && !is_of(row, b) ? row->bundle_hash.text : NULL,
    };

    s->under_way = true;
    s->putting = b;
    bundle_put(env_of(s), &what, was_put, s);
}

static bool put_next(struct stock *s)
{
    struct bundle *b;

    for (b = s->agents->bundles; b != NULL; b = b->hh.next) {
        if (b->state != BUNDLE_READY || b->stored || b->not_stored != NULL)
            continue;
        put(s, b);
        return true;
    }
    return false;
}

/* ---- one thing at a time ---- */

static void next(struct stock *s)
{
    if (s->under_way || s->agents->ending)
        return;
    if (s->wanted) {
        struct reading *r;

        if (s->writes > 0)
            return;
        s->wanted = false;
        r = mem_new(struct reading);
        give(s, r, read_list, list_was_read);
        return;
    }
    if (folder_wins(s) && agents_busy(s->agents))
        return; /* which versions it has is not known yet */
    if (fetch_next(s))
        return;
    s->settled = true;
    names_settle(s->agents); /* which puts what is ready */
}

void stock_go_on(struct stock *s)
{
    if (!s->known || s->under_way || s->wanted || s->agents->ending)
        return;
    if (s->settled)
        put_next(s);
    else
        next(s);
}

void stock_look(struct stock *s)
{
    struct bundle *b;

    for (b = s->agents->bundles; b != NULL; b = b->hh.next) {
        free(b->not_stored);
        b->not_stored = NULL;
    }
    s->begun = s->wanted = true;
    next(s);
}
