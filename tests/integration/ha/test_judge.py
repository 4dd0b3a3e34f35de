"""The judge of the hosts that share a database finds what it is there for.

A database in which all is well, and copies of it that somebody doctored.

Rooms: tests/integration/ha.
"""
import time

import pytest

from field import Field, rows
from judge import Judge
from workload import Workload

# As the superuser, with the triggers that would refuse it away.
DOCTORED = {
    "lost": ("DELETE FROM dag_executions WHERE execution_id = '{run}'", "acknowledged runs: run {run} is lost"),
    "not ended": ("UPDATE dag_executions SET status = 'running' WHERE execution_id = '{run}'", "run {run} is running"),
    "failed": ("UPDATE dag_executions SET status = 'failed' WHERE execution_id = '{run}'", "run {run} is failed"),
    "another's token": ("UPDATE dag_executions SET run_token = 'x' WHERE execution_id = '{run}'", "it was told of"),
    "two of a token": ("DROP INDEX idx_dag_executions_token; INSERT INTO dag_executions (execution_id, tenant_id,"
                       " dag_id, dag_version, inputs_hash, trace_id, status, run_token) SELECT 'x', tenant_id, dag_id,"
                       " dag_version, inputs_hash, trace_id, status, run_token FROM dag_executions"
                       " WHERE execution_id = '{run}'", "has 2 runs"),
    "two statements": ("INSERT INTO statements (execution_id, tenant_id, chain_hash, envelope, created_at)"
                       " SELECT execution_id, tenant_id, chain_hash, envelope, created_at FROM statements"
                       " WHERE execution_id = '{run}'", "1 ends and 2 statements"),
    "no statement": ("DELETE FROM statements WHERE execution_id = '{run}'", "1 ends and 0 statements"),
    "due still": ("UPDATE dag_executions SET statement_due = true WHERE execution_id = '{run}'", "there, and due"),
    "repeated": ("INSERT INTO node_attempts (execution_id, node_id, attempt, tenant_id, outcome) SELECT execution_id,"
                 " node_id, attempt + 100, tenant_id, outcome FROM node_attempts WHERE execution_id = '{run}'"
                 " AND outcome = 'ok' LIMIT 1", "2 good attempts"),
    "never run": ("DELETE FROM node_attempts WHERE execution_id = '{run}'", "0 good attempts"),
    "no checkpoint": ("DELETE FROM dag_checkpoints WHERE execution_id = '{run}'", "checkpoint False"),
    "a gap": ("DELETE FROM run_events WHERE run_id = '{run}' AND n = 2", "is missing or doubled"),
    "a short chain": ("DELETE FROM run_events WHERE run_id = '{run}' AND n = 2", "is broken at event 3"),
    "other words": ("UPDATE run_events SET payload = replace(payload, '{{', '{{ ') WHERE run_id = '{run}' AND n = 2",
                    "is not what its hash is of"),
    "a doubled cursor": ("UPDATE run_events SET seq = seq - 1 WHERE run_id = '{run}' AND n = 2",
                         "is missing or doubled"),
    "a head that is ahead": ("UPDATE event_heads SET last_seq = last_seq + 1", "is missing or doubled"),
    "a host that lives": ("UPDATE hosts SET fenced = false", "is alive in epoch"),
    "an order": ("INSERT INTO run_orders (execution_id, tenant_id, verb) VALUES ('{run}', 'default', 'cancel')",
                 "an order: cancel run {run}"),
    "other events": ("UPDATE run_events SET type = 'run.updated' WHERE run_id = '{run}' AND n = 2", "streams told"),
}


@pytest.fixture(scope="module")
def rest(tmp_path_factory, publisher, cluster):
    """A field's database when it has come to rest, and what its clients were told."""
    field = Field(tmp_path_factory.mktemp("field"), publisher, cluster, "rest", count=1)
    try:
        field.start()
        load = Workload(field, seed=1, starters=3, followers=1)
        time.sleep(2)
        load.stop(60)
        assert not load.breaches
        assert set(field.stop().values()) == {0}
        assert field.left_behind() == []
    finally:
        field.destroy()
    return load


def judged(cluster, load, doctor=""):
    """What it says of the database as the statements leave it, which is never committed."""
    return list(Judge(lambda query: rows(cluster, "rest", query, doctor), load.acknowledged, load.streams).breaches())


def test_a_database_in_which_all_is_well_has_no_breach(cluster, rest):
    assert len(rest.acknowledged) >= 3
    assert judged(cluster, rest) == []


@pytest.mark.parametrize("name", DOCTORED)
def test_what_somebody_doctored_is_found(cluster, rest, name):
    run = next(iter(rest.acknowledged.values()))[0]
    statement, breach = (text.format(run=run) for text in DOCTORED[name])
    found = judged(cluster, rest, "SET LOCAL search_path = orchestrator;"
                                          f" SET LOCAL session_replication_role = replica; {statement};")
    assert any(breach in text for text in found), found


def test_a_follower_that_missed_an_event_is_found(cluster, rest):
    whole = rest.streams[0]
    for told in (whole[:5] + whole[6:], whole[:5] + whole[4:], whole[:-1]):
        found = list(Judge(lambda query: rows(cluster, "rest", query), rest.acknowledged, [told]).breaches())
        assert len(found) == 1 and "follower 0" in found[0], found
