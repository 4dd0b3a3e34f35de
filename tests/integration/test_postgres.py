"""A host on PostgreSQL does what one on a file does, and goes on where the server ends connections or dies.

Rooms: host/store/postgres, host/store, host/daemon.
"""
import concurrent.futures
import json
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest
from host import BIN, ROOT, RUN_S, START_S, chain, descendants, orch, is_problem, until

EMISSIONS = ROOT / "plugins" / "emissions"


@pytest.fixture
def database(cluster, request):
    """The name of a migrated database and its owner's URL."""
    name = request.node.name[:60]
    url = cluster.make_database(name)
    subprocess.run([BIN / "orchd", "migrate", "up", "--store", url], check=True, capture_output=True, timeout=120)
    return name, url


def test_a_chain_is_run_and_its_records_verify(make_host, cluster, database):
    host = make_host(store=database[1])
    host.publish(chain("five", 5))
    run = host.complete("five")
    assert run["status"] == "completed", run
    records = host.http("GET", f"/executions/{run['execution_id']}/provenance", expect=200).json
    assert records["chain_valid"] is True and records["node_count"] == 5
    counted = cluster.sql("SELECT count(*), max(seq) - min(seq) + 1 FROM orchestrator.run_events"
                          " WHERE tenant_id = 'default'", database[0])
    assert len(set(counted.split("|"))) == 1, counted
    assert host.stop() == 0


def test_connections_that_the_server_ends_are_made_anew(make_host, cluster, database):
    host = make_host(store=database[1])
    host.publish(chain("three", 3))
    for _ in range(3):
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    f" WHERE application_name LIKE 'orchestrator:%' AND datname = '{database[0]}'")
        assert host.complete("three")["status"] == "completed"


def test_a_server_that_is_away_is_waited_for(make_host, cluster, database):
    host = make_host(store=database[1])
    host.publish(chain("twenty", 20, {"sleep_s": 0.2}))
    run_id = host.run("twenty")
    cluster.halt(signal.SIGKILL)
    time.sleep(2)
    assert host.process.poll() is None
    assert host.http("GET", f"/runs/{run_id}").status == 503
    assert host.http("GET", "/readyz", root=True, token="").status == 503
    assert host.http("POST", "/runs", {"dagId": "twenty", "inputs": {}}).status == 503
    host.http("GET", "/livez", root=True, token="", expect=200)
    why = host.http("GET", f"/runs/{run_id}/why", expect=200).json  # of the host's own memory
    assert (why["status"], why["reasons"][0]["reason"]) == ("running", "database_away"), why
    cluster.resume()
    until(lambda: host.http("GET", f"/runs/{run_id}").status == 200, 60, "the database")
    assert host.wait(run_id)["status"] == "completed"


def test_a_database_that_is_away_is_told_at_once(make_host, cluster, database):
    """Also to who comes first, and in words of our own."""
    host = make_host(store=database[1])
    host.publish(chain("one", 1))
    assert host.complete("one")["status"] == "completed"
    cluster.halt(signal.SIGKILL)
    try:
        readiness = until(lambda: refused(host, "GET", "/readyz", root=True, token=""), 30, "readiness")
        assert b"the database is away" in readiness.text
        for method, path, body in (("POST", "/runs", {"dagId": "one", "inputs": {}}), ("GET", "/runs", None),
                                   ("GET", "/executions/nobody", None), ("DELETE", "/dags/one", None),
                                   ("POST", "/runs/none:cancel", None), ("GET", "/ledger/head", None)):
            began = time.monotonic()
            problem = host.http(method, path, body)
            doc = is_problem(problem, 503, "UNAVAILABLE")
            assert doc["detail"].endswith("the database is away: ask again") and doc["retryable"], doc
            assert int(problem.headers["Retry-After"]) >= 1
            assert time.monotonic() - began < 5, (method, path)
        host.http("GET", "/livez", root=True, token="", expect=200)
        until(lambda: host.events("store.away"), 30, "a line in the log")
        assert all(e["error"] for e in host.events("store.away")), host.events("store.away")
    finally:
        cluster.resume()
    until(lambda: host.http("GET", "/readyz", root=True, token="").status == 200, 60, "readiness")
    assert host.complete("one")["status"] == "completed"
    until(lambda: host.events("store.back"), 30, "a line in the log")


def refused(host, *what, **how):
    answer = host.http(*what, **how)
    return answer if answer.status == 503 else None


def test_the_contracts_names_choose_the_store_and_no_password_is_shown(make_host, cluster, database):
    name, url = database
    secret = url.replace("keeper@", "keeper:s3cr3t-%2F@")
    host = make_host(start=False, store_readers=3)
    host.environment = {"DATABASE_URL": secret, "GL_ORCHESTRATOR_DB_POOL_MIN": "2"}
    host.start()
    host.publish(chain("one", 1))
    assert host.complete("one")["status"] == "completed"
    assert not (host.home / "orch.db").exists()
    names = cluster.sql("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()"
                        " AND application_name LIKE '%orchestrator%'", name).split("\n")
    assert all(re.fullmatch(f"orchestrator:{re.escape(socket.gethostname())}:[a-z]+", one) for one in names), names
    assert len([one for one in names if one.endswith(":reader")]) == 3 + 3, names  # those of the engine and of starts
    shown = [b"".join(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                       for pid in [host.pid, *descendants(host.pid)]),
             host.log_text().encode(), host.cli("doctor", expect=None, DATABASE_URL=secret).stdout.encode(),
             orch(host.home, "config", DATABASE_URL=secret).stdout.encode()]
    cluster.halt(signal.SIGKILL)
    try:
        until(lambda: refused(host, "GET", "/readyz", root=True, token=""), 30, "readiness")
        shown += [host.http("GET", "/runs").text, host.http("GET", "/healthz?verbose", root=True, token="").text]
        shown += [host.cli("doctor", expect=None, DATABASE_URL=secret).stdout.encode(), host.log_text().encode()]
    finally:
        cluster.resume()
    for text in shown:
        assert text and b"s3cr3t" not in text, text
    for bad in (secret.replace("%2F", "/"), "postgresql://keeper:s3cr3t@x@localhost/db", "postgresql://u:s3cr3t%zz@h/d"):
        failed = orch(host.home, "migrate", "status", name="orchd", expect=None, ORCH_STORE=bad)
        assert failed.returncode != 0 and "s3cr3t" not in failed.stdout + failed.stderr, failed
    typed = orch(host.home, "migrate", "status", "--store", secret, name="orchd", expect=2)
    assert "PGPASSFILE" in typed.stderr and "s3cr3t" not in typed.stderr


def test_doctor_tells_of_the_store(make_host, database, cluster):
    host = make_host(store=database[1])
    rows = {row["check"]: row for row in doctor(host, ORCH_STORE=database[1])}
    assert rows["store"]["verdict"] == "ok" and "PostgreSQL 15" in rows["store"]["detail"]
    assert "sslmode" in rows["store"]["detail"]
    assert rows["store schema"]["verdict"] == "ok" and rows["store role"]["verdict"] == "ok"
    rows = {row["check"]: row for row in doctor(host, ORCH_STORE=cluster.url(database[0]))}
    assert rows["store role"]["verdict"] == "warn" and "superuser" in rows["store role"]["detail"]
    rows = {row["check"]: row for row in doctor(host, ORCH_STORE=cluster.url())}
    assert rows["store schema"]["verdict"] == "fail" and "orchd migrate up" in rows["store schema"]["detail"]
    assert "SQLite" in {row["check"]: row for row in doctor(host)}["store"]["detail"]


def doctor(host, **environment):
    return json.loads(host.cli("doctor", "--output", "json", expect=None, **environment).stdout)


def test_a_host_that_was_killed_goes_on_with_what_it_had_begun(make_host, database):
    host = make_host(store=database[1])
    host.publish(chain("long", 10, {"sleep_s": 0.1}))
    run_id = host.run("long")
    host.wait_node(run_id, "n03", "completed")
    host.kill9()
    host.start()
    assert host.wait(run_id)["status"] == "completed"


def test_the_main_jobs_evidence_holds_without_a_host(make_host, database):
    host = make_host(store=database[1], plugins=("emissions",))
    host.publish((EMISSIONS / "emissions.yaml").read_text())
    run = host.complete("emissions", {"csv": (EMISSIONS / "examples" / "facility.csv").read_text()})["execution_id"]
    host.provenance(run)
    envelope, ledger = host.home / "run.intoto.jsonl", host.home / "ledger.ndjson"
    envelope.write_text(host.cli("run", "provenance", run).stdout)
    host.cli("ledger", "export", "--out", ledger)
    orch(host.home, "verify", envelope, ledger)
    assert not (host.home / "orch.db").exists()
    assert host.stop() == 0


def started(host, dag_id):
    """The run, also where a connection is ended in each try of the host: it then says to come again."""
    def answered():
        answer = host.http("POST", "/runs", {"dagId": dag_id, "inputs": {}})
        assert answer.status in (201, 503), answer.text
        return answer.json.get("runId")
    return until(answered, RUN_S, f"a run of {dag_id}")


def test_connections_that_an_operator_ends_under_load_cost_no_run(make_host, cluster, database):
    host = make_host(store=database[1])
    host.publish(chain("line", 10))
    ended = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(started, host, "line") for _ in range(12)]
        for _ in range(6):
            ended += int(cluster.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                                     f" WHERE application_name LIKE 'orchestrator:%' AND datname = '{database[0]}'"))
    assert ended > 0
    for run in runs:
        until(lambda: host.http("GET", f"/runs/{run.result()}").status == 200, RUN_S, "a connection")
        assert host.wait(run.result())["status"] == "completed"


def test_a_store_that_was_not_migrated_is_refused_with_what_to_type(make_host, cluster):
    host = make_host(start=False, store=cluster.make_database("bare"))
    host.launch()
    assert host.process.wait(START_S) == 1
    assert "orchd migrate up" in host.log_text()
