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


if __name__ == "__main__":
    unittest.main(verbosity=1)
