"""`orch schedule` against a small fake host: what is sent, what is shown, what a refusal says.

    python3 cli_schedule_test.py ORCH      # ORCH: the binary under test
"""
import json
import unittest

from fake_host import Case, problem

ID = "0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c99"
KEPT = {"scheduleId": ID, "dagId": "d", "version": None, "cron": "30 2 * * *", "every": None, "at": None,
        "timezone": "Europe/Berlin", "inputs": {}, "dstPolicy": "shift", "missedPolicy": "last", "missedMax": 10,
        "overlapPolicy": "skip", "jitterSeconds": 0, "paused": False, "lastRunId": None, "createdBy": "me",
        "createdUtc": "2026-03-01T00:00:00Z", "updatedUtc": "2026-03-01T00:00:00Z", "why": None,
        "nextFireTimes": [{"dueUtc": "2026-03-28T01:30:00Z", "local": "2026-03-28T02:30:00+01:00", "note": None}]}


class Schedules(Case):
    def sent(self):
        """The only request's body."""
        (_, _, _, body), = self.host.seen
        return json.loads(body)

    def test_what_is_given_is_sent_with_the_policies_that_hold(self):
        self.routes(POST_schedules=(201, KEPT))
        out, err = self.orch("schedule", "create", "d", "--cron", "30 2 * * *", "--timezone", "Europe/Berlin")
        self.assertIn(ID, out)
        self.assertIn(f"schedule {ID} starts DAG d", err)
        self.assertEqual(self.sent(), {"dagId": "d", "cron": "30 2 * * *", "timezone": "Europe/Berlin",
                                       "dstPolicy": "shift", "missedPolicy": "last", "overlapPolicy": "skip",
                                       "missedMax": 10, "jitterSeconds": 0, "paused": False})

    def test_every_flag_of_create_is_a_member(self):
        self.routes(POST_schedules=(201, KEPT))
        inputs = self.file("in.json", '{"a": 1}')
        out, _ = self.orch("schedule", "create", "d", "--every", "1h", "--version", "1.2.3", "--inputs", inputs,
                           "--dst", "skip", "--missed", "all", "--missed-max", "7", "--overlap", "queue",
                           "--jitter-seconds", "30", "--paused", "-o", "name")
        self.assertEqual(out, ID + "\n")
        self.assertEqual(self.sent(), {"dagId": "d", "every": "1h", "version": "1.2.3", "inputs": {"a": 1},
                                       "dstPolicy": "skip", "missedPolicy": "all", "missedMax": 7,
                                       "overlapPolicy": "queue", "jitterSeconds": 30, "paused": True})

    def test_what_cannot_be_sent_asks_no_host(self):
        for wrong, said in ((("--inputs", self.file("bad.json", "{")), "inputs '"),
                            (("--inputs", self.dir + "/nowhere"), "nowhere"),
                            (("--overlap", "wait"), "wait"), (("--missed-max", "0"), "missed-max")):
            p = self.orch("schedule", "create", "d", "--every", "1h", *wrong, want=1)
            self.assertIn(said, p[1])
        self.assertEqual(self.host.seen, [])

    def test_schedules_are_listed_with_why_one_does_not_fire(self):
        held = {**KEPT, "cron": None, "every": "1h", "paused": True, "why": {"reason": "paused", "detail": "it is paused"}}
        self.routes(GET_schedules=(200, {"items": [KEPT, held], "next_page_token": "p2"}))
        out, err = self.orch("schedule", "list", "--dag", "d", "--page-size", "2")
        head, first, second = out.splitlines()
        self.assertEqual(head.split(), ["SCHEDULE", "DAG", "CRON", "EVERY", "AT", "ZONE", "PAUSED", "WHY", "NOT"])
        self.assertEqual((first.split()[-2:], second.split()[-2:]), (["no", "-"], ["yes", "paused"]))
        self.assertIn("--page-token p2", err)
        self.assertEqual(self.host.seen[0][1], "/schedules?dagId=d&page_size=2")

    def test_one_is_shown_with_its_next_times(self):
        self.routes(**{f"GET /schedules/{ID}": (200, KEPT)})
        out, _ = self.orch("schedule", "show", ID)
        for words in (ID, "30 2 * * *", "Europe/Berlin", "2026-03-28T02:30:00+01:00"):
            self.assertIn(words, out)
        self.assertEqual(json.loads(self.orch("schedule", "show", ID, "-o", "json")[0]), KEPT)

    def test_the_next_times_of_one_are_worked_out_here(self):
        self.routes(**{f"GET /schedules/{ID}": (200, KEPT)})
        out, _ = self.orch("schedule", "next", ID, "--after", "2026-03-28T12:00:00Z", "--count", "1", "-o", "json")
        self.assertEqual(json.loads(out)["fireTimes"], [
            {"dueUtc": "2026-03-29T01:00:00Z", "local": "2026-03-29T03:00:00+02:00", "note": "shifted"}])

    def test_changes_say_what_holds_then(self):
        self.routes(**{f"POST /schedules/{ID}:pause": (200, KEPT), f"POST /schedules/{ID}:resume": (200, KEPT),
                       f"DELETE /schedules/{ID}": (200, {"message": "Schedule deleted"})})
        for verb, said in (("pause", "is paused"), ("resume", "fires again"), ("delete", "is deleted")):
            self.assertIn(f"schedule {ID} {said}", self.orch("schedule", verb, ID)[1])
        self.assertEqual([seen[:2] for seen in self.host.seen],
                         [("POST", f"/schedules/{ID}:pause"), ("POST", f"/schedules/{ID}:resume"),
                          ("DELETE", f"/schedules/{ID}")])

    def test_a_refusal_names_the_schedule_or_the_dag(self):
        gone = problem(404, "SCHEDULE_NOT_FOUND", "no schedule")
        self.routes(**{f"{method} /schedules/{ID}{tail}": gone for method, tail in (
            ("GET", ""), ("POST", ":pause"), ("POST", ":resume"), ("DELETE", ""))})
        for verb in ("show", "next", "pause", "resume", "delete"):
            _, err = self.orch("schedule", verb, ID, "--exit-codes=fine", want=4)
            self.assertIn(f"schedule {ID}", err)
        self.routes(POST_schedules=problem(404, "DAG_NOT_FOUND", "no DAG 'd'"))
        _, err = self.orch("schedule", "create", "d", "--every", "1h", "--exit-codes=fine", want=4)
        self.assertIn("schedule of DAG 'd'", err)


if __name__ == "__main__":
    unittest.main(verbosity=1)
