"""Several hosts on one database: a run has one host at a time, and any host is asked about it.

Rooms: host/engine/control, host/engine, host/daemon, host/store, host/store/postgres.
"""
import concurrent.futures
import contextlib
import json
import signal
import threading
import time

import pytest

from host import FINAL, RUN_S, START_S, chain, descendants, until

TTL_S = 3


@pytest.fixture
def pair(make_field):
    return make_field(count=2, ttl_s=TTL_S)


def ended(host, run_id, seconds=RUN_S):
    def look():
        answer = host.http("GET", f"/runs/{run_id}")
        return answer.json if answer.status == 200 and answer.json["status"] in FINAL else None
    return until(look, seconds, f"end of run {run_id}")


def successes(field, run_id):
    """{node: attempts that ended well}."""
    rows = field.rows("SELECT node_id, count(*) FILTER (WHERE outcome = 'ok') AS ok FROM orchestrator.node_attempts"
                      f" WHERE execution_id = '{run_id}' GROUP BY node_id")
    return {row["node_id"]: row["ok"] for row in rows}


def each_once(count):
    return {f"n{i:02}": 1 for i in range(count)}


def test_the_runs_of_a_host_that_died_go_on_at_another(pair):
    first, second = pair.hosts
    first.publish(chain("long", 10, {"sleep_s": 0.3}))
    runs = [first.run("long") for _ in range(3)]
    first.wait_node(runs[0], "n01", "completed")
    first.end(signal.SIGKILL)
    for run in runs:
        assert ended(second, run, RUN_S + TTL_S)["status"] == "completed"
        assert successes(pair, run) == each_once(10)


def test_a_host_that_is_told_to_end_hands_its_runs_over_at_once(pair):
    first, second = pair.hosts
    first.publish(chain("long", 10, {"sleep_s": 0.3}))
    runs = [first.run("long") for _ in range(4)]
    first.wait_node(runs[0], "n01", "completed")
    assert first.end(signal.SIGTERM) == 0
    begun = time.monotonic()
    until(lambda: len(second.events("run.recovered")) == 4, RUN_S, "four runs to be taken")
    assert time.monotonic() - begun < TTL_S
    for run in runs:
        assert ended(second, run)["status"] == "completed"
        assert set(successes(pair, run).values()) == {1}


def test_a_cancel_and_a_pause_reach_a_run_through_any_host(pair):
    first, second = pair.hosts
    first.publish(chain("long", 6, {"sleep_s": 0.5}))
    run = first.run("long")
    first.wait_node(run, "n00", "running")
    assert second.http("POST", f"/runs/{run}:pause").status == 202
    until(lambda: second.http("GET", f"/runs/{run}").json["paused"], RUN_S, "the pause")
    time.sleep(1)
    assert first.node(run, "n02")["status"] == "pending"
    assert second.http("POST", f"/runs/{run}:unpause").status == 202
    first.wait_node(run, "n02", "running", "completed")
    assert second.http("POST", f"/runs/{run}:cancel").status == 202
    assert ended(second, run)["status"] == "cancelled"
    assert second.http("POST", f"/runs/{run}:cancel").status == 409
    assert not first.events("host.fatal") and not second.events("host.fatal")


def test_what_only_the_owner_can_answer_is_refused_with_its_name(pair):
    first, second = pair.hosts
    first.publish(chain("slow", 2, {"sleep_s": 3}))
    run = first.run("slow")
    first.wait_node(run, "n00", "running")
    refused = second.http("POST", f"/runs/{run}:resume", expect=409).json
    assert first.settings["listen"] in refused["detail"], refused
    seen = second.http("GET", f"/runs/{run}", expect=200).json
    assert (seen["hostAddress"], seen["waitingFor"]) == (first.settings["listen"], None), seen
    other, = second.http("GET", f"/runs/{run}/why", expect=200).json["reasons"]
    assert other["reason"] == "other_host" and first.settings["listen"] in other["detail"], other
    behind, = first.http("GET", f"/runs/{run}/why", expect=200).json["reasons"]
    assert (behind["reason"], behind["step"], behind["behind"]) == ("waiting_for_dependency", "n01", "n00"), behind
    assert ended(second, run)["status"] == "completed"


def test_a_host_that_stood_still_is_followed_and_begins_again_by_itself(pair):
    first, second = pair.hosts
    first.publish(chain("long", 10, {"sleep_s": 0.4}))
    runs = [first.run("long") for _ in range(3)]
    first.wait_node(runs[0], "n01", "completed")
    pid = first.pid
    first.freeze()
    for run in runs:
        assert ended(second, run, RUN_S + 2 * TTL_S)["status"] == "completed"
        assert successes(pair, run) == each_once(10)
    first.thaw()
    until(lambda: first.events("host.begins_again"), RUN_S, "the host to begin again")
    until(lambda: len(first.events("host.ready")) == 2, RUN_S, "the host to be ready again")
    assert first.process.pid == pid
    assert ended(first, first.run("long"))["status"] == "completed"
    assert first.end(signal.SIGTERM) == 0


class Load:
    """Clients that start runs at one host or the other, and remember what was acknowledged."""

    def __init__(self, hosts, dag_id, clients=4):
        self.hosts, self.dag_id = hosts, dag_id
        self.over, self.runs = threading.Event(), []
        self.pool = concurrent.futures.ThreadPoolExecutor(clients)
        self.clients = [self.pool.submit(self._start_runs, number) for number in range(clients)]

    def _start_runs(self, number):
        while not self.over.is_set():
            try:
                answer = self.hosts[number % len(self.hosts)].http("POST", "/runs", {"dagId": self.dag_id, "inputs": {}})
            except OSError:
                answer = None
            if answer is not None and answer.status == 201:
                self.runs.append(answer.json["runId"])
            else:
                number += 1
                time.sleep(0.05)

    def end(self):
        self.over.set()
        self.pool.shutdown()
        for client in self.clients:
            client.result()
        return self.runs


def fence(field, host):
    name = (host.home / "host-id").read_text().strip()
    field.cluster.sql(f"UPDATE orchestrator.hosts SET fenced = true WHERE host_id = '{name}'", field.database)


def test_a_host_that_was_fenced_begins_again_and_its_runs_go_on(pair):
    first, second = pair.hosts
    first.publish(chain("long", 10, {"sleep_s": 0.3}))
    runs = [first.run("long") for _ in range(3)]
    first.wait_node(runs[0], "n01", "completed")
    pid = first.pid
    fence(pair, first)
    until(lambda: first.events("host.begins_again"), RUN_S, "the host to begin again")
    until(lambda: len(first.events("host.ready")) == 2, RUN_S, f"the host to be ready again\n{first.log_tail()}")
    assert len(first.events("host.fenced")) == 1 and not first.events("host.fatal")
    for run in runs:
        assert ended(second, run)["status"] == "completed"
        assert successes(pair, run) == each_once(10)
    assert ended(first, first.run("long"))["status"] == "completed"
    assert first.pid == pid and first.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_a_host_that_is_followed_again_and_again_ends_with_the_error(make_field):
    field = make_field(count=1, ttl_s=TTL_S)
    host, = field.hosts
    for life in range(7):
        until(lambda: len(host.events("host.ready")) == life + 1, RUN_S, f"life {life}\n{host.log_tail()}")
        host.see()
        fence(field, host)
        try:
            host.http("POST", "/dags/import", {"yaml_content": json.dumps(chain(f"d{life}", 1))})
        except OSError:
            pass
        until(lambda: len(host.events("host.fenced")) == life + 1, RUN_S, f"fence {life}\n{host.log_tail()}")
    assert host.wait_end() == 1
    assert len(host.events("host.begins_again")) == 6 and len(host.events("host.not_again")) == 1


def test_a_host_that_is_told_to_end_between_two_lives_ends_in_order(make_field):
    """It was followed and cannot connect again: none of the two is a fault of its end."""
    field = make_field(count=1, ttl_s=TTL_S)
    host, = field.hosts
    until(lambda: field.rows("SELECT 1 AS pulse FROM pg_stat_activity WHERE application_name LIKE '%:pulse'"
                             f" AND datname = '{field.database}'"), RUN_S, "a connection of the pulse")
    field.cluster.sql(f"ALTER DATABASE {field.database} CONNECTION LIMIT 0")
    fence(field, host)
    until(lambda: host.events("host.not_started") and not descendants(host.pid), RUN_S,
          f"the end of a start in vain\n{host.log_tail()}")
    assert host.end(signal.SIGTERM) == 0, host.log_tail()
    assert host.events("host.begins_again")


@contextlib.contextmanager
def news_without_end(field):
    """Some times a second, so that the last look is over, every host hears that something is free, and that lanes changed."""
    teller = field.cluster.begin("DO $$ BEGIN LOOP PERFORM pg_notify('orchestrator.news', E'free\\nknown lanes');"
                                 " COMMIT; PERFORM pg_sleep(0.15); END LOOP; END $$;", field.database)
    try:
        yield
        assert teller.poll() is None, "nothing was told"
    finally:
        teller.kill()
        teller.communicate()


def test_news_that_a_host_hears_while_it_lets_go_of_its_runs_begin_nothing(pair):
    """What would look is gone by then: the sanitizers' builds say whether it was asked all the same."""
    first = pair.hosts[0]
    first.publish(chain("long", 10, {"sleep_s": 0.3}))
    run = first.run("long")
    first.wait_node(run, "n01", "completed")
    with news_without_end(pair):
        assert first.end(signal.SIGTERM) == 0, first.log_tail()
    assert ended(pair.hosts[1], run)["status"] == "completed"


def test_a_rolling_restart_under_load_loses_and_repeats_nothing(pair):
    pair.hosts[0].publish(chain("ten", 10))
    load = Load(pair.hosts, "ten")
    try:
        for host in pair.hosts:
            before = len(load.runs)
            until(lambda: len(load.runs) >= before + 10, RUN_S, "ten runs")
            assert host.end(signal.SIGTERM) == 0, host.log_tail()
            host.up()
            until(host.is_up, START_S, f"{host.name}\n{host.log_tail()}")
    finally:
        runs = load.end()
    for run in runs:
        assert ended(pair.hosts[0], run)["status"] == "completed"
        assert successes(pair, run) == each_once(10)
