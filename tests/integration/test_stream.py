"""Every committed event has a cursor; after a lost connection nothing is missing or comes twice.

In its three forms: NDJSON, server-sent events, WebSocket.

Rooms: host/api/stream, host/api/auth, host/store.
"""
import asyncio
import datetime
import json
import threading
import time

import pytest
import websockets

from host import RUN_S, chain, claims_of, until
from stream import SUBPROTOCOL, Lines, follow, ws_messages, ws_open

HEARTBEAT_S = 15  # api.h: stream_heartbeat_s


@pytest.fixture(scope="module", autouse=True)
def published(host):
    host.publish(chain("two", 2, {"return": 1}))


@pytest.fixture
def quiet(host):
    """A client that no event concerns, and when it was opened."""
    with Lines(host, "dagId=nothing-of-this-name", seconds=HEARTBEAT_S + 60) as lines:
        yield lines, time.time()


@pytest.fixture(scope="module")
def run(host):
    return host.complete("two")["execution_id"]


def shape(events):
    return [(e["type"], e["status"], e.get("stepId")) for e in events]


TWO = [("run.started", "running", None), ("step.updated", "running", "n00"), ("step.updated", "completed", "n00"),
       ("step.updated", "running", "n01"), ("step.updated", "completed", "n01"), ("run.completed", "completed", None)]


def test_a_run_is_told_from_its_start_to_its_end_in_order(host, run):
    events = follow(host, 0, "run.completed", run)
    assert shape(events) == TWO
    assert [e["data"]["n"] for e in events] == [1, 2, 3, 4, 5, 6]
    assert [e["seq"] for e in events] == sorted({e["seq"] for e in events})


def test_an_event_has_the_flat_fields_of_the_contract(host, run):
    for event in follow(host, 0, "run.completed", run):
        assert {"type", "seq", "cursor", "tenant", "dagId", "runId", "status", "timestamp", "traceId"} <= set(event)
        assert (event["tenant"], event["dagId"], event["runId"]) == ("default", "two", run)
        assert event["cursor"] == event["seq"] and event["timestamp"].endswith("Z")
        assert ("attempt" in event) == (event["type"] == "step.updated")


def test_hello_comes_first_and_says_where_the_stream_stands(host, run):
    with Lines(host) as lines:
        assert lines.status == 200 and lines.headers["Content-Type"] == "application/x-ndjson"
        hello = next(lines.messages())
    assert hello["type"] == "hello" and hello["cursor"] == hello["cursor_max"] >= 6
    assert hello["heartbeat_s"] == HEARTBEAT_S and hello["tenant"] == "default"


def test_without_a_cursor_only_what_comes_is_told(host, run):
    with Lines(host, "dagId=two") as lines:
        next(lines.messages())
        new = host.run("two")
        assert {e["runId"] for e in lines.until("run.completed")} == {new}


def test_websocket_ndjson_and_sse_tell_the_same(host, run):
    async def by_websocket():
        async with ws_open(host, f"runId={run}&after=0") as ws:
            assert ws.subprotocol == SUBPROTOCOL
            return await ws_messages(ws, "run.completed")

    plain = follow(host, 0, "run.completed", run)
    hello, *events = asyncio.run(by_websocket())
    assert hello["type"] == "hello" and events == plain
    with Lines(host, f"runId={run}&after=0", Accept="text/event-stream") as lines:
        assert lines.headers["Content-Type"] == "text/event-stream"
        text = [lines.line().decode().rstrip() for _ in range(2 + 3 * len(plain))]
    assert [json.loads(t[6:]) for t in text if t.startswith("data: ")][1:] == plain
    assert [int(t[4:]) for t in text if t.startswith("id: ")] == [e["seq"] for e in plain]


def test_each_cursor_resumes_right_behind_it(host, run):
    events = follow(host, 0, "run.completed", run)
    for i, event in enumerate(events[:-1]):
        assert follow(host, event["seq"], "run.completed", run) == events[i + 1:]


def test_sse_resumes_by_the_last_event_id(host, run):
    events = follow(host, 0, "run.completed", run)
    headers = {"Accept": "text/event-stream", "Last_Event_ID": str(events[2]["seq"])}
    with Lines(host, f"runId={run}", **headers) as lines:
        seen = [json.loads(t[6:]) for t in (lines.line() for _ in range(11)) if t.startswith(b"data: ")]
    assert seen[1:] == events[3:]


def test_the_filters_are_by_dag_run_and_status(host, run):
    host.publish(chain("other", 1))
    other = host.complete("other")["execution_id"]
    with Lines(host, "dagId=other&after=0") as lines:
        assert {e["runId"] for e in lines.until("run.completed")} == {other}
    with Lines(host, f"runId={run}&status=completed&after=0") as lines:
        assert shape(lines.until("run.completed")) == [e for e in TWO if e[1] == "completed"]


def test_another_tenant_hears_nothing(host, run):
    other = {"token": host.mint("orchestrator:admin", tenant="other"), "X_Stella_Tenant": "other"}
    host.publish(chain("theirs", 1), **other)
    with Lines(host, "after=0", **other) as lines:
        assert next(lines.messages())["type"] == "hello"
        host.complete("two")
        last = host.run("theirs", **other)
        heard = lines.until("run.completed")
        while heard[-1]["runId"] != last:  # in order: what came before it is here
            heard += lines.until("run.completed")
    assert {e["tenant"] for e in heard} == {"other"}


def test_a_cursor_in_the_future_is_refused_in_every_form(host):
    async def by_websocket():
        async with ws_open(host, "after=999999999") as ws:
            return await ws_messages(ws, "error")

    assert host.http("GET", "/runs/stream?after=999999999", expect=400).code == "CURSOR_IN_FUTURE"
    try:
        assert asyncio.run(by_websocket())[-1]["code"] == "CURSOR_IN_FUTURE"
    except websockets.InvalidStatusCode as e:
        assert e.status_code == 400


@pytest.mark.parametrize("query", ["after=x", "after=-1", "nothing=1", "after=1&after=2", "runId=" + "x" * 200])
def test_a_wrong_query_is_400(host, query):
    host.http("GET", f"/runs/stream?{query}", expect=400)


def refused_status(host, **how):
    async def attempt():
        async with ws_open(host, **how) as ws:
            await ws_messages(ws, "error")
            await ws.recv()
    try:
        asyncio.run(attempt())
    except websockets.InvalidStatusCode as e:
        return e.status_code
    except websockets.ConnectionClosed as e:
        return e.rcvd.code


def test_a_filter_that_nothing_can_pass_is_refused(host):
    for query, status in (("runId=01900000-0000-7000-8000-000000000000", 404), ("status=compleated", 400)):
        with Lines(host, query) as stream:
            assert stream.status == status


def test_an_unknown_subprotocol_is_refused_before_the_upgrade(host):
    assert refused_status(host, subprotocols=["chat"]) == 400


def test_a_websocket_with_a_bad_token_is_refused(host):
    assert refused_status(host, token="a.b.c") in (401, 4401)


def test_a_websocket_of_another_tenant_is_refused(host):
    assert refused_status(host, X_Stella_Tenant="other") in (403, 4403)


def test_a_browser_shows_its_token_in_the_first_message(host, run):
    async def talk():
        async with ws_open(host, f"runId={run}&after=0", token="") as ws:
            await ws.send(json.dumps({"type": "auth", "token": host.token}))
            return await ws_messages(ws, "run.completed")

    assert shape(asyncio.run(talk())[1:]) == TWO


@pytest.mark.parametrize("first", ['{"type":"auth","token":"x"}', '{"type":"hi"}', "garbage", "x" * 100_000, "[]"])
def test_a_wrong_first_message_ends_the_connection(host, first):
    async def talk():
        async with ws_open(host, token="") as ws:
            await ws.send(first)
            while True:
                await asyncio.wait_for(ws.recv(), 60)

    with pytest.raises(websockets.ConnectionClosed) as closed:
        asyncio.run(talk())
    assert closed.value.rcvd.code in (4400, 4401, 1009)
    host.answers()


def test_a_ticket_opens_one_websocket_and_no_second(host, run):
    async def with_ticket(ticket):
        protocols = [SUBPROTOCOL, f"orch.ticket.{ticket}"]
        async with ws_open(host, f"runId={run}&after=0", token="", subprotocols=protocols) as ws:
            return await ws_messages(ws, "run.completed")

    ticket = host.http("POST", "/ws-tickets", expect=201).json["ticket"]
    assert shape(asyncio.run(with_ticket(ticket))[1:]) == TWO
    with pytest.raises((websockets.InvalidStatusCode, websockets.ConnectionClosed)):
        asyncio.run(with_ticket(ticket))


async def revoked_while_followed(host, token):
    """Four streams that one token opened: what each heard, and the close codes of the WebSockets."""
    protocols = [SUBPROTOCOL, "orch.ticket." + host.http("POST", "/ws-tickets", token=token, expect=201).json["ticket"]]
    async with ws_open(host, token=token) as by_bearer, ws_open(host, token="", subprotocols=protocols) as by_ticket:
        with Lines(host, token=token) as plain, Lines(host, token=token, Accept="text/event-stream") as sse:
            before = host.complete("two")["execution_id"]
            host.cli("token", "revoke", claims_of(token)["jti"])
            after = host.complete("two")["execution_id"]
            heard = [list(plain.messages()), [json.loads(t[6:]) for t in iter(sse.line, b"") if t.startswith(b"data: ")]]
        for ws in (by_bearer, by_ticket):
            heard.append(await ws_messages(ws, "error"))
            await ws.wait_closed()
        return before, after, heard, [ws.close_code for ws in (by_bearer, by_ticket)]


def test_a_token_that_is_revoked_ends_its_streams_before_the_answer(host):
    token, other = host.mint("orchestrator:read"), host.mint("orchestrator:read")
    ticket = host.http("POST", "/ws-tickets", token=token, expect=201).json["ticket"]
    with Lines(host, "dagId=two", token=other) as bystander:
        before, after, heard, codes = asyncio.run(revoked_while_followed(host, token))
        assert codes == [4401, 4401]
        for messages in heard:
            assert [m["type"] for m in messages if m.get("runId") == before][-1] == "run.completed"
            assert messages[-1]["type"] == "error" and messages[-1]["code"] == "TOKEN_INVALID"
            assert "revoked" in messages[-1]["message"] and after not in {m.get("runId") for m in messages}
        assert {e["runId"] for e in bystander.until("run.completed")} == {before}
        assert {e["runId"] for e in bystander.until("run.completed")} == {after}
    host.http("GET", "/runs", token=token, expect=401)
    assert refused_status(host, token="", subprotocols=[SUBPROTOCOL, f"orch.ticket.{ticket}"]) in (401, 4401)


def test_a_client_that_reads_late_gets_everything_and_holds_nobody_up(host):
    with Lines(host, "dagId=two") as late:
        next(late.messages())
        runs = [host.complete("two")["execution_id"] for _ in range(30)]
        seen = [next(late.events()) for _ in range(6 * len(runs))]
    assert [e["runId"] for e in seen if e["type"] == "run.completed"] == runs


class Follower(threading.Thread):
    """Follows the stream over crashes: reconnects with its last cursor, keeps every event."""

    def __init__(self, host):
        super().__init__(daemon=True)
        self.host, self.seen, self.done = host, [], threading.Event()
        self.start()

    def run(self):
        while not self.done.is_set():
            try:
                self.follow_once()
            except OSError:
                time.sleep(0.02)

    def follow_once(self):
        after = self.seen[-1]["seq"] if self.seen else 0
        with Lines(self.host, f"after={after}", seconds=2) as lines:
            if lines.status == 200:
                for event in lines.events():
                    self.seen.append(event)


def test_a_client_that_resumes_over_three_crashes_loses_nothing_and_hears_nothing_twice(make_host):
    own = make_host()
    own.publish(chain("five", 5, {"sleep_s": 0.02}))
    follower, runs = Follower(own), []
    for _ in range(3):
        runs += [own.run("five") for _ in range(10)]
        time.sleep(0.25)
        own.kill9()
        own.start()
    for run in runs:
        assert own.wait(run)["status"] == "completed"
    newest = max(follow(own, 0, "run.completed", run)[-1]["seq"] for run in runs)
    until(lambda: follower.seen and follower.seen[-1]["seq"] >= newest, RUN_S, "the last event")
    follower.done.set()
    with Lines(own, "after=0") as lines:
        whole = [next(lines.events()) for _ in range(len(follower.seen))]
    assert follower.seen == whole
    for run in runs:
        numbers = [e["data"]["n"] for e in follower.seen if e["runId"] == run]
        assert numbers == list(range(1, len(numbers) + 1)), "the run's own numbers have no gap"


def seconds(message):
    return datetime.datetime.fromisoformat(message["timestamp"].replace("Z", "+00:00")).timestamp()


@pytest.mark.slow
def test_a_quiet_stream_has_a_heartbeat_with_the_cursor(host, quiet):
    lines, opened = quiet
    assert next(lines.messages())["type"] == "hello"
    beat = next(lines.messages())
    assert beat["type"] == "heartbeat"
    assert HEARTBEAT_S - 1 <= seconds(beat) - opened < HEARTBEAT_S + 30  # by the host's clock, which is ours
    with Lines(host) as fresh:
        assert beat["cursor"] <= next(fresh.messages())["cursor"]
