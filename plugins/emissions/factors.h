/* factors.h -- emission factors and warming potentials, and the one formula over them.
 * Source: US EPA, GHG Emission Factors Hub (2024), Table 1, stationary combustion, higher heating
 * value; potentials over 100 years from the IPCC's fourth and fifth assessment reports. */
#ifndef EMISSIONS_FACTORS_H
#define EMISSIONS_FACTORS_H

#include <orch/sdk.h>

#define KG_PER_LB 0.45359237
#define ELECTRICITY "electricity"
#define ELECTRICITY_UNIT "MWh"

struct fuel {
    const char *name, *unit;
    double mmbtu_per_unit;
    double co2_kg_per_mmbtu, ch4_g_per_mmbtu, n2o_g_per_mmbtu;
    bool biogenic; /* its CO2 is reported apart */
};

struct gwp {
    const char *name;
    double ch4, n2o;
};

struct gases {
    double co2_kg, biogenic_co2_kg, ch4_kg, n2o_kg;
    double co2e_kg; /* co2 + ch4 x GWP + n2o x GWP; without biogenic CO2 */
};

/* NULL when there is none of that name. */
const struct fuel *fuel_find(orch_bytes name);
const struct gwp *gwp_find(orch_bytes name);

/* What burning quantity units of fuel emits. */
struct gases fuel_burn(const struct fuel *fuel, double quantity, const struct gwp *gwp);
/* Location based: MWh at the grid's factor. */
struct gases grid_use(double mwh, double lb_per_mwh);
void gases_add(struct gases *to, const struct gases *more);

bool bytes_equal(orch_bytes a, const char *text);

#endif
