"""Where a Redis is named, running runs have their locks in it; without it, and without the process that speaks to it, runs go on.

A real redis-server; the bridge killed, hung and cut off.

Rooms: host/bridge/client, host/bridge/server, host/bridge/redis, host/bridge/wire, host/daemon, sandbox/supervisor.
"""
import os
import signal

import pytest

from host import RUN_S, child_named, dag, title, until
from redis_server import Redis

LOCK = "gl:orchestrator:lock:"


@pytest.fixture
def redis(tmp_path):
    server = Redis(tmp_path)
    yield server
    server.stop()


def sleeper(seconds):
    return dag(f"sleeps-{seconds}", {"a": {"config": {"sleep_s": seconds}}})


def begin(own, seconds):
    own.publish(sleeper(seconds))
    run = own.run(f"sleeps-{seconds}")
    own.wait_node(run, "a", "running")
    return run


def degraded(own):
    return own.http("GET", "/readyz", root=True, token="", expect=200).json.get("degraded", [])


def bridge(own):
    return child_named(own, "orch-bridge")


def test_a_run_has_its_lock_in_redis_for_as_long_as_it_runs(make_host, redis):
    own = make_host(redis_url=redis.url)
    until(lambda: own.events("redis.connected"), RUN_S, "the bridge is connected")
    run = begin(own, 2)
    until(lambda: 0 < redis.ask("PTTL", LOCK + run) <= 30000, RUN_S, "the lock with its time")
    own.wait(run)
    until(lambda: redis.ask("KEYS", LOCK + "*") == [], RUN_S, "no lock is left")
    # An operator who takes a lock away stops nothing.
    run = begin(own, 3)
    until(lambda: redis.ask("DEL", LOCK + run) == 1, RUN_S, "the lock was there")
    assert own.wait(run)["status"] == "completed"


def test_another_bridge_takes_the_place_of_one_that_was_killed(make_host, redis):
    own = make_host(redis_url=redis.url)
    first = until(lambda: bridge(own), RUN_S, "the bridge")
    run = begin(own, 3)
    until(lambda: redis.ask("EXISTS", LOCK + run), RUN_S, "the lock")
    os.kill(first, signal.SIGKILL)
    redis.ask("FLUSHALL")
    until(lambda: bridge(own) not in (None, first), RUN_S, "another bridge")
    until(lambda: redis.ask("EXISTS", LOCK + run), RUN_S, "the lock again")
    assert own.wait(run)["status"] == "completed"
    assert own.events("bridge.ended") and own.process.poll() is None


def test_without_redis_runs_go_on_and_health_says_what_is_away(make_host, redis):
    own = make_host(redis_url=redis.url, redis_backoff_max_ms=200)
    until(lambda: not degraded(own), RUN_S, "all is well")
    run = begin(own, 1)
    redis.stop()
    assert own.wait(run)["status"] == "completed"
    said = until(lambda: degraded(own), RUN_S, "health says so")
    assert len(said) == 1 and said[0].startswith("redis is not there: "), said
    own.complete("sleeps-1")
    run = begin(own, 3)
    redis.start()
    until(lambda: redis.ask("EXISTS", LOCK + run), RUN_S, "the lock of a run that began meanwhile")
    until(lambda: not degraded(own), RUN_S, "all is well again")
    assert own.wait(run)["status"] == "completed"


@pytest.mark.slow
def test_a_bridge_that_hangs_is_replaced(make_host, redis):
    own = make_host(redis_url=redis.url)
    first = until(lambda: own.events("redis.connected") and bridge(own), RUN_S, "the bridge")
    os.kill(first, signal.SIGSTOP)
    run = begin(own, 14)  # a host that is busy asks each second
    until(lambda: bridge(own) not in (None, first), RUN_S, "another bridge")
    assert own.events("bridge.silent")
    assert own.wait(run)["status"] == "completed"


def test_a_host_that_is_told_of_no_redis_has_no_bridge(host):
    assert title(host.pid) and child_named(host, "orch-supervisor") and bridge(host) is None


STUB = {"agent_id": "conformance.stub", "config": {"echo_input": True}, "retry_policy": {"max_retries": 0, "jitter": False}, "backend": "redis"}


def lane(own, **more):
    assert own.http("PUT", "/lanes/ml", dict(STUB, **more), expect=200).json["backend"] == "redis"


def task(own, task_id, *status):
    def look():
        got = own.http("GET", f"/tasks/{task_id}")
        return got.json if got.status == 200 and got.json["status"] in status else None

    return until(look, RUN_S, f"task {task_id} is {status}")


def test_tasks_of_a_lane_are_entries_of_its_streams_until_they_are_over(make_host, redis):
    own = make_host(redis_url=redis.url, lane_orphan_sweep_ms=200, lane_orphan_idle_ms=1000, redis_block_ms=50)
    express, group = "mcp:queue:ml:express", "mcp_express_ml"
    lane(own, config={"echo_input": True, "sleep_s": 1})
    own.http("POST", "/tasks", {"lane": "ml", "payload": {"a": 1}, "priority": 15, "task_id": "ours"}, expect=202)
    pending = until(lambda: redis.ask("XPENDING", express, group, "-", "+", "9"), RUN_S, "it runs")
    assert pending[0][1] == "express_ml_0" == task(own, "ours", "running")["worker"]
    # A stranger's, twice; one that is no task; and one that somebody took and left.
    lane(own)
    for payload in ('{"b":2}', '{"b":2}', "[]"):
        redis.ask("XADD", express, "*", "task_id", "theirs", "payload", payload)
    assert task(own, "theirs", "completed")["result"] == {"in": {"b": 2}}
    task(own, "ours", "completed")
    until(lambda: redis.ask("XLEN", express) == 0, RUN_S, "all is acknowledged")
    dead = redis.ask("XRANGE", "mcp:queue:dlq", "-", "+")
    assert len(dead) == 1 and "no object" in " ".join(dead[0][1]), dead
    own.http("POST", "/lanes/ml:pause", expect=200)
    redis.ask("XADD", express, "*", "task_id", "left", "payload", "{}")
    until(lambda: redis.ask("XREADGROUP", "GROUP", group, "somebody", "COUNT", "1", "STREAMS", express, ">"), RUN_S, "he took it")
    own.http("POST", "/lanes/ml:resume", expect=200)
    task(own, "left", "completed")
    assert own.events("lane.orphan_claimed")


def test_what_redis_forgets_and_a_host_that_dies_lose_no_task(make_host, redis):
    own = make_host(redis_url=redis.url, lane_orphan_sweep_ms=200, lane_orphan_idle_ms=1000, redis_block_ms=50, redis_backoff_max_ms=200,
                    redis_timeout_ms=500)
    lane(own, config={"sleep_s": 0.3}, slots=1)
    ids = [f"t{i}" for i in range(4)]
    until(lambda: redis.ask("EXISTS", "mcp:queue:ml"), RUN_S, "the stream")
    for i in ids:
        own.http("POST", "/tasks", {"lane": "ml", "payload": {}, "task_id": i}, expect=202)
    task(own, "t0", "running", "completed")
    redis.stop()  # it keeps nothing
    gone = until(lambda: (lambda a: a if a.status == 503 else None)(own.http("POST", "/tasks", {"lane": "ml", "payload": {}})), RUN_S, "503")
    assert gone.json["code"] == "BACKEND_DOWN" and int(gone.headers["Retry-After"]) > 0
    assert own.http("GET", "/healthz?verbose", root=True, token="").json["checks"]["redis"]["status"] == "fail"
    own.kill9()
    own.start()
    redis.start()
    for i in ids:
        task(own, i, "completed")
    until(lambda: redis.ask("XLEN", "mcp:queue:ml") == 0, RUN_S, "all is acknowledged")
