"""What is done to a field of hosts, and when: a schedule is drawn of its seed alone."""
import contextlib
import dataclasses
import os
import pathlib
import random
import signal
import subprocess
import tempfile

from proxy import CUTS

DATABASE = -1  # in the place of a host's number
CALM_S = (0.2, 1.5)   # between the beginnings of two faults
AGAIN_S = 2.0         # that whom a fault met has before the next one
HALTS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT, "killed": signal.SIGKILL}


@dataclasses.dataclass(frozen=True)
class Act:
    at: float
    kind: str
    host: int
    lasts: float
    word: str = ""

    def __str__(self):
        whom = "the database" if self.host == DATABASE else f"host{self.host}"
        return f"{self.at:7.1f} s  {self.kind} {self.word}{' ' if self.word else ''}of {whom}, {self.lasts:.1f} s"


# Each begins, and ends behind `yield`. What it gives back is a breach.

@contextlib.contextmanager
def kill(_field, host, _act):
    host.end(signal.SIGKILL)
    yield
    host.up()


@contextlib.contextmanager
def drain(_field, host, _act):
    code = host.end(signal.SIGTERM)
    # With its database away it may give up, or have ended by itself in a start that was in vain, and says so.
    if code and not host.events("host.store_stalled") and not host.events("host.not_started"):
        host.drained.append((code, host.log_tail(8)))
    yield
    host.up()


@contextlib.contextmanager
def freeze(_field, host, _act):
    host.freeze()
    yield
    host.thaw()


@contextlib.contextmanager
def cut(_field, host, _act):
    host.proxy.cut()
    yield


@contextlib.contextmanager
def hole(_field, host, _act):
    host.proxy.swallow(True)
    yield
    host.proxy.swallow(False)


@contextlib.contextmanager
def delay(_field, host, _act):
    host.proxy.delay_s = 0.2
    yield
    host.proxy.delay_s = 0


@contextlib.contextmanager
def commit(_field, host, act):
    host.proxy.cut_commit(act.word)
    yield
    host.proxy.cut_next = None


@contextlib.contextmanager
def clock(_field, host, act):
    host.clock.ahead(3600 if act.word == "ahead" else -3600)
    yield
    host.clock.ahead(0)


@contextlib.contextmanager
def halt(field, _host, act):
    if field.cluster.pid:  # a full disk may have ended it
        field.cluster.halt(HALTS[act.word])
    yield
    field.cluster.resume()


@contextlib.contextmanager
def full(field, _host, _act):
    field.disk.fill()
    yield
    field.disk.empty()
    if not field.cluster.pid:  # its recovery had no room either: whoever is on call starts it
        field.cluster.resume()


# kind: (what it does, how long in times of lease-ttl, its words, whether it is the database's)
KINDS = {
    "kill": (kill, (0.1, 2.5), ("",), False),
    "drain": (drain, (0.1, 1), ("",), False),
    "freeze": (freeze, (0.3, 2.5), ("",), False),
    "cut": (cut, (0.1, 0.2), ("",), False),
    "hole": (hole, (0.3, 2.5), ("",), False),
    "delay": (delay, (0.5, 2), ("",), False),
    "commit": (commit, (0.3, 1), CUTS, False),
    "clock": (clock, (0.5, 3), ("ahead", "behind"), False),
    "halt": (halt, (0.1, 1.5), tuple(HALTS), True),
    "full": (full, (0.3, 1), ("",), True),
}


def whoever(chance, free, at):
    """A host that has had its pause, or will have it next."""
    hosts = [number for number in free if number != DATABASE]
    return chance.choice([n for n in hosts if free[n] <= at] or [min(hosts, key=free.get)])


def schedule(seed, seconds, hosts, ttl_s, kinds=tuple(KINDS)):
    """Acts in the order of their beginnings; every kind in turn, in an order of chance, so that a short
    one has each. No two at a time meet the same host, or the database."""
    chance, acts, at, left = random.Random(seed), [], 1.0, []
    free = {number: 0.0 for number in (DATABASE, *range(hosts))}
    while at < seconds:
        left = left or chance.sample(kinds, len(kinds))
        kind = left.pop()
        _, (least, most), words, is_database = KINDS[kind]
        whom = DATABASE if is_database else whoever(chance, free, at)
        begin, lasts = max(at, free[whom]), chance.uniform(least, most) * ttl_s
        if begin + lasts > seconds:
            break
        acts.append(Act(round(begin, 2), kind, whom, round(lasts, 2), chance.choice(words)))
        free[whom] = begin + lasts + AGAIN_S
        at = begin + chance.uniform(*CALM_S) * ttl_s / 2
    return sorted(acts, key=lambda act: act.at)


class Disk:
    """A small file system for a database's tablespace, with room for what so many minutes leave; only root
    can make one, where mounts are possible."""

    MIB, MIB_A_MINUTE = 96, 8

    def __init__(self, minutes=1):
        mib = round(self.MIB + self.MIB_A_MINUTE * minutes)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="orch-disk-"))
        self.mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700,uid=nobody", "orch-disk", self.folder],
            capture_output=True).returncode == 0

    def fill(self):
        with contextlib.suppress(OSError), open(self.folder / "ballast", "wb", buffering=0) as file:
            for block in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(block))

    def empty(self):
        (self.folder / "ballast").unlink(missing_ok=True)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.folder], check=True)
        self.folder.rmdir()
