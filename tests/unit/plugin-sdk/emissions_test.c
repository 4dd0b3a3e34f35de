/* emissions_test.c -- the figures against expectations worked out by hand from the factors' table,
 * and every kind of bad input with its message. */
#include "base/fd.h"
#include "base/json.h"
#include "fake_host.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Runs one agent that must succeed; the caller owns the result. */
static json_t *agent(const char *name, const json_t *input)
{
    auto_done(fake_host) host;
    auto_done(buf) text = {0};
    json_t *result = NULL;
    struct err e = {0};
    orch_status status;

    fake_host_init(&host);
    json_add_compact(&text, input);
    status = fake_agent_run(&host, &orch_plugin_v1, name, buf_text(&text), "{}", 1);
    ck_assert_msg(status == ORCH_OK, "%s: %d %s", name, status, buf_text(&host.error_message));
    ck_assert_msg(json_parse(buf_text(&host.result), host.result.len, &json_limits_default, &result,
                             NULL, &e),
                  "%s: %s", name, e.msg);
    return result;
}

/* The chain of the six nodes, as emissions.yaml maps their inputs. */
static json_t *report_of(json_t *run_input)
{
    auto_json intake = agent("emissions.intake", run_input);
    auto_json valid = agent("emissions.validate", intake);
    auto_json one = agent("emissions.scope1", valid);
    auto_json two = agent("emissions.scope2", valid);
    json_t *facility = json_object_get(valid, "facility");
    auto_json for_sums =
        json_pack("{sO sO sO}", "facility", facility, "scope1", one, "scope2", two);
    auto_json sums = agent("emissions.aggregate", for_sums);
    auto_json for_report = json_pack("{sO sO sO}", "facility", facility, "by_fuel",
                                     json_object_get(one, "by_fuel"), "aggregate", sums);

    return agent("emissions.report", for_report);
}

static json_t *example(const char *file)
{
    auto_done(buf) path = {0}, text = {0};
    struct err e;

    buf_addf(&path, "%s/%s", EXAMPLES_DIR, file);
    ck_assert_msg(file_read(buf_text(&path), 1024 * 1024, &text, &e), "%s", e.msg);
    if (strstr(file, ".csv") != NULL)
        return json_pack("{ss sn}", "csv", buf_text(&text), "facility");
    return json_pack("{so sn}", "facility", json_loads(buf_text(&text), 0, NULL), "csv");
}

static double figure(const json_t *report, const char *group, const char *key)
{
    const json_t *value = json_object_get(json_object_get(report, group), key);

    ck_assert_msg(json_is_number(value), "%s.%s", group, key);
    return json_number_value(value);
}

START_TEST(the_example_year_gives_the_worked_out_totals)
{
    auto_json input = example("facility.csv");
    auto_json report = report_of(input);

    /* Summed apart from this code, in Python, row by row from the factors' table. */
    ck_assert_double_eq_tol(figure(report, "totals", "scope1_co2e_kg"), 826606.4669743999, 1e-3);
    ck_assert_double_eq_tol(figure(report, "totals", "scope2_co2e_kg"), 1902815.4562263004, 1e-3);
    ck_assert_double_eq_tol(figure(report, "totals", "total_co2e_kg"), 2729421.9232007004, 1e-3);
    ck_assert_double_eq_tol(figure(report, "totals", "total_co2e_t"), 2729.422, 1e-9);
    ck_assert_double_eq_tol(figure(report, "totals", "biogenic_co2_kg"), 220857.3528, 1e-3);
    ck_assert_uint_eq(json_array_size(json_object_get(report, "months")), 12);
    ck_assert_uint_eq(json_array_size(json_object_get(report, "by_fuel")), 3);
}
END_TEST

START_TEST(csv_and_json_give_the_same_report)
{
    auto_json from_csv = example("facility.csv");
    auto_json from_json = example("facility.json");
    auto_json a = report_of(from_csv);
    auto_json b = report_of(from_json);

    ck_assert(json_same(a, b));
}
END_TEST

/* One row each; by hand: quantity x mmBtu/unit x (kg CO2 + g CH4/1000 x GWP + g N2O/1000 x GWP). */
static const struct {
    const char *gwp, *activity, *unit;
    double quantity, co2e_kg, biogenic_kg;
} fuels[] = {
    /* 1000 x 0.001026 = 1.026; 53.06 + 0.028 + 0.0265 = 53.1145 */
    {"AR5", "natural gas", "scf", 1000, 54.495477, 0},
    /* 53.06 + 0.025 + 0.0298 = 53.1148 */
    {"AR4", "natural gas", "scf", 1000, 54.4957848, 0},
    /* 2.516 x (61.46 + 0.084 + 0.159) */
    {"AR5", "propane gas", "scf", 1000, 155.244748, 0},
    /* 1.388 x (59.00 + 0.075 + 0.1788) */
    {"AR4", "fuel gas", "scf", 1000, 82.2442744, 0},
    /* 0.485 x (0.0896 + 0.16695); CO2 0.485 x 52.07 apart */
    {"AR5", "landfill gas", "scf", 1000, 0.12442675, 25.25395},
    /* 25.09 x (103.69 + 0.308 + 0.424) */
    {"AR5", "anthracite", "short ton", 1, 2619.94798, 0},
    /* 2 x 24.93 x (93.28 + 0.275 + 0.4768) */
    {"AR4", "bituminous", "short ton", 2, 4688.425548, 0},
    /* 17.25 x (97.17 + 0.308 + 0.424) */
    {"AR5", "sub-bituminous", "short ton", 1, 1688.8095, 0},
    /* 14.21 x (97.72 + 0.308 + 0.424) */
    {"AR5", "lignite", "short ton", 1, 1399.00292, 0},
    /* 24.80 x (113.67 + 0.308 + 0.424) */
    {"AR5", "coal coke", "short ton", 1, 2837.1696, 0},
    /* 9.95 x (90.70 + 0.896 + 1.113) */
    {"AR5", "municipal solid waste", "short ton", 1, 922.45455, 0},
    /* 17.48 x (0.18 + 1.0728); CO2 17.48 x 93.80 apart */
    {"AR4", "wood and wood residuals", "short ton", 1, 21.898944, 1639.624},
    /* 100 MWh x 810 lb/MWh x 0.45359237 */
    {"AR5", "electricity", "MWh", 100, 36740.98197, 0},
};

START_TEST(each_activity_gives_the_figure_worked_out_by_hand)
{
    auto_json input =
        json_pack("{s{ss si ss s{sf ss} s[{ss ss sf ss}]}}", "facility", "name", "F", "year", 2024,
                  "gwp", fuels[_i].gwp, "electricity", "lb_per_mwh", 810.0, "source", "test",
                  "rows", "month", "2024-02", "activity", fuels[_i].activity, "quantity",
                  fuels[_i].quantity, "unit", fuels[_i].unit);
    auto_json report = report_of(input);
    const json_t *february = json_array_get(json_object_get(report, "months"), 1);

    ck_assert_double_eq_tol(figure(report, "totals", "total_co2e_kg"), fuels[_i].co2e_kg, 6e-4);
    ck_assert_double_eq_tol(figure(report, "totals", "biogenic_co2_kg"), fuels[_i].biogenic_kg,
                            6e-4);
    ck_assert_str_eq(json_string_value(json_object_get(february, "month")), "2024-02");
    ck_assert_double_eq_tol(json_number_value(json_object_get(february, "total_co2e_kg")),
                            fuels[_i].co2e_kg, 1e-6);
}
END_TEST

#define HEAD "# name: F\n# year: 2024\n# lb_per_mwh: 800\n# source: s\n"
#define COLUMNS "month,activity,quantity,unit\n"

/* Through intake, then validate: the first that refuses says so. */
static const struct {
    const char *csv, *message;
} bad[] = {
    {"", "the line '# name: ...' is missing"},
    {"# name: F\n" COLUMNS, "the line '# year: ...' is missing or not a year"},
    {"# name: F\n# year: 20x4\n" COLUMNS, "the line '# year: ...' is missing or not a year"},
    {"# name: F\n# year: 2024\n# source: s\n" COLUMNS,
     "the line '# lb_per_mwh: ...' is missing or not a number"},
    {"# nmae: F\n", "row 1: 'nmae' is none of name, year, gwp, lb_per_mwh, source"},
    {HEAD, "the line with the columns' names is missing"},
    {HEAD "month,activity,quantity\n", "row 5: 3 fields where 4 are needed"},
    {HEAD "month,activity,quantity,units\n",
     "row 5: 'units' where the columns month, activity, quantity, unit are named"},
    {HEAD "month,month,quantity,unit\n",
     "row 5: 'month' where the columns month, activity, quantity, unit are named"},
    {HEAD COLUMNS, "facility.rows: there are none"},
    {HEAD COLUMNS "2024-01,natural gas,1,scf,x\n", "row 6: more than 4 fields"},
    {HEAD COLUMNS "2024-01,\"natural gas,1,scf\n",
     "row 6: field 2: a quote is not closed or not alone"},
    {HEAD COLUMNS "2024-01,natural gas,1 000,scf\n",
     "row 6, column quantity: '1 000' is not a number"},
    {HEAD COLUMNS "2024-01,natural gas,inf,scf\n", "row 6, column quantity: 'inf' is not a number"},
    {HEAD COLUMNS "2024-01,natural gas,1e999,scf\n",
     "row 6, column quantity: '1e999' is not a number"},
    {HEAD COLUMNS "2024-01,natural gas,-5,scf\n", "row 6, column quantity: -5 is negative"},
    {HEAD COLUMNS "\n2024-13,natural gas,1,scf\n",
     "row 7, column month: '2024-13' is not a month of 2024"},
    {HEAD COLUMNS "2023-01,natural gas,1,scf\n",
     "row 6, column month: '2023-01' is not a month of 2024"},
    {HEAD COLUMNS "2024-01,peat,1,scf\n",
     "row 6, column activity: 'peat' is not a fuel we know, nor electricity"},
    {HEAD COLUMNS "2024-01,lignite,1,scf\n",
     "row 6, column unit: 'scf', but this activity is counted in short ton"},
    {HEAD COLUMNS "2024-01,electricity,1,kWh\n",
     "row 6, column unit: 'kWh', but this activity is counted in MWh"},
    {"# name: F\n# year: 2024\n" COLUMNS "2024-01,electricity,1,MWh\n",
     "row 4, column activity: electricity needs the grid's factor and its source"},
    {HEAD COLUMNS "2024-01,lignite,1,short ton\n2024-01,lignite,2,short ton\n",
     "row 7, column activity: lignite in 2024-01 is already in row 6"},
    {"# gwp: AR6\n" HEAD COLUMNS "2024-01,lignite,1,short ton\n",
     "facility.gwp: 'AR6' is neither AR4 nor AR5"},
    {"# name: F\n# year: 1850\n" COLUMNS "1850-01,lignite,1,short ton\n",
     "facility.year: 1850 is not from 1990 to 2100"},
};

START_TEST(bad_input_names_row_and_column)
{
    auto_json input = json_pack("{ss}", "csv", bad[_i].csv);
    auto_done(buf) text = {0}, valid_input = {0};
    auto_done(fake_host) intake, validate;
    struct fake_host *last = &intake;
    orch_status status;

    fake_host_init(&intake);
    fake_host_init(&validate);
    json_add_compact(&text, input);
    status = fake_agent_run(&intake, &orch_plugin_v1, "emissions.intake", buf_text(&text), "{}", 1);
    if (status == ORCH_OK) {
        buf_add(&valid_input, intake.result.data, intake.result.len);
        status = fake_agent_run(&validate, &orch_plugin_v1, "emissions.validate",
                                buf_text(&valid_input), "{}", 1);
        last = &validate;
    }
    ck_assert_int_eq(status, ORCH_E_INPUT);
    ck_assert_str_eq(buf_text(&last->error_class), "ValueError");
    ck_assert_str_eq(buf_text(&last->error_message), bad[_i].message);
    ck_assert_uint_eq(last->results, 0);
}
END_TEST

START_TEST(spreadsheet_habits_are_read)
{
    auto_json input = json_pack("{ss}", "csv",
                                "\xEF\xBB\xBF# year: 2024\r\n# name: A \"B\"\r\n# a comment\r\n"
                                "unit,quantity,month,activity\r\n"
                                "scf,\"1000\",2024-02,\"natural gas\"\r\n\r\n");
    auto_json report = report_of(input);

    ck_assert_double_eq_tol(figure(report, "totals", "total_co2e_kg"), 54.495, 1e-9);
    ck_assert_str_eq(json_string_value(json_object_get(report, "facility")), "A \"B\"");
}
END_TEST

/* Inputs that are not a facility at all. */
static const char *const not_a_facility[] = {
    "[]",
    "{}",
    "{\"csv\":1}",
    "{\"csv\":\"\",\"facility\":{}}",
    "{\"facility\":[]}",
    "{\"facility\":{\"name\":\"F\",\"year\":2024.5,\"rows\":[]}}",
    "{\"facility\":{\"name\":\"F\",\"year\":2024,\"rows\":{}}}",
    "{\"facility\":{\"name\":\"F\",\"year\":2024,\"rows\":[{\"month\":\"2024-01\"}]}}",
};

START_TEST(what_is_no_facility_is_refused_by_every_agent)
{
    for (uint32_t i = 0; i < orch_plugin_v1.n_agents; i++) {
        auto_done(fake_host) host;

        fake_host_init(&host);
        ck_assert_int_eq(fake_agent_run(&host, &orch_plugin_v1, orch_plugin_v1.agents[i]->id,
                                        not_a_facility[_i], "{}", 1),
                         ORCH_E_INPUT);
        ck_assert_uint_gt(host.error_message.len, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("emissions plugin");
    TCase *tc = tcase_create("figures");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, the_example_year_gives_the_worked_out_totals);
    tcase_add_test(tc, csv_and_json_give_the_same_report);
    tcase_add_loop_test(tc, each_activity_gives_the_figure_worked_out_by_hand, 0,
                        (int)ARRAY_LEN(fuels));
    tcase_add_loop_test(tc, bad_input_names_row_and_column, 0, (int)ARRAY_LEN(bad));
    tcase_add_test(tc, spreadsheet_habits_are_read);
    tcase_add_loop_test(tc, what_is_no_facility_is_refused_by_every_agent, 0,
                        (int)ARRAY_LEN(not_a_facility));
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
