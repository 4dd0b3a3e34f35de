"""The REST API has two families of routes that tell the same of the same run.

Rooms: host/api/routes, host/api/http.
"""
import pytest

from host import BASE, RUN_S, dag, until


@pytest.fixture(scope="module", autouse=True)
def published(host):
    host.publish(dag("two", {"a": ([], {"return": {"v": 1}}), "b": (["a"], {"echo_input": True})}))
    host.publish(dag("hour", {"a": ([], {"sleep_s": 3600})}))


def by_executions(host, dag_id, inputs):
    return host.http("POST", f"/dags/{dag_id}/execute", {"input_data": inputs}, expect=202).json["execution_id"]


def by_runs(host, dag_id, inputs):
    return host.http("POST", "/runs", {"dagId": dag_id, "inputs": inputs}, expect=201).json["runId"]


STARTS = pytest.mark.parametrize("start", [by_executions, by_runs], ids=["executions", "runs"])


def both(host, run):
    """What each family tells of the run."""
    return host.http("GET", f"/executions/{run}", expect=200).json, host.http("GET", f"/runs/{run}", expect=200).json


@STARTS
def test_a_run_that_one_family_started_is_the_same_in_both(host, start):
    run = start(host, "two", {"n": 7})
    assert host.wait(run)["status"] == "completed"
    execution, other = both(host, run)
    assert (execution["execution_id"], execution["dag_id"]) == (other["runId"], other["dagId"]) == (run, "two")
    assert execution["status"] == other["status"] == "completed"
    for one, two in (("created_at", "createdUtc"), ("started_at", "startedUtc"), ("completed_at", "endedUtc"),
                     ("trace_id", "traceId"), ("provenance_chain_hash", "chainHash"), ("errors", "errors"),
                     ("input_data", "inputs"), ("dag_version", "dagVersion"), ("paused", "paused")):
        assert execution[one] == other[two], (one, two)
    steps = host.http("GET", f"/runs/{run}/steps", expect=200).json["items"]
    traces = host.trace(run)["node_traces"]
    assert {s["stepId"]: s["status"] for s in steps} == {n: t["status"] for n, t in traces.items()}


@STARTS
def test_what_one_family_started_is_in_the_lists_of_both(host, start):
    run = start(host, "two", {})
    host.wait(run)
    assert run in {row["runId"] for row in host.http("GET", "/runs?dagId=two&page_size=500", expect=200).json["items"]}
    listed = host.http("GET", "/executions?dag_id=two&limit=500", expect=200).json["executions"]
    assert run in {row["execution_id"] for row in listed}


LEFT_OUT = {"dags": ("nodes", "metadata"), "executions": ("topology_levels", "input_data", "errors", "compensations")}


def test_lists_have_no_bodies_whatever_their_objects_weigh(host):
    text = "x" * 200_000
    for i in range(3):
        host.publish(dag(f"heavy{i}", {"a": ([], {})}, metadata={"text": text}))
    host.wait(by_runs(host, "two", {"text": text}))
    for family, left_out in LEFT_OUT.items():
        answer = host.http("GET", f"/{family}", expect=200)
        assert len(answer.text) < 100_000
        assert len(answer.json[family]) >= 3 or family == "executions"
        for row in answer.json[family]:
            assert all(row[name] is None for name in left_out)
    assert host.http("GET", "/dags/heavy0", expect=200).json["dag"]["metadata"] == {"text": text}


def test_the_states_of_a_list_are_merged_in_its_order(host):
    runs = [by_runs(host, "hour" if i % 2 else "two", {"n": i}) for i in range(4)]
    for run in runs[0::2]:
        host.wait(run)
    listed = [row["runId"] for row in host.http("GET", "/runs?dagId=hour&status=running", expect=200).json["items"]]
    everything = [row["runId"] for row in host.http("GET", "/runs?dagId=hour", expect=200).json["items"]]
    assert set(runs[1::2]) <= set(listed) and not set(runs[0::2]) & set(listed)
    assert listed == [run for run in everything if run in set(listed)]
    pages, token = [], ""
    while token is not None:
        page = host.http("GET", f"/runs?dagId=hour&status=running&page_size=1{token}", expect=200).json
        pages += [row["runId"] for row in page["items"]]
        token = f"&page_token={page['next_page_token']}" if "next_page_token" in page else None
    assert pages == listed
    for run in runs[1::2]:
        host.http("POST", f"/runs/{run}:cancel", expect=202)


@pytest.mark.parametrize("path", ["/executions/{}/cancel", "/runs/{}:cancel"])
@STARTS
def test_each_family_cancels_what_either_started(host, start, path):
    run = start(host, "hour", {})
    assert host.http("POST", path.format(run)).status in (200, 202)
    until(lambda: {told["status"] for told in both(host, run)} == {"cancelled"}, RUN_S, "cancelled in both")


def test_both_have_the_same_statement(host):
    run = by_runs(host, "two", {})
    host.wait(run)
    envelope = host.provenance(run)
    told = host.http("GET", f"/executions/{run}/provenance", expect=200).json
    assert envelope["signatures"] and told["chain_hash"] == host.trace(run)["provenance_chain_hash"]


def test_every_route_of_both_families_is_in_the_description(host):
    paths = set(host.http("GET", "/.well-known/openapi", root=True, token="", expect=200).json["paths"])
    for family in ("executions", "runs", "dags", "checkpoints"):
        assert any(path.startswith(f"{BASE}/{family}") for path in paths), family
