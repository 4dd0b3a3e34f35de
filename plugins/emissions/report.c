/* report.c -- both scopes together, and the report: rounded to grams, in kg and t. */
#include "scope.h"

static void kg_member(orch_out *o, const char *key, double kg)
{
    orch_out_key(o, key);
    orch_out_number(o, kg);
}

/* The facility's name, year and potentials, and both scopes' sums. */
struct sums {
    struct facility f;
    struct tally scope1, scope2;
};

static orch_status sums_read(struct job *job, struct sums *ret)
{
    orch_status status = facility_read(job, orch_json_get(job->input, "facility"), &ret->f);

    if (status == ORCH_OK)
        status = facility_check(job, &ret->f);
    if (status == ORCH_OK)
        status = tally_read(job, orch_json_get(job->input, "scope1"), "scope1", &ret->scope1);
    if (status == ORCH_OK)
        status = tally_read(job, orch_json_get(job->input, "scope2"), "scope2", &ret->scope2);
    return status;
}

static void month_sums_write(orch_out *o, const struct sums *s, uint32_t i)
{
    const struct gases *one = &s->scope1.months[i], *two = &s->scope2.months[i];

    orch_out_mark(o, '{');
    month_write(o, s->f.year, i);
    kg_member(o, "scope1_co2e_kg", one->co2e_kg);
    kg_member(o, "scope2_co2e_kg", two->co2e_kg);
    kg_member(o, "total_co2e_kg", one->co2e_kg + two->co2e_kg);
    kg_member(o, "biogenic_co2_kg", one->biogenic_co2_kg);
    orch_out_mark(o, '}');
}

orch_status agent_aggregate(struct job *job)
{
    orch_out o = orch_out_new(job->host, job->run);
    struct sums s = {0};
    orch_status status = sums_read(job, &s);

    if (status != ORCH_OK)
        return status;
    orch_out_mark(&o, '{');
    kg_member(&o, "scope1_co2e_kg", s.scope1.total.co2e_kg);
    kg_member(&o, "scope2_co2e_kg", s.scope2.total.co2e_kg);
    kg_member(&o, "total_co2e_kg", s.scope1.total.co2e_kg + s.scope2.total.co2e_kg);
    kg_member(&o, "biogenic_co2_kg", s.scope1.total.biogenic_co2_kg);
    orch_out_key(&o, "months");
    orch_out_mark(&o, '[');
    for (uint32_t i = 0; i < MONTHS; i++)
        month_sums_write(&o, &s, i);
    orch_out_mark(&o, ']');
    orch_out_mark(&o, '}');
    return orch_out_emit(&o);
}

/* What the report repeats of the aggregate, in kg and in t. */
static const struct {
    const char *from, *kg, *t;
} totals[] = {
    {"scope1_co2e_kg", "scope1_co2e_kg", "scope1_co2e_t"},
    {"scope2_co2e_kg", "scope2_co2e_kg", "scope2_co2e_t"},
    {"total_co2e_kg", "total_co2e_kg", "total_co2e_t"},
    {"biogenic_co2_kg", "biogenic_co2_kg", "biogenic_co2_t"},
};

/* To grams or kilograms; figures are never negative. Without libm: plugins need libc only. */
static double rounded(double value)
{
    return value < 1e12 ? (double)(int64_t)(value * 1000 + 0.5) / 1000 : value;
}

static orch_status totals_write(struct job *job, orch_out *o, orch_json aggregate)
{
    orch_out_key(o, "totals");
    orch_out_mark(o, '{');
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        double kg;

        if (!orch_json_number(orch_json_get(aggregate, totals[i].from), &kg))
            return bad_input(job, "aggregate.%s: a number is needed", totals[i].from);
        kg_member(o, totals[i].kg, rounded(kg));
        kg_member(o, totals[i].t, rounded(kg / 1000));
    }
    orch_out_mark(o, '}');
    return ORCH_OK;
}

static void basis_write(orch_out *o, const struct facility *f)
{
    const struct gwp *gwp = gwp_find(f->gwp);

    orch_out_key(o, "basis");
    orch_out_mark(o, '{');
    orch_out_key(o, "fuel_factors");
    orch_out_str(o, "US EPA GHG Emission Factors Hub (2024), Table 1");
    orch_out_key(o, "gwp");
    orch_out_str(o, gwp->name);
    kg_member(o, "gwp_ch4", gwp->ch4);
    kg_member(o, "gwp_n2o", gwp->n2o);
    if (f->has_grid) {
        kg_member(o, "grid_lb_per_mwh", f->lb_per_mwh);
        orch_out_key(o, "grid_source");
        orch_out_text(o, f->grid_source);
    }
    orch_out_mark(o, '}');
}

orch_status agent_report(struct job *job)
{
    orch_json aggregate = orch_json_get(job->input, "aggregate");
    orch_out o = orch_out_new(job->host, job->run);
    struct facility f;
    orch_status status = facility_read(job, orch_json_get(job->input, "facility"), &f);

    if (status == ORCH_OK)
        status = facility_check(job, &f);
    if (status != ORCH_OK)
        return status;
    orch_out_mark(&o, '{');
    orch_out_key(&o, "facility");
    orch_out_text(&o, f.name);
    orch_out_key(&o, "year");
    orch_out_int(&o, f.year);
    status = totals_write(job, &o, aggregate);
    if (status != ORCH_OK)
        return status;
    orch_out_key(&o, "months");
    orch_out_json(&o, orch_json_get(aggregate, "months"));
    orch_out_key(&o, "by_fuel");
    orch_out_json(&o, orch_json_get(job->input, "by_fuel"));
    basis_write(&o, &f);
    orch_out_mark(&o, '}');
    return orch_out_emit(&o);
}
