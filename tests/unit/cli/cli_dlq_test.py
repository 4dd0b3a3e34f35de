"""`orch dlq` against a small fake host: what is asked, what is shown, what a refusal says.

    python3 cli_dlq_test.py ORCH      # ORCH: the binary under test
"""
import json
import unittest

from fake_host import Case, problem

ID = "0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c55"
LETTER = {"deadLetterId": ID, "taskId": "t 1", "jobId": "t 1", "runId": ID, "lane": "ml", "tenant": "default",
          "reason": "retries_exhausted", "errorClass": "UpstreamError", "message": "HTTP 503", "fingerprint": "ab" * 32,
          "firstSeenUtc": "2026-01-01T00:00:00.000000Z", "lastSeenUtc": "2026-01-02T00:00:00.000000Z", "count": 2,
          "attempts": 5, "priority": 6, "replayedBy": []}


class DeadLetters(Case):
    def body(self, i):
        return json.loads(self.host.seen[i][3])

    def test_they_are_listed_by_what_they_have_in_common(self):
        self.routes(**{"GET /deadletter": (200, {"items": [LETTER]})})
        out, _ = self.orch("dlq", "list", "--lane", "ml", "--error-class", "UpstreamError", "--fingerprint", "ab")
        for word in (ID, "t 1", "ml", "retries_exhausted", "UpstreamError", "HTTP 503"):
            self.assertIn(word, out)
        self.assertEqual(json.loads(self.orch("dlq", "list", "-o", "json")[0]), {"items": [LETTER]})
        paths = [seen[1] for seen in self.host.seen]
        for query in ("lane=ml", "errorClass=UpstreamError", "fingerprint=ab"):
            self.assertIn(query, paths[0])
            self.assertNotIn(query, paths[1])

    def test_one_is_shown_and_one_that_is_not_there_is_named(self):
        shown = {**LETTER, "payload": {"n": 1}, "task": {"task_id": "t 1", "status": "dead"}}
        self.routes(**{f"GET /deadletter/{ID}": (200, shown),
                       "GET /deadletter/x": problem(404, "DEAD_LETTER_NOT_FOUND", "Dead letter not found")})
        out, _ = self.orch("dlq", "show", ID)
        for word in ("dead", "UpstreamError", "2026-01-02"):
            self.assertIn(word, out)
        self.assertEqual(json.loads(self.orch("dlq", "show", ID, "-o", "json")[0]), shown)
        said = self.orch("dlq", "show", "x", want=1)[1]
        self.assertIn("dead letter x", said)
        self.assertIn("DEAD_LETTER_NOT_FOUND", said)

    def test_they_are_counted_and_those_that_are_alike_are_one_line(self):
        group = {k: LETTER[k] for k in ("fingerprint", "errorClass", "message", "lane", "firstSeenUtc", "lastSeenUtc")}
        group |= {"count": 17, "sample": [{"deadLetterId": ID, "taskId": "t 1"}]}
        told = {"total": 17, "retryable": 12, "oldestUtc": group["firstSeenUtc"], "newestUtc": group["lastSeenUtc"],
                "verdict": "warn", "byLane": {"ml": 17}, "byErrorClass": {"UpstreamError": 17}, "clusters": [group]}
        self.routes(**{"GET /deadletter/summary": (200, {"groups": [group]}), "GET /deadletter/stats": (200, told)})
        out, _ = self.orch("dlq", "summary", "--lane", "ml")
        for word in ("ab" * 32, "17", "HTTP 503"):
            self.assertIn(word, out)
        self.assertIn("lane=ml", self.host.seen[0][1])
        self.assertEqual(json.loads(self.orch("dlq", "summary", "-o", "json")[0]), {"groups": [group]})
        out, _ = self.orch("dlq", "stats")
        for word in ("warn", "12", '"UpstreamError":17'):
            self.assertIn(word, out)
        self.assertEqual(json.loads(self.orch("dlq", "stats", "-o", "json")[0]), told)

    def test_one_is_replayed_for_a_reason(self):
        task = {"task_id": "new", "run_id": "r", "status": "queued", "lane": "ml", "position": 1, "priority": 10, "replayOf": "t 1"}
        self.routes(**{f"POST /deadletter/{ID}:replay": (202, task),
                       "POST /deadletter/x:replay": problem(404, "DEAD_LETTER_NOT_FOUND", "Dead letter not found")})
        out, said = self.orch("dlq", "replay", ID, "--reason", "repaired")
        self.assertEqual(out, "new\n")
        self.assertIn("it replays t 1", said)
        self.assertEqual(self.body(0), {"reason": "repaired"})
        self.assertIn("dead letter x", self.orch("dlq", "replay", "x", want=1)[1])

    def test_many_are_replayed_or_only_counted(self):
        replayed = {"count": 1, "replayed": [{"deadLetterId": ID, "taskId": "t 1", "newTaskId": "new", "runId": "r"}],
                    "refused": [{"deadLetterId": "d", "taskId": "t 2", "error": {"code": "LANE_FULL", "message": "as many as may"}}]}
        self.routes(**{"POST /deadletter:replay": (202, replayed)})
        out, said = self.orch("dlq", "replay", "--lane", "ml", "--error-class", "E", "--limit", "7", "--reason", "repaired")
        for word in ("new", "t 1", ID):
            self.assertIn(word, out)
        for word in ("1 are replayed", "task t 2 was not: as many as may (LANE_FULL)"):
            self.assertIn(word, said)
        self.assertEqual(self.body(0), {"filter": {"lane": "ml", "errorClass": "E"}, "reason": "repaired", "limit": 7})
        self.routes(**{"POST /deadletter:replay": (200, {"preview": True, "count": 17, "sample": [LETTER]})})
        out, said = self.orch("dlq", "replay", "--fingerprint", "ab", "--preview")
        self.assertIn("HTTP 503", out)
        self.assertIn("17 would be replayed", said)
        self.assertEqual(self.body(-1), {"filter": {"fingerprint": "ab"}, "preview": True})

    def test_they_are_cleared_for_a_reason_and_the_snapshot_is_named(self):
        cleared = {"cleared": 1, "snapshot": {"id": "snap", "sha256": "ab" * 32, "count": 1}, "more": False}
        self.routes(**{"POST /deadletter:clear": (200, cleared), f"GET /deadletter/{ID}": (200, LETTER),
                       "GET /deadletter/x": problem(404, "DEAD_LETTER_NOT_FOUND", "Dead letter not found")})
        out, said = self.orch("dlq", "clear", ID, "--reason", "not wanted")
        self.assertEqual(out, "snap\n")
        self.assertIn("1 are cleared", said)
        self.assertEqual(self.body(-1), {"filter": {"taskIds": ["t 1"]}, "reason": "not wanted"})
        cleared["more"] = True
        self.assertIn("say it again", self.orch("dlq", "clear", "--lane", "ml", "--reason", "not wanted")[1])
        self.assertEqual(self.body(-1), {"filter": {"lane": "ml"}, "reason": "not wanted"})
        self.assertIn("dead letter x", self.orch("dlq", "clear", "x", want=1)[1])


if __name__ == "__main__":
    unittest.main(verbosity=1)
