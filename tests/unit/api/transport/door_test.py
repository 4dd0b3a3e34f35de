#!/usr/bin/python3
"""Connections to the real server over loopback: who is let in, for how long, and what of the bytes
that a client sends ahead is read when."""
import json
import os
import resource
import socket
import sys
import tempfile
import time

from server_lib import BASE, DAG, ask, expect, main, publish

WHO = "Authorization: Bearer admin\r\nX-Stella-Tenant: default\r\n"
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


def dial(server, data=b""):
    s = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    s.sendall(data)
    return s


def until_the_end(s):
    out = b""
    try:
        while chunk := s.recv(65536):
            out += chunk
    except ConnectionResetError:
        pass
    return out


def post(path, body, more=""):
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\n{WHO}{more}Content-Length: {len(body)}\r\n\r\n").encode() + body


# ---- what is sent ahead ----


def test_what_is_sent_ahead_is_answered_in_its_order(server):
    nope = post("/nope", b"abcd")
    with dial(server, LIVEZ + nope + LIVEZ + post(f"{BASE}/dags", b"{") + LIVEZ) as s:
        s.shutdown(socket.SHUT_WR)
        out = until_the_end(s)
    statuses = [line[9:12] for line in out.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    statuses += [part[:3] for part in out.split(b"}HTTP/1.1 ")[1:]]
    assert sorted(statuses) == [b"200", b"200", b"200", b"400", b"404"], out
    assert out.index(b" 404 ") < out.index(b" 400 ")


def test_a_request_of_a_thousand_bytes_in_a_thousand_segments(server):
    publish(server, "segments")
    whole = post(f"{BASE}/runs", json.dumps({"dagId": "segments", "inputs": {"pad": "x" * 500}}).encode())
    with dial(server) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(whole)):
            s.sendall(whole[i:i + 1])
        assert s.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_many_requests_in_one_write_leave_the_others_their_turn(server):
    with dial(server) as s:
        s.sendall(LIVEZ * 2000)
        expect(server, 200, "GET", "/healthz", base="")
        out = b""
        while out.count(b"HTTP/1.1 200 OK") < 2000:
            chunk = s.recv(1 << 20)
            assert chunk
            out += chunk


UNFRAMED = [
    b"Content-Length: 4\r\nContent-Length: 5\r\n",
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding : chunked\r\nContent-Length: 0\r\n",
    b"Content-Length: 1x\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"X: y\nContent-Length: 4\r\n",
    b" folded\r\n",
    b"\0: x\r\n",
]


def test_after_a_framing_error_nothing_is_read_as_a_request(server):
    for header in UNFRAMED:
        with dial(server, b"POST /livez HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n" + LIVEZ) as s:
            out = until_the_end(s)
        assert out.count(b"HTTP/1.1 ") == 1 and out.startswith(b"HTTP/1.1 4"), (header, out)
        assert b"\r\nConnection: close\r\n" in out, (header, out)


def test_a_body_is_never_a_request(server):
    for path in ("/nope", "/livez", f"{BASE}/dags", f"{BASE}/runs/x:cancel"):
        with dial(server, post(path, LIVEZ) + LIVEZ) as s:
            s.shutdown(socket.SHUT_WR)
            out = until_the_end(s)
        assert out.count(b"HTTP/1.1 ") == 2 and out.count(b'"status":"alive"') == 1, (path, out)


def test_paths_name_what_they_say(server):
    expect(server, 404, "GET", "/dags/..%2f..%2f..%2f..%2flivez")
    expect(server, 404, "GET", "/dags/../../../../livez")
    expect(server, 404, "GET", "//livez", base="")
    expect(server, 400, "GET", "/livez%0aX-Stella-Tenant:%20x", base="", code="PATH_INVALID")
    expect(server, 400, "GET", "/runs?dagid%00=a", code="QUERY_INVALID")
    expect(server, 400, "GET", "/runs?DagId=a", code="QUERY_INVALID")
    expect(server, 400, "GET", "/runs?PAGE_SIZE=1", code="QUERY_INVALID")
    expect(server, 200, "GET", "/runs?dagId=a%26page_size%3Dx")


# ---- times ----


def drip(s, data):
    """A byte now and then until the server has enough of it; False: it took everything."""
    for i in range(len(data)):
        try:
            s.sendall(data[i:i + 1])
        except (BrokenPipeError, ConnectionResetError):
            return True
        time.sleep(0.1)
    return False


def test_a_head_and_a_body_have_a_time_of_their_own(server_of):
    with server_of("head=1", "idle=5", "body=2") as server:
        with dial(server) as s:
            assert drip(s, b"GET /livez HTTP/1.1\r\n" + b"X: y\r\n" * 200)
        with dial(server, post(f"{BASE}/dags", b" " * 2000)[:-2000]) as s:
            assert drip(s, b" " * 1999)
        with dial(server) as s:
            assert s.recv(1) == b""


def test_a_reader_that_takes_a_byte_now_and_then_is_let_go(server_of):
    with server_of("idle=1") as server:
        nodes = {f"n{i:04}": {"agent_id": "a" * 60} for i in range(2000)}
        text = json.dumps({**DAG, "dag_id": "big", "nodes": nodes})
        expect(server, 201, "POST", "/dags/import", {"yaml_content": text})
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(60)
        s.connect(("127.0.0.1", server.port))
        s.sendall((f"GET {BASE}/dags/big HTTP/1.1\r\nHost: x\r\n{WHO}\r\n" * 400).encode())
        taken = 0
        try:
            while chunk := s.recv(16):
                taken += len(chunk)
                time.sleep(0.02)
                if taken > 16 * 50 * 60:
                    raise AssertionError("it is still served")
        except ConnectionResetError:
            pass
        s.close()


# ---- places ----


def stream(server):
    s = dial(server, f"GET {BASE}/runs/stream HTTP/1.1\r\nHost: x\r\n{WHO}\r\n".encode())
    assert s.recv(12) == b"HTTP/1.1 200"
    return s


def test_probes_are_answered_when_all_places_are_taken(server_of):
    with server_of("places=8", "probes=4") as server:
        streams = [stream(server) for _ in range(8)]
        for _ in range(3):
            for path in ("/livez", "/readyz", "/metrics"):
                reply, _ = ask(server, "GET", path, base="", token=None)
                assert reply.status == 200 and reply.getheader("Connection") == "close", path
            reply, doc = ask(server, "GET", "/dags")
            assert reply.status == 503 and doc["code"] == "BUSY" and reply.getheader("Retry-After"), doc
        slow = [dial(server, b"GET /liv") for _ in range(20)]
        expect(server, 200, "GET", "/livez", base="", token=None)
        for s in slow + streams:
            s.close()
        end = time.monotonic() + 60
        while ask(server, "GET", "/dags")[0].status != 200:
            assert time.monotonic() < end, "the places were not given back"


def test_who_is_silent_makes_room(server_of):
    with server_of("places=8", "probes=2", "head=60", "idle=60") as server:
        silent = [dial(server, b"GET /dags HT" if i % 2 else b"") for i in range(8)]
        time.sleep(1.2)
        streams = [stream(server) for _ in range(5)]
        expect(server, 200, "GET", "/dags")
        for s in silent + streams:
            s.close()


def test_an_address_has_its_share(server_of):
    with server_of("address=5") as server:
        held = [dial(server) for _ in range(5)]
        for s in held:
            s.sendall(LIVEZ)
            assert s.recv(65536).startswith(b"HTTP/1.1 200 ")
        with dial(server) as s:
            assert s.recv(65536).startswith(b"HTTP/1.1 429 ")
        other = socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=("127.0.0.9", 0))
        other.sendall(LIVEZ)
        assert other.recv(65536).startswith(b"HTTP/1.1 200 ")
        for s in held + [other]:
            s.close()


def test_what_waits_in_all_connections_has_one_bound(server_of):
    with server_of("waiting=8") as server:
        most = post(f"{BASE}/dags", b" " * 4_000_000)[:-300_000]
        held = [dial(server, most) for _ in range(2)]
        with dial(server, most) as s:
            out = s.recv(65536)
            assert out.startswith(b"HTTP/1.1 503 ") and b'"BUSY"' in out, out
        expect(server, 200, "GET", "/livez", base="", token=None)
        for s in held:
            s.sendall(b" " * 300_000)
            out = s.recv(65536)
            assert out.startswith(b"HTTP/1.1 400 "), out
            s.close()
        expect(server, 200, "GET", "/dags")


# ---- without descriptors ----


def seconds_of_cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        user, system = f.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def no_descriptor_left(pid):
    """The next one would get the lowest free number; the limit that there was."""
    taken = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(set(range(len(taken) + 1)) - taken), before[1]))
    return before


def test_without_descriptors_the_door_stays_shut_for_a_while_and_opens_again(server_of):
    with tempfile.TemporaryFile("w+") as log, server_of(stderr=log) as server:
        pid, began = server.process.pid, time.monotonic()

        def told():
            log.seek(0)
            return [json.loads(line) for line in log if '"http.accept_failed"' in line]

        held = dial(server, LIVEZ)
        assert held.recv(65536).startswith(b"HTTP/1.1 200 ")
        before = no_descriptor_left(pid)
        waiting = [dial(server, LIVEZ) for _ in range(20)]
        while not told():
            assert time.monotonic() < began + 60, "nothing was said"
            time.sleep(0.01)
        spent, since = seconds_of_cpu(pid), time.monotonic()
        time.sleep(1)
        spent, passed = seconds_of_cpu(pid) - spent, time.monotonic() - since
        assert spent < passed / 4, f"{spent} s of {passed} s were spent on a door that nobody can come in by"
        held.sendall(LIVEZ)
        assert held.recv(65536).startswith(b"HTTP/1.1 200 "), "who is in is no longer served"
        lines = told()
        assert "Too many open files" in lines[0]["error"], lines
        assert len(lines) <= 10 + (time.monotonic() - began), lines  # base/log_limit.h
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        for s in waiting:
            assert s.recv(65536).startswith(b"HTTP/1.1 200 ")
        for s in waiting + [held]:
            s.close()


if __name__ == "__main__":
    sys.exit(main(globals()))
