"""Retries, four timeouts, conditions, failure and compensation rules do what the definition says.

Rooms: host/model/run, host/model/dag, host/engine, sandbox/client.
"""
import datetime

import pytest

from host import STUB, dag
from stream import follow

NO_RETRY = {"max_retries": 0}
ALWAYS_FAILS = {"fail_times": 99, "error_message": "no"}


def quick_retries(count, **more):
    return {"max_retries": count, "strategy": "constant", "base_delay": 0.05, "jitter": False} | more


def run_of(host, dag_id, nodes, **more):
    """Publishes it and runs it to its end; the trace."""
    host.publish(dag(dag_id, nodes, **more))
    return host.wait(host.run(dag_id))


def statuses(trace):
    return {node: seen["status"] for node, seen in trace["node_traces"].items()}


def counts(trace):
    return {node: seen["attempt_count"] for node, seen in trace["node_traces"].items()}


# ---- retries ----

def test_a_node_that_fails_is_tried_again_until_it_succeeds(host):
    trace = run_of(host, "again", {"a": {"config": {"fail_times": 2, "return": 5}, "retry_policy": quick_retries(3)}})
    assert (trace["status"], counts(trace)) == ("completed", {"a": 3})
    assert trace["node_traces"]["a"]["outputs"] == {"result": 5}


def test_after_its_last_retry_a_node_has_failed(host):
    trace = run_of(host, "spent", {"a": {"config": ALWAYS_FAILS, "retry_policy": quick_retries(2)}})
    assert (trace["status"], trace["error"], counts(trace)) == ("failed", "Node 'a' failed: no", {"a": 3})


def test_only_the_error_classes_that_are_listed_are_retried(host):
    policy = quick_retries(2, retryable_exceptions=["TimeoutError"])
    trace = run_of(host, "listed", {"a": {"config": ALWAYS_FAILS | {"error_class": "KeyError"}, "retry_policy": policy},
                                    "b": {"config": ALWAYS_FAILS | {"error_class": "TimeoutError"},
                                          "retry_policy": policy}}, on_failure="continue")
    assert counts(trace) == {"a": 1, "b": 3}


def test_an_error_says_whose_words_it_is_whatever_they_are(host):
    """The agent's own may sound like the host's."""
    nodes = {"liar": {"config": ALWAYS_FAILS | {"error_class": "PluginRevoked", "error_message": "its plugin was revoked"},
                      "retry_policy": quick_retries(1)},
             "slow": {"config": {"sleep_s": 3600}, "timeout_policy": {"timeout_seconds": 0.2},
                      "retry_policy": quick_retries(0)},
             "fine": ([], {})}
    trace = run_of(host, "whose", nodes, on_failure="continue")
    run = trace["execution_id"]
    assert {n: t["error_source"] for n, t in trace["node_traces"].items()} == \
        {"liar": "agent", "slow": "host", "fine": None}
    for node, source in (("liar", "agent"), ("slow", "host"), ("fine", None)):
        step = host.http("GET", f"/runs/{run}/steps/{node}", expect=200).json
        assert step["errorSource"] == source and {a["errorSource"] for a in step["attempts"]} <= {source}
    told = [e["data"] for e in follow(host, 0, "run.failed", run) if e.get("stepId") == "liar" and "error" in e["data"]]
    assert told and {data["error_source"] for data in told} == {"agent"}
    shown = host.cli("run", "show", run).stdout
    assert "SAID BY" in shown


# Delays run on the monotonic clock, an event's time is the wall clock's, which is being adjusted.
CLOCKS_DIFFER_S = 0.01
WAITS = {"constant": (0.2, 0.2, 0.2), "linear": (0.2, 0.4, 0.6), "exponential": (0.2, 0.4, 0.8),
         "fibonacci": (0.2, 0.2, 0.4)}


def seconds(event):
    return datetime.datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00")).timestamp()


@pytest.mark.parametrize("strategy", WAITS)
def test_each_strategy_waits_at_least_as_long_as_it_says(host, strategy):
    policy = quick_retries(3, strategy=strategy, base_delay=0.2)
    dag_id = f"waits-{strategy}"
    trace = run_of(host, dag_id, {"a": {"config": {"fail_times": 3}, "retry_policy": policy}})
    steps = [e for e in follow(host, 0, "run.completed", trace["execution_id"]) if e["type"] == "step.updated"]
    failed = [seconds(e) for e in steps if e["status"] == "retrying"]
    started = [seconds(e) for e in steps if e["status"] == "running"]
    assert len(failed) == 3 and len(started) == 4
    waited = [then - at for at, then in zip(failed, started[1:])]
    assert all(was >= least - CLOCKS_DIFFER_S for was, least in zip(waited, WAITS[strategy])), waited


# ---- the four timeouts; what sleeps an hour is ended by nothing else ----

HOUR = {"sleep_s": 3600}


def timed(policy, **more):
    return {"config": HOUR, "retry_policy": NO_RETRY, "timeout_policy": policy} | more


def test_an_attempts_timeout_kills_it_and_the_host_goes_on(host):
    trace = run_of(host, "late", {"a": timed({"timeout_seconds": 0.3, "on_timeout": "fail"})})
    assert trace["node_traces"]["a"]["error"] == "Node 'a' timed out after 0.3s"
    host.answers()


def test_a_nodes_timeout_ends_all_its_attempts(host):
    policy = {"timeout_seconds": 0.2, "node_timeout_seconds": 0.5}
    trace = run_of(host, "late-node", {"a": timed(policy, retry_policy=quick_retries(50))})
    assert trace["status"] == "failed" and "timed out after 0.5s over all attempts" in trace["error"]
    assert 1 <= counts(trace)["a"] < 10


def test_a_queue_timeout_ends_a_node_that_no_slot_came_free_for(make_host):
    own = make_host(attempts_max=1)
    own.publish(dag("busy", {"a": ([], HOUR)}))
    busy = own.run("busy")
    own.wait_node(busy, "a", "running")
    trace = run_of(own, "queued", {"a": timed({"timeout_seconds": 60, "queue_timeout_seconds": 0.3})})
    assert trace["status"] == "failed" and "0.3s" in trace["error"] and "wait" in trace["error"].lower(), trace["error"]
    assert own.trace(busy)["status"] == "running"


def test_a_runs_timeout_ends_the_run_and_cancels_what_runs(host):
    trace = run_of(host, "late-run", {"a": ([], HOUR), "b": (["a"], {})}, run_timeout_seconds=0.5)
    assert (trace["status"], trace["error"]) == ("failed", "Run timed out after 0.5s")
    assert statuses(trace)["a"] == "cancelled" and counts(trace).get("b", 0) == 0


def test_a_node_may_be_skipped_when_it_is_late(host):
    policy = {"timeout_seconds": 0.2, "on_timeout": "skip"}
    trace = run_of(host, "late-skip", {"a": timed(policy), "b": (["a"], {})})
    assert (trace["status"], statuses(trace)) == ("completed", {"a": "skipped", "b": "completed"})


def test_a_late_node_may_have_the_run_rolled_back(host):
    policy = {"timeout_seconds": 0.2, "on_timeout": "compensate"}
    trace = run_of(host, "late-undo", {"p": {"compensation_handler": {"agent_id": STUB}},
                                       "a": timed(policy, depends_on=["p"])})
    assert trace["status"] == "failed"
    assert [(c["node_id"], c["status"]) for c in trace["compensations"]] == [("p", "completed")]


# ---- conditions ----

def test_a_node_runs_only_when_its_condition_holds(host):
    trace = run_of(host, "when", {"a": ([], {"return": {"n": 5}}),
                                  "yes": {"depends_on": ["a"], "condition": "results.a.n > 3"},
                                  "no": {"depends_on": ["a"], "condition": "results.a.n > 7"},
                                  "after": (["no"], {})})
    assert trace["status"] == "completed"
    assert statuses(trace) == {"a": "completed", "yes": "completed", "no": "skipped", "after": "completed"}


def test_a_condition_may_ask_for_the_runs_input(host):
    host.publish(dag("asked", {"a": {"condition": "input.go == true"}}))
    seen = {go: statuses(host.wait(host.run("asked", {"go": go})))["a"] for go in (True, False)}
    assert seen == {True: "completed", False: "skipped"}


# ---- deadlines ----

def test_a_deadline_is_told_of_and_stops_nothing(host):
    """The run's own goes before the definition's, and what is told stands on the run afterwards."""
    nodes = {"a": {"config": {"sleep_s": 0.8}, "deadline": {"within": 0.3}}, "b": {"depends_on": ["a"]}}
    host.publish(dag("late", nodes, deadline={"within": 3600}))
    body = {"dagId": "late", "deadline": {"within": 0.4, "warn_before": 0.2}}
    run = host.http("POST", "/runs", body, expect=201).json["runId"]
    assert host.wait(run)["status"] == "completed"
    told = [(e["type"], e.get("stepId")) for e in follow(host, 0, "run.completed", run) if e["type"].startswith("dead")]
    assert told == [("deadline.warning", None), ("deadline.missed", "a"), ("deadline.missed", None)]
    seen = host.http("GET", f"/runs/{run}", expect=200).json
    assert seen["deadline"]["at"] <= seen["deadline"]["missedAt"] and seen["deadline"]["warnedAt"]
    assert seen["stepDeadlines"]["a"]["warnAt"] is None and seen["stepDeadlines"]["a"]["missedAt"]
    assert host.trace(run)["node_deadlines"]["a"]["missed_at"] == seen["stepDeadlines"]["a"]["missedAt"]


def test_a_deadline_that_is_none_is_refused_by_name(host):
    host.publish(dag("plain", {"a": {}}))
    for deadline in ({}, {"within": 0}, {"by": "noon"}, {"within": 1, "by": "2030-01-01T00:00:00Z"},
                     {"within": 1, "warn_before": 1}, {"by": "2001-01-01T00:00:00Z"}, 5):
        refused = host.http("POST", "/dags/plain/execute", {"deadline": deadline}, expect=400)
        assert b"deadline" in refused.text, refused.text


# ---- what a failure does ----

def failing(dag_failure, node_failure):
    """p, then `bad` which fails with `after` behind it, and beside it `beside` with `later` behind."""
    nodes = {"p": {"compensation_handler": {"agent_id": STUB}},
             "bad": {"depends_on": ["p"], "config": ALWAYS_FAILS, "retry_policy": NO_RETRY, "on_failure": node_failure},
             "after": (["bad"], {}), "beside": (["p"], {"sleep_s": 3}), "later": (["beside"], {})}
    return nodes, {"on_failure": dag_failure}


# (rule of the DAG, rule of the node) -> the nodes that completed, those that were undone
RULES = {
    ("fail_fast", "stop"): ("p beside", ""),
    ("fail_fast", "skip"): ("p beside after later", ""),
    ("fail_fast", "compensate"): ("p beside", "p"),
    ("continue", "stop"): ("p beside after later", ""),
    ("continue", "skip"): ("p beside after later", ""),
    ("continue", "compensate"): ("p beside", "p"),
    ("compensate", "stop"): ("p beside", "p"),
    ("compensate", "skip"): ("p beside after later", ""),
    ("compensate", "compensate"): ("p beside", "p"),
}


@pytest.fixture(scope="module")
def ruled(host):
    """A run under each pair of rules; all at once, since each takes its time."""
    for rule in RULES:
        nodes, more = failing(*rule)
        host.publish(dag("-".join(rule), nodes, **more))
    runs = {rule: host.run("-".join(rule)) for rule in RULES}
    return {rule: host.wait(run) for rule, run in runs.items()}


@pytest.mark.parametrize("rule", RULES, ids="-".join)
def test_a_failure_does_what_the_rules_of_node_and_dag_say(ruled, rule):
    completed, undone = RULES[rule]
    trace = ruled[rule]
    assert trace["status"] == "failed" and trace["node_traces"]["bad"]["status"] == "failed"
    assert {n for n, status in statuses(trace).items() if status == "completed"} == set(completed.split())
    assert [c["node_id"] for c in trace["compensations"]] == undone.split()


def test_a_rollback_undoes_what_completed_in_reverse_order(host):
    undo = {"agent_id": STUB, "config": {"return": {"undone": True}}}
    nodes = {n: {"compensation_handler": undo, "depends_on": d} for n, d in (("a", []), ("b", ["a"]), ("c", ["b"]))}
    nodes["z"] = {"depends_on": ["c"], "config": ALWAYS_FAILS, "retry_policy": NO_RETRY}
    trace = run_of(host, "undo", nodes, on_failure="compensate")
    assert trace["status"] == "failed"
    assert [(c["node_id"], c["status"]) for c in trace["compensations"]] == \
        [("c", "completed"), ("b", "completed"), ("a", "completed")]
