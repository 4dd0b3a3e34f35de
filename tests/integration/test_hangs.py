"""A process that hangs is told of, and ended where another can take its place.

A supervisor, zygotes, their inits and an authority that are stopped under a host; a host that cannot fork, or has lost a
plugin: its nodes are held until it can go on.

Rooms: host/daemon, sandbox/supervisor, sandbox/client, authority/client.
"""
import os
import pathlib
import signal
import sqlite3
import time

import pytest

from host import GONE_S, RUN_S, chain, child_named, dag, descendants, processes, title, until


def ready(own):
    return own.http("GET", "/readyz", root=True, token="")


def reason(own):
    """Why it is not ready; nothing when it is."""
    answer = ready(own)
    return answer.json["reason"] if answer.status == 503 else ""


def named(own, name):
    return {pid for pid in descendants(own.pid) if title(pid) == name}


@pytest.mark.slow
def test_zygotes_inits_and_an_authority_that_hang_are_replaced_and_runs_go_on(make_host):
    own = make_host()
    own.publish(chain("quick", 2))
    own.complete("quick")
    zygotes, inits, authority = named(own, "orch-worker"), named(own, "orch-init"), child_named(own, "orch-authority")
    assert zygotes and inits
    for pid in zygotes | inits | {authority}:
        os.kill(pid, signal.SIGSTOP)
    runs = [own.run("quick") for _ in range(5)]
    assert [own.wait(run)["status"] for run in runs] == ["completed"] * 5
    told = lambda event: {line["pid"] for line in own.events(event)}
    until(lambda: told("zygote.hangs") >= zygotes and told("init.hangs") >= inits, RUN_S, "the lines of who hangs")
    until(lambda: not named(own, "orch-worker") & zygotes, GONE_S, "the end of zygotes that hang")
    until(lambda: all(processes().get(pid, (0, "X", 0))[1] != "T" for pid in inits), GONE_S, "inits that go on")
    until(lambda: child_named(own, "orch-authority") not in (None, authority), RUN_S, "another authority")
    until(lambda: ready(own).status == 200, RUN_S, "a host that is ready")
    for run in runs + [own.run("quick")]:
        own.wait(run)
        assert own.provenance(run)["signatures"]


@pytest.mark.slow
def test_a_supervisor_that_hangs_for_a_while_makes_the_host_unready_and_no_more(make_host):
    own = make_host()
    own.publish(chain("quick", 1))
    supervisor = child_named(own, "orch-supervisor")
    os.kill(supervisor, signal.SIGSTOP)
    until(lambda: ready(own).status == 503, RUN_S, "a host that is not ready")
    assert "the supervisor has not answered" in ready(own).text.decode()
    os.kill(supervisor, signal.SIGCONT)
    until(lambda: ready(own).status == 200, RUN_S, "a host that is ready")
    own.complete("quick")
    assert own.events("supervisor.silent") and own.events("supervisor.answers")


@pytest.mark.slow
def test_a_supervisor_that_hangs_for_good_ends_the_host_in_order(make_host):
    own = make_host()
    own.publish(chain("slow", 2, {"sleep_s": 60}))
    run = own.run("slow")
    own.wait_node(run, "n00", "running")
    own.below = descendants(own.pid)
    os.kill(child_named(own, "orch-supervisor"), signal.SIGSTOP)
    assert own.wait_end(120) == 1
    fatal, = own.events("host.fatal")
    assert "did not answer for 30 s" in fatal["error"]
    own.start()
    assert own.ready["runs_recovered"] == 1 and own.node(run, "n00")["status"] in ("running", "retrying")


def test_a_short_stop_of_everything_below_is_nobodys_fault(make_host):
    own = make_host()
    own.publish(chain("quick", 2))
    own.complete("quick")
    below = descendants(own.pid)
    for pid in below:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(2)
    assert ready(own).status == 200
    for pid in below:
        os.kill(pid, signal.SIGCONT)
    own.complete("quick")
    for event in ("zygote.hangs", "init.hangs", "supervisor.silent", "authority.away", "loop.stands"):
        assert not own.events(event)


def wakes(own):
    """How often a thread of the host or of what is below it has waited so far."""
    status = [text for pid in {own.pid, *descendants(own.pid)}
              for text in map(pathlib.Path.read_text, pathlib.Path(f"/proc/{pid}/task").glob("*/status"))]
    return sum(int(line.split()[1]) for text in status for line in text.splitlines()
               if line.startswith("voluntary_ctxt_switches"))


@pytest.mark.slow
def test_an_idle_host_sleeps(make_host):
    own = make_host()
    own.publish(chain("quick", 2))
    own.complete("quick")
    time.sleep(15)
    before = wakes(own)
    time.sleep(20)
    assert wakes(own) - before <= 40  # 18, where nothing else goes on


def test_a_host_that_cannot_fork_holds_its_nodes_until_it_can(make_host):
    own = make_host()
    folders = list(pathlib.Path("/sys/fs/cgroup").rglob(f"orch-{child_named(own, 'orch-supervisor')}-*/pids.max"))
    if not folders:
        pytest.skip("no pids cgroup is ours here")
    spares_max = 8 * os.cpu_count()  # processes that were forked before, and need no fork any more
    own.publish(chain("long", spares_max + 1))
    own.complete("long")
    for folder in folders:
        folder.write_text("0")
    run = own.run("long")
    until(lambda: "zygote" in reason(own), RUN_S, "a host that says that it cannot go on")
    assert own.trace(run)["status"] == "running"
    for folder in folders:
        folder.write_text("max")
    assert own.wait(run)["status"] == "completed"
    until(lambda: ready(own).status == 200, RUN_S, "a host that is ready")


def lose_stored_bundles(own):
    """From the store, which would give back what the folder lacks."""
    with sqlite3.connect(own.home / "orch.db") as db:
        db.execute("DELETE FROM plugin_bundle_parts")
        db.execute("DELETE FROM plugin_bundles")


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_plugin_that_a_start_does_not_find_holds_its_nodes_until_it_is_back(make_host, damage):
    own = make_host()
    own.publish(dag("two", {"a": {"config": {"sleep_s": 1}}, "b": (["a"], {})}))
    run = own.run("two")
    own.wait_node(run, "a", "running")
    own.kill9()
    bundle, = (own.home / "plugins").iterdir()
    whole = bundle.read_bytes()
    bundle.unlink() if damage == "missing" else bundle.write_bytes(whole[:len(whole) // 2])
    lose_stored_bundles(own)
    own.start()
    until(lambda: "the plugin of its start is not here: agent 'conformance.stub'" in reason(own), RUN_S, "a host that says what it lacks")
    assert own.trace(run)["status"] == "running"
    bundle.write_bytes(whole)
    own.signal(signal.SIGHUP)
    trace = own.wait(run)
    assert trace["status"] == "completed" and not trace["errors"], trace
    until(lambda: ready(own).status == 200, RUN_S, "a host that is ready")
