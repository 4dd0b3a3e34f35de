"""Each verb of the CLI prints results to standard output, prose to standard error, and has an exit code.

Exit codes of contract/stellaops.md 4: 0 done, 1 failed, 2 who are you, 3 cancel refused.

Rooms: host/cli.
"""
import json
import signal
import subprocess

import pytest

from host import BIN, RUN_S, STOP_S, chain, clean_environment, dag, free_port, orch, until

YAML = """dag_id: {0}
name: {0}
version: {1}
nodes:
  a: {{agent_id: conformance.stub, config: {{return: {{v: 1}}}}}}
  b: {{agent_id: conformance.stub, depends_on: [a], config: {{echo_input: true}}}}
"""


@pytest.fixture(scope="module", autouse=True)
def published(host):
    host.publish(YAML.format("cli", "1.0.0"))
    host.publish(dag("slow", {"a": ([], {"sleep_s": 3600})}))
    host.publish(dag("bad", {"a": {"config": {"fail_times": 9}, "retry_policy": {"max_retries": 0}}}))


@pytest.fixture
def file(tmp_path):
    def write(text, name="dag.yaml"):
        path = tmp_path / name
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return path
    return write


def start(host, dag_id, *flags, **options):
    return host.cli("run", "start", "--dag-id", dag_id, *flags, **options).stdout.strip()


# ---- dag ----

def test_publish_prints_the_version_and_is_idempotent(host, file):
    path = file(YAML.format("pub", "1.0.0"))
    first, again = (host.cli("dag", "publish", "--file", path) for _ in range(2))
    assert first.stdout == again.stdout and "pub" in first.stdout
    listed = host.cli("dag", "list", "--dag-id", "pub", "-o", "json")
    assert len(json.loads(listed.stdout)["items"]) == 1


def test_list_has_ids_in_order_and_the_newest_version_first(host, file):
    for version in ("1.0.0", "1.10.0", "1.9.0"):
        host.cli("dag", "publish", "--file", file(YAML.format("many", version)))
    rows = json.loads(host.cli("dag", "list", "--dag-id", "many", "-o", "json").stdout)["items"]
    assert [row["version"] for row in rows] == ["1.10.0", "1.9.0", "1.0.0"]


def test_a_disabled_version_starts_no_run(host, file):
    host.cli("dag", "publish", "--file", file(YAML.format("off", "1.0.0")))
    host.cli("dag", "disable", "--dag-id", "off", "--version", "1.0.0")
    assert "off" not in host.cli("dag", "list", "--active").stdout
    assert host.cli("run", "start", "--dag-id", "off", expect=1).stdout == ""


def test_an_export_can_be_imported_again_and_is_the_same_definition(host, file):
    text = host.cli("dag", "export", "--dag-id", "cli").stdout
    host.cli("dag", "import", "--file", file(text.replace("dag_id: cli", "dag_id: copy")))
    nodes = [host.http("GET", f"/dags/{d}", expect=200).json["dag"]["nodes"] for d in ("cli", "copy")]
    assert nodes[0] == nodes[1]


@pytest.mark.parametrize("form", ["ascii", "mermaid", "dot"])
def test_graph_names_every_node_in_every_form(host, file, form):
    text = host.cli("dag", "graph", "--file", file(YAML.format("g", "1.0.0")), "--format", form).stdout
    assert "a" in text and "b" in text


def test_plan_and_validate_need_no_host(tmp_path, file):
    path = file(YAML.format("g", "1.0.0"))
    orch(tmp_path, "dag", "validate", "--file", path, ORCH_URL="http://127.0.0.1:1")
    plan = json.loads(orch(tmp_path, "dag", "plan", "--file", path, "--output", "json").stdout)
    assert plan["valid"] is True and plan["levels"] == [["a"], ["b"]]


# ---- run ----

def test_start_prints_the_id_alone_and_the_prose_elsewhere(host):
    done = host.cli("run", "start", "--dag-id", "cli")
    run = done.stdout.strip()
    assert len(run) == 36 and done.stdout == run + "\n"
    assert host.wait(run)["status"] == "completed"


def test_start_and_wait_has_the_runs_exit_code(host):
    assert "completed" in host.cli("run", "start", "--dag-id", "cli", "--wait").stderr
    done = host.cli("run", "start", "--dag-id", "bad", "--wait", expect=1)
    assert "failed: Node 'a' failed" in done.stderr and len(done.stdout.split()) == 1


def test_start_takes_inputs_from_a_file_and_from_standard_input(host, file):
    by_file = start(host, "cli", "--inputs", file({"n": 1}, "in.json"), "--wait").split()[0]
    by_pipe = start(host, "cli", "--inputs", "-", "--wait", stdin='{"n": 1}').split()[0]
    assert host.trace(by_file)["input_data"] == host.trace(by_pipe)["input_data"] == {"n": 1}


def test_the_same_run_token_prints_the_same_id(host):
    assert start(host, "cli", "--run-token", "t-1") == start(host, "cli", "--run-token", "t-1")


def test_list_show_and_logs_tell_of_a_run(host):
    run = start(host, "cli", "--wait").split()[0]
    assert run in host.cli("run", "list", "--dag-id", "cli", "--status", "completed").stdout
    assert run in host.cli("run", "list", "-o", "name").stdout.split()
    shown = host.cli("run", "show", run).stdout
    assert "completed" in shown and "cli" in shown
    assert json.loads(host.cli("run", "show", "--run-id", run, "-o", "json").stdout)["runId"] == run
    host.cli("run", "logs", run)


def test_the_one_host_of_a_file_is_listed(host):
    row, = json.loads(host.cli("host", "list", "-o", "json").stdout)["items"]
    assert (row["hostId"], row["state"]) == ((host.home / "host-id").read_text().strip(), "alive")
    assert row["agents"] >= 1 and sorted(row["jobs"]) == ["ledger-heads", "schedules", "statements", "upkeep"]
    assert row["runs"] >= 0 and row["heartbeatAgeMs"] == 0 and row["startedUtc"]
    assert host.cli("host", "list", "-o", "name").stdout == row["hostId"] + "\n"


def test_list_pages_with_a_token(host):
    for _ in range(3):
        start(host, "cli")
    rows = json.loads(host.cli("run", "list", "--page-size", "2", "-o", "json").stdout)
    assert len(rows["items"]) == 2 and rows["next_page_token"]
    more = json.loads(host.cli("run", "list", "--page-size", "2", "--page-token", rows["next_page_token"],
                               "-o", "json").stdout)
    assert not {r["runId"] for r in more["items"]} & {r["runId"] for r in rows["items"]}


def test_watch_shows_the_tree_writes_the_statement_and_verifies_it(host, tmp_path):
    run, path = start(host, "cli"), tmp_path / "s.intoto.jsonl"
    text = host.cli("run", "watch", run, "--outputs", "--statement", path).stdout
    assert all(word in text for word in ("a", "b", "completed", "verified"))
    assert json.loads(path.read_text())["signatures"]
    host.cli("verify", path)


def test_stream_prints_one_event_a_line_until_the_runs_end(host):
    run = start(host, "cli")
    lines = [json.loads(line) for line in host.cli("run", "stream", run).stdout.splitlines()]
    assert [e["runId"] for e in lines if "seq" in e] and lines[-1]["type"] == "run.completed"


def test_stream_of_a_dag_goes_on_until_it_is_interrupted(host):
    process = subprocess.Popen([BIN / "orch", "run", "stream", "--dag-id", "cli"], stdout=subprocess.PIPE, text=True,
                               env=clean_environment(host.home, ORCH_URL=host.url))
    until(lambda: host.metric("orch_stream_clients") == 1, RUN_S, "the stream's client")
    run = start(host, "cli")
    seen = []
    while not seen or seen[-1].get("type") != "run.completed":
        seen.append(json.loads(process.stdout.readline()))
    process.send_signal(signal.SIGINT)
    assert process.wait(STOP_S) in (0, 130, -signal.SIGINT) and run in {e.get("runId") for e in seen}
    process.stdout.close()


def test_cancel_is_accepted_once_and_then_exits_3(host):
    run = start(host, "slow")
    host.cli("run", "cancel", "--run-id", run, "--reason", "test")
    until(lambda: host.trace(run)["status"] == "cancelled", RUN_S, "the cancellation")
    assert "cancelled" in host.cli("run", "cancel", "--run-id", run, expect=3).stderr


def test_pause_unpause_resume_and_restart(host):
    host.publish(dag("steps", {n: (d, {"sleep_s": 2}) for n, d in (("a", []), ("b", ["a"]))}))
    run = start(host, "steps")
    host.cli("run", "pause", run)
    host.cli("run", "unpause", run)
    assert host.wait(run)["status"] == "completed"
    host.cli("run", "resume", run)
    host.wait(run)
    again = host.cli("run", "restart", run, "--from-node", "b", "--wait").stdout.split()[0]
    assert again != run and host.trace(again)["status"] == "completed"


def test_provenance_of_a_run_can_be_piped_into_verify(host, file):
    run = start(host, "cli", "--wait").split()[0]
    host.provenance(run)
    host.cli("verify", file(host.cli("run", "provenance", run).stdout, "p.json"))


# ---- who ----

def test_without_a_token_and_with_a_wrong_one_the_exit_is_2(host, tmp_path):
    for flags in ([], ["--token", "a.b.c"]):
        done = orch(tmp_path, "run", "list", *flags, ORCH_URL=host.url, expect=2)
        assert done.stdout == "" and "token" in done.stderr.lower()


def test_without_a_tenant_a_host_that_is_not_for_development_gives_exit_2(make_host):
    own = make_host()
    own.stop()
    own.start(dev="false")
    assert "tenant" in own.cli("run", "list", expect=2).stderr.lower()
    own.cli("run", "list", "--tenant", "default")


def test_a_scope_that_is_missing_gives_exit_2(host):
    done = host.cli("run", "start", "--dag-id", "cli", "--token", host.mint("orchestrator:read"), expect=2)
    assert "scope" in done.stderr


# ---- failures ----

def test_what_does_not_exist_and_who_does_not_answer_give_exit_1(host, tmp_path):
    assert "nothing" in host.cli("run", "start", "--dag-id", "nothing", expect=1).stderr
    host.cli("run", "show", "no-such-run", expect=1)
    done = orch(tmp_path, "run", "list", ORCH_URL="http://127.0.0.1:1", expect=1)
    assert "127.0.0.1:1" in done.stderr


def test_the_fine_exit_codes_tell_causes_apart(host, tmp_path):
    fine = ["--exit-codes", "fine"]
    host.cli("run", "show", "no-such-run", *fine, expect=4)
    host.cli("run", "list", *fine, "--page-size", "0", expect=2)
    orch(tmp_path, "run", "list", *fine, ORCH_URL=host.url, expect=3)
    orch(tmp_path, "run", "list", *fine, ORCH_URL="http://127.0.0.1:1", expect=5)


@pytest.mark.parametrize("words", [["frobnicate"], ["run"], ["run", "start"], ["run", "start", "--nope"],
                                   ["dag", "plan", "--file", "/no/such/file"], ["run", "list", "--page-size", "0"]])
def test_a_wrong_command_line_exits_1_and_says_what_is_wrong(host, words):
    done = host.cli(*words, expect=1)
    assert done.stderr.startswith("orch: ") or "Usage" in done.stderr


# ---- the rest ----

def test_secrets_are_set_listed_rotated_and_removed(host):
    host.cli("secret", "set", "cli-key", stdin="one")
    host.cli("secret", "rotate", "cli-key", stdin="two")
    assert "cli-key" in host.cli("secret", "list").stdout
    host.cli("secret", "rm", "cli-key")
    assert "cli-key" not in host.cli("secret", "list").stdout
    host.cli("secret", "rotate", "cli-key", stdin="x", expect=1)


def verdicts(host_home, url):
    done = orch(host_home, "doctor", "-o", "json", ORCH_URL=url)
    return {row["check"]: row["verdict"] for row in json.loads(done.stdout)}


def test_doctor_finds_the_host_well_and_says_when_there_is_none(host, tmp_path):
    well = verdicts(host.home, host.url)
    assert {well[c] for c in ("sandbox", "host", "host ready", "access")} == {"ok"} and "fail" not in well.values()
    assert verdicts(tmp_path, "http://127.0.0.1:1")["host"] == "warn"


def test_a_variable_that_nobody_reads_is_named_with_the_one_that_was_meant(host):
    done = orch(host.home, "dag", "list", ORCH_URL=host.url, ORCH_TOKN="secret", ORCH_LISTEN="127.0.0.1:1")
    told = [line for line in done.stderr.splitlines() if "ORCH_" in line]
    assert told == ["ORCH_TOKN in the environment does nothing: no setting has this name; did you mean ORCH_TOKEN?"]
    assert "ORCH_" not in orch(host.home, "dag", "list", "--quiet", ORCH_URL=host.url, ORCH_TOKN="secret").stderr


def test_version_help_explain_and_completion_need_no_host(tmp_path):
    for words in (["version"], ["help"], ["help", "run", "start"], ["explain", "TENANT_REQUIRED"],
                  ["completion", "bash"], ["man"]):
        assert orch(tmp_path, *words, ORCH_URL="http://127.0.0.1:1").stdout


def test_orch_answers_by_the_name_of_stella_too(host, tmp_path):
    stella = tmp_path / "stella"
    stella.symlink_to(BIN / "orch")
    environment = clean_environment(host.home, ORCH_URL=host.url)
    done = subprocess.run([stella, "orch", "run", "list", "--tenant", "default", "--output", "json"],
                          capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0 and "items" in json.loads(done.stdout)


def test_a_watched_run_is_waited_for_over_a_restart_of_the_host(make_host):
    own = make_host(listen=f"127.0.0.1:{free_port()}")
    own.publish(chain("three", 3, {"sleep_s": 1}))
    run = own.run("three")
    watch = subprocess.Popen([BIN / "orch", "run", "watch", run], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, env=clean_environment(own.home, ORCH_URL=own.url))
    until(lambda: own.metric("http_request_duration_seconds_count", "/executions/"), RUN_S, "a first look at it")
    own.kill9()
    own.start()
    out, err = watch.communicate(timeout=RUN_S)
    assert watch.returncode == 0 and "completed" in out, err
