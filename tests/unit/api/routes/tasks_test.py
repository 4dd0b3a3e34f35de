#!/usr/bin/python3
"""/tasks of the real server: what is taken and refused, how one is seen, what becomes of it."""
import sys

from server_lib import ask, expect, main, publish, start


def add(server, status=202, payload=None, **task):
    return expect(server, status, "POST", "/tasks", {"lane": "ml", "payload": payload or {}, **task}, token="writer")


def show(server, task_id, **options):
    return expect(server, 200, "GET", f"/tasks/{task_id}", token="reader", **options)


def listed(server, query=""):
    return [item["task_id"] for item in expect(server, 200, "GET", f"/tasks?lane=ml{query}", token="reader")["items"]]


def test_a_task_is_taken_and_told_where_it_waits(server):
    told = add(server, task_id="where")
    assert len(told.pop("run_id")) == 36
    assert told == {"task_id": "where", "status": "queued", "lane": "ml", "position": 2, "priority": 5}, told
    again = add(server, 200, task_id="where")
    assert again["task_id"] == "where"
    add(server, 409, {"x": 1}, task_id="where")
    assert add(server, payload={"at_once": True})["position"] == 0
    by_type = expect(server, 202, "POST", "/tasks", {"type": "ml", "lane": "ml", "payload": {}, "priority": 12})
    assert by_type["lane"] == "ml" and by_type["priority"] == 12 and len(by_type["task_id"]) == 36
    assert add(server, payload={"pending": True, "away": True})["status"] == "queued"
    assert add(server, payload={"away": True})["status"] == "running"


def test_an_idempotency_key_names_a_task_that_has_no_id(server):
    body = {"lane": "ml", "payload": {"key": 1}}
    first = expect(server, 202, "POST", "/tasks", body, Idempotency_Key="k1")
    assert first["task_id"].startswith("idempotency:")
    assert expect(server, 202, "POST", "/tasks", body, Idempotency_Key="k1")["run_id"] == first["run_id"]


def test_what_is_refused_of_a_task_is_named(server):
    cases = [
        ({}, "'lane'"), ({"lane": "ml", "type": "default"}, "not the same"), ({"lane": 3}, "'lane'"),
        ({"lane": "ml", "priority": 0}, "'priority'"), ({"lane": "ml", "priority": 101}, "'priority'"),
        ({"lane": "ml", "priority": 5.5}, "'priority'"), ({"lane": "ml", "priority": None}, "'priority' is null"),
        ({"lane": "ml", "task_id": ""}, "'task_id'"), ({"lane": "ml", "task_id": "x" * 129}, "'task_id'"),
        ({"lane": "ml", "task_id": "ä"}, "'task_id'"), ({"lane": "ml", "task_id": "a/b"}, "'task_id'"),
        ({"lane": "ml", "task_id": ".."}, "'task_id'"), ({"lane": "ml", "task_id": 7}, "'task_id'"),
        ({"lane": "ml", "timeout_s": 0}, "'timeout_s'"), ({"lane": "ml", "timeout_s": 86401}, "'timeout_s'"),
        ({"lane": "ml", "timeout_s": "9"}, "'timeout_s'"), ({"lane": "ml", "retry": 3}, "'retry'"),
        ({"lane": "ml", "retry": {"max_retries": -1}}, "'retry': a finding"),
        ({"lane": "ml", "payload": [1]}, "'payload' must be an object, not array"),
    ]
    for body, named in cases:
        told = expect(server, 400, "POST", "/tasks", {"payload": {}, **body}, code="FIELD_INVALID")
        assert named in told["detail"], (body, told["detail"])
    assert "payload" in expect(server, 400, "POST", "/tasks", {"lane": "ml"})["detail"]
    assert "prioritty" in expect(server, 400, "POST", "/tasks", {"lane": "ml", "payload": {}, "prioritty": 1})["detail"]
    expect(server, 404, "POST", "/tasks", {"lane": "nowhere", "payload": {}}, code="LANE_NOT_FOUND")
    expect(server, 422, "POST", "/tasks", {"lane": "default", "payload": {}}, code="LANE_HAS_NO_AGENT")
    expect(server, 403, "POST", "/tasks", {"lane": "ml", "payload": {}}, token="reader")
    expect(server, 401, "POST", "/tasks", {"lane": "ml", "payload": {}}, token="")
    add(server, task_id="~" * 128, timeout_s=86400, retry={"max_retries": 0})
    assert show(server, "~" * 128)["task_id"] == "~" * 128


def test_a_task_that_waits_is_shown_whole(server):
    add(server, payload={"a": [1]}, task_id="waits", priority=3)
    task = show(server, "waits")
    assert task.pop("enqueued_at") and len(task.pop("run_id")) == 36
    assert task == {
        "task_id": "waits", "lane": "ml", "type": "ml", "tenant": "default", "priority": 3, "status": "queued",
        "completed_at": None, "effective_priority": 11, "express": False, "position": 2, "attempts": 0,
        "why": {"reason": "lane_full", "detail": "step 'a' is number 3 in lane 'ml': lane_full", "ahead": 2},
        "preemptions": 0, "worker": None, "started_at": None, "payload": {"a": [1]}, "result": None, "error": None,
        "replayOf": None, "dead_letter_id": None}, task
    running = show(server, add(server, payload={"runs": True}, priority=12)["task_id"])
    assert (running["status"], running["attempts"], running["position"], running["why"], running["express"]) == \
        ("running", 1, None, None, True) and running["started_at"], running
    assert running["worker"] == "express_ml_0"


def test_a_task_that_has_ended_says_how(server):
    over, dead, cancelled = (show(server, add(server, payload={"end": end})["task_id"])
                             for end in ("completed", "failed", "cancelled"))
    assert (over["status"], over["result"], over["error"], over["attempts"]) == ("completed", {"end": "completed"}, None, 1)
    assert over["started_at"] and over["completed_at"] and over["why"] is None and over["position"] is None
    assert (dead["status"], dead["result"], dead["error"]) == ("dead", None, {"class": "Broken", "message": "it broke"})
    assert dead["dead_letter_id"] and over["dead_letter_id"] is None
    cleared = show(server, add(server, payload={"end": "failed", "cleared": True})["task_id"])
    assert (cleared["status"], cleared["dead_letter_id"], cleared["error"]) == ("failed", None, dead["error"])
    assert (cancelled["status"], cancelled["result"], cancelled["attempts"], cancelled["started_at"]) == \
        ("cancelled", None, 0, None)
    assert [task["worker"] for task in (over, dead, cancelled)] == ["pool_ml_0", "pool_ml_0", None]


def test_a_task_of_a_dag_has_what_its_nodes_left(server_of):
    with server_of() as server:
        over, dead, runs, waits = (show(server, add(server, payload={"dag": True, **payload})["task_id"])
                                   for payload in ({"end": "completed"}, {"end": "failed"}, {"runs": True}, {}))
        assert len(over["result"]) == 501 and over["result"]["n500"] == over["payload"] and over["error"] is None
        assert (over["lane"], over["type"], over["attempts"], over["preemptions"], over["worker"]) == ("ml", "ml", 501, 0, None)
        assert over["started_at"] and (dead["status"], dead["result"]) == ("dead", None)
        assert dead["error"] == {"class": "Broken", "message": "it broke"}
        assert (runs["status"], runs["worker"], runs["result"]) == ("running", "express_ml_0", None) and runs["started_at"]
        assert (waits["status"], waits["position"], waits["started_at"], waits["worker"]) == ("queued", 2, None, None)
        add(server, payload={}, task_id="of the agent")
        assert len(listed(server)) == 5 and len(listed(server, "&status=queued")) == 2
        told = expect(server, 200, "GET", "/jobs/summary?jobType=ml")["counts"]
        assert (told["succeeded"], told["failed"]) == (1, 1), told
        assert expect(server, 200, "GET", f"/runs/{over['run_id']}")["dagId"] == "nightly"


def test_a_task_is_cancelled_and_tried_again(server):
    waits, dead, over = (add(server, payload=payload, task_id=f"ops {i}") for i, payload in
                         enumerate(({}, {"end": "failed"}, {"end": "completed"})))
    path = lambda task, verb: f"/tasks/{task['task_id'].replace(' ', '%20')}:{verb}"
    told = expect(server, 202, "POST", path(waits, "cancel"), {"reason": "kit"}, token="writer")
    assert told == {"task_id": "ops 0", "run_id": waits["run_id"], "status": "cancelling"}
    told = expect(server, 202, "POST", path(dead, "retry"), token="writer")
    assert told == {"task_id": "ops 1", "run_id": dead["run_id"], "status": "queued"}
    for task, verb in ((over, "cancel"), (over, "retry"), (waits, "retry")):
        expect(server, 409, "POST", path(task, verb))
    for verb in ("cancel", "retry"):
        expect(server, 404, "POST", f"/tasks/nobody:{verb}", code="TASK_NOT_FOUND")
        expect(server, 403, "POST", path(waits, verb), token="reader")
        assert "nope" in expect(server, 400, "POST", path(waits, verb), {"nope": 1})["detail"]


def test_a_task_that_waits_is_given_another_priority(server):
    waits, over = (add(server, payload=payload, task_id=f"prio {i}") for i, payload in enumerate(({}, {"end": "completed"})))
    path = lambda task: f"/tasks/{task['task_id'].replace(' ', '%20')}:prioritize"
    task = expect(server, 200, "POST", path(waits), {"priority": 12, "reason": "kit"}, token="writer")
    assert (task["task_id"], task["priority"], task["express"], task["status"]) == ("prio 0", 12, True, "queued"), task
    assert show(server, "prio%200")["priority"] == 12
    expect(server, 409, "POST", path(over), {"priority": 12})
    for body in ({"priority": 0}, {"priority": 101}, {"priority": "9"}, {"priority": None}, {}, {"priority": 5, "nope": 1}):
        expect(server, 400, "POST", path(waits), body)
    expect(server, 404, "POST", "/tasks/nobody:prioritize", {"priority": 5}, code="TASK_NOT_FOUND")
    expect(server, 403, "POST", path(waits), {"priority": 5}, token="reader")
    assert show(server, "prio%200")["priority"] == 12


def test_the_tasks_of_a_lane_are_listed_by_status(server_of):
    with server_of() as server:
        ids = {end: add(server, payload={"end": end}, task_id=end)["task_id"] for end in ("completed", "failed", "cancelled")}
        add(server, payload={"end": "failed", "cleared": True}, task_id="cleared")
        add(server, payload={"runs": True}, task_id="runs")
        add(server, task_id="waits")
        assert sorted(listed(server)) == ["cancelled", "cleared", "completed", "failed", "runs", "waits"]
        for status, want in (("completed", ["completed"]), ("dead", ["failed"]), ("failed", ["cleared"]), ("cancelled", ["cancelled"]),
                             ("running", ["runs"]), ("queued", ["waits"]), ("leased", [])):
            assert listed(server, f"&status={status}") == want, status
        page = expect(server, 200, "GET", "/tasks?lane=ml&page_size=2")
        assert len(page["items"]) == 2 and page["next_page_token"]
        assert page["items"][0].keys() == {"task_id", "run_id", "lane", "type", "tenant", "priority", "status",
                                           "enqueued_at", "started_at", "completed_at", "express", "attempts", "dead_letter_id"}
        assert expect(server, 200, "GET", "/tasks?lane=default")["items"] == []
        everywhere = expect(server, 200, "GET", "/tasks?page_size=500")["items"]
        assert [item["task_id"] for item in everywhere] == listed(server)
        for query in ("?lane=-x", "?lane=ml&status=late", "?lane=ml&page_size=0", "?lane=ml&nope=1"):
            expect(server, 400, "GET", f"/tasks{query}")


def pages(server, query):
    """Each page's ids, and that only the last may be short."""
    found, token = [], ""
    while token is not None:
        page = expect(server, 200, "GET", f"/tasks?{query}{token}", token="reader")
        found.append([item["task_id"] for item in page["items"]])
        token = f"&page_token={page['next_page_token']}" if page.get("next_page_token") else None
    return found


def test_a_page_is_full_where_there_are_enough_whatever_lies_between(server_of):
    with server_of() as server:
        publish(server)
        for i in range(12):
            add(server, payload={"runs": i % 4 == 0}, task_id=f"t{i:02}")
            start(server)
        running, every = ["t08", "t04", "t00"], [f"t{i:02}" for i in range(11, -1, -1)]
        assert pages(server, "lane=ml&status=running&page_size=2") == [running[:2], running[2:]]
        assert pages(server, "status=running&page_size=1")[:3] == [[one] for one in running]
        assert pages(server, "page_size=5")[:3] == [every[:5], every[5:10], every[10:]]


def test_a_batch_gives_each_its_own_result(server):
    known = add(server, task_id="batch known")
    tasks = [{"lane": "ml", "payload": {"n": 0}, "task_id": "batch 0"}, {"lane": "nowhere", "payload": {}},
             {"lane": "ml", "payload": []}, {"lane": "ml", "payload": {}, "nope": 1}, {"lane": "ml", "payload": {}, "task_id": "batch known"},
             {"lane": "ml", "payload": {"x": 1}, "task_id": "batch known"}, 7, {"lane": "ml", "payload": {}, "retry": {"max_retries": -1}},
             {"type": "ml", "payload": {"runs": True}, "priority": 12}, {"lane": "ml", "payload": {"n": 0}, "task_id": "batch 0"}]
    told = expect(server, 200, "POST", "/tasks:batch", {"tasks": tasks}, token="writer")
    results = told["results"]
    assert [one["index"] for one in results] == list(range(len(tasks)))
    assert [one["http_status"] for one in results] == [202, 404, 400, 400, 200, 409, 400, 400, 202, 200], results
    assert [one.get("error", {}).get("code") for one in results] == [
        None, "LANE_NOT_FOUND", "FIELD_INVALID", "FIELD_INVALID", None, "TASK_CONFLICT", "FIELD_INVALID", "FIELD_INVALID", None, None]
    assert (told["accepted"], told["rejected"]) == (4, 6)
    assert results[0]["run_id"] == results[9]["run_id"] and results[4]["run_id"] == known["run_id"]
    assert results[0].keys() == {"index", "http_status", "task_id", "run_id", "status", "lane", "position", "priority"}
    assert (results[8]["status"], results[8]["priority"]) == ("running", 12)
    assert "nope" in results[3]["error"]["message"] and "'retry': a finding" in results[7]["error"]["message"]


def test_a_batch_is_1_to_1000_tasks_and_its_key_names_them(server):
    one = {"lane": "ml", "payload": {}}
    expect(server, 400, "POST", "/tasks:batch", {"tasks": []}, code="FIELD_INVALID")
    expect(server, 400, "POST", "/tasks:batch", {"tasks": {}})
    expect(server, 413, "POST", "/tasks:batch", {"tasks": [one] * 1001})
    expect(server, 403, "POST", "/tasks:batch", {"tasks": [one]}, token="reader")
    told = expect(server, 200, "POST", "/tasks:batch", {"tasks": [{"lane": "nowhere", "payload": {}}] * 1000})
    assert (told["accepted"], told["rejected"], len(told["results"])) == (0, 1000, 1000)
    told = expect(server, 200, "POST", "/tasks:batch", {"tasks": [one] * 40}, Idempotency_Key="batch")
    assert told["accepted"] == 40 and len({task["task_id"] for task in told["results"]}) == 40
    assert all(task["task_id"].startswith("idempotency:") for task in told["results"])


def test_another_tenants_task_is_not_there(server):
    add(server, task_id="mine")
    reply, _ = ask(server, "GET", "/tasks/mine", token="acme", tenant="acme")
    assert reply.status == 404
    expect(server, 404, "GET", "/tasks/nobody", code="TASK_NOT_FOUND")


if __name__ == "__main__":
    sys.exit(main(globals()))
