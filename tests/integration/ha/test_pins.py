"""A run is pinned to the plugins of its start, whichever host carries it; who lacks one does not take
it, and says who has it.

Rooms: host/engine/control, host/engine/runs, host/engine/catalog, host/api/routes.
"""
import json
import pathlib
import shutil
import signal

import pytest

from host import BUILD, FINAL, RUN_S, START_S, STUB, until

TTL_S = 3
PROJECT = pathlib.Path(__file__).resolve().parents[1] / "plugins" / "versioned"


def bundle(publisher, folder, version):
    """Of the plugin that says its version."""
    project = folder / f"versioned-{version}"
    shutil.copytree(PROJECT, project)
    manifest = json.loads((project / "manifest.json").read_text()) | {"version": version}
    (project / "manifest.json").write_text(json.dumps(manifest))
    so = BUILD / "plugins" / "versioned" / f"versioned-{version}.so"
    return publisher.sign(publisher.pack(project, so, folder / f"versioned-{version}.orchbundle"))


def ended(host, run_id):
    def look():
        run = host.http("GET", f"/runs/{run_id}").json
        return run if run["status"] in FINAL else None
    return until(look, RUN_S + TTL_S, f"end of run {run_id}")


def host_id(host):
    return (host.home / "host-id").read_text().strip()


def test_a_run_keeps_the_plugin_of_its_start_at_the_host_that_takes_it(make_field, publisher, tmp_path):
    field = make_field(count=2, ttl_s=TTL_S)
    first, second = field.hosts
    first.cli("plugin", "install", bundle(publisher, tmp_path, "1.1.0-rc1"))
    ready = lambda host: {line["version"] for line in host.events("plugin.ready") if line["plugin"] == "versioned"}
    until(lambda: "1.1.0-rc1" in ready(second), RUN_S, "the first version at the second host")
    first.publish({"dag_id": "say", "name": "say", "nodes": {
        "wait": {"agent_id": STUB, "config": {"sleep_s": 4}},
        "say": {"agent_id": "versioned.say", "depends_on": ["wait"]}}})
    run = first.run("say")
    first.wait_node(run, "wait", "running")
    first.cli("plugin", "install", bundle(publisher, tmp_path, "1.1.0"))
    until(lambda: "1.1.0" in ready(second), RUN_S, "the second version at the second host")
    first.end(signal.SIGKILL)
    seen = ended(second, run)
    assert seen["status"] == "completed" and seen["host"] == host_id(second)
    assert seen["outputs"]["say"] == {"version": "1.1.0-rc1"}
    assert ended(second, second.run("say"))["outputs"]["say"] == {"version": "1.1.0"}


def test_a_host_that_lacks_a_plugin_does_not_take_the_run_and_says_who_has_it(make_field):
    field = make_field(count=2, ttl_s=TTL_S)
    first, second = field.hosts
    assert second.end(signal.SIGTERM) == 0
    for key in (second.home / "publisher.pub.pem", *(second.home / "trust").iterdir()):
        key.unlink()  # it trusts nobody
    second.up()
    until(second.is_up, START_S, "the second host again")
    first.publish({"dag_id": "one", "name": "one", "nodes": {"a": {"agent_id": STUB, "config": {"sleep_s": 2}}}})
    run = first.run("one")
    first.wait_node(run, "a", "running")
    digest = first.http("GET", f"/runs/{run}").json["agentDigests"][STUB]
    ghost = lambda sql: field.cluster.sql(f"SET search_path = orchestrator; {sql}", field.database)
    ghost("INSERT INTO hosts (host_id, version, several, heartbeat_at)"
          " VALUES ('ghost', 'x', true, now() + interval '1 hour')")  # so that nobody is alone
    first.end(signal.SIGKILL)
    waits = lambda: second.http("GET", f"/runs/{run}").json["waitingFor"] or ""
    says = lambda *words: until(lambda: all(word in waits() for word in words), RUN_S, f"{words} in '{waits()}'")
    says("no host has it now, and none that runs has all the plugins", STUB, digest, "which no host has")
    ghost(f"UPDATE hosts SET agents = '{{\"{STUB}\": [\"{digest}\"]}}' WHERE host_id = 'ghost'")
    says("no host has it now: ghost has the plugins of its start")
    assert "waits for" in second.cli("run", "show", run).stdout
    ghost("UPDATE hosts SET fenced = true WHERE host_id = 'ghost'")
    until(lambda: second.http("GET", f"/runs/{run}").json["host"] == host_id(second), RUN_S, "the last host to take it")
    says("the plugin of its start is not here: its host lacks agent", "which no host has")
    assert "the plugin of its start is not here" in second.node(run, "a")["error"]
    first.up()
    until(first.is_up, START_S, "the first host again")
    says(f"{host_id(first)} ({first.settings['listen']}) has")
    assert second.http("POST", f"/runs/{run}:cancel").status == 202
    assert ended(second, run)["status"] == "cancelled"
