#!/usr/bin/python3
"""/deadletter of the real server: what is dead is listed, found and shown, each to its tenant alone."""
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


def test_another_tenants_dead_letter_is_not_there(server):
    run_id = die(server, "mine")
    reply, _ = ask(server, "GET", f"/deadletter/{run_id}", token="acme", tenant="acme")
    assert reply.status == 404
    reply, told = ask(server, "GET", "/deadletter", token="acme", tenant="acme")
    assert reply.status == 200 and told["items"] == []


if __name__ == "__main__":
    sys.exit(main(globals()))
