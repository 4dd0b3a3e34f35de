"""A stranger at the port stops nobody, and holds no more than its share.

Rooms: host/api/transport, host/api/http, host/config, host/daemon.
"""
import os
import re
import resource
import socket
import subprocess

import pytest

from host import BASE, BIN, BUILD, clean_environment, dag, until

LIVEZ = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
INPUTS = 100_000 if BUILD.name == "release" else 10_000    # a sanitizer takes ten times as long for each
PIECES = 8


def limit_files(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def dial(host, data=b""):
    s = socket.create_connection(("127.0.0.1", host.ready["port"]), timeout=60)
    s.sendall(data)
    return s


def stream_head(host, accept):
    return (f"GET {BASE}/runs/stream HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n"
            f"Authorization: Bearer {host.token}\r\nX-Stella-Tenant: default\r\n\r\n").encode()


def websocket_head(host):
    return stream_head(host, "*/*")[:-2] + (b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def test_a_request_behind_a_request_in_one_write_stops_nothing(host):
    with dial(host, LIVEZ + b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd") as s:
        s.shutdown(socket.SHUT_WR)
        out = b""
        while chunk := s.recv(65536):
            out += chunk
    assert re.findall(rb"HTTP/1.1 (\d+)", out) == [b"200", b"404"]
    host.http("GET", "/livez", root=True, token="", expect=200)


@pytest.mark.slow
@pytest.mark.parametrize("piece", range(PIECES))
def test_no_bytes_in_any_segments_stop_the_host(host, piece):
    token = host.token if piece % 2 else "none"
    done = subprocess.run([BUILD / "tests/fuzz/http_stranger", str(host.ready["port"]), str(INPUTS // PIECES),
                           str(piece), token], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    host.http("GET", "/livez", root=True, token="", expect=200)


@pytest.mark.slow
def test_thousands_of_streams_and_slow_clients_leave_probes_and_requests_quick(make_host):
    """5,000 and 1,000, or what the machine's limit of descriptors has room for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    streams = min(5000, (hard - 1500) // 2)
    own = make_host(http_head_seconds=600, http_body_seconds=600)
    heads = [stream_head(own, "text/event-stream"), stream_head(own, "*/*"), websocket_head(own)]
    slow = [b"GET /livez HTT", b"", f"POST {BASE}/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{".encode()]
    opened = []
    try:
        for i in range(streams):
            opened.append(dial(own, heads[i % 3]))
            if i % 100 == 99:
                own.http("GET", "/livez", root=True, token="", expect=200)
        for s in opened:
            assert re.match(rb"HTTP/1.1 (200|101)", s.recv(32))
        opened += [dial(own, slow[i % 3]) for i in range(streams // 5)]
        own.publish(dag("quick", {"a": ([], {})}))
        for path in ("/livez", "/readyz", "/metrics"):
            own.http("GET", path, root=True, token="", expect=200)
        assert own.complete("quick")["status"] == "completed"
    finally:
        for s in opened:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("files", [128, 300])
def test_with_few_descriptors_runs_and_requests_go_on(make_host, files):
    own = make_host(start=False)
    own.launch(before=limit_files(files))
    own.wait_ready()
    few = own.events("host.few_descriptors")[0]
    assert few["limit"] == files and few["attempts_max"] > 0 and few["connections_max"] > 0
    own.publish(dag("wide", {f"n{i}": ([], {}) for i in range(12)}))
    idle = [dial(own) for _ in range(files)]
    until(lambda: own.http("GET", "/runs").status == 200, 60, "a place of one that is silent")
    assert own.complete("wide")["status"] == "completed"
    own.http("GET", "/readyz", root=True, token="", expect=200)
    for s in idle:
        s.close()
    assert len(own.log_text()) < 200_000, "the log tells of each refused connection"


def test_too_few_descriptors_are_told_at_the_start(make_host):
    own = make_host(start=False)
    own.launch(before=limit_files(64))
    assert own.wait_end() == 1
    assert "too few" in own.events("host.not_started")[0]["error"]


@pytest.mark.parametrize("listen", ["localhost:0", "127.1:0", "0.0.0.0:0"])
def test_a_name_or_a_short_form_is_an_address(make_host, listen):
    own = make_host(listen=listen)
    own.http("GET", "/livez", root=True, token="", expect=200)


@pytest.mark.parametrize("listen", ["example.invalid:1", "256.1.1.1:1", "[::1]", ":1", "x", "127.0.0.1:99999"])
def test_what_is_no_address_is_told(make_host, listen):
    own = make_host(start=False, listen=listen)
    own.launch()
    assert own.wait_end() == 1
    assert re.search("not (an address|a port|ADDRESS:PORT)", own.events("host.not_started")[0]["error"])


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_what_is_printed_never_goes_into_a_file_of_the_host(make_host, closed):
    own = make_host(start=False)
    flags = ["--dev", "--listen=127.0.0.1:0", f"--home={own.home}", f"--pid-file={own.home}/host.pid"]
    shut = " ".join(f"{fd}>&-" for fd in closed)
    started = subprocess.Popen(["/bin/sh", "-c", f'exec "$0" "$@" {shut}', str(BIN / "orchd"), *flags],
                               env=clean_environment(own.home), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    until(lambda: (own.home / "host.pid").exists(), 60, "the host's pid file")
    held = [os.readlink(f"/proc/{started.pid}/fd/{fd}") for fd in closed]
    started.terminate()
    assert started.wait(60) == 0
    assert set(held) == {"/dev/null"}
    assert (own.home / "orch.db").read_bytes().startswith(b"SQLite format 3\0")
