#!/usr/bin/python3
"""/schedules of the real server: due times, what is kept, what is refused, what a due time by hand comes to."""
import sys

from server_lib import expect, main, publish

PATH = "/schedules:preview"


def times(server, **body):
    return expect(server, 200, "POST", PATH, body)["fireTimes"]


def test_due_times_with_their_local_time_and_note(server_of):
    with server_of() as server:
        body = {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "after": "2026-03-28T00:00:00Z", "count": 3}
        assert times(server, **body) == [
            {"dueUtc": "2026-03-28T01:30:00Z", "local": "2026-03-28T02:30:00+01:00", "note": None},
            {"dueUtc": "2026-03-29T01:00:00Z", "local": "2026-03-29T03:00:00+02:00", "note": "shifted"},
            {"dueUtc": "2026-03-30T00:30:00Z", "local": "2026-03-30T02:30:00+02:00", "note": None}]
        assert times(server, **body, dstPolicy="skip")[1]["dueUtc"] == "2026-03-30T00:30:00Z"


def test_every_at_and_what_is_left_out(server_of):
    with server_of() as server:
        got = times(server, every="90m", anchor="2026-01-01T00:10:00Z", after="2026-01-01T05:00:00Z", count=2)
        assert [t["dueUtc"] for t in got] == ["2026-01-01T06:10:00Z", "2026-01-01T07:40:00Z"]
        assert times(server, at="2020-05-01T10:00:00Z") == []
        assert len(times(server, cron="* * * * *")) == 5
        assert len(times(server, cron="* * * * *", count=1000)) == 1000


def test_what_is_refused_says_why(server_of):
    cases = [
        ({"cron": "0 0 L * *"}, "CRON_INVALID", "day: 'L'"),
        ({"cron": "* * * * *\x00"}, "JSON_INVALID", ""),
        ({"cron": "0 0 30 2 *"}, "CRON_INVALID", "never"),
        ({"cron": "* * * * *", "timezone": "Mars/Phobos"}, "TIMEZONE_INVALID", "Mars/Phobos"),
        ({"cron": "* * * * *", "timezone": "../etc/passwd"}, "TIMEZONE_INVALID", "etc/passwd"),
        ({"cron": "* * * * *", "timezone": ""}, "TIMEZONE_INVALID", "''"),
        ({"cron": "* * * * *", "nope": 1}, "FIELDS_INVALID", "nope"),
        ({"cron": "* * * * *", "every": "5m"}, None, "only one"),
        ({"timezone": "UTC"}, None, "one of cron, every and at"),
        ({"cron": "* * * * *", "dstPolicy": "maybe"}, None, "'maybe'"),
        ({"cron": "* * * * *", "after": "yesterday"}, None, "'yesterday'"),
        ({"cron": "* * * * *", "count": 0}, None, "count"),
        ({"cron": "* * * * *", "count": 1001}, None, "count"),
        ({"cron": 5}, None, "cron"),
        ({"every": "5"}, None, "every"),
        ({"at": "2026-02-30T00:00:00Z"}, None, "at"),
        ({"every": "1h", "anchor": "x"}, None, "anchor"),
    ]
    with server_of() as server:
        for body, code, words in cases:
            told = expect(server, 400, "POST", PATH, body, code=code)
            assert words in told["detail"], (body, told["detail"])


# ---- what is kept ----

NOBODY = "/schedules/0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c77"
DUE = "2026-01-01T00:00:00Z"


def create(server, status=201, code=None, **body):
    return expect(server, status, "POST", "/schedules", {"dagId": "d", **body}, code=code)


def get(server, made):
    return expect(server, 200, "GET", f"/schedules/{made['scheduleId']}", token="reader")


def test_a_schedule_is_shown_as_it_was_made(server_of):
    with server_of() as server:
        publish(server)
        made = create(server, cron="30 2 * * *", timezone="Europe/Berlin", inputs={"a": 1.5}, dstPolicy="twice",
                      missedPolicy="all", missedMax=7, overlapPolicy="cancel-previous", jitterSeconds=30)
        assert made == get(server, made) and len(made["nextFireTimes"]) == 5 and made["why"] is None
        assert {name: made[name] for name in ("dagId", "version", "cron", "every", "at", "timezone", "inputs", "paused",
                                              "dstPolicy", "missedPolicy", "missedMax", "overlapPolicy", "lastRunId",
                                              "jitterSeconds", "createdBy")} == {
            "dagId": "d", "version": None, "cron": "30 2 * * *", "every": None, "at": None, "timezone": "Europe/Berlin",
            "inputs": {"a": 1.5}, "paused": False, "dstPolicy": "twice", "missedPolicy": "all", "missedMax": 7,
            "overlapPolicy": "cancel-previous", "lastRunId": None, "jitterSeconds": 30, "createdBy": made["createdBy"]}
        plain = create(server, every="90m")
        assert [plain[name] for name in ("every", "timezone", "dstPolicy", "missedPolicy", "missedMax", "overlapPolicy",
                                         "jitterSeconds", "inputs")] == ["90m", "UTC", "shift", "last", 10, "skip", 0, {}]
        once = create(server, at="2999-01-01T00:00:00Z")
        assert [t["dueUtc"] for t in once["nextFireTimes"]] == ["2999-01-01T00:00:00Z"]


def test_schedules_are_listed_of_all_or_of_one_dag_and_deleted(server_of):
    with server_of() as server:
        publish(server)
        publish(server, "other")
        ids = [create(server, every="1h", dagId=dag)["scheduleId"] for dag in ("d", "other", "d")]
        listed = expect(server, 200, "GET", "/schedules")["items"]
        assert [s["scheduleId"] for s in listed] == ids and "nextFireTimes" not in listed[0]
        assert [s["scheduleId"] for s in expect(server, 200, "GET", "/schedules?dagId=d")["items"]] == [ids[0], ids[2]]
        page = expect(server, 200, "GET", "/schedules?page_size=2")
        rest = expect(server, 200, "GET", f"/schedules?page_size=2&page_token={page['next_page_token']}")
        assert [s["scheduleId"] for s in page["items"] + rest["items"]] == ids
        assert expect(server, 200, "DELETE", f"/schedules/{ids[1]}") == {"message": "Schedule deleted"}
        expect(server, 404, "DELETE", f"/schedules/{ids[1]}", code="SCHEDULE_NOT_FOUND")
        assert len(expect(server, 200, "GET", "/schedules")["items"]) == 2


def test_why_a_schedule_does_not_fire_is_the_first_that_holds(server_of):
    def why(made):
        told = get(server, made)["why"]
        return told and told["reason"]

    with server_of() as server:
        publish(server)
        version = expect(server, 200, "GET", "/dags/d")["dag"]["version"]
        newest, pinned = create(server, every="1h"), create(server, every="1h", version=version)
        path = f"/schedules/{newest['scheduleId']}"
        assert why(newest) is None and why(pinned) is None
        for _ in range(2):  # what is paused is paused again
            assert expect(server, 200, "POST", path + ":pause")["paused"] is True
        assert why(newest) == "paused"
        for _ in range(2):
            assert expect(server, 200, "POST", path + ":resume")["paused"] is False
        expect(server, 200, "POST", f"/dags/d/{version}:disable")
        assert why(newest) == why(pinned) == "dag_disabled"
        expect(server, 409, "POST", path + ":trigger", code=None)
        expect(server, 200, "DELETE", "/dags/d")
        assert why(newest) == why(pinned) == "dag_deleted"
        told = expect(server, 409, "POST", path + ":trigger", code=None)
        assert "deleted" in told["detail"]


def test_what_is_not_kept_says_why(server_of):
    with server_of() as server:
        publish(server)
        for body, status, code, words in (
                ({"every": "1h", "dagId": "nobody"}, 404, "DAG_NOT_FOUND", "no DAG 'nobody'"),
                ({"every": "1h", "version": "9.9.9"}, 404, "DAG_NOT_FOUND", "of version 9.9.9"),
                ({"cron": "61 * * * *"}, 400, "CRON_INVALID", "minute"),
                ({"cron": "* * * * *", "timezone": "Mars/Phobos"}, 400, "TIMEZONE_INVALID", "Mars/Phobos"),
                ({"at": "2020-01-01T00:00:00Z"}, 400, "SCHEDULE_IN_PAST", "is over"),
                ({}, 400, None, "one of cron, every and at"),
                ({"cron": "* * * * *", "every": "1h"}, 400, None, "only one"),
                ({"every": 5}, 400, "FIELD_INVALID", "every"),
                ({"every": "1h", "overlapPolicy": "never"}, 400, "FIELD_INVALID", "skip, allow, queue, cancel-previous"),
                ({"every": "1h", "missedPolicy": 1}, 400, "FIELD_INVALID", "missedPolicy"),
                ({"every": "1h", "missedMax": 1001}, 400, "FIELD_INVALID", "missedMax"),
                ({"every": "1h", "jitterSeconds": -1}, 400, "FIELD_INVALID", "jitterSeconds"),
                ({"every": "1h", "inputs": []}, 400, "FIELD_INVALID", "inputs")):
            told = create(server, status, code, **body)
            assert words in told["detail"], (body, told["detail"])
        assert expect(server, 200, "GET", "/schedules")["items"] == []
        for method, tail in (("GET", ""), ("GET", "/firings"), ("POST", ":pause"), ("POST", ":resume"),
                             ("POST", ":trigger"), ("DELETE", "")):
            expect(server, 404, method, NOBODY + tail, code="SCHEDULE_NOT_FOUND")
        expect(server, 403, "POST", "/schedules", {"dagId": "d", "every": "1h"}, token="reader")


# ---- by hand ----

def trigger(server, made, status, body=None):
    return expect(server, status, "POST", f"/schedules/{made['scheduleId']}:trigger", body)


def firings(server, made):
    items = expect(server, 200, "GET", f"/schedules/{made['scheduleId']}/firings")["items"]
    return [(f["dueUtc"], f["outcome"], f["reason"]) for f in items]


def test_a_due_time_by_hand_is_one_run(server_of):
    with server_of() as server:
        publish(server)
        made = create(server, every="1h", overlapPolicy="allow")
        first = trigger(server, made, 201, {"dueUtc": DUE})
        assert (first["dueUtc"], first["outcome"], first["reason"]) == (DUE, "fired", None)
        assert trigger(server, made, 200, {"dueUtc": DUE}) == first
        assert get(server, made)["lastRunId"] == first["runId"]
        now = trigger(server, made, 201)
        assert firings(server, made) == [(now["dueUtc"], "fired", None), (DUE, "fired", None)]
        for wrong in ({"dueUtc": "now"}, {"dueUtc": 5}, {"dueUtc": DUE, "more": 1}):
            expect(server, 400, "POST", f"/schedules/{made['scheduleId']}:trigger", wrong)


def test_a_run_that_goes_on_is_waited_for_by_none_skipped_or_cancelled(server_of):
    with server_of() as server:
        publish(server)
        skips, cancels, allows, queues = (create(server, every="1h", inputs={"hold": True}, overlapPolicy=policy)
                                          for policy in ("skip", "cancel-previous", "allow", "queue"))
        later = "2026-01-01T01:00:00Z"
        for made in (skips, cancels, allows, queues):
            trigger(server, made, 201, {"dueUtc": DUE})
        skipped = trigger(server, skips, 200, {"dueUtc": later})
        assert (skipped["outcome"], skipped["reason"], skipped["runId"]) == ("skipped", "overlap", None)
        trigger(server, cancels, 201, {"dueUtc": later})
        trigger(server, allows, 201, {"dueUtc": later})
        assert firings(server, skips) == [(later, "skipped", "overlap"), (DUE, "fired", None)]
        assert get(server, queues)["why"] is None
        queued = trigger(server, queues, 202, {"dueUtc": later})
        assert (queued["outcome"], queued["reason"], queued["runId"]) == ("queued", "overlap", None)
        assert trigger(server, queues, 200, {"dueUtc": later}) == queued
        assert firings(server, queues) == [(later, "queued", "overlap"), (DUE, "fired", None)]
        why = get(server, queues)["why"]
        assert why["reason"] == "overlap" and "ends: 1, at most 100" in why["detail"]


if __name__ == "__main__":
    sys.exit(main(globals()))
