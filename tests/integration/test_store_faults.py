"""A store that fails ends the host, in order: exit 1, the true reason, and nothing acknowledged is lost.

A disk that refuses to write or to sync (faults/disk.c) under load, files that are removed, replaced or
cut under an idle host, and what a start says to a store that lost something.

Rooms: host/store, host/store/sqlite, host/daemon, host/engine/evidence.
"""
import errno
import json
import os
import shutil
import sqlite3
import threading

import pytest

from host import BUILD, RUN_S, SANITIZED, chain, orch, until

LIBRARY = BUILD / "tests/integration/libdisk_faults.so"


class Disk:
    """The disk under a host's store: sound until it is broken."""

    def __init__(self, host):
        self.control = host.home / "disk.order"
        host.environment |= {"LD_PRELOAD": str(LIBRARY), "ORCH_TEST_DISK": str(self.control)} | SANITIZED

    def breaks(self, calls, number, name="orch.db-wal"):
        new = self.control.with_suffix(".new")
        new.write_text(f"{calls} {number} {name}")
        new.rename(self.control)

    def stalls(self, name="orch.db-wal"):
        self.breaks("sync", 0, name)

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


def removed(path):
    path.unlink()


def replaced(path):
    new = path.with_suffix(".new")
    new.write_bytes(path.read_bytes())
    new.chmod(0o600)
    new.rename(path)


def cut(path):
    os.truncate(path, 0)


@pytest.mark.parametrize("harm, name", [(removed, "orch.db"), (removed, "orch.db-wal"), (replaced, "orch.db"),
                                        (cut, "orch.db-wal")])
def test_a_store_file_that_is_not_the_one_that_was_opened_ends_an_idle_host(make_host, harm, name):
    own = make_host()
    own.publish(chain("quick", 1))
    own.complete("quick")
    harm(own.home / name)
    assert own.wait_end() == 1
    fatal, = own.events("host.fatal")
    assert "under the host" in fatal["error"] or "another file" in fatal["error"], fatal


def refused_start(own, says):
    own.launch()
    assert own.wait_end() == 1, own.log_tail()
    reason, = own.events("host.not_started")
    assert says in reason["error"], reason


def flipped(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_flipped_byte_in_the_wal_of_a_killed_host_is_named_and_nothing_is_lost(make_host):
    own = make_host()
    own.publish(chain("quick", 2))
    run = own.run("quick")
    own.wait(run)
    own.kill9()
    wal = own.home / "orch.db-wal"
    for part in (1, 2, 3, 5):
        flipped(wal, wal.stat().st_size // part - 1)
        refused_start(own, "orch.db-wal")
        flipped(wal, wal.stat().st_size // part - 1)
    own.start()
    assert own.wait(run)["status"] == "completed"


def test_a_store_without_one_of_its_triggers_or_indexes_is_refused(make_host):
    own = make_host()
    own.stop()
    with sqlite3.connect(own.home / "orch.db") as db:
        db.execute("DROP TRIGGER trg_run_events_no_delete")
    db.close()
    refused_start(own, "trg_run_events_no_delete")


@pytest.mark.parametrize("name, mode", [(".", 0o720), ("orch.db", 0o620), ("orch.db.count", 0o602)])
def test_a_home_or_a_store_file_that_others_may_write_is_refused(make_host, name, mode):
    own = make_host()
    own.stop()
    (own.home / name).chmod(mode)
    refused_start(own, "others may")


# ---- another store than the one that was there ----

def sealed(own):
    """Everything is under a signed head."""
    own.http("GET", "/ledger/export", expect=200)


def stopped_with_runs(make_host, count, name="home"):
    own = make_host(name)
    own.publish(chain("quick", 1))
    for _ in range(count):
        own.complete("quick")
    sealed(own)
    own.stop()
    return own


def copied(own, folder):
    """The store's files as a backup has them."""
    folder.mkdir()
    for path in own.home.glob("orch.db*"):
        shutil.copy2(path, folder / path.name)


def put_back(own, folder):
    for path in own.home.glob("orch.db*"):
        path.unlink()
    for path in folder.iterdir():
        shutil.copy2(path, own.home / path.name)


@pytest.mark.parametrize("lost", [removed, cut])
def test_a_store_that_is_gone_is_an_error_and_a_new_one_only_with_init(make_host, lost):
    own = stopped_with_runs(make_host, 1)
    lost(own.home / "orch.db")
    refused_start(own, "--init")
    own.start(init="true")
    assert own.http("GET", "/runs").json["items"] == []
    own.publish(chain("quick", 1))
    own.complete("quick")
    sealed(own)  # the ledger begins anew
    own.stop()
    assert len(list((own.home / "authority").glob("ledger-heads.*"))) == 1  # and the old one's heads are kept
    own.start()


def test_an_older_copy_of_the_store_is_refused_and_not_signed_for(make_host, tmp_path):
    own = stopped_with_runs(make_host, 2)
    copied(own, tmp_path / "backup")
    own.start()
    own.complete("quick")
    sealed(own)
    own.cli("ledger", "head", "--out", tmp_path / "first.head")
    own.stop()
    put_back(own, tmp_path / "backup")
    refused_start(own, "an older copy")
    own.start(init="true")  # the operator's word
    own.complete("quick")
    own.complete("quick")
    own.cli("ledger", "export", "--out", tmp_path / "second.ndjson")
    own.cli("verify", tmp_path / "second.ndjson")
    told = own.cli("verify", tmp_path / "first.head", tmp_path / "second.ndjson", expect=1)
    assert "two histories" in told.stdout + told.stderr


def test_another_homes_store_and_another_root_key_are_refused(make_host, tmp_path):
    own, other = stopped_with_runs(make_host, 1), stopped_with_runs(make_host, 1, "other")
    copied(own, tmp_path / "own")
    copied(other, tmp_path / "others")
    put_back(own, tmp_path / "others")
    refused_start(own, "belongs to the host key")
    put_back(own, tmp_path / "own")
    own.start()
    own.stop()
    (own.home / "root.key").rename(tmp_path / "root.key")
    refused_start(own, "belongs to the host key")


def test_a_check_of_the_store_computes_every_event_again(make_host):
    own = stopped_with_runs(make_host, 2)
    facts = json.loads(orch(own.home, "store", "check", "-o", "json").stdout)
    assert facts["verdict"] == "whole" and facts["runs"] == 2 and facts["events"] > facts["runs"]
    with sqlite3.connect(own.home / "orch.db") as db:
        drop, = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'trg_run_events_no_update'").fetchone()
        db.execute("DROP TRIGGER trg_run_events_no_update")
        db.execute("UPDATE run_events SET payload = json_set(payload, '$.forged', 1) WHERE seq = 3")
        db.execute(drop)
    assert "event 3" in orch(own.home, "store", "check", "--exit-codes=fine", expect=8).stderr
    own.start()
    assert "stop the host first" in orch(own.home, "store", "check", expect=1).stderr
