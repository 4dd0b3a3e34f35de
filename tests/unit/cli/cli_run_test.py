"""The orch binary follows runs of a small fake host: watch, stream, logs, provenance.

    python3 cli_run_test.py ORCH  # ORCH: the binary under test
"""
import base64
import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import unittest

from fake_host import Case, ORCH, RUN, node, problem, trace


class Watch(Case):
    def play(self, *traces):
        """The trace route gives one after the other and stays at the last; None cuts the connection."""
        left = list(traces)

        def next_trace(host):
            one = left.pop(0) if len(left) > 1 else left[0]
            if one is None:
                host.connection.shutdown(socket.SHUT_RDWR)
                host.close_connection = True
                return None
            return 200, one
        self.routes(**{f"GET /executions/{RUN}/trace": next_trace,
                       f"GET /runs/{RUN}": (200, {"runId": RUN, "dagVersion": "1.0.0", "status": "running"}),
                       f"GET /executions/{RUN}/provenance": (200, {"provenances": [
                           {"node_id": "a", "plugin": "x@1.0.0", "profile": "pure", "level": 4}]})})

    def test_the_exit_code_is_the_runs(self):
        for status, want in (("completed", 0), ("failed", 1), ("cancelled", 1)):
            self.play(trace(status, {"a": node("completed"), "b": node(status)}))
            out, _ = self.orch("run", "watch", RUN, want=want)
            self.assertIn(f" d  v1.0.0  ● {status} in 1.25s\n", out)
            self.assertIn("x@1.0.0 (pure, level 4)", out)
            self.assertIn(" totals       2 nodes: ", out)

    def test_changes_are_lines_when_there_is_no_terminal(self):
        self.play(trace("running", {"a": node("running")}),
                  trace("running", {"a": node("completed"), "b": node("running")}),
                  trace("completed", {"a": node("completed"), "b": node("completed")}))
        out, _ = self.orch("run", "watch", RUN)
        self.assertEqual([line for line in out.splitlines() if line[0] in "ab"],
                         ["a  running  1 attempt", "a  completed in 0.012s  1 attempt",
                          "b  running  1 attempt", "b  completed in 0.012s  1 attempt"])
        self.assertNotIn("\x1b", out)

    def test_the_tree_is_redrawn_on_a_terminal(self):
        self.play(trace("running", {"a": node("running")}),
                  trace("completed", {"a": node("completed"), "b": node("completed")}))
        code, text = self.on_terminal("run", "watch", RUN)
        self.assertEqual(code, 0)
        self.assertIn("\x1b[3A\x1b[J", text)
        self.assertIn("✔", text)

    def on_terminal(self, *args, columns=80, until=None, **env):
        """The exit and what a terminal of 30 rows got; until: SIGINT once this was written."""
        pid, fd = pty.fork()
        if pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
            os.execve(ORCH, [ORCH, *args], {**self.env, **env})
        text = b""
        try:
            while chunk := os.read(fd, 4096):
                text += chunk
                if until is not None and until in text:
                    os.kill(pid, signal.SIGINT)
                    until = None
        except OSError:                                      # the terminal's way to say end of file
            pass
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode()

    def test_a_live_tree_is_cut_to_the_terminal_and_the_last_one_is_whole(self):
        long = "y" * 100
        self.play(trace("running", {"a": node("failed", error=long)}),
                  trace("failed", {"a": node("failed", error=long)}))
        code, text = self.on_terminal("run", "watch", RUN, columns=40)
        live, _, last = text.partition("\x1b[3A\x1b[J")
        self.assertEqual(code, 1)
        self.assertIn("…\r\n", live)
        self.assertLess(max(len(re.sub("\x1b\\[[0-9;]*m", "", line)) for line in live.split("\r\n")), 40)
        self.assertIn(long, last)

    def test_an_interrupted_watch_says_that_the_run_goes_on(self):
        self.play(trace("running", {"a": node("running")}))
        code, text = self.on_terminal("run", "watch", RUN, until=b"running")
        self.assertEqual(code, -signal.SIGINT)
        self.assertIn(f"run {RUN} goes on", text)

    def test_a_dumb_terminal_and_the_c_locale_get_plain_text(self):
        self.play(trace("failed", {"a": node("failed", error="no"), "b": node("pending")}))
        for env in ({"TERM": "dumb"}, {"LC_ALL": "C"}, {"LC_ALL": "", "LANG": ""}):
            code, text = self.on_terminal("run", "watch", RUN, **env)
            self.assertEqual(code, 1)
            self.assertTrue(text.isascii(), text)
            self.assertEqual("\x1b" in text, "TERM" not in env, text)
            self.assertIn("not run", text)
        out, _ = self.orch("run", "watch", RUN, want=1, env={"LC_ALL": "en_US.UTF-8", "LANG": "C"})
        self.assertIn("✘ a", out)

    def test_a_host_that_restarts_is_waited_for(self):
        self.play(trace("running", {"a": node("running")}), None, None,   # libcurl tries a kept connection twice
                  trace("completed", {"a": node("completed"), "b": node("completed")}))
        _, err = self.orch("run", "watch", RUN)
        self.assertIn("waiting for it", err)

    def test_an_unknown_run_is_not_waited_for(self):
        self.routes(**{f"GET /runs/{RUN}": problem(404, "RUN_NOT_FOUND", "Run not found")})
        self.orch("run", "watch", RUN, "--exit-codes=fine", want=4)

    def test_start_and_wait_prints_the_id_alone(self):
        self.play(trace("running", {}), trace("failed", {"a": node("failed", error="no")}))
        self.routes(POST_runs=(201, {"runId": RUN}))
        out, _ = self.orch("run", "start", "--dag-id", "d", "--wait", want=1)
        self.assertEqual(out, RUN + "\n")
        out, _ = self.orch("run", "start", "--dag-id", "d", "--watch", want=1)
        self.assertTrue(out.startswith(RUN + "\n"))
        self.assertIn("✘ a", out)

    def test_outputs_of_the_last_level_are_shown(self):
        self.play(trace("completed", {"a": node("completed"),
                                      "b": node("completed", outputs={"t": {"scope1": 12.5}, "unit": "t"})}))
        out, _ = self.orch("run", "watch", RUN, "--outputs")
        self.assertRegex(out, r"   b\.t\.scope1 +12\.5\n")
        self.assertRegex(out, r"   b\.unit +t\n")

    def test_a_last_level_that_never_ran_has_no_outputs(self):
        for nodes in ({"a": node("failed", error="no"), "b": node("pending")}, {"a": node("failed")}, {}):
            self.play(trace("failed", nodes))
            out, err = self.orch("run", "watch", RUN, "--outputs", want=1)
            self.assertTrue(out.endswith(" attempts\n"), out)
            self.assertIn("no node of the last level has outputs", err)

    def test_every_value_of_an_output_is_shown_or_counted(self):
        outputs = {"rows": [1, 2, {"x": None}], "none": None, "empty": {}, "n": -0.5, "text": "z" * 500}
        self.play(trace("completed", {"a": node("completed"), "b": node("completed", outputs=outputs)}))
        out, _ = self.orch("run", "watch", RUN, "--outputs")
        self.assertRegex(out, r'b\.rows +\[1,2,{"x":null}\]\n')
        self.assertRegex(out, r"b\.none +null\n")
        self.assertRegex(out, r"b\.empty +{}\n")
        self.assertRegex(out, r"b\.n +-0\.5\n")
        self.assertRegex(out, r"b\.text +z{119}…\n")
        many = {f"k{i}": i for i in range(50)}
        self.play(trace("completed", {"a": node("completed"), "b": node("completed", outputs=many)}))
        _, err = self.orch("run", "watch", RUN, "--outputs")
        self.assertIn("10 more values", err)

    def test_json_is_the_final_trace(self):
        last = trace("completed", {"a": node("completed"), "b": node("completed")})
        self.play(trace("running", {}), last)
        out, _ = self.orch("run", "watch", RUN, "-o", "json")
        self.assertEqual(json.loads(out), last)


class Show(Case):
    def runs(self, *ids, **more):
        return 200, {"items": [{"runId": i, "dagId": "d", "status": "running", **more} for i in ids],
                     "next_page_token": None}

    def test_a_run_that_waits_says_for_what(self):
        for member, word in (("queued", "queued"), ("paused", "paused"), ("cancelRequested", "cancelling")):
            self.routes(**{"GET /runs": self.runs(RUN, **{member: True}),
                           f"GET /runs/{RUN}": (200, {"runId": RUN, "status": "running", member: True, "steps": []})})
            out, _ = self.orch("run", "list")
            self.assertIn(f"  {word}  ", out)
            out, _ = self.orch("run", "show", RUN)
            self.assertRegex(out, rf"(?m)^status +{word}$")
            out, _ = self.orch("run", "show", RUN, "-o", "json")
            self.assertEqual(json.loads(out)["status"], "running")

    def test_why_names_each_reason_and_the_root_cause(self):
        why = {"run_id": RUN, "status": "running", "ended_at": None, "root_cause": None, "more": 3, "reasons": [
            {"reason": "retry_delay", "detail": "step 'a' is tried again at noon", "ahead": 0, "step": "a",
             "until": "2026-11-22T12:00:00.000000Z"},
            {"reason": "lane_full", "detail": "step 'b' is number 3 in lane 'ml': lane_full", "ahead": 2, "step": "b"}]}
        self.routes(**{f"GET /runs/{RUN}/why": (200, why)})
        out, err = self.orch("why", RUN)
        self.assertRegex(out, r"(?m)^retry_delay +a +0 +2026-11-22T12:00:00.000000Z +step 'a' is tried again at noon$")
        self.assertRegex(out, r"(?m)^lane_full +b +2 +- +step 'b' is number 3 in lane 'ml': lane_full$")
        self.assertIn("and 3 more", err)
        out, _ = self.orch("why", "--run-id", RUN, "-o", "json")
        self.assertEqual(json.loads(out), why)
        self.routes(**{f"GET /runs/{RUN}/why": (200, {**why, "reasons": [], "more": 0})})
        self.assertIn("nothing is waited for", self.orch("why", RUN)[1])
        cause = {"step": "a", "class": "Broken", "source": "agent", "message": "no\x1b", "attempts": 2, "at": None}
        self.routes(**{f"GET /runs/{RUN}/why": (200, {**why, "status": "failed", "reasons": [], "more": 0,
                                                      "ended_at": "2026-11-22T12:00:00.000000Z", "root_cause": cause}),
                       f"GET /runs/{RUN}": (200, {"runId": RUN, "status": "failed", "steps": [], "rootCause": cause})})
        line = "root cause: step 'a' (Broken, said by the agent, 2 attempts): no\\x1b\n"
        out, err = self.orch("why", RUN)
        self.assertIn(line, out)
        self.assertIn("waits for nothing", err)
        self.assertIn(line, self.orch("run", "show", RUN)[0])
        self.routes(**{f"GET /runs/{RUN}": (200, {"runId": RUN, "status": "failed", "steps": [], "rootCause": {
            "step": None, "class": None, "source": None, "message": "too large", "attempts": 0, "at": None}})})
        self.assertIn("root cause: too large\n", self.orch("run", "show", RUN)[0])
        self.routes(**{f"GET /runs/{RUN}/why": problem(404, "RUN_NOT_FOUND", "Run not found")})
        self.orch("why", RUN, "--exit-codes=fine", want=4)

    def test_a_list_tells_the_error(self):
        self.routes(**{"GET /runs": self.runs(RUN, error="Node 'a' failed: no")})
        out, _ = self.orch("run", "list")
        self.assertIn("Node 'a' failed: no", out)

    def test_outputs_are_shown_on_demand(self):
        self.routes(**{f"GET /runs/{RUN}": (200, {"runId": RUN, "status": "completed", "steps": []}),
                       f"GET /executions/{RUN}/trace": (200, trace("completed", {
                           "b": node("completed", outputs={"t": 1})}))})
        out, _ = self.orch("run", "show", RUN, "--outputs")
        self.assertRegex(out, r"   b\.t +1\n")
        out, _ = self.orch("run", "show", RUN, "--outputs", "-o", "json")
        self.assertEqual(json.loads(out)["outputs"], {"b": {"t": 1}})
        out, _ = self.orch("run", "show", RUN)
        self.assertNotIn("b.t", out)

    def test_the_beginning_of_an_id_is_enough(self):
        other = RUN[:12] + "0" + RUN[13:]
        pages = {"": (200, {"items": [{"runId": other}], "next_page_token": "2"}),
                 "2": (200, {"items": [{"runId": RUN}], "next_page_token": None})}
        self.routes(**{"GET /runs": lambda host: pages[host.path.partition("page_token=")[2]],
                       f"GET /runs/{RUN}": (200, {"runId": RUN, "status": "completed", "steps": []})})
        out, _ = self.orch("run", "show", RUN[:16], "-o", "name")
        self.assertEqual(out, RUN + "\n")
        _, err = self.orch("run", "show", RUN[:8], want=1)
        self.assertIn("begins more than one run", err)
        _, err = self.orch("run", "cancel", "ffff", "--exit-codes=fine", want=4)
        self.assertIn("no run begins with 'ffff'", err)

    def test_a_dag_may_be_an_argument(self):
        self.routes(POST_runs=(201, {"runId": RUN}))
        self.orch("run", "start", "slow")
        self.assertEqual(json.loads(self.host.seen[-1][3])["dagId"], "slow")
        for args in ((), ("slow", "--dag-id", "slow")):
            _, err = self.orch("run", "start", *args, want=1)
            self.assertIn("name one definition", err)

    def test_a_name_that_nobody_knows_is_not_a_host_that_is_down(self):
        _, err = self.orch("run", "list", "--api-url", "http://no-such-host.invalid:1", "--exit-codes=fine", want=5,
                           env={"ALL_PROXY": "", "http_proxy": ""})
        self.assertIn("is the name in --api-url or ORCH_URL right?", err)
        self.assertNotIn("./up", err)


class Provenance(Case):
    ENVELOPE = {"payload": base64.b64encode(b"{}").decode(), "payloadType": "application/vnd.in-toto+json",
                "signatures": [{"keyid": "", "sig": base64.b64encode(bytes(64)).decode()}]}

    def serve(self, statement):
        self.routes(**{f"GET /runs/{RUN}/provenance": (200, {"runId": RUN, "statement": statement}),
                       f"GET /runs/{RUN}": (200, {"dagVersion": "1.0.0"}),
                       f"GET /executions/{RUN}/provenance": (200, {"provenances": []}),
                       f"GET /executions/{RUN}/trace": (200, trace("completed", {"a": node("completed")}))})

    def test_the_envelope_is_printed_as_it_is(self):
        self.serve(self.ENVELOPE)
        out, _ = self.orch("run", "provenance", RUN)
        self.assertEqual(json.loads(out), self.ENVELOPE)
        self.serve(None)
        self.orch("run", "provenance", RUN, "--exit-codes=fine", want=4)

    def test_who_asks_for_a_statement_that_is_not_there_is_told_why(self):
        for state, why, want in (("waiting", "it waits for its signature", 4), ("none", "it has not ended", 4),
                                 ("refused", "it was refused: two records", 6)):
            self.routes(**{f"GET /runs/{RUN}/provenance": (200, {
                "statement": None, "statementState": state, "statementError": "two records" if state == "refused" else None})})
            _, err = self.orch("run", "provenance", RUN, "--exit-codes=fine", want=want)
            self.assertIn(why, err)

    def test_runs_without_a_statement_are_listed_with_the_reason(self):
        self.routes(**{"GET /runs": (200, {"items": [{"runId": RUN, "dagId": "d", "status": "completed",
                                                      "statementState": "refused", "statementError": "too large"}]})})
        out, _ = self.orch("run", "list", "--statement", "refused")
        self.assertIn("WHY", out)
        self.assertIn("too large", out)
        self.assertEqual(self.orch("run", "list", "--statement", "no", want=1)[0], "")

    def test_a_statement_that_is_not_verified_is_not_kept(self):
        self.serve(self.ENVELOPE)
        with open(os.path.join(self.dir, "root.key"), "wb") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(bytes(range(32)))
        path = os.path.join(self.dir, "statement.json")
        _, err = self.orch("run", "watch", RUN, "--statement", path, "--exit-codes=fine", want=8)
        self.assertIn("key_unknown", err)
        self.assertFalse(os.path.exists(path))
        out, _ = self.orch("verify", self.file("s.json", json.dumps(self.ENVELOPE)), "-o", "json",
                           "--exit-codes=fine", want=8)
        self.assertEqual([row["verified"] for row in json.loads(out)], [False])


def event(cursor, kind, **more):
    return {"type": kind, "seq": cursor, "cursor": cursor, "runId": RUN,
            "timestamp": f"2026-11-22T10:00:00.{cursor:06d}Z", **more}


class Stream(Case):
    def afters(self):
        return [path.partition("after=")[2].partition("&")[0] for _, path, _, _ in self.host.seen
                if path.startswith("/runs/stream")]

    def serve(self, *connections, ended=3):
        left = list(connections)
        self.routes(**{"GET /runs/stream": lambda host: host.lines(*(left.pop(0) if left else [])),
                       f"GET /runs/{RUN}": lambda host: (200, {
                           "runId": RUN, "status": "running" if left else "completed",
                           "endedUtc": None if left else f"2026-11-22T10:00:00.{ended:06d}Z"})})

    def test_a_lost_connection_is_resumed_behind_the_last_cursor(self):
        hello = {"type": "hello", "cursor": 0, "heartbeat_s": 15}
        self.serve([hello, event(1, "run.started"), event(2, "step.updated", stepId="a")],
                   [{"type": "heartbeat", "cursor": 2}],
                   [event(3, "run.completed")])
        out, err = self.orch("run", "stream", RUN)
        self.assertEqual([json.loads(line)["cursor"] for line in out.splitlines()], [1, 2, 3])
        self.assertEqual(self.afters(), ["0", "2", "2"])
        self.assertIn("resuming behind cursor 2", err)

    def test_a_run_that_was_resumed_is_followed_to_its_last_end(self):
        self.serve([event(1, "run.failed")], [event(2, "step.updated"), event(3, "run.completed")])
        out, _ = self.orch("run", "stream", "--run-id", RUN)
        self.assertEqual([json.loads(line)["cursor"] for line in out.splitlines()], [1, 2, 3])

    def test_a_stream_may_begin_at_a_cursor(self):
        self.serve([event(3, "run.completed")])
        self.orch("run", "stream", RUN, "--after", "2")
        self.assertEqual(self.afters(), ["2"])

    def test_a_run_that_ended_before_the_cursor_ends_with_the_heartbeat(self):
        self.routes(**{"GET /runs/stream": lambda host: host.lines({"type": "hello", "cursor": 9},
                                                                  {"type": "heartbeat", "cursor": 9}),
                       f"GET /runs/{RUN}": (200, {"runId": RUN, "status": "failed"})})
        out, _ = self.orch("run", "stream", RUN, "--after", "9")
        self.assertEqual(out, "")

    def test_an_error_of_the_host_is_not_retried(self):
        self.serve([{"type": "error", "code": "CURSOR_IN_FUTURE", "message": "in the future"}], [])
        _, err = self.orch("run", "stream", RUN, "--after", "99", want=1)
        self.assertIn("in the future (CURSOR_IN_FUTURE)", err)
        self.routes(**{"GET /runs/stream": problem(401, "TOKEN_INVALID", "no")})
        self.orch("run", "stream", want=2)

    def test_a_reset_is_told_and_followed(self):
        self.serve([{"type": "reset", "reason": "no longer kept", "cursor": 7}, event(8, "run.completed")], ended=8)
        out, err = self.orch("run", "stream", RUN)
        self.assertIn("reset: no longer kept", err)
        self.assertEqual(len(out.splitlines()), 1)

    def test_a_stream_of_everything_goes_on_until_it_is_interrupted(self):
        self.serve([event(1, "run.completed")], [event(2, "run.started")], [], [], [])
        p = subprocess.Popen([ORCH, "run", "stream", "--dag-id", "d"], env=self.env, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        self.assertEqual([json.loads(p.stdout.readline())["cursor"] for _ in range(2)], [1, 2])
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(timeout=60), -signal.SIGINT)
        p.stdout.close()


class Logs(Case):
    def test_logs_are_read_page_by_page_and_followed(self):
        states = ["running", "running", "completed"]
        lines = [{"timestamp": "2026-11-22T10:00:00.000000Z", "stepId": "a", "attempt": 1, "level": "info",
                  "message": f"line {i}\x1b", "cursor": i} for i in range(1, 5)]
        ready = {"running": 2, "completed": 4}

        def page(host):
            after = int((host.path.partition("page_token=")[2] or "0").partition("&")[0])
            items = [line for line in lines[:ready[states[0]]] if line["cursor"] > after][:1]
            return 200, {"items": items, **({"next_page_token": str(items[-1]["cursor"])} if items else {})}

        def run(_):
            if len(states) > 1:
                states.pop(0)
            return 200, {"status": states[0]}
        self.routes(**{f"GET /runs/{RUN}/logs": page, f"GET /runs/{RUN}": run})
        out, _ = self.orch("run", "logs", RUN, "--follow")
        self.assertEqual([line.split("  ", 2)[1:] for line in out.splitlines()],
                         [["a#1", f"info  line {i}\\x1b"] for i in range(1, 5)])
        out, _ = self.orch("run", "logs", RUN, "--step-id", "a", "-o", "ndjson")
        self.assertEqual([json.loads(line) for line in out.splitlines()], lines)
        self.assertIn("stepId=a", self.host.seen[-1][1])


if __name__ == "__main__":
    unittest.main(verbosity=1)
