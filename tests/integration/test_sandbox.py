"""Every attempt has a process of its own, confined by seccomp, Landlock, namespaces, cgroups and limits.

What holds against a hostile plugin is tests/adversarial; this looks at the attempts of a real host from
outside, for what the host says that it enforces.

Rooms: sandbox, host/engine/attempts, host/cli/doctor.
"""
import ctypes
import json
import os
import pathlib
import resource

import pytest

from host import IS_SANITIZED, RUN_S, START_S, chain, dag, descendants, orch, title, until

NAMESPACES = {"pid_namespace": "pid", "net_namespace": "net", "ipc_namespace": "ipc", "empty_root": "mnt"}
ISOLATIONS = ["warm", "cold", "exec"]


def layers(host):
    """{layer: state} and the level that the host reports."""
    report = host.http("GET", "/admin/health", expect=200).json["checks"]["sandbox"]["layers"]
    return {layer["name"]: layer["state"] for layer in report["layers"]}, report["level"]


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.split() for key, value in (line.split(":", 1) for line in lines)}


def attempts(host):
    return {pid for pid in descendants(host.pid) if title(pid) == "orch-attempt"}


@pytest.fixture(scope="module")
def at_work(host):
    """The processes of two attempts that sleep, and of the spares beside them, which are confined alike."""
    host.publish(dag("asleep", {n: ([], {"sleep_s": 3600}) for n in ("a", "b")}))
    run = host.run("asleep")
    for node in ("a", "b"):
        host.wait_node(run, node, "running")
    yield until(lambda: confined(host), RUN_S, "two attempts that have their own filter")
    host.http("POST", f"/runs/{run}:cancel", expect=202)
    host.wait(run)


def confined(host):
    """The attempts, once none is on its way any more: each has its own filter on its zygote's, and no gate."""
    pids = attempts(host)
    try:
        filters = {status_of(pid)["Seccomp_filters"][0] for pid in pids}
        gated = any("5" in os.listdir(f"/proc/{pid}/fd") for pid in pids)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pids if len(pids) >= 2 and filters == {"2"} and not gated else None


def test_each_of_two_attempts_is_a_process_of_its_own(host, at_work):
    assert len(at_work) >= 2 and host.pid not in at_work
    assert all(pid not in descendants(other) for pid in at_work for other in at_work)


def test_an_attempt_has_no_right_and_can_get_none(at_work):
    for status in map(status_of, at_work):
        assert {int(status[name][0], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        assert status["NoNewPrivs"] == ["1"] and status["Groups"] == []


def test_an_attempt_is_filtered(at_work):
    assert {status_of(pid)["Seccomp"][0] for pid in at_work} == {"2"}


def test_an_attempt_is_in_no_namespace_of_the_host(host, at_work):
    given, _ = layers(host)
    for layer, kind in NAMESPACES.items():
        if given[layer] == "enforced":
            ours = os.readlink(f"/proc/{host.pid}/ns/{kind}")
            assert all(os.readlink(f"/proc/{pid}/ns/{kind}") != ours for pid in at_work), layer


def test_an_attempt_runs_as_nobody_of_the_machine(host, at_work):
    if layers(host)[0]["own_uid"] == "enforced":
        for pid in at_work:
            assert set(status_of(pid)["Uid"]) != set(status_of(host.pid)["Uid"])


def test_an_attempt_is_in_a_group_that_bounds_it_and_the_host_is_not(host, at_work):
    given, _ = layers(host)
    ours = pathlib.Path(f"/proc/{host.pid}/cgroup").read_text()
    for layer in ("memory_cgroup", "pids_cgroup"):
        if given[layer] == "enforced":
            assert all(pathlib.Path(f"/proc/{pid}/cgroup").read_text() != ours for pid in at_work)


def test_an_attempt_leaves_no_core_and_its_limits_are_set(at_work):
    for pid in at_work:
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text().splitlines()
        soft = {line[:25].strip(): line[26:].split()[0] for line in limits[1:]}
        assert int(soft["Max core file size"]) <= 1 and soft["Max processes"] == soft["Max file size"] == "0"
        assert "unlimited" not in {soft[f"Max {name}"] for name in ("cpu time", "address space", "data size")}


def evidence(host, run):
    return host.http("GET", f"/executions/{run}/provenance", expect=200).json["provenances"]


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_each_class_of_isolation_runs_and_tells_its_level(host, isolation):
    """Nobody agreed that attempts may share a loaded plugin: warm is cold here."""
    host.publish(dag(f"class-{isolation}", {"a": {"isolation": isolation, "config": {"return": 1}}}))
    trace = host.complete(f"class-{isolation}")
    (record,) = evidence(host, trace["execution_id"])
    assert record["profile"] == "pure" and record["level"] == layers(host)[1], record
    assert record["isolation"] == ("exec" if isolation == "exec" else "cold")
    assert len(record["layers"]["outer"]) == record["layer_mask"].bit_count()
    assert set(record["layers"]["said"]) <= set(layers(host)[0])
    node = trace["node_traces"]["a"]["sandbox"]
    step = host.http("GET", f"/runs/{trace['execution_id']}/steps/a", expect=200).json
    for said in (node, step["sandbox"], step["attempts"][0]["detail"]):
        assert {k: said[k] for k in ("isolation", "level", "layer_mask")} == \
            {k: record[k] for k in ("isolation", "level", "layer_mask")}
        assert ("isolation_note" in said) == ("isolation_note" in record) == (record["isolation"] == "warm")


def test_warm_takes_the_consent_of_operator_and_publisher_and_says_what_it_costs(make_host):
    own = make_host(warm_tenants="acme-*, *")
    own.publish(dag("warm", {"a": {"isolation": "warm", "config": {"return": 1}}}))
    assert evidence(own, own.complete("warm")["execution_id"])[0]["isolation"] == "cold"  # no grant
    own.stop()
    path = next((own.home / "trust").glob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"isolation": ["warm"]}))
    own.start()
    (record,) = evidence(own, own.complete("warm")["execution_id"])
    assert record["isolation"] == "warm" and "not separated" in record["isolation_note"]
    assert own.http("GET", "/admin/health", expect=200).json["checks"]["sandbox"]["warm_tenants"] == 2
    assert "tenants of 2 patterns" in own.cli("doctor", "-o", "ndjson", expect=None).stdout


def test_health_says_who_vouches_for_each_layer(host):
    sandbox = host.http("GET", "/admin/health", expect=200).json["checks"]["sandbox"]
    by = {layer["name"]: layer["vouched_by"] for layer in sandbox["layers"]["layers"]}
    assert set(by.values()) == {"supervisor", "worker"} and by["own_uid"] == "supervisor"
    assert sandbox["isolation"] == "cold"


def test_a_layer_that_is_missing_is_reported_and_shows_in_the_evidence(make_host):
    own = make_host(sandbox_without="landlock")
    given, level = layers(own)
    assert given["landlock"] != "enforced" and level == own.ready["sandbox_level"] == 3
    own.publish(dag("less", {"a": ([], {"return": 1})}))
    (record,) = evidence(own, own.complete("less")["execution_id"])
    assert record["level"] == 3


def test_below_the_least_level_no_attempt_runs(make_host):
    own = make_host(sandbox_without="landlock", sandbox_min_level=4)
    own.publish(dag("less", {"a": {"config": {"return": 1}, "retry_policy": {"max_retries": 0}}}))
    trace = own.wait(own.run("less"))
    assert trace["status"] == "failed" and trace["error"], trace
    own.answers()


@pytest.mark.parametrize("profile", ["files", "net"])
def test_a_profile_that_is_not_there_is_refused_in_words(host, profile):
    host.publish(dag(f"profile-{profile}", {"a": {"profile": profile}}))
    trace = host.wait(host.run(f"profile-{profile}"))
    assert trace["status"] == "failed" and f"profile '{profile}'" in trace["error"]


PR_CAPBSET_DROP, CAP_SYS_RESOURCE = 24, 24
SMALL = {"RLIMIT_STACK (ulimit -s)": (resource.RLIMIT_STACK, 256 * 1024),
         "RLIMIT_AS (ulimit -v)": (resource.RLIMIT_AS, 600000 * 1024),
         "RLIMIT_CPU (ulimit -t)": (resource.RLIMIT_CPU, 2)}


def ulimit(which, value, may_raise):
    """What a shell's ulimit does to the program that it starts, with the right to raise it again or not."""
    def before():
        if not may_raise:
            assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0) == 0
        resource.setrlimit(which, (value, value))
    return before


@pytest.mark.parametrize("may_raise", [True, False], ids=["may_raise", "may_not_raise"])
@pytest.mark.parametrize("name", SMALL, ids=lambda name: name.split()[0])
def test_a_limit_that_is_too_small_for_attempts_is_named_at_the_start_or_does_no_harm(make_host, name, may_raise):
    """Never a host that says ok and fails every attempt."""
    if IS_SANITIZED and "RLIMIT_AS" in name:
        pytest.skip("a sanitizer's shadow needs more address space than this limit leaves")
    before = ulimit(*SMALL[name], may_raise)
    own = make_host(start=False)
    own.launch(before=before)
    until(lambda: own.process.poll() is not None or own.events("host.ready"), START_S, "a word of the host")
    doctor = orch(own.home, "doctor", expect=None, before=before)
    if own.process.poll() is not None:
        assert own.wait_end() == 1 and name in own.log_text(), own.log_tail()
        assert doctor.returncode == 1 and name in doctor.stdout, doctor
        return
    own.wait_ready().answers()
    assert doctor.returncode == 0, doctor
    own.publish(chain("quick", 2))
    trace = own.complete("quick")
    assert [node["attempt_count"] for node in trace["node_traces"].values()] == [1, 1]
