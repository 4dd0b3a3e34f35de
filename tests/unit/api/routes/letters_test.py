#!/usr/bin/python3
"""/deadletter of the real server: what is dead is listed, found and shown, each to its tenant alone."""
import hashlib
import json
import sys

from server_lib import ask, expect, main


def die(server, task_id, **payload):
    body = {"lane": "ml", "task_id": task_id, "priority": 6, "payload": {"end": "failed", **payload}}
    return expect(server, 202, "POST", "/tasks", body, token="writer")["run_id"]


def listed(server, query=""):
    return expect(server, 200, "GET", f"/deadletter{query}", token="reader")


def ids(server, query=""):
    return [item["taskId"] for item in listed(server, query)["items"]]


def test_a_dead_letter_is_shown_with_its_payload_and_its_task(server):
    run_id = die(server, "shown")
    letter = expect(server, 200, "GET", f"/deadletter/{run_id}", token="reader")
    assert letter.pop("payload") == {"end": "failed"}
    task = letter.pop("task")
    assert (task["task_id"], task["run_id"], task["status"], task["express"]) == ("shown", run_id, "dead", False), task
    assert letter in listed(server)["items"]
    assert letter.pop("firstSeenUtc") == letter.pop("lastSeenUtc")
    assert letter == {
        "deadLetterId": run_id, "taskId": "shown", "jobId": "shown", "runId": run_id, "lane": "ml", "tenant": "default",
        "reason": "retries_exhausted", "errorClass": "Broken", "message": "it broke", "fingerprint": "0" * 64, "count": 1,
        "attempts": 1, "priority": 6, "replayedBy": []}, letter
    expect(server, 404, "GET", "/deadletter/nobody", code="DEAD_LETTER_NOT_FOUND")
    expect(server, 401, "GET", f"/deadletter/{run_id}", token="")


def test_dead_letters_are_listed_by_what_they_have_in_common(server_of):
    with server_of() as server:
        for i in range(3):
            die(server, f"t{i}")
        die(server, "other", error="gone")
        assert ids(server) == ["other", "t2", "t1", "t0"]
        assert ids(server, "?fingerprint=gone&lane=ml") == ["other"]
        assert ids(server, "?errorClass=Broken&lane=ml") == ["other", "t2", "t1", "t0"]
        assert ids(server, "?errorClass=Whole") == ids(server, "?lane=codegen") == ids(server, "?fingerprint=x") == []
        page = listed(server, "?page_size=3")
        assert [item["taskId"] for item in page["items"]] == ["other", "t2", "t1"]
        assert ids(server, f"?page_size=3&page_token={page['next_page_token']}") == ["t0"]
        for query in ("?page_size=0", "?page_size=501", "?page_token=x", "?nope=1"):
            expect(server, 400, "GET", f"/deadletter{query}")
        expect(server, 401, "GET", "/deadletter", token="")


def stats(server):
    return expect(server, 200, "GET", "/deadletter/stats", token="reader")


def groups(server, query=""):
    return expect(server, 200, "GET", f"/deadletter/summary{query}", token="reader")["groups"]


def test_those_that_are_alike_are_one_group_with_a_sample(server_of):
    with server_of() as server:
        assert groups(server) == []
        ids = [die(server, f"t {i}") for i in range(4)]
        die(server, "other", error="gone")
        many, one = groups(server)
        assert (one["count"], one["fingerprint"], one["message"]) == (1, "gone", "gone"), one
        sample = [{"deadLetterId": ids[i], "taskId": f"t {i}"} for i in (3, 2, 1)]
        assert many.pop("firstSeenUtc") < many.pop("lastSeenUtc")
        assert many == {"fingerprint": "0" * 64, "errorClass": "Broken", "message": "it broke", "lane": "ml", "count": 4,
                        "sample": sample}, many
        assert len(groups(server, "?lane=ml")) == 2
        assert groups(server, "?lane=codegen") == []
        expect(server, 400, "GET", "/deadletter/summary?nope=1")
        expect(server, 401, "GET", "/deadletter/summary", token="")


def test_they_are_counted_and_more_than_ten_are_a_warning(server_of):
    with server_of() as server:
        none = {"total": 0, "retryable": 0, "oldestUtc": None, "newestUtc": None, "verdict": "ok", "byLane": {},
                "byErrorClass": {}, "clusters": []}
        assert stats(server) == none
        for i in range(11):
            die(server, f"t{i}", error=f"e{i}")
            if i == 9:
                assert stats(server)["verdict"] == "ok"
        told = stats(server)
        assert (told["total"], told["retryable"], told["verdict"]) == (11, 11, "warn"), told
        assert (told["byLane"], told["byErrorClass"]) == ({"ml": 11}, {"Broken": 11}), told
        assert told["oldestUtc"] < told["newestUtc"]
        assert len(told["clusters"]) == 10 and told["clusters"][0] == groups(server)[0], told
        for i in range(40):
            die(server, f"u{i}", error="e0")
        told = stats(server)
        assert (told["total"], told["verdict"], told["clusters"][0]["count"]) == (51, "fail", 41), told
        reply, told = ask(server, "GET", "/deadletter/stats", token="acme", tenant="acme")
        assert reply.status == 200 and told == none
        expect(server, 401, "GET", "/deadletter/stats", token="")


REASON = {"reason": "repaired"}


def replay(server, what, body=None, status=202, **kw):
    return expect(server, status, "POST", f"/deadletter{what}", {**REASON, **(body or {})}, **{"token": "writer", **kw})


def one(server, run_id):
    return expect(server, 200, "GET", f"/deadletter/{run_id}", token="reader")


def test_a_replay_is_another_task_and_its_letter_names_it(server):
    for i, spelling in enumerate((":replay", "/replay")):
        run_id = die(server, f"dead{i}", keep="me")
        before = one(server, run_id)
        task = replay(server, f"/{run_id}{spelling}")
        assert task["task_id"] != before["taskId"] and task["run_id"] != run_id
        assert (task["lane"], task["priority"], task["replayOf"]) == ("ml", 10, before["taskId"]), task
        after = one(server, run_id)
        assert after.pop("replayedBy") == [task["task_id"]] and before.pop("replayedBy") == []
        assert after == before
        new = expect(server, 200, "GET", f"/tasks/{task['task_id']}", token="reader")
        assert (new["payload"], new["replayOf"]) == ({"end": "failed", "keep": "me"}, before["taskId"]), new
        again = replay(server, f"/{run_id}{spelling}")
        assert one(server, run_id)["replayedBy"] == [task["task_id"], again["task_id"]]
        assert expect(server, 200, "GET", f"/tasks/{before['taskId']}", token="reader")["replayOf"] is None


def test_a_replay_is_refused_without_a_reason_and_to_others(server):
    run_id = die(server, "mute")
    for body in (None, {}, {"reason": ""}, {"reason": "  "}, {"reason": 7}, {"reason": "x" * 257}, {**REASON, "nope": 1}):
        expect(server, 400, "POST", f"/deadletter/{run_id}:replay", body, token="writer")
    expect(server, 403, "POST", f"/deadletter/{run_id}:replay", REASON, token="reader")
    expect(server, 404, "POST", "/deadletter/nobody:replay", REASON, token="writer", code="DEAD_LETTER_NOT_FOUND")
    reply, _ = ask(server, "POST", f"/deadletter/{run_id}:replay", REASON, token="acme", tenant="acme")
    assert reply.status == 404
    for body in ({}, {"filter": {}}, {"filter": 7}, {"filter": {"nope": 1}}, {"filter": {"lane": 7}}, {"filter": {"from": "x"}},
                 {"filter": {"taskIds": []}}, {"filter": {"taskIds": [7]}}, {"filter": {"taskIds": ["t"] * 1001}},
                 {"filter": {"lane": "ml"}, "limit": 0}, {"filter": {"lane": "ml"}, "limit": 1001},
                 {"filter": {"lane": "ml"}, "priority": 101}, {"filter": {"lane": "ml"}, "preview": 1}):
        replay(server, ":replay", body, status=400)
    expect(server, 400, "POST", "/deadletter:replay", {"filter": {"lane": "ml"}}, token="writer")
    assert one(server, run_id)["replayedBy"] == []


def names(told):
    return [item["taskId"] for item in told["replayed"]]


def test_many_are_replayed_by_what_they_have_in_common(server_of):
    with server_of() as server:
        for i in range(7):
            die(server, f"t{i}", error="gone" if i < 5 else "other")
        gone = {"filter": {"lane": "ml", "fingerprint": "gone"}}
        told = expect(server, 200, "POST", "/deadletter:replay", {**gone, "preview": True}, token="writer")
        assert (told["preview"], told["count"]) == (True, 5), told
        assert [item["taskId"] for item in told["sample"]] == ["t4", "t3", "t2", "t1", "t0"], told
        assert len(listed(server)["items"]) == 7
        told = replay(server, ":replay", {**gone, "limit": 2, "priority": 11})
        assert (told["count"], names(told), told["refused"]) == (2, ["t4", "t3"], []), told
        for item in told["replayed"]:
            task = expect(server, 200, "GET", f"/tasks/{item['newTaskId']}", token="reader")
            assert (task["run_id"], task["replayOf"], task["priority"]) == (item["runId"], item["taskId"], 11), task
            assert one(server, item["deadLetterId"])["replayedBy"] == [item["newTaskId"]]
        # Their replays died, too, and are others; what was replayed is not replayed again.
        assert expect(server, 200, "POST", "/deadletter:replay", {**gone, "preview": True}, token="writer")["count"] == 5
        told = replay(server, ":replay", {"filter": {"taskIds": ["t1", "none", "t1", "t4", "t6"], "fingerprint": "gone"}})
        assert names(told) == ["t1"], told
        first = next(item for item in listed(server)["items"] if item["taskId"] == "t0")["lastSeenUtc"]
        assert names(replay(server, ":replay", {"filter": {"to": first}})) == []
        assert "t0" in names(replay(server, ":replay", {"filter": {"from": first}}))
        assert names(replay(server, ":replay", {"filter": {"errorClass": "Whole"}})) == []


def clear(server, filter, status=200, token="admin", **kw):
    return expect(server, status, "POST", "/deadletter:clear", {"filter": filter, "reason": "not wanted"}, token=token, **kw)


def test_what_is_cleared_is_failed_and_its_snapshot_stays(server_of):
    with server_of() as server:
        ids_of = {f"t{i}": die(server, f"t{i}", error="gone" if i < 2 else "other") for i in range(3)}
        were = [item for item in listed(server)["items"] if item["fingerprint"] == "gone"]
        told = clear(server, {"fingerprint": "gone"})
        assert (told["cleared"], told["more"], told["snapshot"]["count"]) == (2, False, 2), told
        assert ids(server) == ["t2"]
        kept = expect(server, 200, "GET", f"/deadletter/snapshots/{told['snapshot']['id']}", token="reader")
        text = json.dumps(were, sort_keys=True, separators=(",", ":"))
        assert kept["sha256"] == told["snapshot"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert (kept["items"], kept["count"], kept["reason"]) == (were, 2, "not wanted"), kept
        assert kept["createdUtc"] and kept["createdBy"]
        task = lambda name: expect(server, 200, "GET", f"/tasks/{name}", token="reader")
        assert [task(name)["status"] for name in sorted(ids_of)] == ["failed", "failed", "dead"]
        assert task("t0")["dead_letter_id"] is None
        assert clear(server, {"fingerprint": "gone"}) == {"cleared": 0, "snapshot": None, "more": False}
        reply, _ = ask(server, "GET", f"/deadletter/snapshots/{kept['id']}", token="acme", tenant="acme")
        assert reply.status == 404
        expect(server, 404, "GET", "/deadletter/snapshots/x", code="SNAPSHOT_NOT_FOUND")


def test_who_clears_is_an_admin_with_a_filter_and_a_reason(server):
    run_id = die(server, "stays")
    clear(server, {"lane": "ml"}, 403, token="writer")
    for wrong in ({}, {"nope": 1}, None):
        clear(server, wrong, 400)
    for body in ({"filter": {"lane": "ml"}}, {"filter": {"lane": "ml"}, "reason": " "}, {"reason": "all"}):
        expect(server, 400, "POST", "/deadletter:clear", body)
    late = {"filter": {"lane": "ml"}, "reason": "too late"}
    expect(server, 409, "POST", "/deadletter:clear", late)
    assert one(server, run_id)["taskId"] == "stays"


def test_a_thousand_are_cleared_at_once_and_the_rest_is_said(server_of):
    with server_of() as server:
        for i in range(11):
            tasks = [{"lane": "ml", "payload": {"end": "failed"}, "task_id": f"t{i}.{j}"} for j in range(100)]
            expect(server, 200, "POST", "/tasks:batch", {"tasks": tasks}, token="writer")
        first, second = clear(server, {"lane": "ml"}), clear(server, {"lane": "ml"})
        assert (first["cleared"], first["more"], second["cleared"], second["more"]) == (1000, True, 100, False)
        assert ids(server) == []


def test_another_tenants_dead_letter_is_not_there(server):
    run_id = die(server, "mine")
    reply, _ = ask(server, "GET", f"/deadletter/{run_id}", token="acme", tenant="acme")
    assert reply.status == 404
    reply, told = ask(server, "GET", "/deadletter", token="acme", tenant="acme")
    assert reply.status == 200 and told["items"] == []


if __name__ == "__main__":
    sys.exit(main(globals()))
