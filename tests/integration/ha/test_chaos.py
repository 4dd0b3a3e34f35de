"""Several hosts share one database; whatever dies of them, of it or between them, nothing is lost or done twice.

A field of hosts under load meets faults of a schedule that its seed draws; then the judge looks. The
schedule here is the same one every time, ORCH_CHAOS_SEED draws another; scripts/chaos draws one of its
own, for as long as it is told: what nobody has met yet is looked for there.

Rooms: host/store/postgres, host/store, host/engine, host/daemon, host/api/stream, tests/integration/ha.
"""
import os

import pytest

from chaos import weather
from faults import DATABASE, KINDS, Disk, schedule

SEED = int(os.environ.get("ORCH_CHAOS_SEED") or 2935044761)
HOSTS, SECONDS, TTL_S = 3, 60, 3


@pytest.fixture
def disk():
    """None where the machine lets nobody mount: then the storm has no full disk."""
    made = Disk()
    yield made if made.mounted else None
    made.close()


def test_a_schedule_is_its_seeds():
    assert schedule(7, 120, 3, TTL_S) == schedule(7, 120, 3, TTL_S) != schedule(8, 120, 3, TTL_S)


def test_a_schedule_has_every_kind_and_meets_nobody_twice_at_a_time():
    acts = schedule(SEED, 120, 3, TTL_S)
    assert {act.kind for act in acts} == set(KINDS), f"seed {SEED}"
    for whom in (DATABASE, 0, 1, 2):
        of_one = [act for act in acts if act.host == whom]
        assert all(a.at + a.lasts < b.at for a, b in zip(of_one, of_one[1:])), f"seed {SEED}"


@pytest.mark.slow
def test_a_storm_of_faults_loses_nothing_and_repeats_nothing(make_field, disk):
    print(f"ORCH_CHAOS_SEED={SEED}")
    if disk is None:
        print("no full disk: this machine lets nobody mount a file system")
    seen, breaches = weather(make_field(count=HOSTS, ttl_s=TTL_S, disk=disk), SEED, SECONDS, say=print)
    assert not breaches, "\n".join(breaches)
    assert seen["runs acknowledged"] > 10, seen
