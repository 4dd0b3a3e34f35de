#!/usr/bin/python3
"""/hosts and /lanes of the real server: who is there, and where attempts wait."""
import sys

from server_lib import expect, main, publish, start


def test_the_one_host_of_a_file_is_listed(server):
    row, = expect(server, 200, "GET", "/hosts")["items"]
    assert row["state"] == "alive" and row["epoch"] == 1 and row["runs"] == 0 and row["jobs"] == [], row
    page = expect(server, 200, "GET", "/hosts?page_size=1")
    assert [again["hostId"] for again in page["items"]] == [row["hostId"]] and "next_page_token" not in page
    expect(server, 403, "GET", "/hosts", token="reader")


def test_lanes_are_listed_and_one_is_shown(server):
    lanes = expect(server, 200, "GET", "/lanes", token="reader")["items"]
    assert [(lane["name"], lane["slots"]) for lane in lanes] == [("default", 16), ("ml", 2)]
    for lane in lanes:
        assert expect(server, 200, "GET", f"/lanes/{lane['name']}", token="reader") == lane
    expect(server, 404, "GET", "/lanes/nowhere", code="LANE_NOT_FOUND")
    expect(server, 401, "GET", "/lanes", token="")


def test_workers_are_shown_to_whoever_asks(server):
    told = expect(server, 200, "GET", "/api/v1/workers/status", base="", token="", tenant="")
    assert told == {"expected": 6, "workers": [{"id": "express_ml_0"}]}


def shedding(server, status, deed, body=None, **options):
    method = "GET" if deed == "status" else "POST"
    return expect(server, status, method, f"/api/v1/admin/rate-limit/{deed}", body, base="", **options)


def test_an_admin_switches_admission_off_and_says_why(server):
    off = {"enabled": False, "reason": None, "since": None, "retry_after_s": 30, "automatic": False}
    assert shedding(server, 200, "status", token="reader") == off
    on = {**off, "enabled": True, "reason": "kit", "since": "1970-01-01T00:00:01.000000Z"}
    assert shedding(server, 200, "enable", {"reason": "kit"}, X_Stella_Reason="every request's") == on
    assert shedding(server, 200, "enable", X_Stella_Reason="of the header")["reason"] == "of the header"
    shedding(server, 403, "enable", token="reader")
    shedding(server, 400, "enable", {"reason": "x" * 257}, code="FIELD_INVALID")
    shedding(server, 400, "enable", {"nope": 1})
    shedding(server, 401, "disable", token="")
    assert shedding(server, 200, "disable") == off


def test_lanes_are_changed_by_admins_and_each_change_is_a_version(server):
    assert expect(server, 201, "PUT", "/lanes/ml", {}, X_Stella_Reason="month end")["name"] == "ml"
    assert expect(server, 200, "PUT", "/lanes/ml", {"slots": 2, "backend": "store"})["slots"] == 2
    assert expect(server, 200, "POST", "/lanes/ml:pause")["name"] == "ml"
    expect(server, 200, "POST", "/lanes/ml:resume")
    assert expect(server, 200, "POST", "/lanes/ml:drain")["name"] == "ml"
    rows = expect(server, 200, "GET", "/lanes/ml/versions")["items"]
    assert [(row["version"], row["spec"], row["reason"]) for row in rows] == [
        (5, {"draining": True}, ""), (4, {"paused": False, "draining": False}, ""), (3, {"paused": True}, ""), (2, {"slots": 2, "backend": "store"}, ""), (1, {}, "month end")], rows
    assert all(row["at"] and row["actor"] and row["tenant"] for row in rows)
    page = expect(server, 200, "GET", "/lanes/ml/versions?page_size=3")
    assert len(page["items"]) == 3 and page["next_page_token"]
    assert expect(server, 200, "GET", "/lanes/nowhere/versions")["items"] == []


def test_all_lanes_are_routed_by_admins(server):
    assert expect(server, 200, "GET", "/admin/routing") == {"express": True, "priority": True}
    for said, told in (({"express": False}, {"express": False, "priority": True}), ({"express": True}, {"express": True, "priority": True})):
        assert expect(server, 200, "POST", "/admin/routing", said) == told == expect(server, 200, "GET", "/admin/routing")
    for bad in ({}, {"express": "no"}, {"expres": False}, {"slots": 1}, []):
        expect(server, 400, "POST", "/admin/routing", bad)
    expect(server, 403, "POST", "/admin/routing", {"express": False}, token="writer")


def test_what_is_refused_of_a_lane_is_named(server):
    for body, named in (({"slots": -1}, "slots"), ({"nope": 1}, "nope"), ({"rate": {"per_second": 0}}, "'per_second'"), ({"dag_id": "a", "agent_id": "b"}, "are both there"), ({"dag_id": "lane.x"}, "'dag_id'"), ({"preempt": 1}, "'preempt'"),
                        ({"backend": "kafka"}, "kafka"), ({"paused": "yes"}, "paused")):
        assert named in expect(server, 400, "PUT", "/lanes/ml", body, code="FIELD_INVALID")["error"]["message"]
    assert "no name" in expect(server, 400, "PUT", "/lanes/-x", {}, code="FIELD_INVALID")["error"]["message"]
    for act in ("pause", "resume", "drain"):
        expect(server, 404, "POST", f"/lanes/nowhere:{act}", code="LANE_NOT_FOUND")
        expect(server, 403, "POST", f"/lanes/ml:{act}", token="writer")
    expect(server, 403, "PUT", "/lanes/ml", {"slots": 1}, token="writer")
    expect(server, 403, "GET", "/lanes/ml/versions", token="reader")


def test_a_run_that_goes_on_waits_for_a_host_before_a_lane_and_one_that_ended_for_nothing(server):
    publish(server, "waits")
    held, over, mine = (start(server, "waits", inputs)["runId"] for inputs in
                        ({"hold": True}, {}, {"hold": True, "mine": True}))
    assert expect(server, 200, "GET", f"/runs/{held}")["waitingFor"].startswith("no host has it now")
    assert expect(server, 200, "GET", f"/runs/{over}")["waitingFor"] is None
    assert expect(server, 200, "GET", f"/runs/{mine}")["waitingFor"] == "step 'a' is number 3 in lane 'ml': lane_full"
    expect(server, 404, "GET", "/runs/0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c77", code="RUN_NOT_FOUND")


def test_every_reason_of_a_run_is_told_and_one_that_ended_says_by_what(server):
    publish(server, "why")
    why = lambda **inputs: expect(server, 200, "GET", f"/runs/{start(server, 'why', inputs)['runId']}/why", token="reader")
    free = why(hold=True)
    assert free["status"] == "running" and free["more"] == 0, free
    assert [(one["reason"], one["ahead"]) for one in free["reasons"]] == [("no_host", 0)]
    mine = why(hold=True, mine=True)
    assert [(one["reason"], one["ahead"]) for one in mine["reasons"]] == [("lane_full", 2), ("held", 0)], mine
    assert (mine["more"], mine["ended_at"], mine["root_cause"]) == (4, None, None)
    over = why()
    assert (over["status"], over["reasons"], over["root_cause"]) == ("completed", [], None) and over["ended_at"]
    failed = why(fail=True)
    cause = failed["root_cause"]
    assert failed["status"] == "failed" and failed["reasons"] == [], failed
    assert (cause["step"], cause["class"], cause["source"], cause["message"], cause["attempts"]) == \
        ("A", "Broken", "agent", "it broke", 1), cause
    assert expect(server, 200, "GET", f"/runs/{failed['run_id']}")["rootCause"] == cause
    expect(server, 404, "GET", "/runs/0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c77/why", code="RUN_NOT_FOUND")


if __name__ == "__main__":
    sys.exit(main(globals()))
