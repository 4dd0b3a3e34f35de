"""After a kill of the host nothing acknowledged is lost, and no completed node runs again.

kill -9 at moments that a seed draws, under load; at the end every run is completed and every run's event
chain unbroken. ORCH_CRASH_SEED draws others, ORCH_CRASH_KILLS (40) is the number of kills.

Rooms: host/store, host/engine, host/daemon, host/model/run.
"""
import collections
import hashlib
import http.client
import json
import os
import random
import sqlite3
import threading
import time

import pytest

from host import RUN_S, dag, until

SEED = int(os.environ.get("ORCH_CRASH_SEED") or 11)
KILLS = int(os.environ.get("ORCH_CRASH_KILLS") or 40)
CLIENTS, IN_FLIGHT_MAX = 6, 60
LOST_MAX = 7  # of RUN_INFRA_RETRIES_MAX, 10: kills spare a node that lost so many workers until it ends
GENESIS = "0" * 64

NAP = {"sleep_s": 0.01}
DIAMOND = dag("diamond", {"a": ([], NAP | {"return": 1}), "b": (["a"], NAP), "c": (["a"], {"fail_times": 1}),
                          "d": (["b", "c"], {"echo_input": True}), "e": (["d"], NAP), "f": (["e"], {})},
              default_retry_policy={"max_retries": 3, "strategy": "constant", "base_delay": 0.02, "jitter": False})


class Load:
    """Clients that start runs as fast as they are answered, and remember each acknowledged one."""

    def __init__(self, host):
        self.host, self.acknowledged, self.lock = host, [], threading.Lock()
        self.done = threading.Event()
        self.wanted = threading.Event()
        self.wanted.set()
        self.threads = [threading.Thread(target=self.client, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def client(self):
        while not self.done.is_set():
            if not self.wanted.wait(0.1):
                continue
            try:
                answer = self.host.http("POST", "/runs", {"dagId": "diamond", "inputs": {"n": 1}}, timeout=5)
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
                continue
            if answer.status == 201:
                with self.lock:
                    self.acknowledged.append(answer.json["runId"])
            time.sleep(0.02)

    def bound(self, statuses):
        """Keeps the backlog small, so that the end does not take longer than the kills."""
        if sum(s in ("pending", "running") for s in statuses.values()) > IN_FLIGHT_MAX:
            self.wanted.clear()
        else:
            self.wanted.set()

    def stop(self):
        self.done.set()
        for thread in self.threads:
            thread.join()


def select(home, statement, *values):
    """Rows of the store, read only; the host may be alive or dead."""
    with sqlite3.connect(f"file:{home / 'orch.db'}?mode=ro", uri=True) as db:
        found = db.execute(statement, values).fetchall()
    db.close()
    return found


def read_store(home):
    """{(run, node): (completed_at, attempts, output_hash, checkpoint's created_at)}, {run: status}."""
    nodes = select(home, "SELECT execution_id, node_id, completed_at, attempt_count, output_hash FROM node_traces"
                         " WHERE status = 'completed'")
    made = {(r, n): at for r, n, at in select(home, "SELECT execution_id, node_id, created_at FROM dag_checkpoints")}
    runs = dict(select(home, "SELECT execution_id, status FROM dag_executions"))
    return {(r, n): (at, attempts, output, made[r, n]) for r, n, at, attempts, output in nodes}, runs


def check_event_chains(home):
    """DESIGN.md 6: hash = SHA-256 of JCS {data, n, prev, run_id, timestamp, type}. How long each run's chain is;
    what an operator did beside a run is a chain of its own (audit.*), and counts as none."""
    rows = select(home, "SELECT run_id, n, type, at, payload, prev_hash, hash FROM run_events ORDER BY seq")
    last, entries = {}, set()
    for run, n, kind, at, payload, prev, digest in rows:
        before = last.get(run, (0, GENESIS))
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1_000_000))
        text = f'{{"data":{payload},"n":{n},"prev":"{prev}","run_id":"{run}",' \
               f'"timestamp":"{seconds}.{at % 1_000_000:06}Z","type":"{kind}"}}'
        assert (n, prev) == (before[0] + 1, before[1]), f"the chain of run {run} is broken at event {n}"
        assert digest == hashlib.sha256(text.encode()).hexdigest(), f"event {n} of run {run}"
        last[run] = (n, digest)
        entries |= {run} if kind.startswith("audit.") else set()
    return {run: n for run, (n, _) in last.items() if run not in entries}


def worn(home):
    """The nodes that have lost their worker so often that another kill or two would fail them, as it
    should: the host gives a node that never gets to its end up (host/model/run/run.h)."""
    return set(select(home, "SELECT execution_id, node_id FROM node_traces WHERE attempts_infra >= ?"
                            " AND status NOT IN ('completed', 'failed')", LOST_MAX))


def completions(home):
    """How often each node of each run was told completed in the ledger."""
    return collections.Counter(select(home, "SELECT run_id, node_id FROM run_events WHERE type = 'step.updated'"
                                            " AND status = 'completed'"))


def kill_and_start(host, load, before):
    """One kill; the store's completed nodes, all of `before` unchanged among them."""
    host.kill9()
    now, statuses = read_store(host.home)
    for key, row in before.items():
        assert now.get(key) == row, f"seed {SEED}: completed node {key} changed from {row} to {now.get(key)}"
    load.bound(statuses)
    host.start()
    tired = worn(host.home)
    until(lambda: not tired & worn(host.home), RUN_S, f"seed {SEED}: the end of {tired}")
    return now


def check_ended(host, run):
    until(lambda: host.trace(run)["status"] not in ("pending", "running"), RUN_S, f"seed {SEED}: end of run {run}")
    trace = host.trace(run)
    assert trace["status"] == "completed", f"seed {SEED}: run {run}: {trace['errors']}"
    assert [t["status"] for t in trace["node_traces"].values()] == ["completed"] * len(DIAMOND["nodes"])


@pytest.mark.slow
def test_forty_kills_under_load_lose_nothing_and_repeat_nothing(make_host):
    print(f"ORCH_CRASH_SEED={SEED}")
    chance, before, recovered = random.Random(SEED), {}, 0
    host = make_host()
    host.publish(DIAMOND)
    load = Load(host)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.0, 0.25))
        before = kill_and_start(host, load, before)
        recovered += host.ready["runs_recovered"]
    load.stop()
    known = load.acknowledged
    assert len(known) > KILLS and recovered > KILLS, f"seed {SEED}: {len(known)} runs, {recovered} recovered"
    for run in known:
        check_ended(host, run)
    host.stop()
    now, statuses = read_store(host.home)
    assert all(now[key] == row for key, row in before.items()), f"seed {SEED}"
    assert set(known) <= set(statuses) and set(check_event_chains(host.home)) == set(statuses), f"seed {SEED}"
    assert set(completions(host.home).values()) == {1}, f"seed {SEED}: a node completed twice"


def test_a_start_that_was_not_answered_is_whole_or_not_there(make_host):
    """What a kill leaves of unacknowledged starts: a run that goes on, or nothing; never a half."""
    host = make_host()
    host.publish(DIAMOND)
    load = Load(host)
    until(lambda: len(load.acknowledged) >= 10, RUN_S, "ten runs")
    host.kill9()
    load.stop()
    host.start()
    _, statuses = read_store(host.home)
    for run in statuses:
        assert host.wait(run)["status"] == "completed"
    assert set(load.acknowledged) <= set(statuses)


def test_a_kill_while_a_retry_waits_keeps_the_count_of_attempts(make_host):
    host = make_host()
    policy = {"max_retries": 3, "strategy": "constant", "base_delay": 2.0, "jitter": False}
    host.publish(dag("flaky", {"a": {"config": {"fail_times": 2, "return": 5}, "retry_policy": policy}}))
    run = host.run("flaky")
    host.wait_node(run, "a", "retrying")
    host.kill9()
    host.start()
    trace = host.wait(run)
    assert trace["status"] == "completed"
    node = trace["node_traces"]["a"]
    assert (node["attempt_count"], node["outputs"]) == (3, {"result": 5})


def undone(host, run):
    """The nodes whose handler the ledger tells completed, in its order."""
    events = [json.loads(text) for text, in select(host.home, "SELECT payload FROM run_events WHERE run_id = ?"
                                                              " AND type = 'step.updated' ORDER BY seq", run)]
    return [e["step_id"] for e in events if e.get("compensation") and e["status"] == "completed"]


def test_who_waits_for_its_key_or_is_debounced_waits_on_behind_a_kill(make_host):
    host = make_host()
    nap = {"sleep_s": 2}
    host.publish(dag("keyed", {"a": ([], nap)}, concurrency={"key": "input.k", "on_conflict": "keep_latest"}))
    host.publish(dag("soon", {"a": ([], {"echo_input": True})}, debounce={"key": "input.k", "period": 2}))
    first, second, third, other = [host.run("keyed", {"k": k}) for k in (1, 1, 1, 2)]
    old, new = host.run("soon", {"k": 1, "n": 1}), host.run("soon", {"k": 1, "n": 2})
    host.wait_node(first, "a", "running")
    assert host.wait(second)["status"] == host.wait(old)["status"] == "cancelled"
    why = host.http("GET", f"/runs/{third}/why", expect=200).json["reasons"][0]
    assert (why["reason"], why["key"], why["runs"], why["ahead"]) == ("concurrency", "1", [first], 0)
    host.kill9()
    host.start()
    said = select(host.home, "SELECT payload FROM run_events WHERE run_id = ?", second)
    assert any(third in payload for payload, in said)
    assert [host.wait(run)["status"] for run in (first, other, third, new)] == ["completed"] * 4
    ends = {run: host.http("GET", f"/runs/{run}", expect=200).json for run in (first, third)}
    assert ends[first]["endedUtc"] <= ends[third]["startedUtc"]


def test_a_kill_during_a_rollback_finishes_the_rollback_once(make_host):
    host = make_host()
    undo = {"agent_id": "conformance.stub", "config": {"sleep_s": 0.3, "return": {"undone": True}}}
    nodes = {n: {"compensation_handler": undo, "depends_on": d} for n, d in (("a", []), ("b", ["a"]), ("c", ["b"]))}
    nodes["z"] = {"depends_on": ["c"], "config": {"fail_times": 9}, "retry_policy": {"max_retries": 0}}
    host.publish(dag("saga", nodes, on_failure="compensate"))
    run = host.run("saga")
    until(lambda: undone(host, run), RUN_S, "a first handler's end")
    host.kill9()
    host.start()
    trace = host.wait(run)
    assert trace["status"] == "failed"
    assert [(c["node_id"], c["status"]) for c in trace["compensations"]] == \
        [("c", "completed"), ("b", "completed"), ("a", "completed")]
    assert sorted(undone(host, run)) == ["a", "b", "c"]
