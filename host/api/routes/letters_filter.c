/* letters_filter.c -- many dead letters by what they have in common; see letters.h. */
#include "api/http/fields.h"
#include "api/routes/letters.h"
#include "base/clock.h"
#include "base/json.h"

#include <string.h>

/* ---- what is said ---- */

bool letter_reason(const json_t *body, const char **ret, struct err *e)
{
    return fields_text(body, "reason", "", REASON_BYTES_MAX, ret, e) &&
           ((*ret)[strspn(*ret, " \t")] != '\0' ||
            err_set(e, ERR_INVALID, "'reason' says why, for the ledger"));
}

static bool read_time(const json_t *filter, const char *name, int64_t *ret, struct err *e)
{
    const char *text;

    *ret = 0;
    if (!json_get_str(filter, name, NULL, &text, e))
        return false;
    return text == NULL || clock_parse(text, ret) ||
           err_set(e, ERR_INVALID, "'%s': '%.64s' is no time of RFC 3339", name, text);
}

static bool read_ids(const json_t *filter, const json_t **ret, struct err *e)
{
    const json_t *ids = json_object_get(filter, "taskIds");
    size_t count = json_array_size(ids);

    *ret = ids;
    if (ids != NULL && (count == 0 || count > LETTERS_AT_ONCE_MAX))
        return err_set(e, ERR_INVALID, "'taskIds' must be an array of 1 to %d ids of tasks",
                       LETTERS_AT_ONCE_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!json_is_string(json_array_get(ids, i)))
            return err_set(e, ERR_INVALID, "'taskIds' must be ids of tasks, as text");
    }
    return true;
}

bool letter_filter(const json_t *body, struct letter_filter *ret, struct err *e)
{
    const json_t *filter = json_object_get(body, "filter");

    if (!json_is_object(filter) || json_object_size(filter) == 0)
        return err_set(e, ERR_INVALID, "'filter' must be an object that says one thing at least");
    if (!fields_check(filter, "lane errorClass fingerprint from to taskIds", e))
        return err_wrap(e, "'filter'");
    return json_get_str(filter, "lane", NULL, &ret->lane, e) &&
           json_get_str(filter, "errorClass", NULL, &ret->error_class, e) &&
           json_get_str(filter, "fingerprint", NULL, &ret->fingerprint, e) &&
           read_time(filter, "from", &ret->from_us, e) && read_time(filter, "to", &ret->to_us, e) &&
           read_ids(filter, &ret->task_ids, e);
}

/* ---- which they are ---- */

/* NULL takes any. */
static bool takes(const char *want, const char *is)
{
    return want == NULL || strcmp(want, is) == 0;
}

static bool fits(const struct letter_filter *f, const struct store_dead_letter *row)
{
    return takes(f->lane, row->lane) && takes(f->error_class, row->error_class) &&
           takes(f->fingerprint, row->fingerprint) && row->last_us >= f->from_us &&
           (f->to_us == 0 || row->last_us < f->to_us);
}

/* Of a task that has none: none. */
static bool read_of_task(struct store_reader *reader, const char *tenant, const char *task_id,
                         struct store_dead_letter_list *ret, struct err *e)
{
    auto_done(store_run_list) runs = {0};

    if (!store_read_task(reader, tenant, task_id, &runs, e))
        return false;
    if (runs.count == 0 || store_read_dead_letter(reader, tenant, runs.rows[0].run_id, ret, e))
        return true;
    if (e->code != ERR_NOT_FOUND)
        return false;
    *e = (struct err){0};
    return true;
}

static bool was_said(const json_t *ids, size_t before, const char *id)
{
    for (size_t i = 0; i < before; i++) {
        if (strcmp(json_string_value(json_array_get(ids, i)), id) == 0)
            return true;
    }
    return false;
}

static bool each_of_tasks(struct store_reader *reader, const char *tenant,
                          const struct letter_filter *f, letter_fn *fn, void *arg, struct err *e)
{
    for (size_t i = 0; i < json_array_size(f->task_ids); i++) {
        auto_done(store_dead_letter_list) rows = {0};
        const char *id = json_string_value(json_array_get(f->task_ids, i));

        if (was_said(f->task_ids, i, id))
            continue;
        if (!read_of_task(reader, tenant, id, &rows, e))
            return false;
        if (rows.count > 0 && fits(f, &rows.rows[0]) && !fn(arg, &rows.rows[0]))
            break;
    }
    return true;
}

static bool each_of_page(const struct letter_filter *f, const struct store_dead_letter_list *rows,
                         letter_fn *fn, void *arg)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (fits(f, &rows->rows[i]) && !fn(arg, &rows->rows[i]))
            return false;
    }
    return true;
}

bool letters_each(struct store_reader *reader, const char *tenant, const struct letter_filter *f,
                  letter_fn *fn, void *arg, struct err *e)
{
    const struct store_dead_filter filter = {tenant, f->lane, f->error_class, f->fingerprint};
    auto_done(store_dead_letter_list) rows = {0};
    size_t looked = 0;

    if (f->task_ids != NULL)
        return each_of_tasks(reader, tenant, f, fn, arg, e);
    do {
        auto_done(store_dead_letter_list) before = rows;
        const struct store_page page = {before.next_page, STORE_PAGE_ROWS_MAX};

        rows = (struct store_dead_letter_list){0};
        if (!store_read_dead_letters(reader, &filter, page, &rows, e))
            return false;
        looked += rows.count;
    } while (each_of_page(f, &rows, fn, arg) && rows.next_page != NULL &&
             looked < STORE_DEAD_COUNTED_MAX);
    return true;
}
