"""The host tells its operator what it does: a line for each end, metrics that alerts can read, why it is not ready.

Rooms: host/observe, host/api/routes, host/engine/commit, host/base.
"""
import json

from host import dag, until

OF_RUN = {"tenant", "dagId", "runId", "stepId", "status", "class", "trace_id", "msg"}


def node(config=None, **more):
    return {"config": config or {}, "retry_policy": {"max_retries": 0}} | more


def lines(host, run, *names):
    """The log's lines of these events about the run, once its own end is there."""
    ends = ("run.completed", "run.failed", "run.cancelled")
    until(lambda: any(line["runId"] == run for name in ends for line in host.events(name)), 30, f"the end of {run}")
    return [line for name in names for line in host.events(name) if line["runId"] == run]


def test_a_run_that_completes_is_a_line_an_attempt_and_one_of_its_own(host):
    host.publish(dag("told", {"a": ([], {}), "b": (["a"], {})}))
    run = host.run("told")
    host.wait(run)
    attempts = lines(host, run, "attempt.completed")
    assert [(line["stepId"], line["attempt"]) for line in attempts] == [("a", 1), ("b", 1)]
    end, = lines(host, run, "run.completed", "run.failed", "run.cancelled")
    for line in [*attempts, end]:
        assert OF_RUN <= line.keys()
        assert (line["tenant"], line["dagId"], line["status"], line["class"]) == ("default", "told", "completed", "ok")
        assert line["level"] == "info" and line["process"] == "orchd"
    assert end["stepId"] == "" and end["msg"] == "dag run completed"


def test_a_failure_names_its_step_its_class_and_what_becomes_of_it(host):
    host.publish(dag("told-failed", {"a": ([], {}), "b": node(
        {"fail_times": 9, "error_class": "ValueError"}, depends_on=["a"],
        retry_policy={"max_retries": 1, "strategy": "constant", "base_delay": 0.01})}))
    run = host.run("told-failed")
    host.wait(run)
    attempts = lines(host, run, "attempt.failed")
    assert [(line["stepId"], line["attempt"], line["status"]) for line in attempts] == [
        ("b", 1, "retrying"), ("b", 2, "failed")]
    end, = lines(host, run, "run.failed")
    assert (end["status"], end["stepId"], end["class"], end["level"]) == ("failed", "b", attempts[0]["class"], "warn")
    assert all(line["error"] for line in [*attempts, end])


def test_a_cancelled_run_is_told_as_one(host):
    host.publish(dag("told-cancelled", {"a": ([], {"sleep_s": 3600})}))
    run = host.run("told-cancelled")
    host.wait_node(run, "a", "running")
    host.http("POST", f"/runs/{run}:cancel", expect=202)
    host.wait(run)
    end, = lines(host, run, "run.cancelled")
    attempt, = lines(host, run, "attempt.cancelled")
    assert (end["status"], end["class"]) == ("cancelled", "cancelled")
    assert (attempt["stepId"], attempt["class"], attempt["level"]) == ("a", "cancelled", "info")


def samples(host, name):
    """{labels: value} of a metric."""
    text = host.http("GET", "/metrics", root=True, token="", expect=200).text.decode()
    return {line.rsplit(" ", 1)[0].removeprefix(name): float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))}


def test_what_alerts_ask_for_is_there_before_it_happens(make_host):
    host = make_host()
    assert samples(host, "orch_attempts_total")['{outcome="crash"}'] == 0
    assert samples(host, "gl_orchestrator_checkpoint_operations_total")['{operation="verify_failed",status="error"}'] == 0
    assert samples(host, "gl_orchestrator_dag_validation_errors_total")['{error_type="cycle"}'] == 0
    host.http("GET", "/runs", expect=200)
    for name in ("orchestrator_queue_depth", "orchestrator_dlq_depth"):
        assert samples(host, name) == {'{tenant="default"}': 0}
    host.publish(dag("quiet", {"a": ([], {})}))
    host.complete("quiet")
    runs = samples(host, "orchestrator_runs_total")
    assert (runs['{status="completed",tenant="default"}'], runs['{status="failed",tenant="default"}']) == (1, 0)
    nodes = samples(host, "gl_orchestrator_node_executions_total")
    assert nodes['{dag_id="quiet",node_id="a",status="failed"}'] == 0


def test_the_depth_of_a_tenants_queue_rises_and_falls(make_host):
    host = make_host(runs_active_max=1)
    host.publish(dag("long", {"a": ([], {"sleep_s": 3600})}))
    runs = [host.run("long") for _ in range(3)]
    host.wait_node(runs[0], "a", "running")
    assert samples(host, "orchestrator_queue_depth") == {'{tenant="default"}': 2}
    for run in reversed(runs):
        host.http("POST", f"/runs/{run}:cancel", expect=202)
        host.wait(run)
    assert samples(host, "orchestrator_queue_depth") == {'{tenant="default"}': 0}


def test_a_bad_token_a_wrong_path_and_an_unknown_tenant_make_no_series(host):
    before = samples(host, "orchestrator_queue_depth").keys() | {'{tenant="default"}'}
    host.http("GET", "/runs", token="nothing", X_Stella_Tenant="ghost")
    host.http("GET", "/runs", X_Stella_Tenant="ghost")
    assert samples(host, "orchestrator_queue_depth").keys() <= before


def ready(host):
    answer = host.http("GET", "/readyz", root=True, token="")
    return answer.status, answer.json


def doctor(host):
    rows = host.cli("doctor", "-o", "json", expect=None).stdout
    return {(row["check"], row["verdict"]): row["detail"] for row in json.loads(rows)}


def test_a_host_that_admits_no_runs_is_not_ready_and_says_why(make_host):
    host = make_host(accept_runs="false")
    status, body = ready(host)
    assert status == 503 and body["status"] == "unavailable"
    assert body["reason"] == body["message"] and "accept-runs is false" in body["reason"]
    assert host.http("GET", "/livez", root=True, token="", expect=200).json == {"status": "alive"}
    assert "accept-runs is false" in doctor(host)["host ready", "fail"]
    host.stop()
    host.start(accept_runs="true")
    assert ready(host) == (200, {"status": "ready"})


def test_refused_bundles_leave_the_host_ready_with_a_reason(make_host):
    host = make_host(start=False)
    (host.home / "plugins" / "broken.orchbundle").write_bytes(b"not a bundle")
    host.start()
    status, body = ready(host)
    assert (status, body["status"]) == (200, "ready")
    assert body["degraded"] == ["1 of 2 plugin bundles were refused: GET /admin/plugins and orch doctor say why"]
    rows = doctor(host)
    assert rows["host ready", "warn"] == body["degraded"][0]
    assert rows["plugins", "warn"] == "1 ready of 2" and "broken.orchbundle" in rows["plugin", "warn"]


def test_a_flood_of_bad_tokens_is_a_few_lines_and_a_count(host):
    before = [line for line in host.events("authority.refused") if line["message"] == "TOKEN_VERIFY"]
    for number in range(200):
        host.http("GET", "/runs", token=f"{number}.not.one", expect=401)
    def counted():
        lines = [line for name in ("authority.refused", "authority.refused_more") for line in host.events(name)
                 if line["message"] == "TOKEN_VERIFY"]
        shown = sum(line["event"] == "authority.refused" for line in lines) - len(before)
        return lines, shown, shown + sum(line["left_out"] for line in lines)
    until(lambda: counted()[2] >= 200, 30, "the count of 200 bad tokens")
    lines, shown, _ = counted()
    assert shown < 100
