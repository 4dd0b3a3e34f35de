"""Every input and every queue has a limit; what is over it waits or is told so.

Rooms: host/api/http, host/engine, host/config, sandbox/client.
"""
import concurrent.futures
import json
import time

import pytest

from host import RUN_S, dag, until

MB = 1024 * 1024


def states(host, runs):
    return [host.trace(run)["status"] for run in runs]


def test_runs_over_the_limit_wait_as_pending_and_then_run(make_host):
    own = make_host(runs_active_max=2)
    own.publish(dag("slow", {"a": ([], {"sleep_s": 2})}))
    runs = [own.run("slow") for _ in range(6)]
    assert states(own, runs).count("pending") >= 3
    assert own.http("GET", "/metrics", expect=200).json["max_concurrent_executions"] == 2
    assert own.http("GET", "/admin/health", expect=200).json["queueDepth"]["default"] >= 3
    assert [own.wait(run)["status"] for run in runs] == ["completed"] * 6
    started = sorted(own.trace(run)["started_at"] for run in runs)
    assert [own.trace(run)["started_at"] for run in runs] == started, "first come, first served"


def test_at_no_time_more_runs_execute_than_allowed(make_host):
    own = make_host(runs_active_max=3)
    own.publish(dag("slow", {"a": ([], {"sleep_s": 0.15})}))
    runs = [own.run("slow") for _ in range(12)]
    most, now = 0, {"pending"}
    while now & {"pending", "running"}:
        most = max(most, own.http("GET", "/metrics", expect=200).json["active_executions"])
        now = set(states(own, runs))
    assert now == {"completed"} and 1 <= most <= 3


def test_more_waiting_runs_than_allowed_are_429_with_a_time_to_come_back(make_host):
    own = make_host(runs_active_max=1, runs_waiting_max=2)
    own.publish(dag("slow", {"a": ([], {"sleep_s": 3600})}))
    runs = [own.run("slow") for _ in range(3)]
    answer = own.http("POST", "/runs", {"dagId": "slow"}, expect=429)
    assert answer.code == "LIMIT_EXCEEDED" and answer.json["retryable"] is True
    assert int(answer.headers["Retry-After"]) >= 1
    own.http("POST", f"/runs/{runs[1]}:cancel", expect=202)
    until(lambda: own.trace(runs[1])["status"] == "cancelled", RUN_S, "the waiting run's end")
    own.run("slow")


def test_pending_runs_are_still_pending_after_a_crash_and_then_run(make_host):
    own = make_host(runs_active_max=1)
    own.publish(dag("slow", {"a": ([], {"sleep_s": 3})}))
    own.publish(dag("quick", {"a": ([], {})}))
    runs = [own.run(dag_id) for dag_id in ("slow", "quick", "quick", "quick")]
    own.kill9()
    own.start()
    assert own.ready["runs_recovered"] == 4
    assert [own.wait(run)["status"] for run in runs] == ["completed"] * 4


def test_attempts_over_the_limit_wait_their_turn(make_host):
    own = make_host(attempts_max=2)
    own.publish(dag("wide", {f"n{i}": ([], {"sleep_s": 0.3}) for i in range(6)}))
    began = time.monotonic()
    trace = own.complete("wide")
    assert time.monotonic() - began >= 0.8
    assert len(trace["node_traces"]) == 6


def test_a_host_that_does_not_accept_runs_says_so_and_finishes_what_it_has(make_host):
    own = make_host()
    own.publish(dag("slow", {"a": ([], {"sleep_s": 0.3})}))
    run = own.run("slow")
    own.kill9()
    own.start(accept_runs="false")
    answer = own.http("POST", "/runs", {"dagId": "slow"}, expect=503)
    assert "accept-runs" in answer.json["detail"] and answer.json["retryable"] is True
    assert own.wait(run)["status"] == "completed"


@pytest.mark.parametrize("path,body", [("/runs", {"dagId": "x", "inputs": {"t": "x" * (MB + 1)}}),
                                       ("/dags/x/execute", {"input_data": {"t": "x" * (MB + 1)}}),
                                       ("/dags/import", {"yaml_content": "x" * (4 * MB + 1)}),
                                       ("/runs/x:cancel", {"reason": "x" * 70_000})])
def test_a_body_over_its_routes_limit_is_413(host, path, body):
    assert host.http("POST", path, body, expect=413).code == "BODY_TOO_LARGE"


def test_inputs_just_under_the_limit_are_taken_and_arrive_whole(host):
    host.publish(dag("echo", {"a": ([], {"echo_input": True})}))
    text = "x" * (MB - 200)
    trace = host.wait(host.run("echo", {"t": text}))
    assert trace["node_traces"]["a"]["outputs"]["in"]["_input"]["t"] == text


def test_an_output_over_the_nodes_limit_fails_the_node_and_says_why(host):
    host.publish(dag("big", {"a": {"config": {"return": {"t": "x" * 5000}}, "limits": {"output_bytes": 1000},
                                   "retry_policy": {"max_retries": 0}}}))
    trace = host.wait(host.run("big"))
    assert trace["status"] == "failed" and trace["node_traces"]["a"]["error"]
    host.answers()


@pytest.mark.parametrize("more", [0, 1])
def test_an_output_may_be_as_long_as_its_limit_and_no_byte_longer(host, more):
    text = "x" * (1000 - len('{"t":""}') + more)
    host.publish(dag(f"edge-{more}", {"a": {"config": {"return": {"t": text}}, "limits": {"output_bytes": 1000},
                                            "retry_policy": {"max_retries": 0}}}))
    assert host.wait(host.run(f"edge-{more}"))["status"] == ("failed" if more else "completed")


def test_a_node_that_asks_for_more_than_the_operators_ceiling_is_told_so(make_host):
    own = make_host(node_memory_max_mib=64)
    text = json.dumps(dag("greedy", {"a": {"limits": {"memory_bytes": 1 << 40}}}))
    answer = own.http("POST", "/dags/import", {"yaml_content": text}, expect=422)
    assert "limits.memory_bytes" in answer.json["detail"] and "node-memory-max-mib" in answer.json["detail"]
    own.publish(dag("modest", {"a": {"limits": {"memory_bytes": 32 * MB}}}))
    own.complete("modest")


def test_fifty_runs_at_once_are_all_admitted_and_complete(host):
    host.publish(dag("quick", {"a": ([], {}), "b": (["a"], {})}))
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        runs = list(pool.map(lambda _: host.run("quick"), range(50)))
    assert [host.wait(run)["status"] for run in runs] == ["completed"] * 50


def test_the_rate_headers_are_on_every_answer(host):
    answer = host.http("GET", "/runs", expect=200)
    limit, left = int(answer.headers["X-RateLimit-Limit"]), int(answer.headers["X-RateLimit-Remaining"])
    assert 0 <= left <= limit and int(answer.headers["X-RateLimit-Reset"]) >= time.time() - 5


def test_a_definition_that_is_taken_can_be_used(host):
    """It is kept with every default of every node, larger than the text that came."""
    nodes = {f"n{i:04}": ([], {"return": "x" * 300}) for i in range(8000)}
    host.publish(json.dumps(dag("large", nodes), separators=(",", ":")))
    assert host.http("POST", "/dags/large/validate", expect=200).json["valid"] is True
    assert host.http("GET", "/dags/large/export", expect=200).text.count(b"conformance.stub") == 8000
    host.http("PUT", "/dags/large", {"description": "changed"}, expect=200)


def test_a_definition_that_grows_too_large_with_what_is_written_out_is_refused(host):
    text = json.dumps(dag("grows", {"a": ([], {})}, metadata={"x": "NUMBERS"}))
    text = text.replace('"NUMBERS"', "[" + ",".join(["1e20"] * 390000) + "]")          # 21 digits each, as it is kept
    answer = host.http("POST", "/dags/import", {"yaml_content": text}, expect=413)
    assert "written out" in answer.json["detail"] and "8388608" in answer.json["detail"]
