"""What an operator types into the database of a live host is honoured, and what does not fit is named.

The lines are those of contract/greenlang.md 11.2, typed as orchestrator_operator or, where they are the
owner's, as who migrates. There is no Redis (11.3): a lock of a dead holder is an opening that is not alive.

Rooms: host/store/postgres, host/engine/control, host/engine/runs.
"""
import json
import subprocess
import threading
import time

import pytest
from cluster import SqlFailed
from host import BIN, RUN_S, Host, chain, dag, is_problem, until

WORDS = "Checkpoint corruption detected - re-execution required"
NO_RETRY = {"max_retries": 0}


def database(cluster, name):
    url = cluster.make_database(name)
    subprocess.run([BIN / "orchd", "migrate", "up", "--store", url], check=True, capture_output=True, timeout=120)
    cluster.sql("ALTER ROLE orchestrator_operator LOGIN")
    return url


class Hand:
    """An operator's psql."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name

    def types(self, text, role="orchestrator_operator"):
        return self.cluster.sql(text, self.name, role)

    def status(self, run):
        return self.types(f"SELECT status FROM dag_executions WHERE execution_id = '{run}'")

    def sets(self, run, status, error=None):
        words = f", error = '{error}'" if error else ""
        return self.types(f"UPDATE dag_executions SET status = '{status}'{words} WHERE execution_id = '{run}'")

    def as_owner(self, text):
        return self.types(f"SET app.is_admin = 'true'; {text}", "keeper")


@pytest.fixture(scope="module")
def host(cluster, publisher, tmp_path_factory):
    shared = Host(tmp_path_factory.mktemp("home"), publisher, store=database(cluster, "outside")).start()
    yield shared
    shared.destroy()


@pytest.fixture
def hand(cluster, host):
    return Hand(cluster, "outside")


@pytest.fixture
def own(cluster, make_host, request):
    """A host of the test's own, of one run at a time, and the hand in its database."""
    name = request.node.name[:60]
    return make_host(store=database(cluster, name), runs_active_max=1), Hand(cluster, name)


def publish(host, definition):
    answer = host.http("POST", "/dags/import", {"yaml_content": json.dumps(definition)})
    assert answer.status in (200, 201), answer.text


def failed_run(host):
    """One whose node a completed and whose node b failed once."""
    publish(host, dag("once", {"a": ([], {"return": {"v": 1}}),
                                "b": {"depends_on": ["a"], "config": {"fail_times": 1}, "retry_policy": NO_RETRY}}))
    run = host.run("once")
    assert host.wait(run)["status"] == "failed"
    return run


def sleeping_run(host, dag_id="slow"):
    publish(host, dag(dag_id, {"a": ([], {"sleep_s": 3600})}))
    run = host.run(dag_id)
    host.wait_node(run, "a", "running")
    return run


# ---- what is typed to look ----

def test_every_line_that_looks_finds_something(host, hand):
    run = failed_run(host)
    assert hand.types(f"SELECT count(*) FROM dag_checkpoints WHERE execution_id = '{run}'") == "1"
    assert hand.types("SELECT count(*) FROM dag_checkpoints WHERE output_hash IS NULL AND status = 'completed'") == "0"
    assert int(hand.types("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%orchestrator%'")) > 2
    for look in ("SELECT 1", "SELECT pg_database_size(current_database())",
                 "SELECT pg_total_relation_size('dag_checkpoints'), pg_total_relation_size('execution_provenance')",
                 "SELECT l.pid, l.mode FROM pg_locks AS l WHERE l.relation = 'dag_checkpoints'::regclass"
                 " OR l.relation = 'execution_provenance'::regclass",
                 "SELECT execution_id, count(*) FROM dag_checkpoints GROUP BY execution_id",
                 "SELECT count(*) FILTER (WHERE state = 'active'), count(*) FILTER (WHERE wait_event_type = 'Lock')"
                 " FROM pg_stat_activity WHERE application_name LIKE '%orchestrator%'",
                 "SELECT pid, now() - query_start FROM pg_stat_activity WHERE query LIKE '%dag_%' ORDER BY 2 DESC"):
        hand.types(look)
    hand.types("REINDEX TABLE dag_checkpoints; REINDEX TABLE execution_provenance; REINDEX TABLE node_traces;"
               " ANALYZE dag_checkpoints; ANALYZE execution_provenance; ANALYZE node_traces; ANALYZE dag_executions",
               "keeper")
    host.http("POST", f"/executions/{run}/resume", expect=202)
    assert host.wait(run)["status"] == "completed"


# ---- deleted rows ----

def test_a_run_whose_checkpoints_were_deleted_runs_from_scratch(host, hand):
    run = failed_run(host)
    hand.types(f"DELETE FROM dag_checkpoints WHERE execution_id = '{run}';"
               f" DELETE FROM execution_provenance WHERE execution_id = '{run}'")
    answer = host.http("POST", f"/executions/{run}/resume", expect=202).json
    assert answer["nodes_skipped"] == []
    trace = host.wait(run)
    assert trace["status"] == "completed" and trace["node_traces"]["a"]["attempt_count"] == 2
    assert host.http("GET", f"/executions/{run}/provenance", expect=200).json["chain_valid"] is True


def test_rows_of_a_running_run_may_vanish(host, hand):
    publish(host, chain("long", 12, {"sleep_s": 0.1}))
    run = host.run("long")
    host.wait_node(run, "n03", "completed")
    hand.types(f"DELETE FROM dag_checkpoints WHERE execution_id = '{run}'")
    assert host.wait(run)["status"] == "completed"
    hand.types("DELETE FROM dag_checkpoints WHERE created_at < now() - interval '30 days' AND execution_id IN"
               " (SELECT execution_id FROM dag_executions WHERE status IN ('completed', 'failed', 'cancelled'))")


# ---- edited status ----

def test_a_running_run_that_is_set_to_cancelled_stops(host, hand):
    run = sleeping_run(host)
    hand.sets(run, "cancelled")
    assert host.wait(run)["status"] == "cancelled"
    until(lambda: hand.status(run) == "cancelled", RUN_S, "the row")
    said = hand.types(f"SELECT payload FROM run_events WHERE run_id = '{run}' AND payload LIKE '%database:%'")
    assert "database:orchestrator_operator" in said and "status set to cancelled" in said
    assert hand.types(f"SELECT ended_as FROM outside_edits WHERE execution_id = '{run}'") == "cancelled"
    assert hand.types(f"SELECT count(*) FROM run_orders WHERE execution_id = '{run}'") == "0"


def test_a_running_run_that_is_set_to_failed_stops_with_the_operators_words(host, hand):
    run = sleeping_run(host)
    hand.sets(run, "failed", WORDS)
    assert host.wait(run)["status"] == "failed"
    assert host.trace(run)["error"] == WORDS
    # The ledger says what became of it, the row what was said of it.
    assert hand.types(f"SELECT ended_as FROM outside_edits WHERE execution_id = '{run}'") == "cancelled"


def test_a_pending_run_that_is_set_to_cancelled_never_starts(own):
    host, hand = own
    first = sleeping_run(host)
    waits = host.run("slow")
    hand.sets(waits, "cancelled")
    assert host.wait(waits)["status"] == "cancelled"
    assert hand.types(f"SELECT count(*) FROM node_attempts WHERE execution_id = '{waits}'") == "0"
    host.http("POST", f"/runs/{first}:cancel")
    host.wait(first)


def test_a_run_is_paused_and_goes_on_by_hand(host, hand):
    run = sleeping_run(host)
    paused = lambda: host.http("GET", f"/runs/{run}", expect=200).json["paused"]
    hand.sets(run, "paused")
    until(paused, RUN_S, "a pause")
    hand.sets(run, "running")
    until(lambda: not paused(), RUN_S, "the end of a pause")
    hand.sets(run, "cancelled")
    assert host.wait(run)["status"] == "cancelled"


def test_what_was_typed_while_no_host_was_there_is_done_by_the_next(own):
    host, hand = own
    run = sleeping_run(host)
    host.kill9()
    hand.sets(run, "failed", WORDS)
    host.start()
    trace = host.wait(run)
    assert (trace["status"], trace["error"]) == ("failed", WORDS)


def test_what_makes_no_sense_is_refused_in_words(host, hand):
    run = sleeping_run(host)
    with pytest.raises(SqlFailed, match="can be set to cancelled, failed or paused"):
        hand.sets(run, "completed")
    host.http("POST", f"/runs/{run}:cancel")
    host.wait(run)
    until(lambda: hand.status(run) == "cancelled", RUN_S, "the row")
    with pytest.raises(SqlFailed, match="has ended"):
        hand.sets(run, "running")
    hand.sets(run, "failed", WORDS)
    assert (host.trace(run)["status"], host.trace(run)["error"]) == ("failed", WORDS)
    with pytest.raises(SqlFailed, match="permission denied"):
        hand.types(f"UPDATE dag_executions SET output_data = '{{}}' WHERE execution_id = '{run}'")
    with pytest.raises(SqlFailed, match="permission denied"):
        hand.types("DELETE FROM outside_edits")


# ---- rows that no longer fit ----

def test_a_checkpoint_that_does_not_fit_its_hash_is_named_and_refused(host, hand):
    run = failed_run(host)
    hand.as_owner(f"UPDATE dag_checkpoints SET outputs = '{{\"v\":2}}' WHERE execution_id = '{run}'")
    answer = host.http("POST", f"/executions/{run}/resume", expect=500)
    line = until(lambda: next((l for l in host.log_text().splitlines()
                               if "checkpoint integrity verification failed" in l), None), RUN_S, "the log line")
    assert "hash mismatch" in line and run in line and answer.json["trace_id"] in line
    host.answers()


@pytest.mark.parametrize("table, column, route", [
    ("node_traces", "input_hash", "/executions/{}/trace"),
    ("execution_provenance", "chain_hash", "/executions/{}/provenance"),
])
def test_a_row_that_none_of_ours_is_is_an_error_that_names_it(host, hand, table, column, route):
    run = failed_run(host)
    hand.as_owner(f"UPDATE {table} SET {column} = 'XYZ' WHERE execution_id = '{run}'")
    answer = host.http("GET", route.format(run))
    assert answer.status in (200, 500), answer.text
    if answer.status == 500:
        is_problem(answer, 500)
        line = next(l for l in host.log_text().splitlines() if answer.json["trace_id"] in l)
        assert run in line and column in line, line
    else:
        assert answer.json["chain_valid"] is False
    host.answers()


def test_an_input_that_does_not_fit_its_hash_is_not_run_on(host, hand):
    run = failed_run(host)
    hand.as_owner(f"UPDATE dag_executions SET input_data = '{{\"x\":2}}' WHERE execution_id = '{run}'")
    answer = host.http("POST", f"/executions/{run}/resume", expect=500)
    line = next(l for l in host.log_text().splitlines() if answer.json["trace_id"] in l)
    assert run in line and "integrity" in line and "inputs_hash" in line, line
    host.answers()


# ---- locks and ended sessions ----

@pytest.mark.parametrize("table", ["dag_executions", "dag_checkpoints", "hosts"])
def test_a_table_that_an_operator_locks_for_seconds_is_waited_for(host, hand, table):
    publish(host, chain("ten", 10, {"sleep_s": 0.02}))
    run = host.run("ten")
    lock = threading.Thread(target=hand.types, args=(
        f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT", "keeper"))
    lock.start()
    time.sleep(0.3)
    host.http("GET", "/livez", root=True, token="", expect=200)
    lock.join()
    assert host.wait(run)["status"] == "completed"
    assert host.complete("ten")["status"] == "completed"


def test_ended_sessions_are_followed_by_others(host, hand, cluster):
    publish(host, chain("ten", 10, {"sleep_s": 0.05}))
    run = host.run("ten")
    for _ in range(5):
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE"
                    f" 'orchestrator:%' AND datname = '{hand.name}'")
        time.sleep(0.2)
    until(lambda: host.http("GET", f"/runs/{run}").status == 200, RUN_S, "a connection")
    assert host.wait(run)["status"] == "completed"
