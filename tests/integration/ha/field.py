"""Hosts with one root key on one database, each with a home, a proxy and a wall clock of its own."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess

from clock import Clock
from host import BIN, GONE_S, Host, START_S, beginnings, descendants, free_port, until
from proxy import Proxy

GROUPS = pathlib.Path("/sys/fs/cgroup")
OWNER = re.compile(r"/orch-(\d+)-\d+")


class Member(Host):
    """A host of a field. `wanted`: it should be up, so whoever finds that it ended by itself tells."""

    def __init__(self, home, publisher, proxy, url, **settings):
        super().__init__(home, publisher, listen=f"127.0.0.1:{free_port()}", store=url, **settings)
        self.proxy = proxy
        self.clock = Clock(self, self.home / "clock")
        self.wanted = self.frozen = False
        self.drained = []  # not in order: (exit code, the end of its log)
        self.seen = set()  # all that were ever below it: their beginnings
        self.ready = {"port": int(self.settings["listen"].rpartition(":")[2])}
        self.token = ""

    @property
    def name(self):
        return self.home.name

    def see(self):
        self.below = descendants(self.pid)
        ours = self.below | {self.pid}
        self.seen |= {(pid, began) for pid, began in beginnings() if pid in ours}

    def up(self):
        """Starts it and does not wait: the store may be away."""
        self.launch()
        self.wanted = True

    def is_up(self):
        """Whether it said that it is ready; a wait that ends when the process does."""
        if self.process.poll() is None and not self.is_ready():
            return False
        if (self.home / "token").exists():
            self.token = (self.home / "token").read_text()
        return True

    def end(self, number):
        """By a signal; its exit code. Whatever was below it is gone too."""
        self.wanted = False
        self.see()
        self.thaw()
        self.signal(number)
        return self.wait_end()

    def signal(self, number):
        """One that ended meanwhile is whoever looks for it to tell of."""
        if self.process.poll() is None:
            super().signal(number)

    def freeze(self):
        self.see()
        self.frozen = True
        self.signal(signal.SIGSTOP)

    def thaw(self):
        if self.frozen:
            self.frozen = False
            self.signal(signal.SIGCONT)

    def ended_by_itself(self):
        return self.wanted and self.process.poll() is not None


def members(group):
    try:
        return pathlib.Path(group, "cgroup.procs").read_text()
    except OSError:
        return ""


class Field:
    def __init__(self, folder, publisher, cluster, database, count=3, ttl_s=3, disk=None):
        self.cluster, self.database, self.disk = cluster, database, disk
        url = cluster.make_database(database)
        if disk:
            cluster.sql(f"CREATE TABLESPACE {database} LOCATION '{disk.folder}'")
            cluster.sql(f"ALTER DATABASE {database} SET TABLESPACE {database}")
        subprocess.run([BIN / "orchd", "migrate", "up", "--store", url], check=True, capture_output=True, timeout=120)
        self.ttl_s = ttl_s
        self.hosts = []
        for number in range(count):
            proxy = Proxy(cluster.folder)
            self.hosts.append(Member(pathlib.Path(folder) / f"host{number}", publisher, proxy,
                                     proxy.url(database, "keeper"), drain_s=2, **{"lease-ttl": ttl_s}))

    def start(self):
        """The first one makes the root key, the others have it before they start."""
        first, *others = self.hosts
        first.up()
        until(first.is_up, START_S, "the first host")
        for host in others:
            shutil.copy2(first.home / "root.key", host.home / "root.key")
            host.up()
        for host in others:
            until(host.is_up, START_S, f"{host.name}\n{host.log_tail()}")
        return self

    def any(self, chance=random):
        return chance.choice(self.hosts)

    def steady(self):
        """All faults are over: every host is up, and ready."""
        for host in self.hosts:
            host.thaw()
            host.proxy.swallow(False)
            host.proxy.delay_s, host.proxy.cut_next = 0, None
            host.clock.ahead(0)
            if host.process.poll() is not None:
                host.up()
        for host in self.hosts:
            until(lambda: host.is_up() and host.token, START_S, f"{host.name} is up\n{host.log_tail()}")
            until(host.takes_work, START_S, f"{host.name} is ready\n{host.log_tail()}")

    def rows(self, query):
        return rows(self.cluster, self.database, query)

    def stop(self):
        """In order; {host: exit code}."""
        return {host.name: host.end(signal.SIGTERM) for host in self.hosts if host.process.poll() is None}

    def left_behind(self):
        """Cgroups that still hold a process when the hosts have ended, with all that was below them. An
        empty folder is the next start's to remove, where its supervisor had no time to."""
        seen = set().union(*(host.seen for host in self.hosts))
        pids = {pid for pid, _ in seen}
        until(lambda: not seen & beginnings(), GONE_S, "the end of all that was below the hosts")
        folders = (folder for folder, _, _ in os.walk(GROUPS) if OWNER.search(folder))  # some go meanwhile
        return sorted(folder for folder in folders if int(OWNER.search(folder)[1]) in pids and members(folder))

    def destroy(self):
        for host in self.hosts:
            if host.process is not None:
                host.frozen = False
                host.destroy()
            host.proxy.close()
        if self.disk:
            self.disk.empty()


def rows(cluster, database, query, first=""):
    """The rows of a query, as dicts, behind statements that are taken back."""
    text = f"BEGIN; {first} SELECT coalesce(json_agg(t), '[]') FROM ({query}) AS t; ROLLBACK"
    return json.loads(cluster.sql(text, database))
