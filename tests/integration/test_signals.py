"""What a signal means is stated, and none ends a process of a host by surprise.

SIGHUP, SIGUSR1, SIGXFSZ and the like to each process and to all; the drain after SIGTERM, and what a second one does; a start that is refused.

Rooms: host/daemon, host/engine/attempts, host/base, sandbox/supervisor, sandbox/worker, authority/server.
"""
import json
import os
import pathlib
import select
import signal
import time

import pytest

from host import RUN_S, chain, child_named, dag, descendants, until
from test_shutdown import tell_all

# Left out: what tells of a fault, KILL and STOP, what stops at a terminal, and what the C library keeps.
FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGSYS}
STOPS = {signal.SIGKILL, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
ENDS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
PASSED_OVER = sorted(set(range(1, 65)) - FAULTS - STOPS - ENDS - {32, 33})
SENT_TO_ALL = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGWINCH)


def sleeper(dag_id, seconds, **node):
    config = {"config": {"sleep_s": seconds}, "retry_policy": {"max_retries": 0}}
    return dag(dag_id, {"a": config | node, "b": (["a"], {})})


def running(host, definition, node="a"):
    host.publish(definition)
    run = host.run(definition["dag_id"])
    host.wait_node(run, node, "running")
    until(lambda: child_named(host, "orch-attempt"), RUN_S, "the attempt's process")
    return run


def test_no_signal_but_those_that_say_so_ends_a_host_or_what_is_below_it(make_host):
    own = make_host()
    run = running(own, sleeper("long", 3))
    ours = [own.pid] + [child_named(own, name) for name in ("orch-supervisor", "orch-authority", "orch-worker")]
    for number in PASSED_OVER:
        tell_all(ours if number not in (signal.SIGXCPU, signal.SIGPROF) else ours[:3], number)
    for number in SENT_TO_ALL:
        tell_all([own.pid, *descendants(own.pid)], number)
    trace = own.wait(run)
    assert trace["status"] == "completed" and trace["node_traces"]["a"]["attempt_count"] == 1, trace
    assert own.process.poll() is None and not own.events("authority.ended")
    assert set(ours) <= {own.pid, *descendants(own.pid)}


def test_signals_are_the_loops_and_no_other_threads(host):
    heard = ENDS | {signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD}
    blocked = {}
    for task in pathlib.Path(f"/proc/{host.pid}/task").iterdir():
        mask = int(next(line for line in (task / "status").read_text().splitlines() if line.startswith("SigBlk:"))[7:], 16)
        blocked[int(task.name)] = {number for number in heard if mask & 1 << number - 1}
    assert blocked.pop(host.pid) != heard and len(blocked) >= 3
    assert all(each == heard for each in blocked.values()), blocked


def test_a_hangup_reads_trust_and_plugins_again(make_host, publisher):
    own = make_host(plugins=())
    assert own.http("GET", "/admin/plugins").json["items"] == []
    own.install(publisher.bundle("conformance"))
    own.signal(signal.SIGHUP)
    ready = lambda: [p for p in own.http("GET", "/admin/plugins").json["items"] if p["verdict"] == "ready"]
    until(ready, RUN_S, "the plugin that was put there")
    assert own.events("host.reload")
    own.publish(chain("quick", 1))
    own.complete("quick")


def test_a_told_host_lets_what_runs_end_and_starts_nothing(make_host):
    own = make_host(drain_s=60)
    run = running(own, sleeper("once", 2, idempotent=False))
    own.signal(signal.SIGTERM)
    until(lambda: own.http("GET", "/readyz", root=True, token="").status == 503, RUN_S, "a host that drains")
    assert own.http("POST", "/runs", {"dagId": "once", "inputs": {}}).status == 503
    assert own.wait_end() == 0
    own.start()
    trace = own.wait(run)
    assert trace["status"] == "completed" and trace["node_traces"]["a"]["attempt_count"] == 1, trace


@pytest.mark.parametrize("drain", ["over", "cut short"])
def test_what_outlives_the_drain_is_asked_to_stop_and_left_open(make_host, drain):
    own = make_host(drain_s=1 if drain == "over" else 3600)
    run = running(own, sleeper("long", 30))
    own.signal(signal.SIGTERM)
    while own.process.poll() is None and drain == "cut short":
        tell_all([own.pid])
        time.sleep(0.05)
    assert own.wait_end() == 0
    assert [line["attempts_running"] for line in own.events("host.drain_over")] == [1]
    assert not [line for line in own.log_text().splitlines() if '"level":"error"' in line]
    own.start()
    assert own.node(run, "a")["status"] == "running" and own.ready["runs_recovered"] == 1


def test_a_second_word_that_comes_at_once_is_the_same_word(make_host):
    own = make_host(drain_s=60)
    run = running(own, sleeper("once", 2))
    tell_all([own.pid] * 20)
    tell_all([own.pid] * 20, signal.SIGINT)
    assert own.wait_end() == 0
    assert not own.events("host.drain_over")
    own.start()
    assert own.wait(run)["node_traces"]["a"]["attempt_count"] == 1


def test_a_host_that_is_told_to_end_while_it_starts_ends_with_0(make_host):
    own = make_host(start=False)
    for wait_s in (0.02, 0.1, 0.3):
        own.launch()
        time.sleep(wait_s)
        own.below = descendants(own.pid)
        os.kill(own.pid, signal.SIGTERM)
        assert own.wait_end() in (0, -signal.SIGTERM)  # before its first line: nothing was begun
    own.start()


def test_a_start_that_is_refused_leaves_the_runs_alone(make_host):
    own, other = make_host(), make_host("other")
    run = running(own, sleeper("long", 2, retry_policy={"max_retries": 1}))
    own.kill9()
    for _ in range(5):
        own.launch(listen=f"127.0.0.1:{other.ready['port']}")
        assert own.wait_end() == 1 and "cannot listen" in own.log_text()
        assert not own.events("run.recovered")
    own.start()
    trace = own.wait(run)
    assert trace["status"] == "completed" and trace["node_traces"]["a"]["attempt_count"] <= 2, trace


def test_a_pid_file_that_cannot_be_written_leaves_the_runs_alone(make_host, tmp_path):
    own = make_host()
    run = running(own, sleeper("long", 2))
    assert own.stop() == 0
    own.launch(pid_file=tmp_path / "nowhere" / "host.pid")
    assert own.wait_end() == 1 and not own.events("run.recovered")
    own.start()
    assert own.wait(run)["status"] == "completed"


def test_the_log_level_reaches_every_process(make_host):
    quiet = make_host("quiet", start=False)
    quiet.launch(log_level="error")
    until((quiet.home / "host.pid").exists, RUN_S, "a start")
    os.kill(child_named(quiet, "orch-authority"), signal.SIGKILL)
    until(lambda: child_named(quiet, "orch-authority"), RUN_S, "another authority")
    assert quiet.stop() == 0
    assert {json.loads(line)["level"] for line in quiet.log_text().splitlines()} <= {"error"}
    loud = make_host("loud", start=False)
    loud.launch(log_format="text")
    until((loud.home / "host.pid").exists, RUN_S, "a start")
    assert "process=\"authority\"" in loud.log_text() and '{"' not in loud.log_text()


def test_who_does_not_read_the_log_does_not_stop_the_host(make_host):
    """Standard error is a pipe that nobody reads until the end."""
    own = make_host()
    own.stop()
    read_end, write_end = os.pipe()
    own.launch(before=lambda: os.dup2(write_end, 2), pid_file=own.home / "pid")
    os.close(write_end)
    until((own.home / "pid").exists, RUN_S, "a start")
    until(lambda: port_of(own.pid), RUN_S, "its port")
    own.ready = {"port": port_of(own.pid)}
    for i in range(400):
        own.publish(chain(f"quick{i}", 1))
    os.kill(child_named(own, "orch-authority"), signal.SIGKILL)
    own.complete("quick0")
    unread = read_some(read_end)
    own.publish(chain("last", 1))
    own.signal(signal.SIGTERM)
    unread += read_some(read_end)
    assert own.wait_end() == 0
    unread += read_some(read_end)
    lines = [json.loads(line) for line in unread.decode().splitlines() if line]
    assert sum(line["lines"] for line in lines if line["event"] == "log.lost") > 0
    assert [line["event"] for line in lines if line["process"] == "orchd"][-1] == "host.stopped"


def read_some(fd):
    """What is there, and what comes within a moment."""
    data = b""
    while select.select([fd], [], [], 0.5)[0]:
        piece = os.read(fd, 65536)
        if not piece:
            break
        data += piece
    return data


def port_of(pid):
    """The port that the process listens at."""
    inodes = set()
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(os.readlink(link))
        except OSError:
            continue
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            return int(fields[1].split(":")[1], 16)
    return None
