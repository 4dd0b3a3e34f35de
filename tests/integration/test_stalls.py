"""A host that is stopped while its disk stalls ends in order, with everything on its way told or given up.

A disk that does not answer (faults/disk.c) under runs, definitions and secrets that wait for it.

Rooms: host/daemon, host/store/sqlite, host/engine/commit, host/api.
"""
import http.client
import signal
import threading
import time

import pytest

from host import chain, dag
from test_store_faults import host_on_disk


def asking(own, count):
    """Changes of every kind that wait for the disk, each in a thread; and what they were answered."""
    answers = []
    asks = [lambda: own.http("POST", "/runs", {"dagId": "quick", "inputs": {}}),
            lambda: own.publish(chain("other", 2)),
            lambda: own.http("POST", "/dags/quick/disable", {"reason": "r", "ticket": "t"}),
            lambda: own.http("POST", "/runs", {"dagId": "slow", "inputs": {}}, Idempotency_Key="k")]

    def one(ask):
        try:
            answers.append(ask().status)
        except (OSError, http.client.HTTPException, AssertionError):
            answers.append(None)

    threads = [threading.Thread(target=one, args=(asks[i % len(asks)],)) for i in range(count)]
    for thread in threads:
        thread.start()
    return threads, answers


def stalled_with_work(make_host):
    own, disk = host_on_disk(make_host)
    own.publish(chain("quick", 1))
    own.publish(dag("slow", {"a": ([], {"sleep_s": 1}), "b": (["a"], {"sleep_s": 3600})}))
    run = own.run("slow")
    own.wait_node(run, "a", "running")
    disk.stalls()
    threads, answers = asking(own, 12)
    time.sleep(1.5)  # a's end is among what waits, and the changes were read
    own.signal(signal.SIGTERM)
    return own, disk, run, threads, answers


def is_unharmed(own):
    log = own.log_path.read_text()
    assert "Assertion" not in log and "Sanitizer" not in log, own.log_tail()


def test_a_host_that_is_stopped_while_its_disk_stalls_commits_what_waited_once_it_can(make_host):
    own, disk, run, threads, answers = stalled_with_work(make_host)
    time.sleep(1)
    assert own.process.poll() is None
    disk.is_sound()
    assert own.wait_end() == 0, own.log_tail()
    for thread in threads:
        thread.join()
    is_unharmed(own)
    own.start()
    assert own.node(run, "a")["status"] == "completed"


@pytest.mark.slow
def test_a_disk_that_never_answers_does_not_keep_a_host_from_ending(make_host):
    own, disk, run, threads, answers = stalled_with_work(make_host)
    assert own.wait_end() == 1, own.log_tail()
    for thread in threads:
        thread.join()
    is_unharmed(own)
    assert [line["waited_ms"] for line in own.events("host.store_stalled")] == [10000]
    assert answers == [None] * len(answers) or 201 not in answers, answers
    disk.is_sound()
    own.start()
    assert own.node(run, "a")["attempt_count"] >= 1 and own.ready["runs_recovered"] >= 1
