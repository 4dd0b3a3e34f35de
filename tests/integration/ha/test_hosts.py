"""Two hosts on one database: what one leaves, the other finishes; whoever is asked answers for both.

Rooms: host/store/postgres, host/store, host/engine, host/daemon, host/api/stream, tests/integration/ha.
"""
import signal
import time

import pytest

from host import RUN_S, chain, dag, until
from judge import Judge
from stream import Lines

TTL_S = 2
SLOW = dag("slow", {"first": ([], {"return": 1}), "second": (["first"], {"sleep_s": 4}), "third": (["second"], {})})


@pytest.fixture
def pair(make_field):
    field = make_field(count=2, ttl_s=TTL_S)
    field.hosts[0].publish(SLOW)
    field.hosts[0].publish(chain("ten", 10, {"sleep_s": 0.1}))
    return field


def begun(host):
    """A run of this host's whose first node is completed, and the second one at work."""
    run = host.run("slow")
    host.wait_node(run, "first", "completed")
    host.wait_node(run, "second", "running")
    return run


def check(field, *runs):
    """All has come to rest, and nothing was lost or done twice."""
    for host in field.hosts:
        host.thaw()
    field.stop()
    assert field.left_behind() == []
    assert set(runs) <= {row["id"] for row in field.rows("SELECT execution_id AS id FROM orchestrator.dag_executions")}
    assert list(Judge(field.rows, {}).breaches()) == []


def told(lines, last):
    """The events up to the first of a type; the beats of an idle stream end no wait, so this does."""
    seen, end = [], time.monotonic() + RUN_S
    for message in lines.messages():
        seen += [(message["seq"], message["runId"], message["type"])] if "seq" in message else []
        if message["type"] == last:
            return seen
        assert time.monotonic() < end, f"no {last}: {seen}"
    raise AssertionError(f"the stream ended before {last}: {seen}")


def owner(field, run):
    return field.rows(f"SELECT lease_owner AS o FROM orchestrator.dag_executions WHERE execution_id = '{run}'")[0]["o"]


@pytest.mark.slow
def test_a_run_of_a_killed_host_is_finished_by_the_other_one(pair):
    first, second = pair.hosts
    run = begun(first)
    before = owner(pair, run)
    first.end(signal.SIGKILL)
    trace = second.wait(run)
    assert trace["status"] == "completed", trace["errors"]
    assert trace["node_traces"]["first"]["attempt_count"] == 1
    assert owner(pair, run) != before
    check(pair, run)


@pytest.mark.slow
def test_a_host_that_was_stopped_past_the_ttl_loses_its_runs_and_begins_again(pair):
    first, second = pair.hosts
    run = begun(first)
    before = owner(pair, run)
    first.freeze()
    until(lambda: owner(pair, run) != before, RUN_S, "the other host has the run")
    first.thaw()
    assert second.wait(run)["status"] == "completed"
    until(first.takes_work, RUN_S, "it begins again")
    assert first.complete("ten")["status"] == "completed"
    check(pair, run)


@pytest.mark.slow
def test_a_drained_host_hands_its_runs_to_the_other_one(pair):
    first, second = pair.hosts
    run = begun(first)
    began = time.monotonic()
    assert first.end(signal.SIGTERM) == 0
    trace = second.wait(run)
    assert trace["status"] == "completed" and time.monotonic() - began < RUN_S
    check(pair, run)


@pytest.mark.slow
def test_a_stream_client_goes_from_host_to_host_and_misses_nothing(pair):
    first, second = pair.hosts
    with Lines(second, "after=0") as lines:
        run = first.run("ten")
        seen = told(lines, "run.completed")
    again = first.run("ten")
    with Lines(second, f"after={seen[-1][0]}") as lines:
        seen += told(lines, "run.completed")
    with Lines(first, "after=0") as lines:
        assert told(lines, "run.completed") + told(lines, "run.completed") == seen
    check(pair, run, again)


@pytest.mark.slow
def test_a_host_that_is_asked_to_cancel_anothers_run_reaches_its_owner(pair):
    first, second = pair.hosts
    run = begun(first)
    assert second.http("POST", f"/runs/{run}:cancel").status == 202
    assert second.wait(run)["status"] == "cancelled"
    check(pair, run)
