/* factors.c -- the table; see factors.h for its source. */
#include "factors.h"

#include <string.h>

static const struct fuel fuels[] = {
    /* name                      unit         mmBtu/unit  kg CO2  g CH4  g N2O  biogenic */
    {"natural gas", "scf", 0.001026, 53.06, 1.0, 0.10, false},
    {"propane gas", "scf", 0.002516, 61.46, 3.0, 0.60, false},
    {"fuel gas", "scf", 0.001388, 59.00, 3.0, 0.60, false},
    {"landfill gas", "scf", 0.000485, 52.07, 3.2, 0.63, true},
    {"anthracite", "short ton", 25.09, 103.69, 11, 1.6, false},
    {"bituminous", "short ton", 24.93, 93.28, 11, 1.6, false},
    {"sub-bituminous", "short ton", 17.25, 97.17, 11, 1.6, false},
    {"lignite", "short ton", 14.21, 97.72, 11, 1.6, false},
    {"coal coke", "short ton", 24.80, 113.67, 11, 1.6, false},
    {"municipal solid waste", "short ton", 9.95, 90.70, 32, 4.2, false},
    {"wood and wood residuals", "short ton", 17.48, 93.80, 7.2, 3.6, true},
};

static const struct gwp gwps[] = {
    {"AR4", 25, 298},
    {"AR5", 28, 265},
};

bool bytes_equal(orch_bytes a, const char *text)
{
    return a.len == strlen(text) && (a.len == 0 || memcmp(a.ptr, text, a.len) == 0);
}

const struct fuel *fuel_find(orch_bytes name)
{
    for (size_t i = 0; i < sizeof fuels / sizeof fuels[0]; i++)
        if (bytes_equal(name, fuels[i].name))
            return &fuels[i];
    return NULL;
}

const struct gwp *gwp_find(orch_bytes name)
{
    for (size_t i = 0; i < sizeof gwps / sizeof gwps[0]; i++)
        if (bytes_equal(name, gwps[i].name))
            return &gwps[i];
    return NULL;
}

struct gases fuel_burn(const struct fuel *fuel, double quantity, const struct gwp *gwp)
{
    double mmbtu = quantity * fuel->mmbtu_per_unit;
    double co2_kg = mmbtu * fuel->co2_kg_per_mmbtu;
    struct gases g = {
        .co2_kg = fuel->biogenic ? 0 : co2_kg,
        .biogenic_co2_kg = fuel->biogenic ? co2_kg : 0,
        .ch4_kg = mmbtu * fuel->ch4_g_per_mmbtu / 1000,
        .n2o_kg = mmbtu * fuel->n2o_g_per_mmbtu / 1000,
    };

    g.co2e_kg = g.co2_kg + g.ch4_kg * gwp->ch4 + g.n2o_kg * gwp->n2o;
    return g;
}

struct gases grid_use(double mwh, double lb_per_mwh)
{
    double co2_kg = mwh * lb_per_mwh * KG_PER_LB;
    struct gases g = {.co2_kg = co2_kg, .co2e_kg = co2_kg};

    return g;
}

void gases_add(struct gases *to, const struct gases *more)
{
    to->co2_kg += more->co2_kg;
    to->biogenic_co2_kg += more->biogenic_co2_kg;
    to->ch4_kg += more->ch4_kg;
    to->n2o_kg += more->n2o_kg;
    to->co2e_kg += more->co2e_kg;
}
