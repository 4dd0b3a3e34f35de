"""A store that fails ends the host, in order: exit 1, the true reason, and nothing acknowledged is lost.

A disk that refuses to write or to sync (faults/disk.c) under load and while the host is idle.

Rooms: host/store, host/daemon, host/engine/evidence.
"""
import errno
import os
import sqlite3
import threading

import pytest

from host import BUILD, RUN_S, chain, until

LIBRARY = BUILD / "tests/integration/libdisk_faults.so"
SANITIZED = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


class Disk:
    """The disk under a host's store: sound until it is broken."""

    def __init__(self, host):
        self.control = host.home / "disk.order"
        host.environment |= {"LD_PRELOAD": str(LIBRARY), "ORCH_TEST_DISK": str(self.control)} | SANITIZED

    def breaks(self, calls, number, name="orch.db-wal"):
        new = self.control.with_suffix(".new")
        new.write_text(f"{calls} {number} {name}")
        new.rename(self.control)

    def is_sound(self):
        self.control.unlink()


def host_on_disk(make_host, **settings):
    own = make_host(start=False, **settings)
    disk = Disk(own)
    return own.start(), disk


def start_runs(own, stop, started):
    while not stop.is_set():
        try:
            answer = own.http("POST", "/runs", {"dagId": "quick", "inputs": {}}, timeout=20)
        except OSError:
            return
        except Exception:  # an answer that was cut short with the host
            return
        if answer.status == 201:
            started.append(answer.json["runId"])


def ended_in_order(own, number):
    assert own.wait_end() == 1, own.log_tail()
    log = own.log_path.read_text()
    assert "Assertion" not in log and "Sanitizer" not in log, own.log_tail()
    fatal, = own.events("host.fatal")
    assert os.strerror(number) in fatal["error"], fatal
    assert [line["clean"] for line in own.events("host.stopped")] == [0]


@pytest.mark.parametrize("calls", ["write", "sync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_under_load_ends_the_host_with_1_and_its_true_reason(make_host, calls, number):
    own, disk = host_on_disk(make_host, ledger_head_seconds=1)
    own.publish(chain("quick", 3))
    stop, started = threading.Event(), []
    clients = [threading.Thread(target=start_runs, args=(own, stop, started)) for _ in range(6)]
    for client in clients:
        client.start()
    until(lambda: len(started) > 10, RUN_S, "ten runs")
    disk.breaks(calls, number)
    ended_in_order(own, number)
    stop.set()
    for client in clients:
        client.join()
    disk.is_sound()
    own.start()
    for run in started:
        assert own.wait(run)["status"] == "completed"
