"""A field under a schedule of faults and a load, and what the judge says when it has come to rest.

usage: chaos.py --minutes N [--hosts N] [--seed S] [--ttl SECONDS] [--only KIND,...]   (scripts/chaos)
"""
import argparse
import collections
import contextlib
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cluster import Cluster  # noqa: E402
from faults import DATABASE, KINDS, Disk, schedule  # noqa: E402
from field import Field  # noqa: E402
from host import Publisher, orch  # noqa: E402
from judge import Judge  # noqa: E402
from workload import Workload  # noqa: E402

LOOK_S = 0.1
REST_S = 180  # ends a wait in vain
PROVEN = 5    # runs whose statement is verified offline


class Storm:
    """Carries a schedule out; finds hosts that ended by themselves, tells of them and starts them again."""

    def __init__(self, field, acts, say=lambda text: None):
        self.field, self.acts, self.say = field, acts, say
        self.breaches, self.done, self.restarts = [], collections.Counter(), 0

    def run(self):
        began, waiting, on = time.monotonic(), collections.deque(self.acts), []
        while waiting or on:
            now = time.monotonic() - began
            while waiting and waiting[0].at <= now:
                on.append(self._begin(waiting.popleft()))
            for act, stack in [pair for pair in on if pair[0].at + pair[0].lasts <= now]:
                stack.close()
                on.remove((act, stack))
            self.look()
            time.sleep(LOOK_S)

    def _begin(self, act):
        self.say(act)
        host = None if act.host == DATABASE else self.field.hosts[act.host]
        stack = contextlib.ExitStack()
        if host is None or host.process.poll() is None:
            stack.enter_context(KINDS[act.kind][0](self.field, host, act))
            self.done[act.kind] += 1
        return act, stack

    def look(self):
        for host in self.field.hosts:
            if not host.ended_by_itself():
                continue
            if next(iter(host.events("host.ready")), None):
                self.breaches.append(f"{host.name} ended by itself, {host.process.returncode}\n{host.log_tail(8)}")
                self.say(self.breaches[-1])
            host.wait_end()
            self.restarts += 1
            time.sleep(LOOK_S)
            host.up()


def evidence(field, load):
    """The ledger and some statements, verified far from every host."""
    first = field.hosts[0]
    trust, ledger = first.home / "host.pub.pem", first.home / "ledger.ndjson"
    trust.write_text(orch(first.home, "key", "show").stdout)
    first.cli("ledger", "export", "--out", ledger)
    proven = [ledger]
    for run, _ in list(load.acknowledged.values())[-PROVEN:]:
        envelope = first.home / f"{run}.intoto.jsonl"
        envelope.write_text(first.cli("run", "provenance", run).stdout)
        proven.append(envelope)
    done = orch(first.home, "verify", "--trust", trust, *proven, expect=None, ORCH_URL="http://127.0.0.1:9")
    return [] if done.returncode == 0 else [f"evidence: {done.stdout}{done.stderr}"]


def weather(field, seed, seconds, kinds=tuple(KINDS), say=lambda text: None):
    """The load, the storm and the rest behind it. What was seen, and the breaches."""
    kinds = tuple(kind for kind in kinds if kind != "full" or field.disk)
    storm = Storm(field, schedule(seed, seconds, len(field.hosts), field.ttl_s, kinds), say)
    load = Workload(field, seed)
    storm.run()
    field.steady()
    load.stop(REST_S)
    breaches = storm.breaches + load.breaches + evidence(field, load)
    codes = field.stop()
    breaches += [f"{name} ended with {code}" for name, code in codes.items() if code != 0]
    breaches += [f"{host.name}: drained with {code}\n{log}" for host in field.hosts for code, log in host.drained]
    breaches += [f"left behind: {name}" for name in field.left_behind()]
    judge = Judge(field.rows, load.acknowledged, load.streams)
    seen = {"runs acknowledged": len(load.acknowledged), "starts asked for": load.asked, "runs": len(judge.runs),
            "events": len(judge.events), "nodes": len(judge.nodes), "hosts started again": storm.restarts,
            "connections cut": sum(host.proxy.cuts for host in field.hosts)} | dict(storm.done)
    return seen, breaches + list(judge.breaches())


def main():
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--hosts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--ttl", type=int, default=3)
    parser.add_argument("--only", type=lambda text: tuple(text.split(",")), default=tuple(KINDS))
    told = parser.parse_args()
    print(f"seed {told.seed}, {told.hosts} hosts, {told.minutes:g} minutes", flush=True)
    cluster, disk = Cluster(), Disk(told.minutes)
    try:
        with tempfile.TemporaryDirectory(prefix="orch-chaos-") as folder:
            publisher = Publisher(pathlib.Path(folder) / "publisher")
            field = Field(folder, publisher, cluster, "chaos", told.hosts, told.ttl, disk if disk.mounted else None)
            try:
                field.start()
                seen, breaches = weather(field, told.seed, told.minutes * 60, told.only, lambda act: print(act, flush=True))
            finally:
                field.destroy()
    finally:
        cluster.stop()
        disk.close()
    for name, count in seen.items():
        print(f"{name:24} {count}")
    for text in breaches:
        print(f"BREACH {text}")
    print(f"seed {told.seed}: {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
