"""`orch lane` against a small fake host: what is sent, what is shown, what a refusal says.

    python3 cli_lane_test.py ORCH      # ORCH: the binary under test
"""
import json
import unittest

from fake_host import Case, problem


class Lanes(Case):
    def test_lanes_are_listed_and_shown(self):
        lane = {"name": "ml", "slots": 2, "express_priority": 12, "paused": False, "running": 3,
                "depth": {"regular": 4, "express": 1, "total": 5}}
        self.routes(**{"GET /lanes": (200, {"items": [lane]}), "GET /lanes/ml": (200, lane)})
        out, _ = self.orch("lane", "list")
        self.assertEqual([line.split() for line in out.splitlines()],
                         [["LANE", "SLOTS", "RUNNING", "WAITING", "EXPRESS", "PAUSED"],
                          ["ml", "2", "3", "5", "1", "no"]])
        self.assertEqual(json.loads(self.orch("lane", "list", "-o", "json")[0]), {"items": [lane]})
        self.assertIn("express from priority", self.orch("lane", "show", "ml")[0])
        self.assertEqual(json.loads(self.orch("lane", "show", "ml", "-o", "json")[0]), lane)

    def test_all_lanes_are_routed(self):
        off = {"express": False, "priority": True}
        self.routes(**{"GET /admin/routing": (200, {"express": True, "priority": True}), "POST /admin/routing": (200, off)})
        self.assertIn("express workers", self.orch("lane", "route")[0])
        self.assertEqual(json.loads(self.orch("lane", "route", "--express", "off", "--priority", "on", "-o", "json")[0]), off)
        self.assertIn("on|off", self.orch("lane", "route", "--express", "no", want=1)[1])

    def test_lanes_are_set_scaled_paused_and_resumed(self):
        lane, held = {"name": "ml", "slots": 7, "paused": False}, {"name": "ml", "slots": 7, "paused": True}
        self.routes(**{"GET /lanes/ml": (200, lane), "PUT /lanes/ml": (200, lane), "POST /lanes/ml:pause": (200, held),
                       "POST /lanes/ml:resume": (200, lane), "POST /lanes/ml:drain": (200, {**lane, "draining": True}), "GET /lanes/m": problem(404, "LANE_NOT_FOUND", "Lane not found")})
        self.assertIn("lane ml has 7 slots\n", self.orch("lane", "set", "ml", "--slots", "7", "--express-priority", "101", "--max-depth", "9")[1])
        self.assertEqual(json.loads(self.orch("lane", "scale", "ml", "0", "-o", "json")[0]), lane)
        self.assertIn("is paused", self.orch("lane", "pause", "ml")[1])
        self.assertNotIn("is paused", self.orch("lane", "resume", "ml")[1])
        self.assertIn("is being drained", self.orch("lane", "drain", "ml")[1])
        self.assertIn("LANE_NOT_FOUND", self.orch("lane", "scale", "m", "3", want=1)[1])
        sent = [(seen[0], seen[1], json.loads(seen[3]) if seen[3] else None) for seen in self.host.seen]
        self.assertEqual(sent, [("PUT", "/lanes/ml", {"slots": 7, "express_priority": 101, "max_depth": 9}), ("GET", "/lanes/ml", None),
                                ("PUT", "/lanes/ml", {"slots": 0}), ("POST", "/lanes/ml:pause", None),
                                ("POST", "/lanes/ml:resume", None), ("POST", "/lanes/ml:drain", None), ("GET", "/lanes/m", None)])

    def test_what_is_no_change_of_a_lane_asks_no_host(self):
        for words, said in ((("set", "ml"), "nothing to set"), (("set", "ml", "--slots", "10001"), "slots"),
                            (("scale", "ml", "many"), "SLOTS: 'many' is not a whole number")):
            self.assertIn(said, self.orch("lane", *words, want=1)[1])
        self.assertEqual(self.host.seen, [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
