"""The host tells its operator what it does: a line for each end, metrics that alerts can read, why it is not ready.

Rooms: host/observe, host/api/routes, host/engine/commit, host/base.
"""
import pytest

from host import dag, until

OF_RUN = {"tenant", "dagId", "runId", "stepId", "status", "class", "trace_id", "msg"}


def node(config=None, **more):
    return {"config": config or {}, "retry_policy": {"max_retries": 0}} | more


def lines(host, run, *names):
    """The log's lines of these events about the run, once its own end is there."""
    ends = ("run.completed", "run.failed", "run.cancelled")
    until(lambda: any(line["runId"] == run for name in ends for line in host.events(name)), 30, f"the end of {run}")
    return [line for name in names for line in host.events(name) if line["runId"] == run]


def test_a_run_that_completes_is_a_line_an_attempt_and_one_of_its_own(host):
    host.publish(dag("told", {"a": ([], {}), "b": (["a"], {})}))
    run = host.run("told")
    host.wait(run)
    attempts = lines(host, run, "attempt.completed")
    assert [(line["stepId"], line["attempt"]) for line in attempts] == [("a", 1), ("b", 1)]
    end, = lines(host, run, "run.completed", "run.failed", "run.cancelled")
    for line in [*attempts, end]:
        assert OF_RUN <= line.keys()
        assert (line["tenant"], line["dagId"], line["status"], line["class"]) == ("default", "told", "completed", "ok")
        assert line["level"] == "info" and line["process"] == "orchd"
    assert end["stepId"] == "" and end["msg"] == "dag execution completed"


def test_a_failure_names_its_step_its_class_and_what_becomes_of_it(host):
    host.publish(dag("told-failed", {"a": ([], {}), "b": node(
        {"fail_times": 9, "error_class": "ValueError"}, depends_on=["a"],
        retry_policy={"max_retries": 1, "strategy": "constant", "base_delay": 0.01})}))
    run = host.run("told-failed")
    host.wait(run)
    attempts = lines(host, run, "attempt.failed")
    assert [(line["stepId"], line["attempt"], line["status"]) for line in attempts] == [
        ("b", 1, "retrying"), ("b", 2, "failed")]
    end, = lines(host, run, "run.failed")
    assert (end["status"], end["stepId"], end["class"], end["level"]) == ("failed", "b", attempts[0]["class"], "warn")
    assert all(line["error"] for line in [*attempts, end])


def test_a_cancelled_run_is_told_as_one(host):
    host.publish(dag("told-cancelled", {"a": ([], {"sleep_s": 3600})}))
    run = host.run("told-cancelled")
    host.wait_node(run, "a", "running")
    host.http("POST", f"/runs/{run}:cancel", expect=202)
    host.wait(run)
    end, = lines(host, run, "run.cancelled")
    attempt, = lines(host, run, "attempt.cancelled")
    assert (end["status"], end["class"]) == ("cancelled", "cancelled")
    assert (attempt["stepId"], attempt["class"], attempt["level"]) == ("a", "cancelled", "info")
