#!/usr/bin/python3
"""/ledger of the real server: the head as it is, the export line by line, its window, its limits."""
import datetime
import hashlib
import http.client
import json
import os
import socket
import sys
import time

from server_lib import BASE, expect, headers, main, publish, start


def export(server, query="", **options):
    c = server.connect()
    c.request("GET", f"{BASE}/ledger/export{query}", headers=headers(**options))
    reply = c.getresponse()
    text = reply.read()
    c.close()
    assert reply.status == 200, text
    assert reply.getheader("Content-Type") == "application/x-ndjson"
    return reply, text


def parts(text):
    """First line, events, last line; count and hash of the last are right."""
    *before, last = text.splitlines(keepends=True)
    first, *events = [json.loads(line) for line in before]
    last = json.loads(last)
    assert last["sha256"] == hashlib.sha256(b"".join(before)).hexdigest()
    assert last["count"] == len(events)
    return first, events, last


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def test_there_is_no_head_before_the_first_event(server_of):
    with server_of() as server:
        expect(server, 404, "GET", "/ledger/head", code="LEDGER_HEAD_NOT_FOUND")
        expect(server, 404, "GET", "/ledger/export", code="LEDGER_HEAD_NOT_FOUND")


def test_an_export_has_every_event_of_the_tenant_in_order(server_of):
    with server_of() as server:
        publish(server, "d")
        mine = [start(server, "d", {"events": n})["runId"] for n in (3, 700, 2)]
        publish(server, "d", token="acme", tenant="acme")
        other = start(server, "d", {"events": 5}, token="acme", tenant="acme")["runId"]
        reply, text = export(server)
        first, events, last = parts(text)
        assert first == {"export": "orch.ledger/1", "since": None, "tenant": "default"}
        assert [e["run_id"] for e in events] == [mine[0]] * 4 + [mine[1]] * 701 + [mine[2]] * 3
        assert events[0]["type"] == "run.started"
        assert set(events[0]) == {"data", "hash", "n", "prev", "run_id", "timestamp", "type"}
        assert last["head"] == {"head_of": len(events)}
        assert reply.getheader("Content-Disposition") == \
            f'attachment; filename="ledger-default-{len(events)}.ndjson"'
        assert expect(server, 200, "GET", "/ledger/head") == last["head"]
        assert other not in text.decode()
        assert {e["run_id"] for e in parts(export(server, token="acme", tenant="acme")[1])[1]} == {other}


def test_every_line_is_in_canonical_form(server_of):
    with server_of() as server:
        publish(server, "d")
        start(server, "d", {"events": 3})
        for line in export(server)[1].decode().splitlines():
            assert line == json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_a_window_goes_from_head_to_head(server_of):
    with server_of() as server:
        publish(server, "d")
        runs, times = [], [now()]
        for _ in range(3):
            runs.append(start(server, "d", {"events": 1})["runId"])
            expect_head = parts(export(server)[1])[2]["head"]
            time.sleep(0.01)
            times.append(now())
        assert expect_head == {"head_of": 6}

        def window(query):
            first, events, last = parts(export(server, query)[1])
            ids = list(dict.fromkeys(e["run_id"] for e in events))
            return first["since"], [runs.index(i) for i in ids], last["head"]["head_of"]
        assert window(f"?from={times[0]}") == (None, [0, 1, 2], 6)
        assert window(f"?from={times[1]}") == ({"head_of": 2}, [1, 2], 6)
        assert window(f"?from={times[1]}&to={times[1]}") == ({"head_of": 2}, [1], 4)
        assert window(f"?to={times[1]}") == (None, [0, 1], 4)
        assert window(f"?from={times[3]}") == ({"head_of": 6}, [], 6)
        assert window(f"?to={times[3]}") == (None, [0, 1, 2], 6)


def test_what_may_not_be_asked_is_refused(server_of):
    with server_of() as server:
        expect(server, 400, "GET", "/ledger/export?from=yesterday")
        expect(server, 400, "GET", "/ledger/export?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")
        expect(server, 400, "GET", "/ledger/export?since=1", code="QUERY_INVALID")
        expect(server, 403, "GET", "/ledger/export", token="reader", code="ERR_SCOPE_MISMATCH")
        expect(server, 401, "GET", "/ledger/head", token=None, code="TOKEN_REQUIRED")
        expect(server, 400, "HEAD", "/ledger/export")


def sockets(server):
    """Of its descriptors those alone: the store has one more while it rests."""
    folder, count = f"/proc/{server.process.pid}/fd", 0
    for name in os.listdir(folder):
        try:
            count += os.readlink(f"{folder}/{name}").startswith("socket:")
        except FileNotFoundError:
            pass
    return count


def settled_sockets(server):
    """How many it has open once the connections of before are gone: their ends are read for a moment."""
    count, since = sockets(server), time.monotonic()
    while time.monotonic() - since < 2:
        time.sleep(0.05)
        if sockets(server) != count:
            count, since = sockets(server), time.monotonic()
    return count


def test_a_reader_that_stalls_or_leaves_holds_up_nobody(server_of):
    with server_of("idle=1") as server:
        publish(server, "d")
        for _ in range(10):
            start(server, "d", {"events": 4000})
        before = settled_sockets(server)
        request = f"GET {BASE}/ledger/export HTTP/1.1\r\nHost: x\r\n" + \
            "".join(f"{k}: {v}\r\n" for k, v in headers().items()) + "\r\n"
        with socket.socket() as stalled, socket.socket() as left:
            stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            for s in (stalled, left):
                s.connect(("127.0.0.1", server.port))
                s.sendall(request.encode())
                assert s.recv(100).startswith(b"HTTP/1.1 200 ")
            left.close()
            assert len(parts(export(server)[1])[1]) == 40010
            end = time.monotonic() + 90
            while sockets(server) > before:
                assert time.monotonic() < end, "the stalled reader is still there"
                time.sleep(0.05)
            stalled.settimeout(60)
            got = b""
            while chunk := stalled.recv(65536):
                got += chunk
            assert b'"sha256"' not in got, "the stalled reader was waited for"


def test_an_answer_that_ends_with_the_connection_says_so_once(server_of):
    with server_of() as server:
        publish(server, "d")
        start(server, "d", {"events": 1})
        lines = "".join(f"{k}: {v}\r\n" for k, v in headers().items())
        out = server.raw(f"GET {BASE}/ledger/export HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n".encode())
        head, _, body = out.partition(b"\r\n\r\n")
        assert head.lower().count(b"connection: close") == 1 and len(parts(body)[1]) == 2


if __name__ == "__main__":
    sys.exit(main(globals()))
