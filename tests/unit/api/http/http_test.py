#!/usr/bin/python3
"""Requests to the real server over loopback: what it answers to good and to bad input."""
import json
import socket
import sys
import time

from server_lib import BASE, DAG, ask, expect, main, publish, start


# ---- requests ----


def test_bad_json_is_answered_with_line_and_column(server):
    cases = {
        b'{"name": ': "JSON_INVALID",
        b'{"name": "a", "name": "b"}': "JSON_INVALID",
        b'{"name": "\xff\xfe"}': "JSON_INVALID",
        b"[" * 100 + b"]" * 100: "JSON_INVALID",
        b'{"name": 9007199254740993}': "JSON_INVALID",
        b"[1]": "JSON_INVALID",
        b'{"name":"\\ud800"}': "JSON_INVALID",
    }
    for body, code in cases.items():
        doc = expect(server, 400, "POST", "/dags", body, code=code)
        assert body == b"[1]" or "errors" in doc
    doc = expect(server, 400, "POST", "/dags", b'{\n  "a": tru\n}')
    assert doc["errors"][0]["line"] == 2 and doc["errors"][0]["column"] > 0, doc


def test_wrong_fields_are_named(server):
    doc = expect(server, 422, "POST", "/runs", {"dagId": "d", "nope": 1}, code="FIELDS_INVALID")
    assert doc["errors"][0] == {"loc": ["body", "nope"], "type": "extra_forbidden",
                                "msg": "Extra inputs are not permitted", "pointer": "/nope"}
    doc = expect(server, 422, "POST", "/dags", {"description": "x"})
    assert [e["loc"][1] for e in doc["errors"]] == ["name", "nodes"]
    expect(server, 400, "POST", "/runs", {"dagId": 7}, code="FIELD_INVALID")
    expect(server, 400, "POST", "/runs", {"dagId": "d", "inputs": []}, code="FIELD_INVALID")
    expect(server, 422, "POST", "/runs", None, code="BODY_REQUIRED")
    expect(server, 422, "POST", "/dags", {**DAG, "dag_id": "mine"}, code="FIELDS_INVALID")


def test_unknown_routes_methods_and_queries(server):
    expect(server, 404, "GET", "/nope", code="ROUTE_NOT_FOUND")
    expect(server, 404, "GET", "/", base="", code="ROUTE_NOT_FOUND")
    reply, _ = ask(server, "PATCH", "/dags")
    assert reply.status == 405 and reply.getheader("Allow") == "GET, HEAD, POST, OPTIONS"
    reply, _ = ask(server, "GET", "/runs/x:cancel")
    assert reply.status == 405 and reply.getheader("Allow") == "POST, OPTIONS"
    reply, body = ask(server, "OPTIONS", "/dags", token=None)
    assert reply.status == 204 and body == b"" and "GET" in reply.getheader("Allow")
    expect(server, 400, "GET", "/runs?colour=red", code="QUERY_INVALID")
    expect(server, 400, "GET", "/runs?page_size=0")
    expect(server, 400, "GET", "/runs?dagId=a&dagId=b", code="QUERY_INVALID")
    expect(server, 400, "GET", "/runs?from=yesterday")
    expect(server, 400, "GET", "/runs?page_token=zzz")
    expect(server, 200, "GET", "/runs?")


def test_a_name_or_a_value_that_a_query_does_not_have_is_told(server):
    """Nothing that was asked for is left out in silence: a list that looks whole would be another one."""
    for query in ("/runs?Status=completed", "/runs?dagid=x", "/dags?Page_Size=1", "/executions?Limit=5"):
        expect(server, 400, "GET", query, code="QUERY_INVALID")
    expect(server, 400, "GET", "/runs?status=strange")
    strange = expect(server, 200, "GET", "/executions?status=strange")       # the contract's answer
    assert strange["count"] == 0 and "'strange'" in strange["warnings"][0], strange


def test_bad_paths(server):
    expect(server, 400, "GET", "/dags/%ff%fe", code="PATH_INVALID")
    expect(server, 400, "GET", "/dags/a%07b", code="PATH_INVALID")
    expect(server, 400, "GET", "/dags/" + "a" * 200, code="PATH_INVALID")
    expect(server, 404, "GET", "/dags/%E2%82%AC", code="DAG_NOT_FOUND")


def test_bodies_have_limits(server):
    expect(server, 413, "POST", "/dags", b" " * (4 * 1024 * 1024 + 1), code="BODY_TOO_LARGE")
    expect(server, 413, "POST", "/runs", b" " * (1024 * 1024 + 1), code="BODY_TOO_LARGE")
    expect(server, 401, "POST", "/dags", b" " * 100000, token=None, code="TOKEN_REQUIRED")
    expect(server, 404, "POST", "/nope", b"x" * 100000)
    nodes = {f"n{i:04}": {"agent_id": "a" * 60} for i in range(2000)}
    big = json.dumps({**DAG, "dag_id": "big", "nodes": nodes})
    expect(server, 201, "POST", "/dags/import", {"yaml_content": big})


def test_framing(server):
    out = server.raw(b"POST " + BASE.encode() + b"/dags HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin"
                     b"\r\nX-Stella-Tenant: default\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert out.startswith(b"HTTP/1.1 411 ") and b"LENGTH_REQUIRED" in out, out
    out = server.raw(b"POST " + BASE.encode() + b"/dags HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\nab")
    assert out.startswith(b"HTTP/1.1 400 "), out
    out = server.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * 9000 + b"\r\n\r\n")
    assert out.startswith(b"HTTP/1.1 200 "), out
    out = server.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Stella-Tenant: " + b"a" * 9000 + b"\r\n\r\n")
    assert out.startswith(b"HTTP/1.1 431 ") and b"HEADER_TOO_LARGE" in out, out
    server.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * 40000 + b"\r\n\r\n", 2)
    server.raw(b"\x16\x03\x01\x02\x00garbage\r\n\r\n", 1)
    server.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 1)
    expect(server, 200, "GET", "/healthz", base="")


def test_expect_100_is_answered(server):
    body = json.dumps({"yaml_content": json.dumps({**DAG, "dag_id": "expect"})}).encode()
    head = (f"POST {BASE}/dags/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
            f"X-Stella-Tenant: default\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
        s.sendall((head % "admin").encode())
        assert s.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(body)
        assert s.recv(1024).startswith(b"HTTP/1.1 201 ")
    out = server.raw((head % "").encode())
    assert out.startswith(b"HTTP/1.1 401 "), out


def test_keep_alive_and_pipelining(server):
    c = server.connect()
    for _ in range(50):
        reply, _ = ask(server, "GET", "/dags", conn=c)
        assert reply.status == 200
        reply, _ = ask(server, "POST", "/dags", b"{", conn=c)
        assert reply.status == 400
        reply, _ = ask(server, "POST", "/nope", b"{}", conn=c)
        assert reply.status == 404
    sock = c.sock
    expect(server, 200, "GET", "/healthz", base="", conn=c)
    assert c.sock is sock, "the connection was not kept"
    c.close()
    one = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
        s.sendall(one * 5)
        out = b""
        while out.count(b"HTTP/1.1 200 OK") < 5:
            chunk = s.recv(65536)
            assert chunk, out
            out += chunk


def test_post_without_and_with_empty_body(server):
    publish(server, "empty")
    run = start(server, "empty", {"hold": True})["runId"]
    path = f"{BASE}/runs/{run}:cancel"
    for length in (b"", b"Content-Length: 0\r\n"):
        out = server.raw(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n"
                         b"X-Stella-Tenant: default\r\n" + length + b"\r\n")
        assert out.startswith(b"HTTP/1.1 202 ") and out.count(b"HTTP/1.1") == 1, out


def test_head_has_the_length_and_no_body(server):
    c = server.connect()
    c.request("HEAD", "/healthz")
    reply = c.getresponse()
    assert reply.status == 200 and int(reply.getheader("Content-Length")) > 0 and reply.read() == b""
    c.request("GET", "/healthz")
    assert c.getresponse().read() == b'{"status":"ok"}'
    c.close()


def test_answers_carry_security_headers_and_no_version(server):
    reply, _ = ask(server, "GET", "/dags")
    assert reply.getheader("X-Content-Type-Options") == "nosniff"
    assert reply.getheader("Cache-Control") == "no-store"
    assert "default-src 'none'" in reply.getheader("Content-Security-Policy")
    assert reply.getheader("Server") is None
    assert int(reply.getheader("X-RateLimit-Remaining")) > 0


def test_trace_context_is_joined(server):
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    doc = expect(server, 404, "GET", "/dags/none", traceparent=parent)
    assert doc["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    reply, _ = ask(server, "GET", "/dags", traceparent="rubbish")
    assert reply.status == 200 and len(reply.getheader("traceparent")) == 55


def test_a_stalled_client_is_dropped(server_of):
    with server_of("idle=1") as server:
        out = server.raw(b"POST /api/v1/orchestrator/dags HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", 8)
        assert out == b"", out
        expect(server, 200, "GET", "/healthz", base="")


# ---- identity ----


def test_identity(server):
    expect(server, 401, "GET", "/dags", token=None, code="TOKEN_REQUIRED")
    expect(server, 401, "GET", "/dags", token="forged", code="TOKEN_INVALID")
    expect(server, 503, "GET", "/dags", token="down", code="UNAVAILABLE")
    expect(server, 403, "GET", "/dags", tenant=None, code="TENANT_REQUIRED")
    expect(server, 403, "GET", "/dags", tenant="acme", code="TENANT_MISMATCH")
    expect(server, 400, "GET", "/dags", X_Tenant_Id="acme", code="TENANT_MISMATCH")
    expect(server, 400, "GET", "/dags", tenant="a b", code="TENANT_INVALID")
    expect(server, 200, "GET", "/dags", tenant=None, X_StellaOps_Tenant="default")
    expect(server, 200, "GET", "/dags", tenant=None, X_Tenant_Id="default")
    expect(server, 403, "GET", "/dags", token="nobody", code="ERR_SCOPE_MISMATCH")
    expect(server, 403, "POST", "/runs", {"dagId": "d"}, token="reader", code="ERR_SCOPE_MISMATCH")
    expect(server, 403, "POST", "/dags", DAG, token="writer", code="ERR_SCOPE_MISMATCH")
    expect(server, 403, "POST", "/dags", DAG, token="operator", code="REASON_REQUIRED")
    expect(server, 400, "POST", "/dags", {**DAG, "nodes": {}}, token="operator",
           X_Stella_Operator_Reason="r", X_Stella_Ticket="T-1", code="DEFINITION_INVALID")
    expect(server, 200, "GET", "/dags", token="slow-admin")


def test_dev_fills_the_tenant(server_of):
    with server_of("dev") as server:
        expect(server, 200, "GET", "/dags", tenant=None)
        expect(server, 401, "GET", "/dags", tenant=None, token=None)


def test_objects_of_another_tenant_are_not_there(server):
    publish(server, "mine")
    run = start(server, "mine")["runId"]
    other = {"token": "acme", "tenant": "acme"}
    expect(server, 404, "GET", "/dags/mine", **other)
    expect(server, 404, "GET", f"/runs/{run}", **other)
    expect(server, 404, "GET", f"/runs/{run}/logs", **other)
    expect(server, 404, "GET", f"/executions/{run}/provenance", **other)
    assert expect(server, 200, "GET", f"/checkpoints/{run}", **other)["checkpoints"] == []
    health = expect(server, 200, "GET", "/admin/health", **other)
    assert health["queueDepth"] == {"acme": 5}


def test_rate_limit(server_of):
    with server_of("rate=5", "burst=3") as server:
        seen = [ask(server, "GET", "/dags")[0] for _ in range(6)]
        refused = [r for r in seen if r.status == 429]
        assert refused and int(refused[0].getheader("Retry-After")) >= 1
        assert refused[0].getheader("X-RateLimit-Remaining") == "0"
        expect(server, 200, "GET", "/dags", token="acme", tenant="acme")


def test_a_client_that_goes_away_harms_nobody(server):
    publish(server, "gone")
    for token in ("admin", "slow-admin"):
        body = json.dumps({"dagId": "gone", "inputs": {"delay_ms": 150}}).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(f"POST {BASE}/runs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nX-Stella-Tenant: "
                      f"default\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            time.sleep(0.02)
    time.sleep(0.4)
    expect(server, 200, "GET", "/healthz", base="")


def test_idempotency_keys(server):
    publish(server, "idem")
    body = {"dagId": "idem", "inputs": {"x": 1}}
    first = expect(server, 201, "POST", "/runs", body, Idempotency_Key="k1")
    reply, again = ask(server, "POST", "/runs", body, Idempotency_Key="k1")
    assert reply.status == 201 and again == first and reply.getheader("Idempotency-Replayed") == "true"
    expect(server, 422, "POST", "/runs", {**body, "inputs": {"x": 2}}, Idempotency_Key="k1",
           code="IDEMPOTENCY_KEY_REUSED")
    expect(server, 400, "POST", "/runs", body, Idempotency_Key="a b", code="IDEMPOTENCY_KEY_INVALID")
    other = expect(server, 201, "POST", "/runs", body, Idempotency_Key="k2")
    assert other["runId"] != first["runId"]


# ---- resources ----


def test_definitions(server):
    made = expect(server, 201, "POST", "/dags", {**DAG, "name": "made"})
    dag_id = made["dag"]["dag_id"]
    assert made["message"] == "DAG created" and len(made["dag"]["hash"]) == 64
    expect(server, 400, "POST", "/dags", {**DAG, "name": "made"}, code="DAG_EXISTS")
    doc = expect(server, 400, "POST", "/dags", {"name": "x", "nodes": {"A": {"agent_id": "a", "depends_on": ["A"]}}},
                 code="DEFINITION_INVALID")
    assert doc["detail"].startswith("DAG validation failed: Node 'A' depends on itself")
    assert doc["errors"][0]["error_type"] == "self_dep"
    steps = {"dagId": "ops", "version": "2.0.0", "steps": [{"stepId": "s", "agent_id": "a"}]}
    reply, doc = ask(server, "POST", "/dags", steps)
    assert reply.status in (201, 422), doc
    publish(server, "def")
    expect(server, 200, "GET", f"/dags/{dag_id}")
    assert expect(server, 200, "POST", "/dags/def/validate")["valid"] is True
    assert "conformance.stub" in expect(server, 200, "GET", "/dags/def/export")["yaml"]
    assert expect(server, 200, "GET", "/dags/def/visualize")["mermaid"].startswith("graph TD")
    version = expect(server, 200, "GET", "/dags/def/1.0.0")
    assert version["active"] is True and version["steps"][0]["stepId"] == "A"
    assert expect(server, 200, "POST", "/dags/def/1.0.0:disable")["active"] is False
    expect(server, 404, "POST", "/dags/def/9:disable", code="DAG_NOT_FOUND")
    listed = expect(server, 200, "GET", "/dags?active=false")
    assert [i["dagId"] for i in listed["items"]] == ["def"]
    expect(server, 200, "PUT", "/dags/def", {"description": "new"})
    expect(server, 404, "PUT", "/dags/none", {"description": "new"}, code="DAG_NOT_FOUND")
    assert expect(server, 200, "DELETE", "/dags/def")["message"] == "DAG deleted"
    assert expect(server, 404, "GET", "/dags/def")["detail"] == "DAG not found"


def test_lists_have_pages(server):
    for i in range(5):
        publish(server, f"page-{i}")
    seen, token = [], ""
    while True:
        doc = expect(server, 200, "GET", "/dags?page_size=2" + token)
        seen += [i["dagId"] for i in doc["items"]]
        if "next_page_token" not in doc:
            break
        token = "&page_token=" + doc["next_page_token"]
    assert seen == sorted(seen) and len([s for s in seen if s.startswith("page-")]) == 5


def test_runs_and_executions_are_two_views_of_one_thing(server):
    publish(server, "views")
    run = start(server, "views")
    rid = run["runId"]
    assert run["status"] == "completed" and len(run["traceId"]) == 32
    ops = expect(server, 200, "GET", f"/runs/{rid}")
    assert ops["steps"][0]["stepId"] == "A" and ops["dagVersion"] == "1.0.0"
    execution = expect(server, 200, "GET", f"/executions/{rid}")
    assert execution["status"] == execution["execution"]["status"] == "completed"
    trace = expect(server, 200, "GET", f"/executions/{rid}/trace")
    node = trace["node_traces"]["A"]
    assert node["agent_id"] == "conformance.stub" and node["outputs"] == {"ok": 1}
    assert trace["topology_levels"] == [["A"]] and trace["errors"] == [] and trace["compensations"] == []
    assert len(node["started_at"]) == len("2026-11-22T00:00:00.000001Z")
    listed = expect(server, 200, "GET", "/executions?status=completed&since=1h&dag_id=views")
    assert listed["count"] == 1 and listed["items"] == listed["executions"]
    assert expect(server, 200, "GET", "/executions?status=strange")["count"] == 0
    assert expect(server, 200, "GET", "/runs?dagId=views&status=completed")["items"][0]["runId"] == rid
    assert expect(server, 200, "GET", f"/checkpoints/{rid}")["checkpoints"][0]["node_id"] == "A"
    assert expect(server, 200, "GET", f"/runs/{rid}/steps")["items"][0]["attempt"] == 1
    assert expect(server, 200, "GET", f"/runs/{rid}/steps/A")["attempts"] == []
    expect(server, 404, "GET", f"/runs/{rid}/steps/B", code="STEP_NOT_FOUND")
    logs = expect(server, 200, "GET", f"/runs/{rid}/logs?stepId=A")
    assert logs["items"][0]["message"] == "hello"
    more = expect(server, 200, "GET", f"/runs/{rid}/logs?page_token=" + logs["next_page_token"])
    assert more["items"] == [] and "next_page_token" not in more
    proof = expect(server, 200, "GET", f"/executions/{rid}/provenance")
    assert proof["nodes"][0]["valid"] is True and proof["chain_valid"] is True, proof
    less = expect(server, 200, "GET", f"/executions/{rid}/provenance?parents=false")
    assert less["chain_valid"] is True and "actual_parent_hashes" not in less["nodes"][0]
    assert less["provenances"][0].keys() == proof["provenances"][0].keys() - {"parent_hashes"}
    whole = expect(server, 200, "GET", f"/runs/{rid}/provenance")
    assert whole["statement"] is None and whole["records"] == proof["provenances"]
    alone = expect(server, 200, "GET", f"/runs/{rid}/provenance?records=false")
    assert alone == {k: v for k, v in whole.items() if k not in ("records", "nodes", "chainValid", "parentsShown")}
    expect(server, 400, "GET", f"/runs/{rid}/provenance?records=no")
    expect(server, 400, "GET", "/runs?statement=missing")
    unsigned = expect(server, 200, "GET", "/runs?statement=unsigned&dagId=views")["items"]
    assert [(r["runId"], r["statementState"]) for r in unsigned] == [(rid, "waiting")]
    assert expect(server, 200, "GET", "/runs?statement=refused")["items"] == []
    expect(server, 404, "GET", "/executions/none", code="RUN_NOT_FOUND")
    expect(server, 409, "POST", f"/executions/{rid}/cancel", code="RUN_STATE")
    resumed = expect(server, 202, "POST", f"/executions/{rid}/resume")
    assert resumed["nodes_skipped"] == [] and resumed["nodes_remaining"] == []
    assert expect(server, 200, "DELETE", f"/checkpoints/{rid}")["deleted"] == 1
    started = expect(server, 202, "POST", "/dags/views/execute", {"input_data": {}})
    assert started["message"] == "Execution started"
    expect(server, 404, "POST", "/dags/none/execute", {}, code="DAG_NOT_FOUND")
    expect(server, 404, "GET", "/artifacts/" + "a" * 64, code="ROUTE_NOT_FOUND")  # absent until it is there


def test_deadlines_of_a_run_are_shown_in_both_words(server):
    publish(server, "late")
    expect(server, 400, "POST", "/runs", {"dagId": "late", "deadline": {}}, code="FIELD_INVALID")
    expect(server, 400, "POST", "/dags/late/execute", {"deadline": 5}, code="FIELD_INVALID")
    run = expect(server, 201, "POST", "/runs", {"dagId": "late", "deadline": {"within": 5}})["runId"]
    seen = expect(server, 200, "GET", f"/runs/{run}")
    at = "1970-01-01T00:00:0{}Z".format
    assert seen["deadline"] == {"at": at("2.000000"), "warnAt": at("1.000000"), "warnedAt": at("1.000001"),
                                "missedAt": None}
    assert seen["stepDeadlines"] == {"A": {"at": at("3.000000"), "warnAt": None, "warnedAt": None,
                                           "missedAt": at("3.000001")}}
    trace = expect(server, 200, "GET", f"/executions/{run}")
    assert trace["deadline"]["warned_at"] == at("1.000001") and trace["node_deadlines"]["A"]["missed_at"]
    plain = expect(server, 201, "POST", "/runs", {"dagId": "late"})["runId"]
    assert "deadline" not in expect(server, 200, "GET", f"/runs/{plain}")


def test_secrets_never_come_in_plain(server):
    expect(server, 422, "PUT", "/secrets/db", {"value": "hunter2"}, code="FIELDS_INVALID")
    expect(server, 400, "PUT", "/secrets/db", {"boxed": "???"}, code="FIELD_INVALID")
    assert expect(server, 201, "PUT", "/secrets/db", {"boxed": "AAEC"}) == {"name": "db", "version": 1}
    assert expect(server, 200, "GET", "/secrets")["items"][0]["name"] == "db"
    assert set(expect(server, 200, "GET", "/secrets/db")) == {"name", "version", "createdBy", "createdUtc"}
    expect(server, 404, "GET", "/secrets/none", code="SECRET_NOT_FOUND")
    assert len(expect(server, 200, "GET", "/secrets/key")["key"]) == 44


def test_metrics_and_openapi(server):
    expect(server, 200, "GET", "/healthz", base="", token=None)
    text = expect(server, 200, "GET", "/metrics", base="", token=None).decode()
    assert 'http_request_duration_seconds_count{method="GET",route="/healthz",status="200"}' in text
    assert "# TYPE gl_orchestrator_dag_executions_total counter" in text
    summary = expect(server, 200, "GET", "/metrics")
    assert summary["max_concurrent_executions"] == 50 and summary["registered_dags"] >= 0
    doc = expect(server, 200, "GET", "/.well-known/openapi", base="", token=None)
    assert doc["openapi"] == "3.1.0" and BASE + "/runs/{runId}:cancel" in doc["paths"]
    ids = [op["operationId"] for path in doc["paths"].values() for op in path.values()]
    assert len(ids) == len(set(ids)) and len(ids) > 45


if __name__ == "__main__":
    sys.exit(main(globals()))
