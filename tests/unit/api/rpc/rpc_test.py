#!/usr/bin/python3
"""JSON-RPC on the real server: what is a call and who may make it, batches, and each method."""
import json
import sys

from server_lib import ask, expect, main

METHODS = ["run_task", "get_status", "get_analytics", "inject", "control/scale"]


def call(method, params=None, ident=1, **more):
    told = {"jsonrpc": "2.0", "method": method, **more}
    if ident is not ...:
        told["id"] = ident
    return told if params is None else {**told, "params": params}


def send(server, body, status=200, path="/v1/jsonrpc", **options):
    reply, doc = ask(server, "POST", path, body, base="", **options)
    assert reply.status == status, (reply.status, doc)
    assert status == 204 or reply.getheader("Content-Type") == "application/json"
    return doc


def good(server, method, params=None, **options):
    doc = send(server, call(method, params), **options)
    assert doc.keys() == {"jsonrpc", "id", "result"} and (doc["jsonrpc"], doc["id"]) == ("2.0", 1), doc
    assert doc["result"].keys() == {"data", "metadata"}
    assert doc["result"]["metadata"]["execution_time"] >= 0 and doc["result"]["metadata"]["timestamp"].endswith("Z")
    return doc["result"]["data"]


def bad(server, code, body, status=200, ident=1, **options):
    doc = send(server, body, status, **options)
    assert doc.keys() == {"jsonrpc", "id", "error"} and (doc["jsonrpc"], doc["id"]) == ("2.0", ident), doc
    assert doc["error"]["code"] == code and doc["error"]["message"], doc
    return doc["error"]


def test_what_is_no_json_is_a_parse_error(server):
    for raw in (b"", b"{", b"nope", b'{"jsonrpc":"2.0","method":"get_status","id":1', b'[{"jsonrpc":"2.0"', b'{"id":1,"id":2}'):
        bad(server, -32700, raw, 400, ident=None)
    bad(server, -32700, b"[" * 5000, 400, ident=None)


def test_what_is_no_call_is_an_invalid_request(server):
    for body, ident in ((1, None), ("x", None), ({"jsonrpc": "2.0", "id": 1}, 1), (call(7), 1), (call("get_status", ident=1.5), None),
                        (call("get_status", "x"), 1), (call("rpc.discover"), 1), (call("get_status", parms={}), 1)):
        bad(server, -32600, body, 400, ident)
    bad(server, -32600, [], 400, ident=None)
    bad(server, -32600, [call("get_status")] * 101, 400, ident=None)


def test_an_unknown_method_lists_what_there_is(server):
    error = bad(server, -32601, call("make_coffee"))
    assert error["data"] == {"code": "NOT_FOUND", "available": METHODS}, error
    assert "make_coffee" in error["message"]
    bad(server, -32601, call("GET_STATUS"))
    error = bad(server, -32601, call("x" * 5000 + "ä"))
    assert len(error["message"].encode()) < 1100


def test_params_are_an_object_of_known_members(server):
    bad(server, -32602, call("get_status", [True]))
    assert "nope" in bad(server, -32602, call("get_status", {"nope": 1}))["message"]
    assert "include_workers" in bad(server, -32602, call("get_status", {"include_workers": "yes"}))["message"]


def test_a_notification_is_not_answered(server):
    assert send(server, call("get_status", ident=...), 204) == b""
    assert send(server, call("nope", ident=...), 204) == b""
    assert send(server, [call("get_status", ident=...)] * 3, 204) == b""
    assert send(server, call("get_status", ident=None))["id"] is None


def test_a_batch_is_answered_call_by_call(server):
    doc = send(server, [call("get_status", ident=1), call("nope", ident="two"), call("get_status", ident=...), 7,
                        call("get_status", [], ident=-4)])
    assert [one["id"] for one in doc] == [1, "two", None, -4]
    assert [one.get("error", {}).get("code") for one in doc] == [None, -32601, -32600, -32602]
    doc = send(server, [call("get_status", ident=i) for i in range(100)])
    assert [one["id"] for one in doc] == list(range(100)) and all("result" in one for one in doc)
    assert send(server, [7])[0]["error"]["code"] == -32600


def test_who_may_not_is_told_in_the_same_words(server):
    error = bad(server, -32005, call("get_status"), 401, ident=None, token="")
    assert error["data"]["code"] == "TOKEN_REQUIRED"
    bad(server, -32005, call("get_status"), 401, ident=None, token="wrong")
    bad(server, -32006, call("get_status"), 403, ident=None, token="nobody")
    error = bad(server, -32000, call("get_status"), 503, ident=None, token="down")
    assert error["data"]["retry_after_s"] == 1
    bad(server, -32006, call("get_status"), 403, ident=None, tenant="acme")
    bad(server, -32600, call("get_status"), 400, ident=None, path="/v1/jsonrpc?x=1")
    good(server, "get_status", token="reader")


def test_a_body_has_10_mib_at_most(server):
    reply, doc = ask(server, "POST", "/v1/jsonrpc", b" " * (10 * 1024 * 1024 + 1), base="")
    assert (reply.status, doc["error"]["code"], doc["id"]) == (413, -32600, None)
    text = json.dumps(call("get_status")).encode()
    assert "result" in send(server, text + b" " * (10 * 1024 * 1024 - len(text)))
    assert bad(server, -32600, b"[" + b"0," * 450000 + b"0]", 413, ident=None)


def test_the_methods_are_listed_in_both_versions(server):
    for version, said in (("v1", "1.0"), ("v2", "2.0")):
        reply, doc = ask(server, "GET", f"/{version}/methods", base="", token="reader")
        assert (reply.status, doc) == (200, {"methods": METHODS, "version": said})
        assert "result" in send(server, call("get_status"), path=f"/{version}/jsonrpc")
    reply, doc = ask(server, "POST", "/v3/jsonrpc", call("get_status"), base="")
    assert (reply.status, doc["code"]) == (404, "ROUTE_NOT_FOUND")
    reply, doc = ask(server, "GET", "/v1/jsonrpc", base="")
    assert (reply.status, doc["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_the_latest_calls_are_remembered(server):
    def past(limit="", status=200, **options):
        reply, doc = ask(server, "GET", f"/v2/history{limit}", base="", **options)
        assert reply.status == status, (reply.status, doc)
        return doc

    before = past()["total"]
    good(server, "get_status")
    send(server, [call("nope", ident="b"), 7, call("get_status", ident=...)])
    told = past("?limit=4", token="reader")
    assert told["total"] >= before + 4 or told["total"] > 1000
    assert [(one["method"], one["id"], one["success"], one["error_code"]) for one in told["history"]] == [
        ("get_status", None, True, None), (None, None, False, -32600), ("nope", "b", False, -32601), ("get_status", 1, True, None)], told
    for one in told["history"]:
        assert one["duration_ms"] >= 0 and one["timestamp"].endswith("Z"), one
    assert len(past("?limit=1")["history"]) == 1
    for limit in ("0", "-1", "x", "10001", ""):
        past("?limit=" + limit, 400)
    past(status=401, token="")
    assert past(tenant="acme", token="acme")["total"] == 0


def test_get_status_says_what_waits_and_who_works(server):
    told = good(server, "get_status")
    assert told == {"queue_depth": 3, "active_workers": 5,
                    "workers": {"default": {"slots": 16, "running": 0}, "ml": {"slots": 2, "running": 1}},
                    "queue": {"default": {"depth": 0, "running": 0}, "ml": {"depth": 3, "running": 1}}}, told
    told = good(server, "get_status", {"include_workers": False, "include_queue": False, "include_metrics": True})
    assert told.keys() == {"queue_depth", "active_workers", "metrics"}
    assert told["metrics"].keys() == {"active_runs", "max_runs", "queued_runs", "ready"}


def test_get_analytics_tells_what_tasks_took(server):
    told = good(server, "get_analytics")
    assert told.keys() == {"time_range", "since", "metrics"} and told["time_range"] == "1h" and told["since"].endswith("Z")
    assert 0.25 <= told["metrics"]["latency"]["p50_s"] < 0.28 and told["metrics"]["latency"].keys() == {"p50_s", "p95_s", "p99_s"}, told
    assert (told["metrics"]["throughput"]["completed"], told["metrics"]["throughput"]["failed"]) == (1, 1), told
    assert told["metrics"]["throughput"]["completed_per_second"] > 0
    told = good(server, "get_analytics", {"time_range": "7d", "metrics": ["latency"]}, token="reader")
    assert told["time_range"] == "7d" and told["metrics"].keys() == {"latency"}
    assert good(server, "get_analytics", {"metrics": []})["metrics"] == {}
    for params, named in (({"time_range": "2h"}, "time_range"), ({"time_range": 1}, "time_range"), ({"metrics": ["luck"]}, "metrics"),
                          ({"metrics": [7]}, "metrics"), ({"metrics": "latency"}, "metrics"), ({"agents": ["x"]}, "agents"), ({"nope": 1}, "nope")):
        assert named in bad(server, -32602, call("get_analytics", params))["message"], params


def task_of(server, told):
    return expect(server, 200, "GET", f"/tasks/{told['task_id']}")


def test_run_task_is_a_task_of_the_tools_lane(server):
    told = good(server, "run_task", {"tool": "DeepSeek", "prompt": "p", "context": {"k": 1}, "tags": ["a"], "priority": 12, "timeout": 10},
                token="writer")
    assert told.keys() == {"task_id", "run_id", "status", "lane", "position", "priority", "tool"}
    assert (told["status"], told["lane"], told["tool"], told["priority"]) == ("queued", "codegen", "DeepSeek", 12), told
    assert task_of(server, told)["payload"] == {"tool": "DeepSeek", "prompt": "p", "context": {"k": 1}, "tags": ["a"]}
    told = good(server, "run_task", {"tool": "ml", "prompt": "p", "timeout": 600})
    assert (told["lane"], told["priority"]) == ("ml", 5)
    assert task_of(server, told)["payload"] == {"tool": "ml", "prompt": "p", "context": {}, "tags": []}


def test_what_is_refused_of_run_task_is_named(server):
    fine = {"tool": "DeepSeek", "prompt": "p"}
    for params, named in (({"prompt": ""}, "prompt"), ({"prompt": " \n "}, "prompt"), ({"prompt": 7}, "prompt"), ({"priority": 0}, "priority"),
                          ({"priority": 101}, "priority"), ({"priority": "5"}, "priority"), ({"priority": None}, "priority"),
                          ({"timeout": 9}, "timeout"), ({"timeout": 601}, "timeout"), ({"timeout": "9"}, "timeout"), ({"context": []}, "context"),
                          ({"tags": {}}, "tags"), ({"tags": [1]}, "tags"), ({"tool": 7}, "tool"), ({"tool": None}, "tool"), ({"nope": 1}, "nope")):
        assert named in bad(server, -32602, call("run_task", {**fine, **params}))["message"], params
    assert "prompt" in bad(server, -32602, call("run_task", {"tool": "DeepSeek"}))["message"]
    for tool in ("GPT", "deepseek", "Perplexity"):
        error = bad(server, -32602, call("run_task", {**fine, "tool": tool}))
        assert error["data"] == {"code": "LANE_NOT_FOUND", "available": ["DeepSeek", "Perplexity", "Copilot", "default", "ml"]}, error
    error = bad(server, -32000, call("run_task", {**fine, "tool": "default"}))
    assert error["data"] == {"code": "LANE_HAS_NO_AGENT"}
    error = bad(server, -32006, call("run_task", fine), 403, token="reader")
    assert error["data"]["code"] == "ERR_SCOPE_MISMATCH"


def test_inject_is_a_task_as_post_tasks_takes_it(server):
    task = {"lane": "ml", "payload": {"i": 1}, "task_id": "rpc", "priority": 9}
    told = good(server, "inject", {"task": task, "position": "back"})
    assert told.keys() == {"task_id", "run_id", "status", "lane", "position", "priority"}
    assert (told["task_id"], told["lane"], told["priority"]) == ("rpc", "ml", 9)
    assert good(server, "inject", {"task": task})["run_id"] == told["run_id"]
    assert bad(server, -32002, call("inject", {"task": {**task, "payload": {}}}))["data"]["code"] == "TASK_CONFLICT"
    told = good(server, "inject", {"task": {"lane": "ml", "payload": {"first": True}}, "position": "front"})
    assert task_of(server, told)["payload"] == {"first": True}
    assert "first" in bad(server, -32002, call("inject", {"task": {"lane": "ml", "payload": {"first": True}}}))["message"]
    told = good(server, "inject", {"task": {"tool": "Copilot", "prompt": "p", "task_id": "rpc tool"}})
    assert (told["task_id"], told["lane"], told["tool"]) == ("rpc tool", "codegen", "Copilot")


def test_inject_goes_into_a_full_lane_by_force_only(server):
    params = {"task": {"lane": "ml", "payload": {"full": True}}}
    reply, doc = ask(server, "POST", "/v1/jsonrpc", call("inject", params), base="")
    assert (reply.status, reply.getheader("Retry-After")) == (429, "1")
    assert (doc["error"]["code"], doc["error"]["data"]) == (-32004, {"code": "LANE_FULL", "retry_after_s": 1})
    good(server, "inject", {**params, "force": True})
    assert send(server, [call("inject", params)])[0]["error"]["code"] == -32004


def test_what_is_refused_of_inject_is_named(server):
    fine = {"lane": "ml", "payload": {}}
    for params, named in (({}, "task"), ({"task": []}, "task"), ({"task": fine, "position": "middle"}, "position"), ({"task": fine, "force": "yes"}, "force"),
                          ({"task": {"lane": "ml", "payload": 7}}, "payload"), ({"task": {"payload": {}}}, "lane"), ({"task": {**fine, "nope": 1}}, "nope"),
                          ({"task": {"tool": "ml", "prompt": "p", "lane": "ml"}}, "lane"), ({"task": {**fine, "lane": "none"}}, "lane"),
                          ({"task": {**fine, "retry": {"max_retries": -1}}}, "retry")):
        assert named in bad(server, -32602, call("inject", params))["message"], params
    bad(server, -32006, call("inject", {"task": fine}), 403, token="reader")


def test_control_scale_changes_lanes(server):
    for action in ("scale_up", "scale_down", "pause", "resume", "preempt"):
        told = good(server, "control/scale", {"action": action, "target": "ml", "scale_factor": 10})
        assert told == {"action": action, "lanes": [{"name": "ml", "slots": 2, "paused": False}]}, told
    items = expect(server, 200, "GET", "/lanes/ml/versions")["items"]
    assert [one["spec"] for one in items[:4]] == [{"paused": False, "draining": False}, {"paused": True}, {}, {}], items


def test_what_is_refused_of_control_scale_is_named(server):
    for params, named in (({}, "action"), ({"action": "explode"}, "action"), ({"action": 7}, "action"), ({"action": "pause", "x": 1}, "x"),
                          ({"action": "scale_up", "scale_factor": 0}, "scale_factor"), ({"action": "scale_up", "scale_factor": 11}, "scale_factor"),
                          ({"action": "scale_up", "scale_factor": "2"}, "scale_factor"), ({"action": "pause", "target": "*"}, "name"),
                          ({"action": "pause", "target": 7}, "target"), ({"action": "pause", "target": "none"}, "none"), ({"action": "pause"}, "reasoning")):
        assert named in bad(server, -32602, call("control/scale", params))["message"], params
    error = bad(server, -32602, call("control/scale", {"action": "pause", "target": "none"}))
    assert error["data"] == {"code": "LANE_NOT_FOUND"}, error
    assert "reasoning" in bad(server, -32602, call("control/scale", {"action": "preempt"}))["message"]
    bad(server, -32006, call("control/scale", {"action": "pause"}), 403, token="writer")


def test_a_batch_of_tasks_is_answered_when_all_are_durable(server):
    calls = [call("inject", {"task": {"lane": "ml", "payload": {"i": i}}}, ident=i) for i in range(99)]
    doc = send(server, [*calls, call("run_task", {"tool": "ml", "prompt": "p"}, ident=...)])
    assert [one["id"] for one in doc] == list(range(99))
    for i in (0, 40, 98):
        assert task_of(server, doc[i]["result"]["data"])["payload"] == {"i": i}
    assert len({one["result"]["data"]["task_id"] for one in doc}) == 99


if __name__ == "__main__":
    sys.exit(main(globals()))
