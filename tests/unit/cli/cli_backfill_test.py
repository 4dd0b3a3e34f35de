"""`orch backfill` against a small fake host: what is sent, what is shown, what a refusal says.

    python3 cli_backfill_test.py ORCH      # ORCH: the binary under test
"""
import json
import unittest

from fake_host import Case, problem

SCHEDULE = "0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c99"
ID = "0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c55"
RANGE = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-07T00:00:00Z")
KEPT = {"backfillId": ID, "scheduleId": SCHEDULE, "status": "running", "fromUtc": "2026-01-01T00:00:00.000000Z",
        "toUtc": "2026-01-07T00:00:00.000000Z", "maxParallel": 2, "total": 6, "completed": 1, "failed": 0, "skipped": 2,
        "running": 2, "nextDueUtc": "2026-01-06T06:00:00.000000Z", "reason": "late data", "ticket": "T-1",
        "createdBy": "me", "createdUtc": "2026-02-01T00:00:00.000000Z", "updatedUtc": "2026-02-01T00:00:00.000000Z",
        "why": {"reason": "max_parallel", "detail": "as many of its runs go on as may"}}
TIME = {"dueUtc": "2026-01-01T06:00:00Z", "local": "2026-01-01T07:00:00+01:00", "note": None}


class Backfills(Case):
    def test_a_plan_shows_due_times_and_starts_nothing(self):
        self.routes(**{f"POST /schedules/{SCHEDULE}/backfills": (200, {"preview": True, "count": 6, "dueTimes": [TIME]})})
        out, err = self.orch("backfill", "plan", SCHEDULE, *RANGE)
        self.assertIn("2026-01-01T07:00:00+01:00", out)
        self.assertIn("6 due times", err)
        self.assertEqual(json.loads(self.host.seen[0][3]), {"fromUtc": RANGE[1], "toUtc": RANGE[3], "preview": True})

    def test_a_start_sends_its_range_and_why(self):
        self.routes(**{f"POST /schedules/{SCHEDULE}/backfills": (202, KEPT)})
        out, err = self.orch("backfill", "start", SCHEDULE, *RANGE, "--max-parallel", "2", "--reason", "late data",
                             "--ticket", "T-1", "-o", "name")
        self.assertEqual(out, ID + "\n")
        self.assertIn("runs 6 due times", err)
        (_, _, _, body), = self.host.seen
        self.assertEqual(json.loads(body), {"fromUtc": RANGE[1], "toUtc": RANGE[3], "maxParallel": 2,
                                            "reason": "late data", "ticket": "T-1"})

    def test_what_cannot_be_sent_asks_no_host(self):
        for wrong in (RANGE[:2], RANGE[2:], RANGE + ("--max-parallel", "0"), RANGE + ("--max-parallel", "101")):
            self.orch("backfill", "start", SCHEDULE, *wrong, want=1)
        self.assertEqual(self.host.seen, [])

    def test_they_are_listed_and_one_is_shown(self):
        self.routes(**{f"GET /schedules/{SCHEDULE}/backfills": (200, {"items": [KEPT], "next_page_token": "p2"}),
                       f"GET /backfills/{ID}": (200, KEPT)})
        out, err = self.orch("backfill", "list", SCHEDULE, "--page-size", "1")
        self.assertEqual(out.splitlines()[1].split()[0:2], [ID, "running"])
        self.assertIn("--page-token p2", err)
        out, _ = self.orch("backfill", "show", ID)
        for words in (ID, SCHEDULE, "as many of its runs go on as may", "late data", "T-1"):
            self.assertIn(words, out)
        self.assertEqual(json.loads(self.orch("backfill", "show", ID, "-o", "json")[0]), KEPT)

    def test_changes_say_what_holds_then(self):
        self.routes(**{f"POST /backfills/{ID}:{verb}": (200, KEPT) for verb in ("pause", "resume", "cancel")})
        for verb, said in (("pause", "begins no more runs"), ("resume", "goes on"), ("cancel", "is over")):
            self.assertIn(f"backfill {ID} {said}", self.orch("backfill", verb, ID)[1])
        self.assertEqual([seen[1] for seen in self.host.seen], [f"/backfills/{ID}:{verb}"
                                                                for verb in ("pause", "resume", "cancel")])

    def test_a_refusal_names_the_backfill_or_the_schedule(self):
        gone, none = problem(404, "BACKFILL_NOT_FOUND", "no backfill"), problem(404, "SCHEDULE_NOT_FOUND", "no schedule")
        self.routes(**{f"GET /backfills/{ID}": gone, f"POST /backfills/{ID}:pause": gone,
                       f"GET /schedules/{SCHEDULE}/backfills": none, f"POST /schedules/{SCHEDULE}/backfills": none})
        for args, said in ((("show", ID), f"backfill {ID}"), (("pause", ID), f"backfill {ID}"),
                           (("list", SCHEDULE), f"schedule {SCHEDULE}"), (("plan", SCHEDULE, *RANGE), f"schedule {SCHEDULE}"),
                           (("start", SCHEDULE, *RANGE), f"schedule {SCHEDULE}")):
            self.assertIn(said, self.orch("backfill", *args, "--exit-codes=fine", want=4)[1])


if __name__ == "__main__":
    unittest.main(verbosity=1)
