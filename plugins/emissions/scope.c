/* scope.c -- scope 1 (what the facility burns) and scope 2 (the electricity it buys). Sums go in
 * the rows' order, so that the same input gives the same bits. */
#include "scope.h"

#include <stdio.h>

/* The members of struct gases by name, for writing and reading alike. */
static const struct {
    const char *key;
    size_t at;
} gas_keys[] = {
    {"co2_kg", offsetof(struct gases, co2_kg)},
    {"biogenic_co2_kg", offsetof(struct gases, biogenic_co2_kg)},
    {"ch4_kg", offsetof(struct gases, ch4_kg)},
    {"n2o_kg", offsetof(struct gases, n2o_kg)},
    {"co2e_kg", offsetof(struct gases, co2e_kg)},
};
#define GASES (sizeof gas_keys / sizeof gas_keys[0])

static void gases_write(orch_out *o, const struct gases *g)
{
    for (size_t i = 0; i < GASES; i++) {
        orch_out_key(o, gas_keys[i].key);
        orch_out_number(o, *(const double *)((const char *)g + gas_keys[i].at));
    }
}

static orch_status gases_read(struct job *job, orch_json value, const char *what, struct gases *ret)
{
    for (size_t i = 0; i < GASES; i++)
        if (!orch_json_number(orch_json_get(value, gas_keys[i].key),
                              (double *)((char *)ret + gas_keys[i].at)))
            return bad_input(job, "%s: %s: a number is needed", what, gas_keys[i].key);
    return ORCH_OK;
}

void tally_add(struct tally *t, const struct row *row, const struct gases *gases)
{
    gases_add(&t->total, gases);
    gases_add(&t->months[row_month(row)], gases);
}

void month_write(orch_out *o, int64_t year, uint32_t month)
{
    char text[16];

    snprintf(text, sizeof text, "%04d-%02u", (int)year, month + 1);
    orch_out_key(o, "month");
    orch_out_str(o, text);
}

void tally_write(orch_out *o, const struct tally *t, int64_t year)
{
    orch_out_key(o, "total");
    orch_out_mark(o, '{');
    gases_write(o, &t->total);
    orch_out_mark(o, '}');
    orch_out_key(o, "months");
    orch_out_mark(o, '[');
    for (uint32_t i = 0; i < MONTHS; i++) {
        orch_out_mark(o, '{');
        month_write(o, year, i);
        gases_write(o, &t->months[i]);
        orch_out_mark(o, '}');
    }
    orch_out_mark(o, ']');
}

orch_status tally_read(struct job *job, orch_json value, const char *what, struct tally *ret)
{
    orch_status status = gases_read(job, orch_json_get(value, "total"), what, &ret->total);
    uint32_t count = 0;

    for (orch_json_iter it = orch_json_each(orch_json_get(value, "months"));
         status == ORCH_OK && count < MONTHS && orch_json_next(&it); count++)
        status = gases_read(job, it.value, what, &ret->months[count]);
    if (status == ORCH_OK && count != MONTHS)
        return bad_input(job, "%s.months: %u where %u are needed", what, count, MONTHS);
    return status;
}

static orch_status facility_given(struct job *job, struct facility *f)
{
    orch_status status = facility_read(job, orch_json_get(job->input, "facility"), f);

    return status == ORCH_OK ? facility_check(job, f) : status;
}

/* One activity over the year, for the report. */
static void activity_write(orch_out *o, const struct fuel *fuel, double quantity,
                           const struct gwp *gwp)
{
    struct gases g = fuel_burn(fuel, quantity, gwp);

    orch_out_mark(o, '{');
    orch_out_key(o, "activity");
    orch_out_str(o, fuel->name);
    orch_out_key(o, "quantity");
    orch_out_number(o, quantity);
    orch_out_key(o, "unit");
    orch_out_str(o, fuel->unit);
    gases_write(o, &g);
    orch_out_mark(o, '}');
}

/* Each fuel once, in the order of its first row. */
static void activities_write(orch_out *o, const struct facility *f, const struct gwp *gwp)
{
    orch_out_key(o, "by_fuel");
    orch_out_mark(o, '[');
    for (uint64_t i = 0; i < f->row_count; i++) {
        const struct fuel *fuel = fuel_find(f->rows[i].activity);
        double quantity = 0;
        bool first = fuel != NULL;

        for (uint64_t k = 0; first && k < i; k++)
            first = fuel_find(f->rows[k].activity) != fuel;
        for (uint64_t k = i; first && k < f->row_count; k++)
            if (fuel_find(f->rows[k].activity) == fuel)
                quantity += f->rows[k].quantity;
        if (first)
            activity_write(o, fuel, quantity, gwp);
    }
    orch_out_mark(o, ']');
}

orch_status agent_scope1(struct job *job)
{
    orch_out o = orch_out_new(job->host, job->run);
    struct tally t = {0};
    struct facility f;
    const struct gwp *gwp;
    orch_status status = facility_given(job, &f);

    if (status != ORCH_OK)
        return status;
    gwp = gwp_find(f.gwp);
    for (uint64_t i = 0; i < f.row_count; i++) {
        const struct fuel *fuel = fuel_find(f.rows[i].activity);

        if (fuel != NULL) {
            struct gases g = fuel_burn(fuel, f.rows[i].quantity, gwp);

            tally_add(&t, &f.rows[i], &g);
        }
    }
    orch_out_mark(&o, '{');
    orch_out_key(&o, "gwp");
    orch_out_str(&o, gwp->name);
    tally_write(&o, &t, f.year);
    activities_write(&o, &f, gwp);
    orch_out_mark(&o, '}');
    return orch_out_emit(&o);
}

orch_status agent_scope2(struct job *job)
{
    orch_out o = orch_out_new(job->host, job->run);
    struct tally t = {0};
    struct facility f;
    double mwh = 0;
    orch_status status = facility_given(job, &f);

    if (status != ORCH_OK)
        return status;
    for (uint64_t i = 0; i < f.row_count; i++) {
        if (bytes_equal(f.rows[i].activity, ELECTRICITY)) {
            struct gases g = grid_use(f.rows[i].quantity, f.lb_per_mwh);

            tally_add(&t, &f.rows[i], &g);
            mwh += f.rows[i].quantity;
        }
    }
    orch_out_mark(&o, '{');
    orch_out_key(&o, "mwh");
    orch_out_number(&o, mwh);
    if (f.has_grid) {
        orch_out_key(&o, "lb_per_mwh");
        orch_out_number(&o, f.lb_per_mwh);
        orch_out_key(&o, "source");
        orch_out_text(&o, f.grid_source);
    }
    tally_write(&o, &t, f.year);
    orch_out_mark(&o, '}');
    return orch_out_emit(&o);
}
