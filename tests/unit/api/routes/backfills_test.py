#!/usr/bin/python3
"""/backfills of the real server: what a range comes to, what is wanted of whoever runs it again, and who may."""
import sys

from server_lib import expect, main, publish

NOBODY = "/backfills/0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c77"
RANGE = {"fromUtc": "2026-01-01T00:00:00Z", "toUtc": "2026-01-05T06:00:00Z"}
WHY = {"reason": "late data", "ticket": "T-1"}


def schedule(server, **more):
    publish(server)
    return expect(server, 201, "POST", "/schedules", {"dagId": "d", "cron": "0 6 * * *", **more})["scheduleId"]


def backfill(server, sid, status=202, code=None, token="admin", **more):
    body = {name: value for name, value in {**RANGE, **WHY, **more}.items() if value is not None}
    return expect(server, status, "POST", f"/schedules/{sid}/backfills", body, code=code, token=token)


def test_a_preview_shows_due_times_and_keeps_nothing(server_of):
    with server_of() as server:
        sid = schedule(server)
        told = backfill(server, sid, 200, preview=True, reason=None, ticket=None)
        assert (told["preview"], told["count"]) == (True, 5)
        assert [t["dueUtc"] for t in told["dueTimes"]] == [f"2026-01-0{day}T06:00:00Z" for day in range(1, 6)]
        long = backfill(server, sid, 200, preview=True, toUtc="2026-12-31T00:00:00Z")
        assert (long["count"], len(long["dueTimes"])) == (364, 100)
        assert expect(server, 200, "GET", f"/schedules/{sid}/backfills")["items"] == []


def test_a_backfill_is_shown_as_it_was_made(server_of):
    with server_of() as server:
        sid = schedule(server)
        made = backfill(server, sid, maxParallel=3)
        path = f"/backfills/{made['backfillId']}"
        assert made == expect(server, 200, "GET", path, token="reader") == expect(server, 200, "GET", path, token="backfiller")
        assert {name: made[name] for name in made if name not in ("backfillId", "createdBy", "createdUtc", "updatedUtc")} == {
            "scheduleId": sid, "status": "pending", "fromUtc": "2026-01-01T00:00:00.000000Z",
            "toUtc": "2026-01-05T06:00:00.000000Z", "maxParallel": 3, "total": 5, "completed": 0, "failed": 0,
            "skipped": 0, "running": 0, "nextDueUtc": "2026-01-01T06:00:00.000000Z", "reason": "late data",
            "ticket": "T-1", "why": None}
        none = backfill(server, sid, fromUtc="2026-01-01T07:00:00Z", toUtc="2026-01-01T08:00:00Z", token="backfiller")
        assert (none["status"], none["total"], none["nextDueUtc"]) == ("completed", 0, None)
        page = expect(server, 200, "GET", f"/schedules/{sid}/backfills?page_size=1")
        rest = expect(server, 200, "GET", f"/schedules/{sid}/backfills?page_token={page['next_page_token']}")
        assert page["items"] + rest["items"] == [none, made]


def test_what_is_wanted_and_who_may(server_of):
    with server_of() as server:
        sid = schedule(server)
        for wrong, code, words in (({"reason": None}, "FIELD_INVALID", "reason"),
                                   ({"ticket": ""}, "FIELD_INVALID", "ticket"),
                                   ({"reason": "x" * 257}, "FIELD_INVALID", "256"),
                                   ({"ticket": "a\nb"}, "FIELD_INVALID", "not text"),
                                   ({"ticket": 7}, "FIELD_INVALID", "ticket"),
                                   ({"fromUtc": "2026-02-01T00:00:00Z"}, "FIELD_INVALID", "later than toUtc"),
                                   ({"toUtc": "x"}, "FIELD_INVALID", "'x'"),
                                   ({"maxParallel": 0}, "FIELD_INVALID", "maxParallel"),
                                   ({"maxParallel": 101}, "FIELD_INVALID", "maxParallel"),
                                   ({"preview": "yes"}, "FIELD_INVALID", "preview"),
                                   ({"toUtc": None}, None, "toUtc"),
                                   ({"nope": 1}, "FIELDS_INVALID", "nope"),
                                   ({"fromUtc": "1990-01-01T00:00:00Z", "toUtc": "2030-01-01T00:00:00Z"},
                                    "BACKFILL_TOO_LARGE", "10000")):
            told = backfill(server, sid, 400, code, **wrong)
            assert words in told["detail"], (wrong, told["detail"])
        for token in ("writer", "reader", "operator"):
            backfill(server, sid, 403, "ERR_SCOPE_MISMATCH", token=token)
        for token in ("admin", "backfiller"):
            backfill(server, sid, token=token)
        backfill(server, "none", 404, "SCHEDULE_NOT_FOUND")
        expect(server, 404, "GET", "/schedules/none/backfills", code="SCHEDULE_NOT_FOUND")
        for method, tail in (("GET", ""), ("POST", ":pause"), ("POST", ":resume"), ("POST", ":cancel")):
            expect(server, 404, method, NOBODY + tail, code="BACKFILL_NOT_FOUND")


def test_one_is_paused_goes_on_and_is_cancelled_once(server_of):
    with server_of() as server:
        sid = schedule(server)
        path = f"/backfills/{backfill(server, sid)['backfillId']}"

        def say(verb, status):
            told = expect(server, 200, "POST", f"{path}:{verb}", token="backfiller")
            assert told["status"] == status
            return told["why"] and told["why"]["reason"]

        assert say("resume", "pending") is None
        for _ in range(2):  # what is paused is paused again
            assert say("pause", "paused") == "paused"
        assert say("resume", "running") is None
        expect(server, 403, "POST", f"{path}:pause", token="writer", code="ERR_SCOPE_MISMATCH")
        for _ in range(2):
            assert say("cancel", "cancelled") is None
        expect(server, 409, "POST", f"{path}:resume")
        assert expect(server, 200, "GET", path)["status"] == "cancelled"


def test_why_one_begins_nothing_is_the_first_that_holds(server_of):
    with server_of() as server:
        sid = schedule(server)
        path = f"/backfills/{backfill(server, sid)['backfillId']}"
        version = expect(server, 200, "GET", "/dags/d")["dag"]["version"]
        expect(server, 200, "POST", f"/dags/d/{version}:disable")
        assert expect(server, 200, "GET", path)["why"]["reason"] == "dag_disabled"
        expect(server, 200, "DELETE", "/dags/d")
        assert expect(server, 200, "GET", path)["why"]["reason"] == "dag_deleted"
        expect(server, 200, "DELETE", f"/schedules/{sid}")
        expect(server, 404, "GET", path, code="BACKFILL_NOT_FOUND")


if __name__ == "__main__":
    sys.exit(main(globals()))
