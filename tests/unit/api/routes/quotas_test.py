#!/usr/bin/python3
"""/quotas, /jobs/summary and /sources of the real server: what is said of them, what is refused, and who may."""
import sys

from server_lib import expect, main, publish

NOBODY = "/quotas/0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c77"


def quota(server, method, path, body=None, status=200, reason="too many", **more):
    why = {"X_Stella_Reason": reason} if reason else {}
    return expect(server, status, method, path, body, **{"token": "quotas", **why, **more})


def make(server, job_type, status=201, code=None, **members):
    return quota(server, "POST", "/quotas", {"jobType": job_type, **members}, status, code=code)


def listed(server, query=""):
    return [item["jobType"] for item in quota(server, "GET", f"/quotas{query}")["items"]]


def test_a_quota_is_made_changed_paused_and_removed(server_of):
    with server_of() as server:
        made = make(server, "ml", maxActive=2, maxPerHour=50, burst=5)
        path = f"/quotas/{made['quotaId']}"
        assert {name: made[name] for name in ("jobType", "maxActive", "maxPerHour", "burst", "weight", "paused", "tenant", "version")} == {
            "jobType": "ml", "maxActive": 2, "maxPerHour": 50, "burst": 5, "weight": 1, "paused": False, "tenant": "default",
            "version": 1}, made
        assert quota(server, "GET", path) == made == expect(server, 200, "GET", path, token="admin")
        changed = quota(server, "PUT", path, {"maxActive": 3, "burst": None, "jobType": "ml"})
        assert (changed["maxActive"], changed["maxPerHour"], changed["burst"], changed["version"]) == (3, 50, None, 2), changed
        for deed, paused, version in (("pause", True, 3), ("pause", True, 3), ("resume", False, 4)):
            told = quota(server, "POST", f"{path}/{deed}")
            assert (told["paused"], told["version"]) == (paused, version), told
        assert quota(server, "DELETE", path) == {"quotaId": made["quotaId"], "deleted": True}
        quota(server, "GET", path, status=404, code="QUOTA_NOT_FOUND")


def test_quotas_are_listed_by_job_type(server_of):
    with server_of() as server:
        for job_type in ("c", "a", "b"):
            make(server, job_type, paused=job_type == "b")
        assert listed(server) == ["a", "b", "c"]
        assert listed(server, "?jobType=b") == listed(server, "?paused=true") == ["b"]
        assert listed(server, "?paused=false") == ["a", "c"] and listed(server, "?jobType=z") == []
        for size, token in (("page_size", "page_token"), ("limit", "continuationToken")):
            page = quota(server, "GET", f"/quotas?{size}=2")
            assert len(page["items"]) == 2
            assert listed(server, f"?{size}=2&{token}={page['next_page_token']}") == ["c"]
        for query in ("?limit=0", "?paused=maybe", "?page_token=x", "?nope=1"):
            quota(server, "GET", f"/quotas{query}", status=400)
        assert expect(server, 200, "GET", "/quotas", token="acme", tenant="acme")["items"] == []
        summary = quota(server, "GET", "/quotas/summary")
        assert summary == {"quotas": {"total": 2, "waiting": 7},
                           "backpressure": {"active": False, "reason": None, "automatic": False, "waiting": 7}}, summary


def test_what_no_quota_may_say_is_refused(server):
    for bad in ({"maxActive": -1}, {"maxActive": 0}, {"maxPerHour": "many"}, {"burst": 10**10}, {"weight": 0}, {"weight": 101},
                {"paused": 1}, {"nope": 1}):
        make(server, "bad", 400, **bad)
    make(server, "no name", 400)
    quota(server, "POST", "/quotas", {"maxActive": 1}, 400)
    made = make(server, "good")
    path = f"/quotas/{made['quotaId']}"
    quota(server, "PUT", path, {"jobType": "other"}, 400, code="FIELD_INVALID")
    quota(server, "PUT", path, {"weight": 0}, 400, code="FIELD_INVALID")
    quota(server, "POST", "/quotas", {"jobType": "late"}, 409, reason="too late", code="QUOTA_EXISTS")
    quota(server, "DELETE", path, None, 409, reason="too late")
    for method, at, body in (("POST", "/quotas", {"jobType": "x"}), ("PUT", path, {}), ("DELETE", path, None),
                             ("POST", f"{path}/pause", None), ("POST", f"{path}/resume", None)):
        quota(server, method, at, body, 400, reason=None, code="REASON_REQUIRED")
        expect(server, 403, method, at, body, token="writer", X_Stella_Reason="r")
    for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
        quota(server, method, NOBODY, body, 404, code="QUOTA_NOT_FOUND")
    quota(server, "GET", path, status=404, token="acme", tenant="acme", code="QUOTA_NOT_FOUND")
    expect(server, 403, "GET", "/quotas", token="reader")


def test_jobs_are_summed_up(server_of):
    with server_of() as server:
        for i, end in enumerate(("completed", "failed", None, None)):
            expect(server, 202, "POST", "/tasks", {"lane": "ml", "task_id": f"t{i}", "payload": {"end": end} if end else {}})
        told = expect(server, 200, "GET", "/jobs/summary?jobType=ml", token="reader")
        assert told == {"jobType": "ml", "counts": {"queued": 1, "running": 1, "succeeded": 1, "failed": 1, "canceled": 0},
                        "complete": True}, told
        told = expect(server, 200, "GET", "/jobs/summary", token="reader")
        assert (told["jobType"], told["counts"]["queued"], told["counts"]["running"]) == (None, 2, 0), told
        assert expect(server, 200, "GET", "/jobs/summary?jobType=none")["counts"]["succeeded"] == 0
        expect(server, 400, "GET", "/jobs/summary?jobType=a%20b", code="FIELD_INVALID")


def test_sources_are_the_schedules(server_of):
    with server_of() as server:
        publish(server)
        ids = [expect(server, 201, "POST", "/schedules", {"dagId": "d", "cron": "0 6 * * *", "paused": paused})["scheduleId"]
               for paused in (False, True)]
        items = expect(server, 200, "GET", "/sources", token="reader")["items"]
        assert sorted(item["sourceId"] for item in items) == sorted(ids)
        for query, want in (("?enabled=true", ids[:1]), ("?enabled=false", ids[1:]), ("?sourceType=feed", []),
                            ("?sourceType=schedule&enabled=true", ids[:1])):
            assert [item["sourceId"] for item in expect(server, 200, "GET", f"/sources{query}")["items"]] == want, query
        one = expect(server, 200, "GET", f"/sources/{ids[0]}", token="reader")
        assert (one["sourceType"], one["enabled"], one["dagId"]) == ("schedule", True, "d") and one in items, one
        expect(server, 404, "GET", "/sources/none", code="SOURCE_NOT_FOUND")
        expect(server, 400, "GET", "/sources?enabled=perhaps")


if __name__ == "__main__":
    sys.exit(main(globals()))
