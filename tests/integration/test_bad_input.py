"""Whatever a client sends is answered, and the host stays up.

Each bad thing gets a problem+json with the right status.

Rooms: host/api.
"""
import json
import socket
import pytest

from host import BASE, STUB, dag, is_problem

MB = 1024 * 1024
DEFINITION = dag("good", {"a": ([], {"return": 1})})


SLOW_CLIENT_S = 30  # host/api/api.h: idle_timeout_s


@pytest.fixture(autouse=True)
def stays_up(host):
    yield
    host.answers()


def raw_problem(reply, status, code=None):
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), reply[:300]
    assert b"application/problem+json" in head.lower()
    doc = json.loads(body)
    assert doc["status"] == status and (code is None or doc["code"] == code), doc
    return doc


def request(host, method, path, headers=(), body=b""):
    lines = [f"{method} {path} HTTP/1.1", "Host: h", f"Authorization: Bearer {host.token}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


# The line that the answer must name; 0: the value was read whole before it was refused.
MALFORMED = {
    "a cut object": (b'{"dagId":', 1),
    "two values": (b"{} {}", 1),
    "single quotes": (b"{'dagId':1}", 1),
    "a trailing comma, lines later": (b'{\n"dagId":"x",\n}', 3),
    "a duplicate key": (b'{"dagId":"x","dagId":"y"}', 1),
    "bytes that are not UTF-8": (b'{"dagId":"\xff\xfe"}', 1),
    "an overlong UTF-8 form": (b'{"dagId":"\xc0\xaf"}', 1),
    "a lone surrogate": (b'{"dagId":"\\ud800"}', 1),
    "a NUL in a text": (b'{"dagId":"a\\u0000b"}', 1),
    "an integer that no double holds": (b'{"dagId":"x","inputs":{"n":9007199254740993}}', 1),
    "a number out of range": (b'{"dagId":"x","inputs":{"n":1e999}}', 1),
    "NaN": (b'{"dagId":"x","inputs":{"n":NaN}}', 1),
    "deep nesting": (b'{"inputs":' + b"[" * 5000 + b"]" * 5000 + b"}", 1),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_body_that_is_not_acceptable_json_is_400_with_line_and_column(host, kind):
    body, line = MALFORMED[kind]
    doc = is_problem(host.http("POST", "/runs", body), 400, "JSON_INVALID")
    assert doc["errors"][0]["line"] == line and doc["errors"][0]["column"] >= min(line, 1)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"true"])
def test_a_body_that_is_no_object_is_400(host, body):
    is_problem(host.http("POST", "/runs", body), 400, "JSON_INVALID")


@pytest.mark.parametrize("body", [{"dagId": 1}, {"dagId": "x", "inputs": []}, {"dagId": "x", "version": {}},
                                  {"dagId": "x", "runToken": 7}, {"dagId": None}])
def test_a_member_of_the_wrong_type_is_refused_by_name(host, body):
    answer = host.http("POST", "/runs", body)
    wrong = next(k for k, v in body.items() if not isinstance(v, str))
    assert wrong in is_problem(answer, answer.status)["detail"] and answer.status in (400, 422)


def test_a_missing_member_and_an_unknown_one_are_422_and_each_is_named(host):
    doc = is_problem(host.http("POST", "/runs", {"dagid": "x"}), 422, "FIELDS_INVALID")
    assert {"dagId", "dagid"} <= {name for e in doc["errors"] for name in json.dumps(e).split('"')
                                  for name in [name.lstrip("/")]}


def test_an_empty_body_where_one_is_needed_is_422(host):
    is_problem(host.http("POST", "/runs"), 422, "BODY_REQUIRED")


def test_huge_bodies_are_413_with_the_limit(host):
    doc = is_problem(host.http("POST", "/runs", b'{"dagId":"' + b"x" * (2 * MB) + b'"}'), 413, "BODY_TOO_LARGE")
    assert str(MB) in doc["detail"]
    is_problem(host.http("POST", "/dags", b" " * (5 * MB)), 413, "BODY_TOO_LARGE")


def test_a_huge_announced_length_is_413_before_it_is_sent(host):
    head = request(host, "POST", f"{BASE}/runs", ["Content-Length: 99999999999", "Expect: 100-continue"])
    raw_problem(host.raw(head), 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("path", ["/", "/api", f"{BASE}/nothing", f"{BASE}/runs/x/y/z", "/../etc/passwd",
                                  "/healthz/x", f"{BASE}/dags/a/b/c"])
def test_an_unknown_route_is_404(host, path):
    is_problem(host.http("GET", path, root=True), 404, "ROUTE_NOT_FOUND")


@pytest.mark.parametrize("method,path,allowed", [("DELETE", "/runs", "GET, HEAD, POST, OPTIONS"),
                                                 ("PUT", "/executions", "GET, HEAD, OPTIONS"),
                                                 ("POST", "/health", "GET, HEAD, OPTIONS")])
def test_a_wrong_method_is_405_and_the_right_ones_are_listed(host, method, path, allowed):
    answer = host.http(method, path, {} if method != "DELETE" else None)
    is_problem(answer, 405, "METHOD_NOT_ALLOWED")
    assert sorted(answer.headers["Allow"].split(", ")) == sorted(allowed.split(", "))


@pytest.mark.parametrize("path", ["/dags/%ff%fe", "/dags/" + "x" * 300, "/dags/a%7fb"])
def test_a_path_part_that_is_not_clean_text_is_400(host, path):
    is_problem(host.http("GET", path), 400, "PATH_INVALID")


@pytest.mark.parametrize("path", ["/dags/a%00b", "/dags/%zz", "/dags/a%0ab"])
def test_a_path_that_the_http_parser_refuses_never_reaches_a_definition(host, path):
    reply = host.raw(request(host, "GET", BASE + path), seconds=2)
    assert reply == b"" or reply.startswith((b"HTTP/1.1 40", b"HTTP/1.0 40"))


@pytest.mark.parametrize("query", ["page_size=0", "page_size=501", "page_size=x", "page_size=1&page_size=2",
                                   "nothing=1", "from=yesterday", "status=done", "page_token=!!"])
def test_a_query_that_is_wrong_is_400(host, query):
    is_problem(host.http("GET", f"/runs?{query}"), 400)


def test_a_chunked_body_is_411(host):
    chunked = request(host, "POST", f"{BASE}/runs", ["Transfer-Encoding: chunked"], b"2\r\n{}\r\n0\r\n\r\n")
    raw_problem(host.raw(chunked), 411, "LENGTH_REQUIRED")


@pytest.mark.parametrize("length", ["-1", "1x", "1e3", "9" * 30])
def test_a_content_length_that_is_no_number_is_refused(host, length):
    reply = host.raw(request(host, "POST", f"{BASE}/runs", [f"Content-Length: {length}"], b"{}"), seconds=1)
    assert reply == b"" or reply[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 413 ", b"HTTP/1.1 431 ")


def test_headers_over_the_limit_are_refused_and_the_connection_ends(host):
    for headers in (["X-Long: " + "x" * 100_000], [f"X-{i}: {'y' * 50}" for i in range(2000)]):
        reply = host.raw(request(host, "GET", f"{BASE}/runs", headers), seconds=3)
        assert reply == b"" or reply[:13] in (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ", b"HTTP/1.1 413 ")


@pytest.mark.parametrize("data", [b"\x00" * 1000, b"GARBAGE\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00" * 50,
                                  b"GET / HTTP/9.9\r\n\r\n", b"\xff" * 5000,
                                  b"GET " + b"/" * 70000 + b" HTTP/1.1\r\n\r\n"])
def test_bytes_that_are_not_http_end_their_connection_only(host, data):
    reply = host.raw(data, seconds=1)
    assert reply == b"" or reply.startswith(b"HTTP/1.")


def test_an_unknown_method_is_refused(host):
    reply = host.raw(request(host, "BREW", f"{BASE}/runs"), seconds=2)
    assert reply == b"" or reply[9:12] in (b"501", b"405", b"400", b"403")


def test_many_slow_clients_do_not_keep_others_from_their_answers(host):
    slow = [socket.create_connection(("127.0.0.1", host.ready["port"])) for _ in range(200)]
    try:
        for i, s in enumerate(slow):
            s.sendall(b"GET /healthz HTT" if i % 2 else b"POST /api/v1/orchestrator/runs HTTP/1.1\r\nContent-Le")
        for _ in range(20):
            host.http("GET", "/readyz", root=True, token="", expect=200, timeout=SLOW_CLIENT_S / 2)
    finally:
        for s in slow:
            s.close()


@pytest.mark.slow
def test_a_client_that_stalls_in_its_body_is_dropped_in_time(host):
    stalled = request(host, "POST", f"{BASE}/runs", ["Content-Length: 100"], b'{"dagId"')
    with socket.create_connection(("127.0.0.1", host.ready["port"]), timeout=SLOW_CLIENT_S + 60) as s:
        s.sendall(stalled)
        while s.recv(4096):
            pass


def test_a_hundred_clients_that_vanish_in_the_middle_leave_nothing_behind(host):
    for i in range(100):
        with socket.create_connection(("127.0.0.1", host.ready["port"])) as s:
            s.sendall(request(host, "POST", f"{BASE}/runs", ["Content-Length: 500"], b"x" * (i % 50)))


def test_pipelined_requests_are_each_answered(host):
    one = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    with socket.create_connection(("127.0.0.1", host.ready["port"]), timeout=60) as s:
        for _ in range(3):
            s.sendall(one)
            assert s.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_ids_that_look_like_paths_or_sql_are_only_unknown(host):
    for odd in ("..", "%2e%2e%2f%2e%2e", "'; DROP TABLE dag_executions;--", "a b", "%25s%25n"):
        path = odd.replace(" ", "%20").replace("'", "%27").replace(";", "%3B")
        is_problem(host.http("GET", f"/executions/{path}"), 404)


def test_what_is_wrong_with_a_node_agent_is_known_only_when_it_runs(host):
    host.publish(dag("lost", {"a": {"agent_id": "nobody.knows"}}))
    trace = host.wait(host.run("lost"))
    assert trace["status"] == "failed" and "nobody.knows" in trace["error"]
    assert trace["node_traces"]["a"]["attempt_count"] == 1


def test_a_refused_body_does_not_spoil_the_next_request_on_its_connection(host):
    bad = request(host, "POST", f"{BASE}/runs", ["Content-Length: 5"], b"{bad}")
    good = b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
    with socket.create_connection(("127.0.0.1", host.ready["port"]), timeout=60) as s:
        s.sendall(bad)
        assert s.recv(65536).startswith(b"HTTP/1.1 400 ")
        s.sendall(good)
        assert s.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_good_definition_is_still_taken_after_all_that(host):
    host.publish(DEFINITION)
    assert host.complete("good")["node_traces"]["a"]["agent_id"] == STUB
