#!/usr/bin/python3
"""/runs/stream of the real server: WebSocket, NDJSON and SSE; resume, lag, refusals."""
import asyncio
import json
import socket
import sys
import time

import websockets

from server_lib import BASE, expect, headers, main, publish, start

SUB = "orch.runs.v1+json"


# ---- stream ----


def ws(server, query="", sub=(SUB,), **options):
    return websockets.connect(f"ws://127.0.0.1:{server.port}{BASE}/runs/stream{query}", subprotocols=sub,
                              extra_headers=headers(**options), open_timeout=60)


async def messages(socket_, count, kind="run."):
    out = []
    while len(out) < count:
        doc = json.loads(await asyncio.wait_for(socket_.recv(), 10))
        if doc["type"].startswith(kind):
            out.append(doc)
    return out


def ndjson(server, query, count, accept=None):
    c = server.connect()
    more = {"Accept": accept} if accept else {}
    c.request("GET", f"{BASE}/runs/stream{query}", headers={**headers(), **more})
    reply = c.getresponse()
    assert reply.status == 200, reply.read()
    out = [json.loads(reply.readline()) for _ in range(count)]
    c.close()
    return out


def test_websocket_follows_and_resumes(server):
    publish(server, "ws")

    async def follow():
        async with ws(server) as s:
            assert s.subprotocol == SUB
            hello = json.loads(await s.recv())
            assert hello["type"] == "hello" and hello["cursor"] == hello["cursor_max"]
            run = start(server, "ws", {"events": 20})["runId"]
            live = await messages(s, 21)
            assert [m["runId"] for m in live] == [run] * 21
            assert live[0]["type"] == "run.started" and live[0]["cursor"] == live[0]["seq"]
            assert live[0]["dagId"] == "ws" and live[0]["tenant"] == "default"
        async with ws(server, f"?after={live[4]['cursor']}") as s:
            rest = await messages(s, 16)
            assert rest == live[5:]
        return live

    live = asyncio.run(follow())
    got = ndjson(server, f"?after={live[0]['seq'] - 1}&runId={live[0]['runId']}", 22)
    assert got[0]["type"] == "hello" and got[1:] == live


def test_messages_of_every_form_of_length(server):
    """A frame says its length in 7 (a heartbeat's), 16 or 64 bits (RFC 6455 5.2)."""
    publish(server, "long")

    async def follow():
        async with ws(server, "?dagId=long") as s:
            await s.recv()
            lengths, around = [], 400
            for total in (40000, *range(65534, 65539)):
                start(server, "long", {"payload_bytes": total - around})
                text = await asyncio.wait_for(s.recv(), 10)
                assert len(json.loads(text)["data"]["x"]) == total - around - len('{"x":""}')
                around += len(text) - total
                lengths.append(len(text))
            assert {65535, 65536} <= set(lengths), lengths

    asyncio.run(follow())


def test_a_client_behind_the_ring_is_fed_from_the_store(server_of):
    with server_of("ring=16") as server:
        publish(server, "old")
        for _ in range(5):
            start(server, "old", {"events": 300})
        got = ndjson(server, "?after=0", 1506)
        assert [m["seq"] for m in got[1:]] == list(range(1, 1506)), "lost or twice"
        got = ndjson(server, "?after=700&dagId=none", 1)
        assert got[0]["cursor"] == 700


def test_events_during_the_catch_up_come_once(server_of):
    with server_of("ring=64") as server:
        publish(server, "busy")
        start(server, "busy", {"events": 2000})

        async def follow():
            async with ws(server, "?after=0") as s:
                for _ in range(5):
                    await asyncio.get_running_loop().run_in_executor(None, start, server, "busy", {"events": 200})
                return [m["seq"] for m in await messages(s, 2001 + 5 * 201)]

        assert asyncio.run(follow()) == list(range(1, 2001 + 5 * 201 + 1))


def test_other_tenants_and_filters_get_nothing(server):
    publish(server, "f1")
    publish(server, "f2", token="acme", tenant="acme")

    async def follow():
        async with ws(server, "?dagId=f1") as mine, ws(server, token="acme", tenant="acme") as theirs:
            await mine.recv()
            await theirs.recv()
            start(server, "f2", token="acme", tenant="acme")
            run = start(server, "f1")["runId"]
            assert (await messages(mine, 1))[0]["runId"] == run
            assert (await messages(theirs, 1))[0]["tenant"] == "acme"
            try:
                await asyncio.wait_for(theirs.recv(), 0.3)
                raise AssertionError("acme saw another tenant's event")
            except asyncio.TimeoutError:
                pass

    asyncio.run(follow())


def upgrade_status(server, query="", sub=(SUB,), **options):
    async def connect():
        try:
            async with ws(server, query, sub, **options):
                return 101
        except websockets.exceptions.InvalidStatusCode as e:
            return e.status_code

    return asyncio.run(connect())


def test_upgrades_are_refused_with_a_status(server):
    assert upgrade_status(server, sub=("mqtt",)) == 400
    assert upgrade_status(server, "?nope=1") == 400
    assert upgrade_status(server, "?after=99999999") == 400
    assert upgrade_status(server, token="forged") == 401
    assert upgrade_status(server, token="nobody") == 403
    assert upgrade_status(server, tenant="acme") == 403
    assert upgrade_status(server, sub=None) == 101
    out = server.raw(b"GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
    assert out.startswith(b"HTTP/1.1 404 ") and b"problem+json" in out, out
    expect(server, 400, "GET", "/runs/stream?after=99999999", code="CURSOR_IN_FUTURE")


def test_first_message_and_ticket(server):
    async def first_message(text):
        async with ws(server, token=None, tenant=None) as s:
            await s.send(text)
            doc = json.loads(await s.recv())
            if doc["type"] == "hello":
                return 0
            try:
                await s.recv()
            except websockets.exceptions.ConnectionClosed as e:
                return e.code

    def auth(**more):
        return json.dumps({"type": "auth", "token": "reader", "tenant": "default", **more})

    assert asyncio.run(first_message(auth())) == 0
    assert asyncio.run(first_message(auth(token="slow-admin"))) == 0
    assert asyncio.run(first_message(auth(token="forged"))) == 4401
    assert asyncio.run(first_message(auth(tenant="acme"))) == 4403
    assert asyncio.run(first_message("nonsense")) == 4400
    assert asyncio.run(first_message(json.dumps({"type": "auth"}))) == 4400
    ticket = expect(server, 201, "POST", "/ws-tickets", token="reader")
    both = (SUB, ticket["subprotocol"])
    assert upgrade_status(server, sub=both, token=None, tenant=None) == 101
    assert upgrade_status(server, sub=both, token=None, tenant=None) == 401, "a ticket was used twice"


def test_large_and_late_messages(server_of):
    with server_of("auth=1") as server:
        async def late():
            async with ws(server, token=None) as s:
                doc = json.loads(await s.recv())
                assert doc["code"] == "TOKEN_REQUIRED"
                await s.recv()

        async def large():
            async with ws(server, token=None) as s:
                await s.send("x" * 100000)
                await s.recv()

        for attempt, code in ((late, 4401), (large, 1009)):
            try:
                asyncio.run(attempt())
                raise AssertionError("still open")
            except websockets.exceptions.ConnectionClosed as e:
                assert e.code == code, e


def test_heartbeats_carry_the_cursor_of_the_tenant(server_of):
    with server_of("heartbeat=1") as server:
        publish(server, "hb")
        publish(server, "hb", token="acme", tenant="acme")

        async def follow():
            async with ws(server) as s:
                await s.recv()
                start(server, "hb", {"events": 7}, token="acme", tenant="acme")
                start(server, "hb", {"events": 5})
                beat = {"cursor": 0}
                while beat["cursor"] == 0:  # of a start that took a second
                    beat, = await messages(s, 1, "heartbeat")
                return beat["cursor"]

        assert asyncio.run(follow()) == 6


def measured(server, text):
    """Waits until the metrics say so."""
    end = time.monotonic() + 90
    while text not in expect(server, 200, "GET", "/metrics", base="", token=None):
        assert time.monotonic() < end, f"the metrics never said {text}"
        time.sleep(0.05)


def test_a_client_that_does_not_read_is_let_go_and_loses_nothing(server_of):
    with server_of("ring=64", "behind=5000", "stall=2") as server:
        publish(server, "slow")
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.connect(("127.0.0.1", server.port))
        s.sendall(f"GET {BASE}/runs/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n"
                  "X-Stella-Tenant: default\r\n\r\n".encode())
        measured(server, b"orch_stream_clients 1")
        for _ in range(20):
            start(server, "slow", {"events": 2000})
        measured(server, b'closed_total{reason="stalled"} 1')
        s.settimeout(60)
        data = b""
        try:
            while chunk := s.recv(65536):
                data += chunk
        except (ConnectionResetError, TimeoutError):
            pass
        whole = data.split(b"\r\n\r\n", 1)[1].split(b"\n")[:-1]  # what follows was cut, maybe behind a brace
        lines = [json.loads(line) for line in whole if line.endswith(b"}")]
        seqs = [m["seq"] for m in lines if "seq" in m]
        assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) < 40000
        got = ndjson(server, f"?after={seqs[-1]}", 5)
        assert [m["seq"] for m in got[1:]] == list(range(seqs[-1] + 1, seqs[-1] + 5))


def test_server_sent_events(server):
    publish(server, "sse")
    run = start(server, "sse", {"events": 2})["runId"]
    c = server.connect()
    c.request("GET", f"{BASE}/runs/stream?after=0&runId={run}", headers={**headers(), "Accept": "text/event-stream"})
    reply = c.getresponse()
    assert reply.getheader("Content-Type") == "text/event-stream"
    blocks = []
    while len(blocks) < 4:
        block = b""
        while not block.endswith(b"\n\n"):
            block += reply.readline()
        blocks.append(block)
    assert blocks[0].startswith(b'data: {"type":"hello"') and blocks[1].startswith(b"id: ")
    last = blocks[2].split(b"\n")[0][4:].decode()
    c.close()
    c = server.connect()
    c.request("GET", f"{BASE}/runs/stream?runId={run}",
              headers={**headers(), "Accept": "text/event-stream", "Last-Event-ID": last})
    reply = c.getresponse()
    text = b"".join(reply.readline() for _ in range(4))
    assert f"id: {int(last) + 1}\n".encode() in text, text
    c.close()


def test_the_server_ends_with_clients_of_every_kind(server_of):
    with server_of() as server:
        publish(server, "end")
        body = json.dumps({"dagId": "end", "inputs": {}}).encode()
        post = (f"POST {BASE}/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nX-Stella-Tenant: default\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
        stream = f"GET {BASE}/runs/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\nX-Stella-Tenant: default\r\n%s\r\n"
        upgrade = ("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")
        texts = [b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", (post % "admin").encode(), (stream % "").encode(),
                 (stream % upgrade).encode(), (post % "slow-admin").encode() + body]
        sockets = []
        for text in texts:
            sockets.append(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            sockets[-1].sendall(text)
        for i in (0, 2, 3):
            assert sockets[i].recv(16).startswith(b"HTTP/1.1 ")
    for s in sockets:
        s.close()


if __name__ == "__main__":
    sys.exit(main(globals()))
