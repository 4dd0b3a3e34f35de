"""What one host commits reaches the clients of the others, in order, once, and soon.

Rooms: host/store/postgres, host/store, host/api/stream, host/daemon.
"""
import asyncio
import threading
import time

import pytest
from host import chain, claims_of, dag, until
from stream import Lines, ws_messages, ws_open

SOON_S = 1
LOOK_S = 10  # a look without news, on a machine that does much else


@pytest.fixture
def two(make_field):
    field = make_field(count=2)
    return field, field.hosts[0], field.hosts[1]


def run_of(lines, run_id):
    """The run's events up to its end."""
    seen = []
    for event in lines.events():
        if event.get("runId") == run_id:
            seen.append(event)
            if event["type"] == "run.completed":
                return seen
    raise AssertionError(f"the stream ended: {seen}")


def strip(events):
    return [(e["seq"], e["type"], e["status"], e.get("stepId"), e["timestamp"]) for e in events]


def end_heralds(field):
    field.cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                      f" application_name LIKE 'orchestrator:%:herald' AND datname = '{field.database}'")


def test_a_run_of_one_host_is_streamed_by_the_other(two):
    _, a, b = two
    a.publish(chain("ten", 10))
    with Lines(a) as own, Lines(b) as lines, Lines(b, Accept="text/event-stream") as sse:
        for each in (own, lines, sse):
            each.line()
        run_id = a.run("ten")
        told = strip(run_of(own, run_id))
        assert strip(run_of(lines, run_id)) == told
        text = [sse.line() for _ in range(3 * len(told) + 2)]
        ids = [int(line[4:]) for line in text if line.startswith(b"id: ")]
        assert [seq for seq, *_ in told] == [i for i in ids if i >= told[0][0]]

    async def follow():
        async with ws_open(b, f"runId={run_id}&after=0") as ws:
            return [m for m in await ws_messages(ws, "run.completed") if "seq" in m]
    assert strip(asyncio.run(follow())) == told


def test_a_lane_that_one_host_sets_holds_on_the_other(two):
    _, a, b = two
    b.publish(dag("held", {"a": {"lane": "ml"}}))
    a.http("PUT", "/lanes/ml", {"slots": 7, "paused": True}, expect=200)
    until(lambda: b.http("GET", "/lanes/ml", expect=200).json["version"] == 1, LOOK_S, "the news of the lane")
    run = b.run("held")
    until(lambda: "paused" in (b.http("GET", f"/runs/{run}", expect=200).json["waitingFor"] or ""), LOOK_S, "the wait")
    b.cli("lane", "resume", "ml")
    assert b.wait(run)["status"] == "completed"
    until(lambda: a.http("GET", "/lanes/ml", expect=200).json["version"] == 2, LOOK_S, "the news of the other's")
    shown = a.http("GET", "/lanes/ml", expect=200).json
    assert (shown["slots"], shown["paused"]) == (7, False)


def test_runs_of_both_hosts_come_in_one_order_without_a_gap(two):
    _, a, b = two
    a.publish(chain("five", 5))
    with Lines(a) as at_a, Lines(b) as at_b:
        at_a.line(), at_b.line()
        runs = [host.run("five") for _ in range(10) for host in (a, b)]
        seen = []
        for lines in (at_a, at_b):
            left, events = set(runs), []
            for event in lines.events():
                events.append(event["seq"])
                if event["type"] == "run.completed":
                    left.discard(event["runId"])
                if not left:
                    break
            assert events == sorted(set(events))
            seen.append(events)
        first = max(events[0] for events in seen)
        last = min(events[-1] for events in seen)
        both = [[seq for seq in events if first <= seq <= last] for events in seen]
        assert both[0] == both[1]


def test_a_client_that_goes_on_at_the_other_host_misses_nothing(two):
    _, a, b = two
    a.publish(chain("slow", 8, {"sleep_s": 0.06}))
    run_id = a.run("slow")
    cursor, seen, host = 0, [], a
    while not seen or seen[-1]["type"] != "run.completed":
        with Lines(host, f"runId={run_id}&after={cursor}") as lines:
            for event in lines.events():
                seen.append(event)
                cursor = event["seq"]
                if len(seen) % 4 == 0 or event["type"] == "run.completed":
                    break
        host = b if host is a else a
    with Lines(a, f"runId={run_id}&after=0") as lines:
        assert strip(seen) == strip(run_of(lines, run_id))


def revoke_at(host, token):
    host.http("POST", f"/admin/tokens/{claims_of(token)['jti']}:revoke", expect=200, X_Stella_Reason="lost")
    return time.monotonic()


def is_refused(host, token):
    return host.http("GET", "/runs", token=token).status == 401


def test_a_token_that_one_host_takes_back_opens_nothing_at_the_other(two):
    _, a, b = two
    token = a.mint("orch:read")
    for host in two[1:]:
        host.http("GET", "/runs", token=token, expect=200)
    with Lines(b, token=token) as lines:
        lines.line()
        began = revoke_at(a, token)
        until(lambda: is_refused(b, token), LOOK_S, "the refusal")
        took = time.monotonic() - began
        last = list(lines.messages())[-1]
        assert last["code"] == "TOKEN_INVALID"
    assert took < SOON_S
    other = b.mint("orch:read")
    a.http("GET", "/runs", token=other, expect=200)
    revoke_at(a, other)
    until(lambda: is_refused(b, other), LOOK_S, "the refusal by a host that never saw it")


def test_a_token_whose_first_use_is_not_durable_yet_can_be_taken_back(two):
    field, a, _ = two
    token = a.mint("orch:read")
    with field.cluster.locked(field.database, "orchestrator.run_events"):
        a.http("GET", "/runs", token=token, expect=200)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(
            a.http("POST", f"/admin/tokens/{claims_of(token)['jti']}:revoke", X_Stella_Reason="lost")))
        asking.start()
        asking.join(1)
    asking.join()
    assert [answer.status for answer in answers] == [200]
    assert is_refused(a, token)


def test_a_definition_that_one_host_disables_starts_nothing_at_the_other(two):
    _, a, b = two
    a.publish(chain("once", 1) | {"version": "1.0.0"})
    assert b.complete("once")["status"] == "completed"
    a.http("POST", "/dags/once/1.0.0:disable", expect=200)
    assert b.http("POST", "/runs", {"dagId": "once", "version": "1.0.0", "inputs": {}}).status == 409


def test_a_host_that_hears_nothing_still_looks(two):
    field, a, b = two
    a.publish(chain("three", 3))
    token = a.mint("orch:read")
    b.http("GET", "/runs", token=token, expect=200)
    over = threading.Event()

    def deafen():
        while not over.wait(0.02):
            end_heralds(field)
    ending = threading.Thread(target=deafen)
    ending.start()
    try:
        with Lines(b, seconds=LOOK_S) as lines:
            lines.line()
            for _ in range(3):
                run_id = a.run("three")
                assert len(run_of(lines, run_id)) > 3
        revoke_at(a, token)
        until(lambda: is_refused(b, token), LOOK_S, "the refusal")
    finally:
        over.set()
        ending.join()
    with Lines(b) as lines:
        lines.line()
        run_of(lines, a.run("three"))
