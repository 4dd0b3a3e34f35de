"""It computes the greenhouse gas figures of one facility and year, each step in the sandbox.

The figures are checked against some that this file computes from the same published factors (US EPA GHG
Emission Factors Hub 2024, Table 1).

Rooms: plugins/emissions, plugin-sdk, host/model, host/engine.
"""
import csv
import json

import pytest

from host import ROOT, RUN_S, until

PLUGIN = ROOT / "plugins" / "emissions"
LEVELS = [["intake"], ["validate"], ["scope1", "scope2"], ["aggregate"], ["report"]]
# mmBtu a unit, kg CO2, g CH4 and g N2O a mmBtu, biogenic
FACTORS = {"natural gas": (0.001026, 53.06, 1.0, 0.10, False), "propane gas": (0.002516, 61.46, 3.0, 0.60, False),
           "wood and wood residuals": (17.48, 93.80, 7.2, 3.6, True)}
GWP = {"AR4": (25, 298), "AR5": (28, 265)}
KG_PER_LB = 0.45359237


def facility_csv():
    lines = (PLUGIN / "examples" / "facility.csv").read_text().splitlines()
    head = dict(line[1:].strip().split(": ", 1) for line in lines if line.startswith("#"))
    return head, list(csv.DictReader(line for line in lines if not line.startswith("#")))


def expected():
    """kg: (scope 1, scope 2, biogenic CO2) of each month and of the year, as '' ."""
    head, rows = facility_csv()
    ch4, n2o = GWP[head["gwp"]]
    sums = {}
    for row in rows:
        quantity, one, two, bio = float(row["quantity"]), 0.0, 0.0, 0.0
        if row["activity"] == "electricity":
            two = quantity * float(head["lb_per_mwh"]) * KG_PER_LB
        else:
            mmbtu, co2, g_ch4, g_n2o, biogenic = FACTORS[row["activity"]]
            burnt = quantity * mmbtu
            one = burnt * ((0 if biogenic else co2) + g_ch4 / 1000 * ch4 + g_n2o / 1000 * n2o)
            bio = burnt * co2 if biogenic else 0.0
        for month in (row["month"], ""):
            old = sums.get(month, (0, 0, 0))
            sums[month] = (old[0] + one, old[1] + two, old[2] + bio)
    return sums


@pytest.fixture(scope="module", autouse=True)
def published(host):
    host.publish((PLUGIN / "emissions.yaml").read_text())


@pytest.fixture(scope="module")
def from_csv(host):
    return host.complete("emissions", {"csv": (PLUGIN / "examples" / "facility.csv").read_text()})


@pytest.fixture(scope="module")
def from_json(host):
    facility = json.loads((PLUGIN / "examples" / "facility.json").read_text())
    return host.complete("emissions", {"facility": facility})


def report(trace):
    return trace["node_traces"]["report"]["outputs"]


@pytest.mark.parametrize("form", ["from_csv", "from_json"])
def test_the_years_totals_are_what_the_published_factors_give(form, request):
    totals = report(request.getfixturevalue(form))["totals"]
    one, two, bio = expected()[""]
    for name, kg in (("scope1_co2e", one), ("scope2_co2e", two), ("total_co2e", one + two), ("biogenic_co2", bio)):
        assert totals[f"{name}_kg"] == pytest.approx(kg, abs=0.001), name
        assert totals[f"{name}_t"] == pytest.approx(kg / 1000, abs=0.001), name
    assert one > 8e5 and two > 1e6 and bio > 1e5, "the figures mean something"


def test_every_month_is_what_the_published_factors_give(from_csv):
    months = {m["month"]: m for m in report(from_csv)["months"]}
    sums = expected()
    assert len(months) == 12 and set(months) == set(sums) - {""}
    for month, (one, two, bio) in ((m, s) for m, s in sums.items() if m):
        assert months[month]["scope1_co2e_kg"] == pytest.approx(one, rel=1e-12)
        assert months[month]["scope2_co2e_kg"] == pytest.approx(two, rel=1e-12)
        assert months[month]["biogenic_co2_kg"] == pytest.approx(bio, rel=1e-12)


def test_csv_and_json_of_the_same_facility_give_the_same_report(from_csv, from_json):
    assert report(from_csv) == report(from_json)


def test_the_report_names_its_basis(from_csv):
    basis = report(from_csv)["basis"]
    assert (basis["gwp"], basis["gwp_ch4"], basis["gwp_n2o"]) == ("AR5", 28, 265)
    assert basis["grid_lb_per_mwh"] == 810 and basis["grid_source"] == facility_csv()[0]["source"]


def test_the_tree_is_the_six_nodes_in_five_levels_each_run_once_in_the_sandbox(host, from_csv):
    assert from_csv["topology_levels"] == LEVELS
    nodes = from_csv["node_traces"]
    assert {n: (t["status"], t["attempt_count"]) for n, t in nodes.items()} == \
        {n: ("completed", 1) for level in LEVELS for n in level}
    ends = [max(nodes[n]["completed_at"] for n in level) for level in LEVELS]
    begins = [min(nodes[n]["started_at"] for n in level) for level in LEVELS]
    assert all(end <= begin for end, begin in zip(ends, begins[1:]))


def test_the_provenance_names_the_plugin_and_the_layers_of_every_node(host, from_csv):
    body = host.http("GET", f"/executions/{from_csv['execution_id']}/provenance", expect=200).json
    assert body["chain_valid"] is True and body["node_count"] == 6
    digests = {p["plugin_digest"] for p in body["provenances"]}
    assert len(digests) == 1 and all(len(d) == 64 for d in digests)
    for record in body["provenances"]:
        assert record["plugin"] == "emissions@1.0.0" and record["profile"] == "pure"
        assert record["level"] >= 3 and record["layer_mask"] > 0


def test_the_same_year_again_has_the_same_hashes(host, from_csv, from_json):
    again = host.complete("emissions", {"csv": (PLUGIN / "examples" / "facility.csv").read_text()})
    assert again["provenance_chain_hash"] == from_csv["provenance_chain_hash"]
    assert again["provenance_chain_hash"] != from_json["provenance_chain_hash"]


GOOD = "# name: X\n# year: 2023\n# gwp: AR5\n# lb_per_mwh: 810\n# source: s\nmonth,activity,quantity,unit\n"
# Row 8 of the file, its head counted.
BAD_ROWS = {"2023-01,natural gas,lots,scf": ("quantity",), "2023-13,natural gas,1,scf": ("month",),
            "2023-01,dragon breath,1,scf": ("activity",), "2023-01,natural gas,1,barrel": ("unit",),
            "2022-01,natural gas,1,scf": ("month",), "2023-01,natural gas,-1,scf": ("quantity",)}


@pytest.mark.parametrize("row", BAD_ROWS)
def test_a_bad_row_fails_the_run_with_its_row_and_column_and_is_not_retried(host, row):
    text = GOOD + "2023-01,natural gas,10,scf\n" + row + "\n"
    trace = host.wait(host.run("emissions", {"csv": text}))
    assert trace["status"] == "failed"
    assert "row 8" in trace["error"] and all(word in trace["error"] for word in BAD_ROWS[row]), trace["error"]
    failed = [t for t in trace["node_traces"].values() if t["status"] == "failed"]
    assert [t["attempt_count"] for t in failed] == [1]
    assert not any(n in trace["node_traces"] and trace["node_traces"][n]["status"] == "completed"
                   for n in ("scope1", "report"))


def test_a_file_that_is_no_facility_is_refused(host):
    for inputs in ({}, {"csv": ""}, {"csv": "\x01\x02"}, {"facility": {"name": 1}}, {"csv": "a,b\n1"}):
        trace = host.wait(host.run("emissions", inputs))
        assert trace["status"] == "failed" and trace["error"]


def test_a_killed_main_job_is_resumed_and_repeats_no_completed_node(make_host):
    own = make_host(plugins=("emissions", "conformance"))
    own.publish((PLUGIN / "emissions.yaml").read_text())
    runs = [own.run("emissions", {"csv": (PLUGIN / "examples" / "facility.csv").read_text()}) for _ in range(8)]
    until(lambda: any(own.http("GET", f"/checkpoints/{r}").json["count"] for r in runs), RUN_S, "a first checkpoint")
    own.kill9()
    own.start()
    totals = [report(own.wait(run))["totals"] for run in runs]
    assert all(t == totals[0] for t in totals)
    for run in runs:
        assert {t["status"] for t in own.trace(run)["node_traces"].values()} == {"completed"}
