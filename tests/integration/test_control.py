"""A run can be paused, cancelled, resumed, and restarted from a node.

And what a resume does with checkpoints that vanished or were changed.

Rooms: host/model/run, host/engine, host/api/routes, host/store.
"""
import sqlite3
import time

import pytest

from host import RUN_S, dag, until

# b fails on its first attempt and never retries: so the run fails, and a resume succeeds.
NO_RETRY = {"max_retries": 0}


# Its first node is long enough for a pause to come before the second.
PAUSED = dag("three", {"a": ([], {"sleep_s": 2}), "b": (["a"], {}), "c": (["b"], {})})


def broken_once(dag_id):
    return dag(dag_id, {"a": ([], {"return": {"v": 1}}),
                        "b": {"depends_on": ["a"], "config": {"fail_times": 1, "error_message": "not yet"},
                              "retry_policy": NO_RETRY},
                        "c": (["b"], {"return": {"v": 3}})})


@pytest.fixture(scope="module", autouse=True)
def published(host):
    host.publish(broken_once("once"))
    host.publish(dag("slow", {"a": ([], {"return": {"v": 1}}), "b": (["a"], {"sleep_s": 3600}), "c": (["b"], {})}))
    host.publish(PAUSED)


def failed_run(host):
    run = host.run("once")
    trace = host.wait(run)
    assert (trace["status"], trace["error"]) == ("failed", "Node 'b' failed: not yet")
    return run


def checkpoints(host, run):
    rows = host.http("GET", f"/checkpoints/{run}", expect=200).json["checkpoints"]
    return {row["node_id"]: row for row in rows}


def test_a_resumed_run_keeps_its_id_and_runs_only_what_had_not_completed(host):
    run = failed_run(host)
    before = checkpoints(host, run)
    answer = host.http("POST", f"/executions/{run}/resume", expect=202).json
    assert (answer["execution_id"], answer["nodes_skipped"]) == (run, ["a"])
    assert sorted(answer["nodes_remaining"]) == ["b", "c"]
    trace = host.wait(run)
    assert trace["status"] == "completed" and trace["errors"] == []
    after = checkpoints(host, run)
    assert after["a"] == before["a"] and sorted(after) == ["a", "b", "c"]
    assert {n: t["attempt_count"] for n, t in trace["node_traces"].items()} == {"a": 1, "b": 2, "c": 1}


def test_from_its_202_on_a_resumed_run_does_not_show_its_old_status(host):
    run = failed_run(host)
    host.http("POST", f"/runs/{run}:resume", expect=202)
    assert host.http("GET", f"/runs/{run}").json["status"] in ("running", "completed")
    host.wait(run)


def test_a_run_that_goes_on_cannot_be_resumed(host):
    run = host.run("slow")
    answer = host.http("POST", f"/executions/{run}/resume", expect=409)
    assert "still going on" in answer.json["detail"]
    host.http("POST", f"/executions/{run}/cancel", expect=200)
    host.wait(run)


def test_a_completed_run_that_is_resumed_keeps_its_end(host):
    host.publish(dag("done", {"a": ([], {"return": 1})}))
    run = host.run("done")
    before = host.wait(run)
    answer = host.http("POST", f"/executions/{run}/resume", expect=202).json
    assert (answer["status"], answer["nodes_skipped"], answer["nodes_remaining"]) == ("completed", ["a"], [])
    assert host.http("POST", f"/runs/{run}:resume", expect=202).json["status"] == "completed"
    assert host.trace(run) == before


def test_a_resume_at_once_behind_a_cancel_repeats_nothing_and_leaves_one_chain(host, tmp_path):
    host.publish(dag("twice", {"a": ([], {"return": 1}), "b": (["a"], {"sleep_s": 0.2}), "c": (["b"], {})}))
    for _ in range(8):
        run = host.run("twice")
        host.wait_node(run, "a", "completed")
        host.http("POST", f"/runs/{run}:cancel", expect=202)
        until(lambda: host.http("POST", f"/runs/{run}:resume").status == 202, RUN_S, "the resume")
        trace = host.wait(run)
        assert trace["status"] == "completed" and trace["node_traces"]["a"]["attempt_count"] == 1
    host.cli("ledger", "export", "--out", tmp_path / "all.ndjson")


def test_an_unknown_run_cannot_be_resumed(host):
    assert host.http("POST", "/executions/no-such-run/resume", expect=404).json["detail"] == "Execution not found"


def test_a_cancelled_run_stops_within_its_grace_and_starts_nothing_more(host):
    run = host.run("slow")
    host.wait_node(run, "b", "running")
    host.http("POST", f"/runs/{run}:cancel", {"reason": "no longer wanted"}, expect=202)
    trace = host.wait(run)
    assert trace["status"] == "cancelled"
    assert trace["node_traces"]["a"]["status"] == "completed"
    assert trace["node_traces"].get("c", {"attempt_count": 0})["attempt_count"] == 0


def test_a_cancelled_run_can_be_resumed(host):
    host.publish(dag("nap", {"a": ([], {"return": 1}), "b": (["a"], {"sleep_s": 3})}))
    run = host.run("nap")
    host.wait_node(run, "b", "running")
    host.http("POST", f"/executions/{run}/cancel", expect=200)
    assert host.wait(run)["status"] == "cancelled"
    before = checkpoints(host, run)["a"]
    host.http("POST", f"/executions/{run}/resume", expect=202)
    assert host.wait(run)["status"] == "completed"
    assert checkpoints(host, run)["a"] == before


def test_a_run_that_ended_cannot_be_cancelled(host):
    run = failed_run(host)
    host.http("POST", f"/runs/{run}:cancel", expect=409)
    assert host.trace(run)["status"] == "failed"


def test_a_paused_run_starts_no_node_until_it_is_unpaused(host):
    run = host.run("three")
    host.http("POST", f"/runs/{run}:pause", expect=202)
    host.wait_node(run, "a", "completed")
    time.sleep(0.5)
    assert host.node(run, "b")["attempt_count"] == 0
    assert host.http("GET", f"/runs/{run}").json["paused"] is True
    host.http("POST", f"/runs/{run}:unpause", expect=202)
    assert host.wait(run)["status"] == "completed"


def test_a_paused_run_is_still_paused_after_a_crash(make_host):
    own = make_host()
    own.publish(PAUSED)
    run = own.run("three")
    own.http("POST", f"/runs/{run}:pause", expect=202)
    own.wait_node(run, "a", "completed")
    own.kill9()
    own.start()
    time.sleep(0.5)
    assert own.node(run, "b")["attempt_count"] == 0
    own.http("POST", f"/runs/{run}:unpause", expect=202)
    assert own.wait(run)["status"] == "completed"


def test_restart_from_a_node_makes_a_new_run_that_keeps_what_came_before_it(host):
    run = failed_run(host)
    host.http("POST", f"/executions/{run}/resume", expect=202)
    old = host.wait(run)
    new = host.http("POST", f"/runs/{run}:restart", {"fromNode": "c"}, expect=201).json
    assert new["runId"] != run and new["parentRunId"] == run
    trace = host.wait(new["runId"])
    assert trace["status"] == "completed"
    for kept in ("a", "b"):
        assert trace["node_traces"][kept]["started_at"] == old["node_traces"][kept]["started_at"]
    assert trace["node_traces"]["c"]["started_at"] > old["node_traces"]["c"]["started_at"]
    assert trace["provenance_chain_hash"] == old["provenance_chain_hash"]
    assert host.trace(run) == old


def test_restart_from_an_unknown_node_is_refused(host):
    run = failed_run(host)
    assert "no node 'z'" in host.http("POST", f"/runs/{run}:restart", {"fromNode": "z"}, expect=422).json["detail"]


def test_nodes_whose_checkpoints_were_deleted_run_again(host):
    run = failed_run(host)
    assert host.http("DELETE", f"/checkpoints/{run}", expect=200).json["deleted"] == 1
    assert host.http("DELETE", f"/checkpoints/{run}", expect=200).json["deleted"] == 0
    answer = host.http("POST", f"/executions/{run}/resume", expect=202).json
    assert answer["nodes_skipped"] == []
    trace = host.wait(run)
    assert trace["status"] == "completed" and trace["node_traces"]["a"]["attempt_count"] == 2


def edit(own, statement, *values):
    with sqlite3.connect(own.home / "orch.db") as db:
        db.execute(statement, values)
        assert db.total_changes == 1  # those behind a view count here alone
    db.close()


@pytest.fixture
def broken(make_host):
    """A stopped host with one failed run, whose store the test may edit."""
    own = make_host()
    own.publish(broken_once("once"))
    run = failed_run(own)
    own.stop()
    return own, run


def test_a_changed_checkpoint_is_refused_in_the_words_that_the_runbook_looks_for(broken):
    own, run = broken
    edit(own, "UPDATE dag_checkpoints SET outputs = ? WHERE execution_id = ?", '{"v":2}', run)
    own.start()
    answer = own.http("POST", f"/executions/{run}/resume", expect=500)
    assert answer.json["trace_id"]
    until(lambda: "checkpoint integrity verification failed" in own.log_text(), RUN_S, "the log line")
    line = next(l for l in own.log_text().splitlines() if "checkpoint integrity verification failed" in l)
    assert "hash mismatch" in line and run in line and answer.json["trace_id"] in line
    assert own.trace(run)["status"] == "failed"
    own.answers()


def test_a_checkpoint_that_is_not_json_is_refused_as_corrupted(broken):
    own, run = broken
    edit(own, "UPDATE dag_checkpoints SET outputs = ? WHERE execution_id = ?", '{"v":', run)
    own.start()
    own.http("POST", f"/executions/{run}/resume", expect=500)
    until(lambda: "checkpoint corrupted" in own.log_text(), RUN_S, "the log line")


def test_a_status_that_an_operator_edited_is_honoured(make_host):
    own = make_host()
    own.publish(dag("slow", {"a": ([], {"sleep_s": 3600})}))
    run = own.run("slow")
    own.wait_node(run, "a", "running")
    own.kill9()
    words = "Checkpoint corruption detected - re-execution required"
    edit(own, "UPDATE dag_executions SET status = 'failed', error = ? WHERE execution_id = ?", words, run)
    own.start()
    assert own.ready["runs_recovered"] == 0
    assert (own.trace(run)["status"], own.trace(run)["error"]) == ("failed", words)


def test_a_rolled_back_run_cannot_be_resumed_only_restarted(host):
    undo = {"agent_id": "conformance.stub", "config": {"return": {"undone": True}}}
    host.publish(dag("saga", {"a": {"compensation_handler": undo},
                              "b": {"depends_on": ["a"], "config": {"fail_times": 9}, "retry_policy": NO_RETRY}},
                     on_failure="compensate"))
    run = host.run("saga")
    trace = host.wait(run)
    assert [c["status"] for c in trace["compensations"]] == ["completed"]
    answer = host.http("POST", f"/executions/{run}/resume", expect=409)
    assert "restart it instead" in answer.json["detail"]
    assert host.http("POST", f"/runs/{run}:restart", {}, expect=201).json["runId"] != run


def test_a_resume_needs_no_body_and_takes_an_empty_registry(host):
    run = failed_run(host)
    host.http("POST", f"/executions/{run}/resume", {"agent_registry": {}}, expect=202)
    assert host.wait(run)["status"] == "completed"
