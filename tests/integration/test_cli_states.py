"""Every verb of orch run does its work or says why not, whatever state the run is in.

In every form of output; what a run has not reached brings nothing down.

Rooms: host/cli/run.
"""
import json

import pytest

from host import RUN_S, dag, until

SLOW = {"sleep_s": 3600}
FAILS = {"fail_times": 9}
ONCE = {"retry_policy": {"max_retries": 0}}
PATIENT = {"retry_policy": {"max_retries": 3, "base_delay": 3600, "max_delay": 3600}}
LOOKS = (["show"], ["show", "--outputs"], ["logs"], ["provenance"], ["stream"], ["watch"], ["watch", "--outputs"])
CHANGES = ("cancel", "resume", "pause", "unpause", "restart")
FINAL = {"completed", "failed", "failed_first", "cancelled", "skipped"}


@pytest.fixture(scope="module", autouse=True)
def published(host):
    a, b = "a", "b"
    host.publish(dag("completed", {a: ([], {"return": {"x": [1]}}), b: ([a], {"return": {"n": -1.5, "o": {}}})}))
    host.publish(dag("failed_first", {a: {"config": FAILS} | ONCE, b: ([a], {})}))
    host.publish(dag("failed", {a: ([], {}), b: {"depends_on": [a], "config": FAILS} | ONCE}))
    host.publish(dag("skipped", {a: {"config": FAILS, "on_failure": "skip"} | ONCE, b: ([a], {})}))
    host.publish(dag("slow", {a: ([], SLOW), b: ([a], {})}))
    host.publish(dag("retrying", {a: {"config": FAILS} | PATIENT, b: ([a], {})}))


def paused(host):
    run = host.run("slow")
    host.wait_node(run, "a", "running")
    host.cli("run", "pause", run)
    return run


def cancelled(host):
    run = host.run("slow")
    host.cli("run", "cancel", run)
    host.wait(run)
    return run


def retrying(host):
    run = host.run("retrying")
    host.wait_node(run, "a", "retrying", "pending")
    return run


def run_in(host, state):
    """A fresh run in this state."""
    makers = {"paused": paused, "cancelled": cancelled, "retrying": retrying}
    if state in makers:
        return makers[state](host)
    run = host.run("slow" if state == "running" else state)
    if state in FINAL:
        host.wait(run)
    return run


STATES = sorted(FINAL | {"running", "paused", "retrying"})


def told(done):
    """Ended by itself, with a code of the contract; what failed says why."""
    assert done.returncode in (0, 1, 2, 3), (done.args, done.returncode, done.stderr)
    assert done.returncode == 0 or (done.stderr or done.stdout).strip(), done.args
    for word in ("Sanitizer", "Assertion", "(null)"):
        assert word not in done.stderr + done.stdout, done.stderr
    return done


@pytest.mark.parametrize("state", STATES)
def test_looking_at_it(host, state):
    run = run_in(host, state)
    for words in LOOKS:
        timeout = [] if state in FINAL or words[0] not in ("stream", "watch") else ["--timeout", "300ms"]
        for form in ("table", "json", "ndjson", "yaml", "name"):
            done = told(host.cli("run", *words, run, *timeout, "-o", form, expect=None))
            if form == "json" and words[0] in ("show", "watch") and done.stdout:
                assert isinstance(json.loads(done.stdout), dict)
    assert run in host.cli("run", "list", "-o", "name", "--page-size", "500").stdout


@pytest.mark.parametrize("verb", CHANGES)
@pytest.mark.parametrize("state", STATES)
def test_changing_it(host, state, verb):
    run = run_in(host, state)
    done = told(host.cli("run", verb, run, expect=None))
    if state in ("completed", "failed", "failed_first", "cancelled", "skipped") and verb in ("pause", "unpause", "cancel"):
        assert done.returncode == (3 if verb == "cancel" else 1), done.stderr
    for left in {run, *done.stdout.split()}:
        host.cli("run", "cancel", left, expect=None)
        until(lambda: host.http("GET", f"/runs/{left}", expect=200).json["status"] in
              ("completed", "failed", "cancelled"), RUN_S, f"end of {left}")
    host.answers()


def test_waiting_for_outputs_in_json(host):
    started, outputs = host.cli("run", "start", "completed", "--wait", "--outputs", "-o", "ndjson").stdout.splitlines()
    assert json.loads(outputs) == {"b": {"n": -1.5, "o": {}}} and "runId" in json.loads(started)


def test_a_run_that_waits_for_its_turn(make_host):
    own = make_host(runs_active_max=1)
    own.publish(dag("slow", {"a": ([], SLOW)}))
    first, second = own.run("slow"), own.run("slow")
    assert f"{second}  slow  1.0.0    queued" in own.cli("run", "list").stdout or \
        "queued" in own.cli("run", "show", second).stdout
    for words in LOOKS:
        told(own.cli("run", *words, second, "--timeout", "300ms", expect=None))
    told(own.cli("run", "pause", second, expect=None))
    own.cli("run", "cancel", second)
    own.wait(second)
    own.cli("run", "cancel", first)
