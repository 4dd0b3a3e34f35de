/* facility.c -- reading, checking and writing the JSON form; see facility.h. */
#include "facility.h"

#include <stdio.h>
#include <string.h>

static bool text_at(struct job *job, orch_json object, const char *key, orch_bytes *ret)
{
    return orch_json_text(job->host, job->run, orch_json_get(object, key), ret);
}

static orch_status row_read(struct job *job, orch_json value, int64_t place, struct row *ret)
{
    orch_json line = orch_json_get(value, "row");

    ret->line = place;
    if (orch_json_kind(line) != 0 && !orch_json_int(line, &ret->line))
        return bad_cell(job, place, "row", "a whole number is needed");
    if (!text_at(job, value, "month", &ret->month))
        return bad_cell(job, ret->line, "month", "a text is needed");
    if (!text_at(job, value, "activity", &ret->activity))
        return bad_cell(job, ret->line, "activity", "a text is needed");
    if (!text_at(job, value, "unit", &ret->unit))
        return bad_cell(job, ret->line, "unit", "a text is needed");
    if (!orch_json_number(orch_json_get(value, "quantity"), &ret->quantity))
        return bad_cell(job, ret->line, "quantity", "a number is needed");
    return ORCH_OK;
}

static orch_status rows_read(struct job *job, orch_json rows, struct facility *f)
{
    uint64_t count = 0;

    if (orch_json_kind(rows) != '[')
        return bad_input(job, "facility.rows: a list is needed");
    for (orch_json_iter it = orch_json_each(rows); orch_json_next(&it);)
        count++;
    if (count > ROWS_MAX)
        return bad_input(job, "facility.rows: %llu rows, %u are the most",
                         (unsigned long long)count, ROWS_MAX);
    f->rows = job->host->alloc(job->run, (count + 1) * sizeof *f->rows);
    if (f->rows == NULL)
        return out_of_memory(job);
    for (orch_json_iter it = orch_json_each(rows); orch_json_next(&it); f->row_count++) {
        orch_status status =
            row_read(job, it.value, (int64_t)f->row_count + 1, &f->rows[f->row_count]);

        if (status != ORCH_OK)
            return status;
    }
    return ORCH_OK;
}

static orch_status grid_read(struct job *job, orch_json grid, struct facility *f)
{
    f->has_grid = orch_json_kind(grid) != 0;
    if (!f->has_grid)
        return ORCH_OK;
    if (!orch_json_number(orch_json_get(grid, "lb_per_mwh"), &f->lb_per_mwh))
        return bad_input(job, "facility.electricity.lb_per_mwh: a number is needed");
    if (!text_at(job, grid, "source", &f->grid_source))
        return bad_input(job, "facility.electricity.source: a text is needed");
    return ORCH_OK;
}

orch_status facility_read(struct job *job, orch_json value, struct facility *ret)
{
    struct facility f = {.gwp = orch_text("AR5")};
    orch_json gwp = orch_json_get(value, "gwp");
    orch_status status;

    if (orch_json_kind(value) != '{')
        return bad_input(job, "facility: an object is needed");
    if (!text_at(job, value, "name", &f.name))
        return bad_input(job, "facility.name: a text is needed");
    if (!orch_json_int(orch_json_get(value, "year"), &f.year))
        return bad_input(job, "facility.year: a whole number is needed");
    if (orch_json_kind(gwp) != 0 && !orch_json_text(job->host, job->run, gwp, &f.gwp))
        return bad_input(job, "facility.gwp: AR4 or AR5 is needed");
    status = grid_read(job, orch_json_get(value, "electricity"), &f);
    if (status == ORCH_OK)
        status = rows_read(job, orch_json_get(value, "rows"), &f);
    if (status == ORCH_OK)
        *ret = f;
    return status;
}

/* ---- meaning ---- */

static bool month_is_of(const struct row *row, int64_t year)
{
    char wanted[16];
    const char *text = row->month.ptr;

    snprintf(wanted, sizeof wanted, "%04d-", (int)year);
    if (row->month.len != 7 || memcmp(text, wanted, 5) != 0)
        return false;
    return (text[5] == '0' && text[6] >= '1' && text[6] <= '9') ||
           (text[5] == '1' && text[6] >= '0' && text[6] <= '2');
}

uint32_t row_month(const struct row *row)
{
    const char *text = row->month.ptr;

    return (uint32_t)((text[5] - '0') * 10 + (text[6] - '0') - 1);
}

static orch_status row_check(struct job *job, const struct facility *f, const struct row *row)
{
    const struct fuel *fuel = fuel_find(row->activity);
    bool electricity = bytes_equal(row->activity, ELECTRICITY);
    const char *unit = electricity ? ELECTRICITY_UNIT : fuel != NULL ? fuel->unit : NULL;

    if (!month_is_of(row, f->year))
        return bad_cell(job, row->line, "month", "'%.*s' is not a month of %lld",
                        (int)row->month.len, (const char *)row->month.ptr, (long long)f->year);
    if (unit == NULL)
        return bad_cell(job, row->line, "activity", "'%.*s' is not a fuel we know, nor electricity",
                        (int)row->activity.len, (const char *)row->activity.ptr);
    if (!bytes_equal(row->unit, unit))
        return bad_cell(job, row->line, "unit", "'%.*s', but this activity is counted in %s",
                        (int)row->unit.len, (const char *)row->unit.ptr, unit);
    if (row->quantity < 0)
        return bad_cell(job, row->line, "quantity", "%g is negative", row->quantity);
    if (electricity && !f->has_grid)
        return bad_cell(job, row->line, "activity",
                        "electricity needs the grid's factor and its source");
    return ORCH_OK;
}

static bool bytes_same(orch_bytes a, orch_bytes b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* At most 12 months x 12 activities pass, so the search ends early: a row over that is a repeat. */
static orch_status repeat_check(struct job *job, const struct facility *f, uint64_t index)
{
    const struct row *row = &f->rows[index];

    for (uint64_t i = 0; i < index; i++)
        if (bytes_same(f->rows[i].month, row->month) &&
            bytes_same(f->rows[i].activity, row->activity))
            return bad_cell(job, row->line, "activity", "%.*s in %.*s is already in row %lld",
                            (int)row->activity.len, (const char *)row->activity.ptr,
                            (int)row->month.len, (const char *)row->month.ptr,
                            (long long)f->rows[i].line);
    return ORCH_OK;
}

orch_status facility_check(struct job *job, const struct facility *f)
{
    if (f->name.len == 0)
        return bad_input(job, "facility.name: is empty");
    if (f->year < 1990 || f->year > 2100)
        return bad_input(job, "facility.year: %lld is not from 1990 to 2100", (long long)f->year);
    if (gwp_find(f->gwp) == NULL)
        return bad_input(job, "facility.gwp: '%.*s' is neither AR4 nor AR5", (int)f->gwp.len,
                         (const char *)f->gwp.ptr);
    if (f->has_grid && !(f->lb_per_mwh >= 0))
        return bad_input(job, "facility.electricity.lb_per_mwh: %g is negative", f->lb_per_mwh);
    if (f->has_grid && f->grid_source.len == 0)
        return bad_input(job, "facility.electricity.source: is empty");
    if (f->row_count == 0)
        return bad_input(job, "facility.rows: there are none");
    for (uint64_t i = 0; i < f->row_count; i++) {
        orch_status status = row_check(job, f, &f->rows[i]);

        if (status == ORCH_OK)
            status = repeat_check(job, f, i);
        if (status != ORCH_OK)
            return status;
    }
    return ORCH_OK;
}

/* ---- writing ---- */

static void text_member(orch_out *o, const char *key, orch_bytes text)
{
    orch_out_key(o, key);
    orch_out_text(o, text);
}

static void row_write(orch_out *o, const struct row *row)
{
    orch_out_mark(o, '{');
    orch_out_key(o, "row");
    orch_out_int(o, row->line);
    text_member(o, "month", row->month);
    text_member(o, "activity", row->activity);
    orch_out_key(o, "quantity");
    orch_out_number(o, row->quantity);
    text_member(o, "unit", row->unit);
    orch_out_mark(o, '}');
}

orch_status facility_emit(struct job *job, const struct facility *f)
{
    orch_out o = orch_out_new(job->host, job->run);

    orch_out_mark(&o, '{');
    orch_out_key(&o, "facility");
    orch_out_mark(&o, '{');
    text_member(&o, "name", f->name);
    orch_out_key(&o, "year");
    orch_out_int(&o, f->year);
    text_member(&o, "gwp", f->gwp);
    if (f->has_grid) {
        orch_out_key(&o, "electricity");
        orch_out_mark(&o, '{');
        orch_out_key(&o, "lb_per_mwh");
        orch_out_number(&o, f->lb_per_mwh);
        text_member(&o, "source", f->grid_source);
        orch_out_mark(&o, '}');
    }
    orch_out_key(&o, "rows");
    orch_out_mark(&o, '[');
    for (uint64_t i = 0; i < f->row_count; i++)
        row_write(&o, &f->rows[i]);
    orch_out_mark(&o, ']');
    orch_out_mark(&o, '}');
    orch_out_mark(&o, '}');
    return orch_out_emit(&o);
}
