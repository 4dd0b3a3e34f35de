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
