"""`orch task`, and `orch why` of a task, against a small fake host: what is sent, shown and said.

    python3 cli_task_test.py ORCH      # ORCH: the binary under test
"""
import json
import pathlib
import unittest

from fake_host import Case, RUN, problem, trace, node

ID = "invoice 7"
PATH = "/tasks/invoice%207"
ACCEPTED = {"task_id": ID, "run_id": RUN, "status": "queued", "lane": "mail", "position": 1, "priority": 5}
TASK = ACCEPTED | {"effective_priority": 8, "express": False, "attempts": 2, "worker": None,
                   "why": {"reason": "retry_delay", "detail": "the next attempt is due later", "ahead": 0,
                           "until": "2026-01-01T00:01:00.000000Z"}, "payload": {"n": 1}, "result": None,
                   "error": {"class": "UpstreamError", "message": "HTTP 503"}, "dead_letter_id": None}


class Tasks(Case):
    def sent(self):
        """The last request: what was asked, and its body."""
        method, path, _, body = self.host.seen[-1]
        return f"{method} {path}", json.loads(body) if body else None

    def test_one_is_handed_over_with_what_was_said_and_no_more(self):
        self.routes(**{"POST /tasks": (202, ACCEPTED)})
        out, said = self.orch("task", "submit", "mail")
        self.assertEqual((out, self.sent()[1]), (f"{ID}\n", {"lane": "mail", "payload": {}}))
        self.assertIn(f"task {ID} is queued, as run {RUN}", said)
        payload = pathlib.Path(self.dir, "payload.json")
        payload.write_text('{"n": 1}')
        self.orch("task", "submit", "mail", "--payload", str(payload), "--task-id", ID, "--priority", "12")
        self.assertEqual(self.sent(), ("POST /tasks", {"lane": "mail", "payload": {"n": 1}, "task_id": ID,
                                                       "priority": 12}))

    def test_what_is_no_task_is_not_sent(self):
        payload = pathlib.Path(self.dir, "payload.json")
        payload.write_text("[1]")
        self.assertIn("a JSON object is needed, not",
                      self.orch("task", "submit", "mail", "--payload", str(payload), want=1)[1])
        for priority in ("0", "101", "high"):
            self.orch("task", "submit", "mail", "--priority", priority, want=1)
            self.assertIn("PRIORITY", self.orch("task", "prioritize", ID, priority, want=1)[1])
        self.assertEqual(self.host.seen, [])

    def test_a_lane_that_takes_none_is_named(self):
        self.routes(**{"POST /tasks": problem(503, "LANE_DRAINING", "it takes no task")})
        said = self.orch("task", "submit", "mail", want=1)[1]
        self.assertIn("lane 'mail'", said)
        self.assertIn("LANE_DRAINING", said)

    def test_whoever_waits_is_told_the_end(self):
        ended = trace("completed", {"a": node("completed", outputs={"ok": 1})})
        self.routes(**{"POST /tasks": (202, ACCEPTED), f"GET /executions/{RUN}/trace": (200, ended),
                       f"GET /runs/{RUN}": (200, {"runId": RUN, "status": "completed"}),
                       "GET /runs/stream": lambda host: host.lines(
                           {"type": "run.completed", "runId": RUN, "cursor": 7, "status": "completed", "data": {}})})
        out, said = self.orch("task", "submit", "mail", "--wait")
        self.assertTrue(out.startswith(f"{ID}\n"), out)
        self.assertIn("completed", said)

    def test_they_are_listed_by_lane_and_status(self):
        self.routes(**{"GET /tasks": (200, {"items": [TASK]})})
        out, _ = self.orch("task", "list", "--lane", "mail", "--status", "queued")
        for word in (ID, "mail", "queued", RUN):
            self.assertIn(word, out)
        for query in ("lane=mail", "status=queued"):
            self.assertIn(query, self.sent()[0])
        self.orch("task", "list")
        self.assertNotIn("lane=", self.sent()[0])
        self.assertNotIn("status=", self.sent()[0])

    def test_one_is_shown_and_one_that_is_not_there_is_named(self):
        self.routes(**{f"GET {PATH}": (200, TASK), "GET /tasks/x": problem(404, "TASK_NOT_FOUND", "Task not found")})
        out, _ = self.orch("task", "show", ID)
        for word in ("queued", "retry_delay", "the next attempt", "HTTP 503", "as it has aged"):
            self.assertIn(word, out)
        self.assertEqual(json.loads(self.orch("task", "show", ID, "-o", "json")[0]), TASK)
        self.assertIn("task x", self.orch("task", "show", "x", want=1)[1])

    def test_one_is_changed_by_a_word(self):
        self.routes(**{f"POST {PATH}:cancel": (202, TASK), f"POST {PATH}:retry": (202, TASK),
                       f"POST {PATH}:prioritize": (200, TASK)})
        for words, tail, body in ((("cancel", ID), ":cancel", None), (("retry", ID), ":retry", None),
                                  (("prioritize", ID, "12"), ":prioritize", {"priority": 12})):
            out, said = self.orch("task", *words)
            self.assertEqual(self.sent(), (f"POST {PATH}{tail}", body))
            self.assertEqual(out, f"{ID}\n")
            self.assertIn(f"task {ID} ", said)
        self.routes(**{f"POST {PATH}:retry": problem(409, "CONFLICT", "it runs")})
        self.assertIn("it runs", self.orch("task", "retry", ID, want=1)[1])


class Why(Case):
    WHY = {"run_id": RUN, "status": "running", "ended_at": None, "more": 0,
           "reasons": [{"reason": "paused", "step": "task", "ahead": 0, "detail": "its lane is paused"}]}

    def test_a_task_is_asked_of_its_run(self):
        self.routes(**{f"GET {PATH}": (200, TASK), f"GET /runs/{RUN}/why": (200, self.WHY)})
        out, _ = self.orch("why", ID)
        for word in (ID, RUN, "paused", "its lane is paused"):
            self.assertIn(word, out)
        self.assertEqual(json.loads(self.orch("why", ID, "-o", "json")[0]), self.WHY | {"task_id": ID, "status": "queued"})

    def test_a_run_that_is_no_task_is_asked_as_ever(self):
        self.routes(**{f"GET /runs/{RUN}/why": (200, self.WHY)})
        out, _ = self.orch("why", RUN)
        self.assertNotIn("task  ", out.split("REASON", maxsplit=1)[0])
        self.assertEqual(json.loads(self.orch("why", "--run-id", RUN, "-o", "json")[0]), self.WHY)
        self.assertEqual([seen[1] for seen in self.host.seen][-1:], [f"/runs/{RUN}/why"])
        self.routes(**{f"GET /tasks/{RUN}": problem(503, "UNAVAILABLE", "the database is away")})
        self.assertIn("away", self.orch("why", RUN, want=1)[1])


if __name__ == "__main__":
    unittest.main(verbosity=1)
