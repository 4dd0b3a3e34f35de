"""A task is one run of its lane's agent, by what the lane said when it came, and outlives its host.

Rooms: host/lanes, host/engine/lanes, host/engine/control, host/engine/runs, host/api/routes, host/store.
"""
import json
import os
import pathlib
import signal

from host import RUN_S, until
from stream import Lines

STUB = "conformance.stub"
OVER = ("completed", "dead", "cancelled")
NIGHTLY = (f"dag_id: nightly\nname: n\nnodes:\n  a: {{agent_id: {STUB}, input_mapping: {{day: input.day}}, config: {{echo_input: true}}}}\n"
           f"  b: {{agent_id: {STUB}, depends_on: [a], config: {{return: {{n: 2}}}}}}\n")


def add(host, lane, expect=202, payload=None, **task):
    return host.http("POST", "/tasks", {"lane": lane, "payload": payload or {}, **task}, expect=expect).json


def show(host, task_id):
    return host.http("GET", f"/tasks/{task_id}", expect=200).json


def ended(host, task_id):
    until(lambda: show(host, task_id)["status"] in OVER, RUN_S, f"the end of task {task_id}")
    return show(host, task_id)


def put(host, lane, **members):
    return host.http("PUT", f"/lanes/{lane}", members, expect=None).json


def rpc(host, method, **params):
    call = {"jsonrpc": "2.0", "id": method, "method": method, "params": params}
    return host.http("POST", "/v1/jsonrpc", call, expect=200, root=True).json["result"]["data"]


def test_tasks_are_runs_that_outlive_the_host(make_host):
    own = make_host(workers_per_type=1)
    put(own, "ml", agent_id=STUB, config={"echo_input": True}, paused=True)
    first = add(own, "ml", task_id="first", payload={"n": [1]})
    assert (first["status"], first["position"]) == ("queued", 1), first
    add(own, "ml", task_id="second", priority=9)
    put(own, "ml", config={"return": {"later": True}})
    assert add(own, "ml", 200, task_id="first", payload={"n": [1]})["run_id"] == first["run_id"]
    assert add(own, "ml", 409, task_id="first", payload={"n": [2]})["code"] == "TASK_CONFLICT"
    third = add(own, "ml", task_id="third", priority=2)
    assert own.http("POST", "/tasks/third:prioritize", {"priority": 12}, expect=200).json["express"] is True
    row = [f"row{i}" for i in range(8)]
    for task_id in row:
        add(own, "ml", task_id=task_id, priority=1)
    own.http("POST", "/dags/import", {"yaml_content": NIGHTLY}, expect=201)
    put(own, "nights", dag_id="nightly", slots=1)
    night = [add(own, "nights", task_id=f"night{i}", payload={"day": i}) for i in range(2)]
    own.kill9()
    own.start()
    until(lambda: [show(own, task_id)["position"] for task_id in row] == list(range(4, 12)), RUN_S, "the row as it was")
    for i, task in enumerate(night):
        over = ended(own, task["task_id"])
        assert (over["result"], over["lane"], over["attempts"]) == ({"a": {"in": {"day": i}}, "b": {"n": 2}}, "nights", 2), over
        assert own.http("GET", f"/runs/{task['run_id']}", expect=200).json["dagId"] == "nightly"
    assert own.cli("task", "list", "--lane", "nights", "-o", "name").stdout.split() == ["night1", "night0"]
    until(lambda: show(own, "third")["position"] == 1, RUN_S, "the third in the lane again, before the others")
    own.http("POST", f"/runs/{third['run_id']}:cancel", expect=202)
    until(lambda: show(own, "third")["status"] == "cancelled", RUN_S, "the third gone")
    own.http("POST", "/tasks/third:prioritize", {"priority": 5}, expect=409)
    until(lambda: (show(own, "first")["position"], show(own, "second")["position"]) == (2, 1), RUN_S, "both in the lane again")
    assert show(own, "first")["why"]["reason"] == "paused"
    assert "paused" in own.cli("why", "first").stdout and "paused" in own.cli("task", "show", "first").stdout
    assert add(own, "ml", 200, task_id="first", payload={"n": [1]})["run_id"] == first["run_id"]
    own.cli("lane", "resume", "ml")
    assert ended(own, "first")["result"] == {"in": {"n": [1]}}
    assert ended(own, "second")["started_at"] < show(own, "first")["started_at"]
    later, express = ended(own, add(own, "ml")["task_id"]), ended(own, add(own, "ml", priority=12)["task_id"])
    assert later["result"] == {"later": True} and (later["worker"], express["worker"]) == ("pool_ml_0", "express_ml_0")
    assert own.cli("task", "submit", "ml", "--task-id", "by-hand", "--wait").stdout == "by-hand\n"
    assert own.cli("task", "list", "--lane", "ml", "--status", "cancelled", "-o", "name").stdout == "third\n"
    run = own.http("GET", f"/runs/{first['run_id']}", expect=200).json
    assert (run["runToken"], run["dagId"], run["status"]) == ("first", "lane.ml", "completed")


def test_a_task_is_cancelled_dead_and_tried_again(make_host):
    own = make_host(workers_per_type=1)
    put(own, "ml", agent_id=STUB, config={"fail_times": 1}, retry_policy={"max_retries": 0}, paused=True)
    own.http("POST", f"/tasks/{add(own, 'ml', task_id='off')['task_id']}:cancel", {"reason": "not wanted"}, expect=202)
    assert ended(own, "off")["attempts"] == 0
    own.http("POST", "/tasks/off:cancel", expect=409)
    own.cli("lane", "resume", "ml")
    dead = ended(own, add(own, "ml", task_id="again")["task_id"])
    assert dead["status"] == "dead" and dead["error"]["message"] and dead["attempts"] == 1, dead
    counted = lambda: [own.metric(f"mcp_tasks_{what}_total") for what in ("enqueued", "completed", "failed")]
    until(lambda: counted() == [2, 0, 1], RUN_S, "the counters")
    assert own.metric("mcp_task_latency_seconds_ml_count") == 1
    assert (own.metric("mcp_queue_depth"), own.metric("mcp_consumer_group_lag"), own.metric("mcp_active_workers")) == (0, 0, 3)
    assert rpc(own, "get_status")["active_workers"] == 3
    told = rpc(own, "get_analytics")["metrics"]
    assert (told["throughput"]["completed"], told["throughput"]["failed"]) == (0, 1) and told["latency"]["p50_s"] > 0, told
    told = rpc(own, "control/scale", action="scale_up", scale_factor=2)["lanes"]
    assert {lane["name"]: lane["slots"] for lane in told} == {"reasoning": 3, "codegen": 3, "ml": 3}, told
    told = own.http("GET", "/v1/history?limit=2", expect=200, root=True).json
    assert [call["id"] for call in told["history"]] == ["control/scale", "get_analytics"] and told["total"] == 3, told
    assert own.metric("process_resident_memory_bytes") > 1 << 20
    letter, = own.http("GET", "/deadletter?lane=ml", expect=200).json["items"]
    assert (letter["taskId"], letter["deadLetterId"], letter["reason"]) == ("again", dead["dead_letter_id"], "retries_exhausted"), letter
    own.kill9()
    own.start()
    assert own.http("GET", f"/deadletter/{letter['deadLetterId']}", expect=200).json["task"]["status"] == "dead"
    assert letter["deadLetterId"] in own.cli("dlq", "list", "--lane", "ml").stdout
    counted = json.loads(own.cli("dlq", "stats", "-o", "json").stdout)
    assert (counted["total"], counted["byLane"], counted["retryable"], counted["verdict"]) == (1, {"ml": 1}, 1, "ok"), counted
    assert counted["clusters"] == own.http("GET", "/deadletter/summary?lane=ml", expect=200).json["groups"]
    assert counted["clusters"][0]["sample"] == [{"deadLetterId": letter["deadLetterId"], "taskId": "again"}], counted
    assert own.http("POST", "/tasks/again:retry", expect=202).json["run_id"] == dead["run_id"]
    until(lambda: show(own, "again")["status"] == "completed", RUN_S, "the second attempt")
    assert show(own, "again")["attempts"] == 2
    with Lines(own, f"after=0&runId={dead['run_id']}") as lines:
        told = [e for e in lines.until("run.completed") if e["type"] == "task.updated"]
    assert [(e["attempt"], e["status"]) for e in told] == [(1, "queued"), (1, "leased"), (1, "running"), (1, "dead"),
                                                           (2, "queued"), (2, "leased"), (2, "running"), (2, "completed")], told
    assert (told[1]["data"]["worker"], told[1]["data"]["lane"], told[1]["data"]["task_id"]) == ("pool_ml_0", "ml", "again"), told
    assert own.http("GET", "/deadletter", expect=200).json["items"] == []
    own.http("POST", "/tasks/again:retry", expect=409)
    own.http("POST", f"/runs/{dead['run_id']}:restart", expect=409)
    items = own.http("GET", "/tasks?lane=ml", expect=200).json["items"]
    assert {item["task_id"]: item["status"] for item in items} == {"off": "cancelled", "again": "completed"}


def workers(host):
    told = host.http("GET", "/api/v1/workers/status", root=True, token="", expect=200).json
    return {worker["id"]: worker for worker in told["workers"]}


def test_a_worker_is_a_process_that_an_operator_may_kill(make_host):
    own = make_host(workers_per_type=1)
    put(own, "ml", agent_id=STUB, config={"sleep_s": 600}, retry_policy={"max_retries": 1, "base_delay": 0.1, "jitter": False})
    add(own, "ml", task_id="hit", priority=12)
    until(lambda: workers(own)["express_ml_0"]["pid"], RUN_S, "its process")
    worker = workers(own)["express_ml_0"]
    assert (worker["current_task"], worker["status"], worker["restarts"]) == ("hit", "processing", 0), worker
    assert workers(own)["pool_ml_0"]["status"] == "idle"
    title = lambda pid: pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0")
    until(lambda: title(worker["pid"]) == b"express_pool: ml 0", RUN_S, "its title")
    os.kill(worker["pid"], signal.SIGKILL)
    until(lambda: workers(own)["express_ml_0"]["pid"] not in (None, worker["pid"]), RUN_S, "the second attempt")
    again = workers(own)["express_ml_0"]
    assert (again["current_task"], again["restarts"], again["tasks_failed"]) == ("hit", 1, 1), again
    until(lambda: own.metric("mcp_worker_restarts_total") == 1, RUN_S, "the restart counted")
    attempts = own.http("GET", f"/runs/{show(own, 'hit')['run_id']}/steps/task", expect=200).json["attempts"]
    assert attempts[0]["outcome"] == "crash", attempts
    own.http("POST", "/tasks/hit:cancel", expect=202)
    assert ended(own, "hit")["status"] == "cancelled"


def shed(host, deed, body=None, expect=200, **options):
    return host.http("GET" if deed == "status" else "POST", f"/api/v1/admin/rate-limit/{deed}", body, expect=expect, root=True,
                     **options).json


def test_an_operator_lets_nothing_new_in(make_host):
    own = make_host(workers_per_type=1, admin_loopback="true")
    put(own, "ml", agent_id=STUB, paused=True)
    add(own, "ml", task_id="there")
    assert [shed(own, deed, token="")["enabled"] for deed in ("enable", "status", "disable")] == [True, True, False]
    own.http("GET", "/lanes", token="", expect=401)
    shed(own, "enable", expect=401, token="none")
    assert shed(own, "enable", {"reason": "month end"})["enabled"] is True
    refused = own.http("POST", "/tasks", {"lane": "ml", "payload": {}}, expect=429)
    assert (refused.json["code"], refused.headers["Retry-After"]) == ("RATE_LIMITED", "30"), refused.json
    assert refused.json["detail"] == "Rate limit exceeded. Retry after 30 seconds."
    batch = own.http("POST", "/tasks:batch", {"tasks": [{"lane": "ml", "payload": {}}]}, expect=200).json
    assert batch["results"][0]["http_status"] == 429, batch
    add(own, "ml", 200, task_id="there")
    own.cli("lane", "resume", "ml")
    assert ended(own, "there")["status"] == "completed"
    assert "month end" in own.http("GET", "/healthz?verbose=1", root=True, token="", expect=200).text.decode()
    assert shed(own, "status")["reason"] == "month end"
    shed(own, "disable")
    ended(own, add(own, "ml")["task_id"])


def test_what_is_dead_is_replayed_by_the_lane_as_it_is_now(make_host):
    own = make_host(workers_per_type=2)
    put(own, "ml", agent_id=STUB, config={"fail_times": 9}, retry_policy={"max_retries": 0})
    for i in range(3):
        add(own, "ml", task_id=f"dead{i}", payload={"n": i})
    for i in range(3):
        assert ended(own, f"dead{i}")["status"] == "dead"
    put(own, "ml", config={"echo_input": True})
    letters = lambda: {item["taskId"]: item for item in own.http("GET", "/deadletter?lane=ml", expect=200).json["items"]}
    new = own.cli("dlq", "replay", letters()["dead0"]["deadLetterId"], "--reason", "repaired").stdout.strip()
    own.kill9()
    own.start()
    task = ended(own, new)
    assert (task["status"], task["replayOf"], task["priority"], task["payload"]) == ("completed", "dead0", 10, {"n": 0}), task
    assert letters()["dead0"]["replayedBy"] == [new] and show(own, "dead0")["status"] == "dead"
    assert "2 would be replayed" in own.cli("dlq", "replay", "--lane", "ml", "--preview").stderr
    told = json.loads(own.cli("dlq", "replay", "--lane", "ml", "--reason", "the others", "-o", "json").stdout)
    assert sorted(item["taskId"] for item in told["replayed"]) == ["dead1", "dead2"], told
    for item in told["replayed"]:
        assert ended(own, item["newTaskId"])["status"] == "completed"
    assert own.http("POST", "/deadletter:replay", {"filter": {"lane": "ml"}, "reason": "again"}, expect=202).json["count"] == 0
    depth = lambda: own.http("GET", "/metrics", root=True, token="", expect=200).text.decode()
    until(lambda: 'orchestrator_dlq_depth{tenant="default"} 3' in depth(), RUN_S, "the count of what is dead")
    snapshot = own.cli("dlq", "clear", "--lane", "ml", "--reason", "mended").stdout.strip()
    own.kill9()
    own.start()
    kept = own.http("GET", f"/deadletter/snapshots/{snapshot}", expect=200).json
    assert sorted(item["taskId"] for item in kept["items"]) == ["dead0", "dead1", "dead2"] and kept["reason"] == "mended", kept
    assert letters() == {} and show(own, "dead0")["status"] == "failed"


def test_a_lane_takes_as_many_as_it_may_and_none_while_it_is_drained(make_host):
    own = make_host(workers_per_type=1)
    put(own, "ml", agent_id=STUB, max_depth=1, paused=True)
    add(own, "ml", task_id="waits")
    full = own.http("POST", "/tasks", {"lane": "ml", "payload": {}}, expect=429)
    assert full.json["code"] == "LANE_FULL" and int(full.headers["Retry-After"]) > 0
    add(own, "ml", 200, task_id="waits")
    assert "is paused" in own.cli("lane", "drain", "ml").stderr
    drained = own.http("POST", "/tasks", {"lane": "ml", "payload": {}}, expect=503)
    assert drained.json["code"] == "LANE_DRAINING" and int(drained.headers["Retry-After"]) > 0
    put(own, "ml", paused=False)
    ended(own, "waits")
    lane = lambda: own.http("GET", "/lanes/ml", expect=200).json
    until(lambda: lane()["drained"], RUN_S, "the end of what waited")
    own.cli("lane", "resume", "ml")
    assert (lane()["draining"], lane()["drained"], lane()["max_depth"]) == (False, False, 1)
    ended(own, add(own, "ml")["task_id"])
