"""The orch binary against a small fake host: exit codes, failures, paging, definitions, keys.

    python3 cli_test.py ORCH      # ORCH: the binary under test
"""
import base64
import json
import os
import re
import resource
import shutil
import subprocess
import time
import unittest

from fake_host import BASE, Case, ORCH, RUN, problem

DEFINITION = "dag_id: d\nname: D\nversion: 1.0.0\nnodes:\n  a: {agent_id: x}\n  b: {agent_id: x, depends_on: [a]}\n"


class Requests(Case):
    def test_every_request_says_who_asks_and_how_much_it_sends(self):
        self.routes(POST_runs=(201, {"runId": RUN, "status": "running"}))
        out, err = self.orch("run", "start", "--dag-id", "d", "--tenant", "acme", "--traceparent",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        self.assertEqual(out, RUN + "\n")
        method, path, headers, body = self.host.seen[0]
        self.assertEqual((method, path), ("POST", "/runs"))
        self.assertEqual(headers["Authorization"], "Bearer good")
        self.assertEqual(headers["X-Stella-Tenant"], "acme")
        self.assertEqual(headers["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        self.assertEqual(int(headers["Content-Length"]), len(body))
        self.assertNotIn("Transfer-Encoding", headers)
        self.assertNotIn("Expect", headers)
        self.assertEqual(json.loads(body), {"dagId": "d", "inputs": {}})

    def test_a_large_body_is_neither_chunked_nor_expected(self):
        self.routes(POST_runs=(201, {"runId": RUN}))
        path = self.file("in.json", json.dumps({"text": "x" * 900_000}))
        self.orch("run", "start", "--dag-id", "d", "--inputs", path)
        _, _, headers, body = self.host.seen[0]
        self.assertEqual(int(headers["Content-Length"]), len(body))
        self.assertNotIn("Expect", headers)

    def test_an_empty_post_has_a_length(self):
        self.routes(**{f"POST /runs/{RUN}:resume": (202, {"runId": RUN})})
        out, err = self.orch("run", "resume", RUN)
        self.assertEqual(out, RUN + "\n")
        self.assertIn("resumed", err)
        self.assertEqual(self.host.seen[0][2]["Content-Length"], "0")

    def test_the_token_file_of_the_home_is_used_and_quiet_mutes_prose(self):
        self.file("token", "from-file\n")
        self.routes(**{f"POST /runs/{RUN}:pause": (202, {})})
        _, err = self.orch("run", "pause", "--run-id", RUN, "--quiet", env={"ORCH_TOKEN": ""})
        self.assertEqual(err, "")
        self.assertEqual(self.host.seen[0][2]["Authorization"], "Bearer from-file")

    def test_the_base_path_may_be_in_the_url_already(self):
        self.routes(GET_runs=(200, {"items": []}))
        self.orch("run", "list", "--api-url", self.url + BASE + "/")
        self.assertTrue(self.host.seen[0][1].startswith("/runs?"))

    def test_a_header_cannot_be_smuggled_in(self):
        for flag, said in (("--traceparent", "control character"), ("--tenant", "a tenant is 1 to 128 characters")):
            _, err = self.orch("run", "list", flag, "a\r\nX-Evil: 1", want=1)
            self.assertIn(said, err)
        self.assertEqual(self.host.seen, [])


class ExitCodes(Case):
    CASES = [  # status, code, core, fine
        (400, "INVALID_REQUEST", 1, 2), (401, "TOKEN_INVALID", 2, 3), (403, "TENANT_REQUIRED", 2, 3),
        (404, "RUN_NOT_FOUND", 1, 4), (409, "CONFLICT", 1, 6), (413, "BODY_TOO_LARGE", 1, 2),
        (422, "UNPROCESSABLE", 1, 2), (429, "RATE_LIMITED", 1, 10), (500, "INTERNAL", 1, 1),
        (503, "UNAVAILABLE", 1, 10), (418, "TEAPOT", 1, 2)]

    def test_http_failures_have_the_contracts_codes(self):
        for status, code, core, fine in self.CASES:
            self.routes(**{f"GET /runs/{RUN}": problem(status, code, "it is so")})
            out, err = self.orch("run", "show", RUN, want=core)
            self.assertEqual(out, "")
            self.assertIn(f"it is so ({code})", err)
            self.assertNotIn("7d1c", err)
            self.orch("run", "show", RUN, "--exit-codes", "fine", want=fine)

    def test_verbose_shows_the_trace_id(self):
        self.routes(**{f"GET /runs/{RUN}": problem(500, "INTERNAL", "no")})
        _, err = self.orch("run", "show", RUN, "--verbose", want=1)
        self.assertIn("7d1c" * 8, err)

    def test_a_cancellation_that_is_rejected_exits_3(self):
        self.routes(**{f"POST /runs/{RUN}:cancel": problem(409, "RUN_ENDED", "the run has ended")})
        self.orch("run", "cancel", RUN, want=3)
        self.routes(**{f"POST /runs/{RUN}:cancel": (202, {"runId": RUN, "status": "cancelling"})})
        out, _ = self.orch("run", "cancel", "--run-id", RUN, "--reason", "wrong input")
        self.assertEqual(out, RUN + "\n")
        self.assertEqual(self.host.seen[-1][2]["X-Stella-Reason"], "wrong input")

    def test_a_wrong_command_line_exits_1_or_2(self):
        self.orch("run", "start", want=1)
        self.orch("run", "start", "--exit-codes", "fine", want=2)

    def test_nobody_listening_is_told_from_a_failure(self):
        _, err = self.orch("run", "list", "--api-url", "http://127.0.0.1:9", want=1)
        self.assertIn("is the host running?", err)
        self.orch("run", "list", "--api-url", "http://127.0.0.1:9", "--exit-codes=fine", want=5)

    def test_an_answer_that_is_no_problem_document_is_survived(self):
        def html(host):
            host.send_response(502)
            host.send_header("Content-Length", "6")
            host.end_headers()
            host.wfile.write(b"<html>")
        self.routes(GET_runs=html)
        _, err = self.orch("run", "list", want=1)
        self.assertIn("HTTP 502", err)

    def test_a_slow_host_meets_the_timeout(self):
        def slow(host):
            time.sleep(2)
            return 200, {"items": []}
        self.routes(GET_runs=slow)
        self.orch("run", "list", "--timeout", "200ms", "--exit-codes=fine", want=7)

    def test_a_message_cannot_move_the_cursor(self):
        self.routes(GET_runs=problem(400, "X", "a\x1b[2Jb"))
        _, err = self.orch("run", "list", want=1)
        self.assertIn("a\\x1b[2Jb", err)

    def test_a_full_disk_under_standard_output_is_a_failure(self):
        with open("/dev/full", "w") as full:
            p = subprocess.run([ORCH, "version"], stdout=full, stderr=subprocess.PIPE, env=self.env)
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"standard output", p.stderr)


class Lists(Case):
    ROWS = [{"runId": "r2", "dagId": "d", "dagVersion": "1.0.0", "status": "failed",
             "startedUtc": "2026-11-22T10:00:00.000000Z", "endedUtc": None},
            {"runId": "r1", "dagId": "d", "dagVersion": "1.0.0", "status": "completed",
             "startedUtc": "2026-11-22T09:00:00.000000Z", "endedUtc": "2026-11-22T09:00:01.000000Z"}]

    def test_a_page_keeps_the_hosts_order_and_names_the_next(self):
        self.routes(GET_runs=(200, {"items": self.ROWS, "next_page_token": "p/2"}))
        out, err = self.orch("run", "list", "--dag-id", "d", "--status", "failed", "--page-size", "2",
                             "--page-token", "p/1")
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["RUN", "r2", "r1"])
        self.assertIn("--page-token p/2", err)
        self.assertEqual(self.host.seen[0][1],
                         "/runs?dagId=d&status=failed&page_size=2&page_token=p%2F1")

    def test_the_same_list_in_every_form(self):
        self.routes(GET_runs=(200, {"items": self.ROWS, "next_page_token": "p2"}))
        out, _ = self.orch("run", "list", "-o", "json")
        self.assertEqual(json.loads(out), {"items": self.ROWS, "next_page_token": "p2"})
        out, _ = self.orch("run", "list", "-o", "ndjson")
        self.assertEqual([json.loads(line) for line in out.splitlines()], self.ROWS)
        out, _ = self.orch("run", "list", "-o", "name")
        self.assertEqual(out, "r2\nr1\n")
        out, _ = self.orch("run", "list", "-o", "yaml")
        self.assertIn("next_page_token: p2", out)

    def test_hosts_are_listed_with_what_each_has(self):
        host = {"hostId": "h1", "epoch": 3, "state": "alive", "version": "0.1.0", "address": "10.0.0.1:8080",
                "startedUtc": "2026-11-22T09:00:00.000000Z", "heartbeatUtc": "2026-11-22T09:30:00.000000Z",
                "heartbeatAgeMs": 1499.0, "jobs": ["ledger-heads", "upkeep"], "runs": 7, "agents": 2}
        gone = {**host, "hostId": "h2", "state": "fenced", "jobs": [], "runs": 0, "address": None}
        self.routes(GET_hosts=(200, {"items": [host, gone], "next_page_token": "h2"}))
        out, err = self.orch("host", "list", "--page-size", "2")
        self.assertEqual(out.splitlines()[0].split(), ["HOST", "EPOCH", "STATE", "VERSION", "ADDRESS", "STARTED", "LAST",
                                                       "HEARD", "AGO", "RUNS", "JOBS", "AGENTS"])
        self.assertEqual(out.splitlines()[1].split()[:5] + out.splitlines()[1].split()[-4:],
                         ["h1", "3", "alive", "0.1.0", "10.0.0.1:8080", "1s", "7", "ledger-heads,upkeep", "2"])
        self.assertEqual(out.splitlines()[2].split()[-4:], ["1s", "0", "-", "2"])
        self.assertIn("--page-token h2", err)
        self.assertEqual(self.host.seen[0][1], "/hosts?page_size=2")
        self.assertEqual(json.loads(self.orch("host", "list", "-o", "json")[0])["items"], [host, gone])
        self.assertEqual(self.orch("host", "list", "-o", "name")[0], "h1\nh2\n")

    def test_a_run_is_shown_with_its_steps(self):
        step = {"stepId": "a", "status": "completed", "attempt": 2, "durationMs": 1.5}
        self.routes(**{f"GET /runs/{RUN}": (200, {**self.ROWS[0], "steps": [step]})})
        out, _ = self.orch("run", "show", RUN)
        self.assertRegex(out, r"status +failed\n")
        self.assertRegex(out, r"\na +completed +2 +1.5 ")
        self.orch("run", "show", want=1)
        self.orch("run", "show", RUN, "--run-id", RUN, want=1)

    def test_a_warm_step_says_in_words_that_it_was_not_separated(self):
        words = "attempts of this zygote are not separated from each other"
        warm = {"isolation": "warm", "level": 4, "isolation_note": words}
        steps = [{"stepId": "a", "status": "completed", "attempt": 1, "sandbox": warm},
                 {"stepId": "b", "status": "failed", "attempt": 1, "sandbox": {"isolation": "cold", "level": 3}},
                 {"stepId": "c", "status": "pending", "attempt": 0, "sandbox": None}]
        self.routes(**{f"GET /runs/{RUN}": (200, {**self.ROWS[0], "steps": steps})})
        out, _ = self.orch("run", "show", RUN)
        self.assertRegex(out, r"\na +completed +1 +- +warm +4 ")
        self.assertRegex(out, r"\nb +failed +1 +- +cold +3 ")
        self.assertRegex(out, r"\nc +pending +0 +- +- +- ")
        self.assertEqual([line for line in out.splitlines() if words in line], [f"a (warm): {words}"])

    def test_no_colour_goes_into_a_pipe_unless_asked_for(self):
        self.routes(GET_runs=(200, {"items": self.ROWS}))
        self.assertNotIn("\x1b", self.orch("run", "list")[0])
        self.assertIn("\x1b[1m", self.orch("run", "list", "--color", "always")[0])


class Dags(Case):
    def test_a_definition_is_checked_here_before_it_is_sent(self):
        path = self.file("bad.yaml", DEFINITION.replace("[a]", "[aa]"))
        _, err = self.orch("dag", "publish", "--file", path, want=1)
        self.assertIn("bad.yaml:6:33: missing: ", err)
        self.assertIn("^", err)
        self.assertEqual(self.host.seen, [])

    def test_a_definition_is_published_with_its_signature(self):
        self.routes(**{"POST /dags/import": (201, {"dag": {"dag_id": "d"}, "message": "DAG imported"})})
        path = self.file("d.yaml", DEFINITION)
        out, err = self.orch("dag", "publish", "--file", path, "--signature",
                             self.file("sig.dsse", '{"payload":"e30=","payloadType":"t","signatures":[]}'))
        self.assertEqual(out, "d\n")
        self.assertIn("version 1.0.0", err)
        body = json.loads(self.host.seen[0][3])
        self.assertEqual(body["yaml_content"], DEFINITION)
        self.assertEqual(body["signature"]["payloadType"], "t")

    def test_plan_validate_and_graph_need_no_host(self):
        path = self.file("d.yaml", DEFINITION)
        out, _ = self.orch("dag", "plan", "--file", path, "--output", "json")
        plan = json.loads(out)
        self.assertEqual((plan["valid"], plan["levels"]), (True, [["a"], ["b"]]))
        self.assertEqual(len(plan["hash"]), 64)
        out, _ = self.orch("dag", "plan", "-f", path, "-o", "name")
        self.assertEqual(out, "a\nb\n")
        self.orch("dag", "validate", "--file", path)
        out, _ = self.orch("dag", "graph", "--file", path, "--format", "mermaid")
        self.assertTrue(out.startswith("graph TD"))
        bad = self.file("cycle.json", json.dumps({"name": "c", "nodes": {
            "A": {"agent_id": "x", "depends_on": ["B"]}, "B": {"agent_id": "x", "depends_on": ["A"]}}}))
        out, _ = self.orch("dag", "plan", "--file", bad, "--output", "json", want=1)
        self.assertEqual(json.loads(out)["errors"][0]["error_type"], "cycle")
        out, _ = self.orch("dag", "validate", "--file", bad, "-o", "json", "--exit-codes=fine", want=2)
        self.assertFalse(json.loads(out)["valid"])
        self.orch("dag", "graph", "--file", bad, want=1)
        self.assertEqual(self.host.seen, [])

    def test_a_definition_may_come_from_standard_input(self):
        out, _ = self.orch("dag", "plan", "--file", "-", "-o", "json", stdin=DEFINITION.encode())
        self.assertTrue(json.loads(out)["valid"])
        _, err = self.orch("dag", "validate", "--file", "-", stdin=b"nodes: [", want=1)
        self.assertIn("(standard input):", err)
        self.orch("dag", "plan", "--file", os.path.join(self.dir, "nowhere.yaml"), "--exit-codes=fine", want=4)

    def test_a_version_is_disabled_and_exported(self):
        self.routes(**{"POST /dags/d%2Fx/1.0.0:disable": (200, {"dagId": "d/x"}),
                       "GET /dags/d/export": (200, {"yaml": "dag_id: d\n"})})
        out, _ = self.orch("dag", "disable", "--dag-id", "d/x", "--version", "1.0.0")
        self.assertEqual(out, "d/x\n")
        out, _ = self.orch("dag", "export", "--dag-id", "d")
        self.assertEqual(out, "dag_id: d\n")

    def test_stella_orch_is_the_same_program(self):
        link = os.path.join(self.dir, "stella")
        os.symlink(ORCH, link)
        p = subprocess.run([link, "orch", "dag", "validate", "--file", self.file("d.yaml", DEFINITION)],
                           env=self.env, capture_output=True)
        self.assertEqual(p.returncode, 0)


class Secrets(Case):
    def test_a_value_leaves_only_boxed(self):
        key = base64.b64encode(bytes([9] + [0] * 31)).decode()
        self.routes(**{"GET /secrets/key": (200, {"key": key}), "GET /secrets/db": (200, {"version": 1}),
                       "PUT /secrets/db": (201, {"name": "db", "version": 2})})
        out, err = self.orch("secret", "set", "db", stdin=b"hunter2\n")
        self.assertEqual(out, "db\n")
        self.orch("secret", "rotate", "db", "--from-file", self.file("v", "hunter2"))
        for method, path, headers, body in self.host.seen:
            self.assertNotIn(b"hunter2", body)
            self.assertNotIn(base64.b64encode(b"hunter2"), body)
        self.assertGreater(len(base64.b64decode(json.loads(self.host.seen[1][3])["boxed"])), 48)
        self.assertNotIn("hunter2", out + err)

    def test_a_name_that_is_not_there_is_not_rotated(self):
        self.routes(**{"GET /secrets/nope": problem(404, "SECRET_NOT_FOUND", "no such secret")})
        self.orch("secret", "rotate", "nope", "--exit-codes=fine", stdin=b"x", want=4)
        self.assertEqual(len(self.host.seen), 1)

    def test_a_wrong_key_or_a_large_value_is_refused(self):
        self.routes(**{"GET /secrets/key": (200, {"key": "AAAA"})})
        self.orch("secret", "set", "db", stdin=b"x", want=1)
        self.orch("secret", "set", "db", stdin=b"x" * 100_000, want=1)

    def test_names_are_listed_and_removed(self):
        self.routes(GET_secrets=(200, {"items": [{"name": "db", "version": 2, "createdUtc": "t"}]}),
                    **{"DELETE /secrets/db": (200, {"message": "Secret deleted"})})
        self.assertIn("db", self.orch("secret", "list")[0])
        self.assertEqual(self.orch("secret", "rm", "db")[0], "db\n")


class Offline(Case):
    def test_a_shell_can_read_the_completion(self):
        script, _ = self.orch("completion", "bash")
        path = self.file("orch.bash", script)
        probe = (f'source {path}; COMP_WORDS=({{0}}); COMP_CWORD=$((${{{{#COMP_WORDS[@]}}}}-1)); _orch; '
                 'echo "${{COMPREPLY[*]}}"')
        for words, want in (('orch ""', "dag run"), ("orch dag pl", "plan"), ("orch dag plan --fi", "--file"),
                            ("orch --quiet run list --statu", "--status"),
                            ('orch run list --status ""', "running completed failed cancelled"),
                            ("orch dag plan --output ya", "yaml"), ("orch run start --in", "--inputs")):
            p = subprocess.run(["bash", "-c", probe.format(words)], capture_output=True, text=True)
            self.assertEqual(p.stderr, "")
            self.assertIn(want, p.stdout)
        self.assertTrue(self.orch("completion", "zsh")[0].startswith("#compdef orch"))
        self.assertIn("complete -c orch", self.orch("completion", "fish")[0])
        self.orch("completion", "tcsh", want=1)

    @unittest.skipUnless(shutil.which("scdoc"), "scdoc is not installed: the man page cannot be made")
    def test_the_manual_is_good_scdoc(self):
        source, _ = self.orch("man")
        p = subprocess.run(["scdoc"], input=source.encode(), capture_output=True)
        self.assertEqual(p.returncode, 0, p.stderr.decode())
        self.assertIn(b".SH EXIT STATUS", p.stdout)

    def test_due_times_are_worked_out_without_a_host(self):
        args = ("schedule", "next", "--cron", "0 9 * * mon-fri", "--timezone", "America/New_York",
                "--after", "2026-03-06T00:00:00Z", "--count", "3")
        self.assertEqual([row["dueUtc"] for row in json.loads(self.orch(*args, "-o", "json")[0])["fireTimes"]],
                         ["2026-03-06T14:00:00Z", "2026-03-09T13:00:00Z", "2026-03-10T13:00:00Z"])
        self.assertEqual(self.orch(*args, "-o", "name")[0].split()[0], "2026-03-06T14:00:00Z")
        out, _ = self.orch("schedule", "next", "--at", "2026-03-29T02:30:00", "--timezone", "Europe/Berlin",
                           "--after", "2026-01-01T00:00:00Z")
        self.assertIn("2026-03-29T03:00:00+02:00", out)
        for wrong, said in ((("--cron", "0 0 L * *"), "day: 'L'"), (("--every", "5"), "every: '5'"), ((), "only one"),
                            (("--cron", "@daily", "--timezone", "Mars/Phobos"), "Mars/Phobos"),
                            (("--cron", "@daily", "--after", "now"), "--after: 'now'")):
            _, err = self.orch("schedule", "next", *wrong, "--exit-codes=fine", want=2)
            self.assertIn(said, err)

    def root_key(self):
        with open(os.path.join(self.dir, "root.key"), "wb") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(bytes(range(32)))

    def test_public_keys_are_shown_as_others_read_them(self):
        self.root_key()
        pems = {self.orch("key", "show", "--use", use)[0] for use in ("host", "publisher", "token")}
        self.assertEqual(len(pems), 3)
        for pem in pems:
            p = subprocess.run(["openssl", "pkey", "-pubin", "-text", "-noout"], input=pem.encode(), capture_output=True)
            self.assertIn(b"ED25519", p.stdout)

    def test_a_token_needs_the_root_key(self):
        _, err = self.orch("token", "mint", "--subject", "ci", "--exit-codes=fine", want=4)
        self.assertIn("root key", err)
        self.root_key()
        out, err = self.orch("token", "mint", "--subject", "ci", "--scope",
                             "orchestrator:read orchestrator:write", "--ttl", "1h", "--tenant", "acme")
        claims = json.loads(base64.urlsafe_b64decode(out.split(".")[1] + "=="))
        self.assertEqual((claims["sub"], claims["stellaops:tenant"]), ("ci", "acme"))
        self.assertEqual(claims["exp"] - claims["iat"], 3600)
        _, err = self.orch("token", "mint", "--subject", "ci", "--scope", "orch:operate", want=1)
        self.assertIn("invalid_request", err)

    def test_json_is_json_whatever_the_verb(self):
        self.root_key()
        for args in (("config",), ("version",), ("explain",), ("explain", "INTERNAL"), ("key", "show"),
                     ("token", "mint", "--subject", "ci")):
            for form in ("json", "ndjson"):
                out, _ = self.orch(*args, "-o", form)
                for doc in [out] if form == "json" else out.splitlines():
                    self.assertIsInstance(json.loads(doc), (dict, list), args)
        out, _ = self.orch("plugin", "keygen", os.path.join(self.dir, "k"), "-o", "json")
        self.assertIn("id", json.loads(out))
        self.assertEqual(self.orch("key", "show", "-o", "name")[0].count("\n"), 1)
        self.assertEqual(self.orch("token", "mint", "--subject", "ci", "-o", "name")[0].count("."), 2)

    def test_nothing_is_verified_without_a_trusted_key(self):
        path = self.file("s.json", "{}")
        _, err = self.orch("verify", path, want=1)
        self.assertIn("no key is trusted", err)

    def test_a_library_for_requests_is_not_there_before_one(self):
        env = self.env | {"LD_TRACE_LOADED_OBJECTS": "1"}
        loaded = subprocess.run([ORCH, "version"], env=env, capture_output=True, text=True).stdout
        self.assertEqual(re.findall("libjansson|libcurl|libgnutls|libpq|libarchive", loaded), ["libjansson"] * 2)

    def test_a_large_definition_is_judged_as_a_small_one(self):
        nodes = {f"n{i:04}": {"agent_id": "x", "depends_on": [f"n{i - 1:04}"] if i else []} for i in range(3000)}
        dag = {"dag_id": "d", "name": "D", "nodes": nodes}
        _, err = self.orch("dag", "validate", "-f", self.file("large.json", json.dumps(dag)))
        self.assertIn("valid, 3000 nodes in 3000 levels", err)
        nodes["n1500"]["depends_on"] = ["nobody"]
        text = json.dumps(dag, indent=0)
        _, err = self.orch("dag", "validate", "-f", self.file("large.json", text), want=1)
        line = text[:text.index('"nobody"')].count("\n") + 1
        self.assertIn(f"large.json:{line}:", err)
        self.assertIn("Node 'n1500' depends on 'nobody' which does not exist", err)

    def test_doctor_reports_and_judges(self):
        os.chmod(self.dir, 0o755)
        self.file("token", "t")
        os.chmod(os.path.join(self.dir, "token"), 0o644)
        out, _ = self.orch("doctor", "-o", "json", "--api-url", "http://127.0.0.1:9", want=1)
        rows = {row["check"]: row for row in json.loads(out)}
        self.assertEqual(rows["token"]["verdict"], "fail")
        self.assertIn("chmod 0600", rows["token"]["detail"])
        self.assertEqual(rows["host"]["verdict"], "warn")
        self.assertIn("fdatasync", rows["disk"]["detail"])
        outside, inside = rows["layers outside"]["detail"], rows["layers inside"]["detail"]
        self.assertIn("seen by the supervisor", outside)
        self.assertIn("before the plugin's first instruction", inside)
        self.assertFalse(set(re.findall(r"[a-z]+_[a-z_]+", outside)) & set(re.findall(r"[a-z]+_[a-z_]+", inside)))
        self.assertIn("not separated from each other", rows["isolation"]["detail"])
        self.assertTrue({"sandbox", "sqlite", "libraries", "trust"} <= set(rows))

    def test_doctor_says_which_tenants_attempts_are_not_separated(self):
        self.file("token", "t")
        for given, verdict, words in (({"isolation": "cold"}, "ok", "cold; no tenant may ask for warm"),
                                      ({"isolation": "cold", "warm_tenants": 0}, "ok", "cold; no tenant"),
                                      ({"isolation": "cold", "warm_tenants": 2}, "warn",
                                       "not separated from each other, may be asked for by the tenants of 2 ")):
            self.routes(**{"GET /healthz": (200, {"status": "ok", "checks": {"sandbox": given}})})
            out = subprocess.run([ORCH, "doctor", "-o", "json"], env=self.env, capture_output=True, text=True).stdout
            (row,) = [row for row in json.loads(out) if row["check"] == "host isolation"]
            self.assertEqual(row["verdict"], verdict)
            self.assertIn(words, row["detail"])

    def test_doctor_says_where_the_runs_are_kept(self):
        for url, words in (("", "SQLite, a file in ORCH_HOME"),
                           ("postgresql://nobody@127.0.0.1:9/orch?connect_timeout=2", "PostgreSQL: ")):
            env = self.env | {"ORCH_STORE": url}
            out = subprocess.run([ORCH, "doctor", "-o", "json"], env=env, capture_output=True, text=True).stdout
            (row,) = [row for row in json.loads(out) if row["check"] == "store"]
            self.assertIn(words, row["detail"])
            self.assertEqual(row["verdict"], "fail" if url else "ok")

    def test_what_is_no_bundle_is_not_installed(self):
        for path in (os.path.join(self.dir, "missing.orchbundle"), self.file("some.orchbundle", "text")):
            _, err = self.orch("plugin", "install", path, want=1)
            self.assertIn(path, err)
        self.assertFalse(os.path.exists(os.path.join(self.dir, "plugins")))

    def test_a_ledger_that_is_cut_short_leaves_no_file(self):
        first = {"export": "orch.ledger/1", "since": None, "tenant": "default"}
        self.routes(**{"GET /ledger/export": lambda host: host.lines(first)})
        file = os.path.join(self.dir, "l.ndjson")
        _, err = self.orch("ledger", "export", "--out", file, "--from", "2026-11-22T00:00:00Z", want=1)
        self.assertIn("line 1: not in canonical form", err)  # json.dumps puts blanks
        self.assertIn("from=2026-11-22T00%3A00%3A00Z", self.host.seen[0][1])
        cut = json.dumps(first, separators=(",", ":")).encode() + b"\n"

        def send(host):
            host.send_response(200)
            host.send_header("Connection", "close")
            host.end_headers()
            host.wfile.write(cut)
        self.routes(**{"GET /ledger/export": send})
        _, err = self.orch("ledger", "export", "--out", file, want=1)
        self.assertIn("the last line is missing: the export was cut short", err)
        self.assertEqual(os.listdir(self.dir), [])

    def test_what_is_no_ledger_head_is_not_taken_for_one(self):
        self.routes(**{"GET /ledger/head": (200, {"payload": "e30=", "payloadType": "x", "signatures": []})})
        self.assertIn("unsigned", self.orch("ledger", "head", want=1)[1])
        envelope = {"payload": "e30=", "payloadType": "x",
                    "signatures": [{"sig": base64.b64encode(bytes(64)).decode()}]}
        self.routes(**{"GET /ledger/head": (200, envelope)})
        self.assertIn("not a ledger head", self.orch("ledger", "head", want=1)[1])
        self.routes(**{"GET /ledger/head": problem(404, "LEDGER_HEAD_NOT_FOUND", "no head")})
        self.assertIn("LEDGER_HEAD_NOT_FOUND", self.orch("ledger", "head", want=1)[1])

    def test_codes_are_explained(self):
        self.assertIn("ORCH_TENANT", self.orch("explain", "TENANT_REQUIRED")[0])
        _, err = self.orch("explain", "TENANT_REQUIERD", want=1)
        self.assertIn("did you mean 'TENANT_REQUIRED'?", err)
        self.assertIn("sqlite-wal-reset", self.orch("explain")[0])

    def test_an_error_class_is_explained_by_the_outcomes_that_have_it(self):
        for name, outcomes in (("ProtocolError", ["protocol"]), ("timeouterror", ["timeout"]),
                               ("RuntimeError", ["plugin-transient", "plugin-fatal"])):
            self.assertEqual(self.orch("explain", name, "-o", "name")[0].split(), outcomes)
        _, err = self.orch("explain", "LookupError", want=1)
        self.assertIn("the agent's documentation explains it", err)
        self.orch("explain", "", want=1)

    def test_a_start_is_cold_and_quick(self):
        """In what it computes, which a busy machine does not change."""
        took = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.orch("version")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        self.assertLess(min(took), 0.25)                     # aim: 50 ms; sanitizers are slower


if __name__ == "__main__":
    unittest.main(verbosity=1)
