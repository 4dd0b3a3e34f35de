"""Each due time of a schedule is one run, over a kill of the host too.

Rooms: host/engine/schedules, host/api/routes, host/cli/schedule, host/store.
"""
import collections
import json

import pytest

from host import chain, is_problem, until


@pytest.fixture(scope="module", autouse=True)
def published(host):
    host.publish(chain("beat", 1))


def create(host, expect=201, **more):
    return host.http("POST", "/schedules", {"dagId": "beat", "overlapPolicy": "allow"} | more, expect=expect).json


def firings(host, schedule_id):
    return host.http("GET", f"/schedules/{schedule_id}/firings?page_size=500", expect=200).json["items"]


def fired(host, schedule_id):
    return [f for f in firings(host, schedule_id) if f["outcome"] == "fired"]


def runs_of(host, schedule_id):
    items = host.http("GET", "/runs?dagId=beat&page_size=500", expect=200).json["items"]
    return [r for r in items if (r["runToken"] or "").startswith(f"schedule:{schedule_id}:")]


def test_no_due_time_fires_twice_over_a_kill(host):
    sid = create(host, every="1s", missedPolicy="all")["scheduleId"]
    until(lambda: len(fired(host, sid)) >= 2, 20, "two firings")
    before = {f["dueUtc"]: f["runId"] for f in fired(host, sid)}
    host.kill9()
    host.start()
    until(lambda: len(fired(host, sid)) >= len(before) + 2, 30, "two more")
    host.http("POST", f"/schedules/{sid}:pause", expect=200)
    after = {f["dueUtc"]: f["runId"] for f in fired(host, sid)}
    assert after.items() >= before.items()
    tokens = collections.Counter(r["runToken"] for r in runs_of(host, sid))
    assert tokens == {f"schedule:{sid}:{due}": 1 for due in after}
    dues = sorted(after)
    assert len(set(after.values())) == len(dues)
    host.http("DELETE", f"/schedules/{sid}", expect=200)


def test_a_paused_schedule_is_shown_with_why_and_resumes(host):
    made = create(host, cron="30 2 * * *", timezone="Europe/Berlin", paused=True, inputs={"a": 1})
    shown = host.http("GET", f"/schedules/{made['scheduleId']}", expect=200).json
    assert (shown["why"]["reason"], shown["inputs"], len(shown["nextFireTimes"])) == ("paused", {"a": 1}, 5)
    assert host.http("POST", f"/schedules/{made['scheduleId']}:resume", expect=200).json["why"] is None
    assert made["scheduleId"] in [s["scheduleId"] for s in host.http("GET", "/schedules?dagId=beat", expect=200).json["items"]]
    host.http("DELETE", f"/schedules/{made['scheduleId']}", expect=200)
    assert is_problem(host.http("GET", f"/schedules/{made['scheduleId']}"), 404, "SCHEDULE_NOT_FOUND")


def test_what_is_refused_says_why(host):
    for more, status, code in (({"cron": "61 * * * *"}, 400, "CRON_INVALID"),
                               ({"cron": "* * * * *", "timezone": "X/Y"}, 400, "TIMEZONE_INVALID"),
                               ({"at": "2020-01-01T00:00:00Z"}, 400, "SCHEDULE_IN_PAST"),
                               ({"every": "1h", "overlapPolicy": "wait"}, 400, "FIELD_INVALID"),
                               ({"every": "1h", "missedMax": 0}, 400, "FIELD_INVALID"),
                               ({"every": "1h", "dagId": "nobody"}, 404, "DAG_NOT_FOUND")):
        assert is_problem(host.http("POST", "/schedules", {"dagId": "beat"} | more), status, code), more
    refused = host.http("POST", "/runs", {"dagId": "beat", "runToken": "schedule:x:y"})
    assert is_problem(refused, 400, "FIELD_INVALID")


def test_a_due_time_by_hand_is_one_run(host):
    sid = create(host, cron="0 0 1 1 *")["scheduleId"]
    answers = [host.http("POST", f"/schedules/{sid}:trigger", {"dueUtc": "2026-01-01T00:00:00Z"}) for _ in range(3)]
    assert [a.status for a in answers] == [201, 200, 200]
    assert len({a.json["runId"] for a in answers}) == 1
    assert [f["dueUtc"] for f in firings(host, sid)] == ["2026-01-01T00:00:00Z"]
    assert host.http("POST", f"/schedules/{sid}:trigger", expect=201).json["outcome"] == "fired"
    host.http("DELETE", f"/schedules/{sid}", expect=200)


def test_a_backfill_runs_each_due_time_once_over_a_kill(host):
    sid = create(host, cron="0 6 * * *")["scheduleId"]
    span = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-08T06:00:00Z")
    planned = json.loads(host.cli("backfill", "plan", sid, *span, "-o", "json").stdout)
    assert (planned["count"], runs_of(host, sid)) == (8, [])
    host.http("POST", f"/schedules/{sid}:trigger", {"dueUtc": "2026-01-03T06:00:00Z"}, expect=201)
    bid = host.cli("backfill", "start", sid, *span, "--max-parallel", "2", "--reason", "late data", "--ticket", "T-1",
                   "-o", "name").stdout.strip()
    until(lambda: len(runs_of(host, sid)) >= 2, 20, "its first run")
    host.kill9()
    host.start()
    done = until(lambda: (lambda b: b if b["status"] == "completed" else None)(
        json.loads(host.cli("backfill", "show", bid, "-o", "json").stdout)), 30, "its end")
    assert (done["total"], done["completed"], done["failed"], done["skipped"]) == (8, 7, 0, 1)
    tokens = collections.Counter(r["runToken"] for r in runs_of(host, sid))
    assert tokens == {f"schedule:{sid}:{t['dueUtc']}": 1 for t in planned["dueTimes"]}
    assert bid in host.cli("backfill", "list", sid).stdout
    assert is_problem(host.http("POST", f"/backfills/{bid}:cancel"), 409, "CONFLICT")
    writer = host.mint("orchestrator:write")
    assert is_problem(host.http("POST", f"/backfills/{bid}:pause", token=writer), 403, "ERR_SCOPE_MISMATCH")
    host.http("DELETE", f"/schedules/{sid}", expect=200)


def test_another_tenant_sees_none_of_it(host):
    sid = create(host, cron="0 0 1 1 *")["scheduleId"]
    who = {"token": host.mint("orchestrator:admin", tenant="elsewhere"), "X_Stella_Tenant": "elsewhere"}
    for method, path in (("GET", ""), ("GET", "/firings"), ("POST", ":pause"), ("POST", ":trigger"), ("DELETE", "")):
        assert is_problem(host.http(method, f"/schedules/{sid}{path}", **who), 404, "SCHEDULE_NOT_FOUND"), path
    host.http("DELETE", f"/schedules/{sid}", expect=200)


def test_the_command_line(host):
    sid = host.cli("schedule", "create", "beat", "--every", "1h", "--missed", "none", "-o", "name").stdout.strip()
    shown = json.loads(host.cli("schedule", "show", sid, "-o", "json").stdout)
    assert (shown["every"], shown["missedPolicy"], shown["overlapPolicy"]) == ("1h", "none", "skip")
    times = json.loads(host.cli("schedule", "next", sid, "--count", "3", "-o", "json").stdout)["fireTimes"]
    assert [t["dueUtc"] for t in times] == [t["dueUtc"] for t in shown["nextFireTimes"][:3]]
    host.cli("schedule", "pause", sid)
    assert "paused" in host.cli("schedule", "list").stdout
    host.cli("schedule", "resume", sid)
    host.cli("schedule", "delete", sid)
    assert sid not in host.cli("schedule", "list").stdout
