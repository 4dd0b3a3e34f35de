"""What one host at a time does is one host's, and another's when that one is gone.

Rooms: host/engine/jobs, host/engine/evidence, host/store.
"""
import json
import os
import signal

import pytest
from host import chain, child_named, orch, until

JOBS = ("ledger-heads", "schedules", "statements", "upkeep")
MOVED_S = 60  # above the ttl, on a machine that does much else


@pytest.fixture
def two(make_field):
    field = make_field(count=2)
    return field, field.hosts[0], field.hosts[1]


def owners(field):
    """{job: place of the host that has it, in the field}; None: nobody alive has it."""
    ids = {(host.home / "host-id").read_text().strip(): place for place, host in enumerate(field.hosts)}
    found = field.rows("SELECT job, lease_owner, EXISTS (SELECT FROM orchestrator.hosts AS h WHERE h.host_id ="
                       " lease_owner AND h.epoch = lease_epoch AND NOT h.fenced) AS lives FROM orchestrator.job_leases")
    return {row["job"]: ids[row["lease_owner"]] if row["lives"] else None for row in found}


def await_owner(field, place):
    until(lambda: set(owners(field).values()) == {place}, MOVED_S, f"all jobs at host {place}: {owners(field)}")


def export(host, name):
    file = host.home / name
    host.cli("ledger", "export", "--out", file)
    key = host.home / "host.pub.pem"
    key.write_text(orch(host.home, "key", "show").stdout)
    host.cli("verify", file, "--trust", key)


def test_each_job_has_one_host_and_an_export_of_any_is_whole(two):
    field, a, b = two
    assert owners(field) == dict.fromkeys(JOBS, 0)
    a.publish(chain("three", 3))
    for host in (b, a, b):
        host.complete("three")
        for at in (a, b):
            export(at, "ledger.ndjson")
    heads = field.rows("SELECT tenant_id, tree_size, last_seq FROM orchestrator.ledger_heads ORDER BY tree_size")
    assert [row["last_seq"] for row in heads] == sorted({row["last_seq"] for row in heads})


def listed(host):
    """{host id: its line} of `orch host list`."""
    return {row["hostId"]: row for row in json.loads(host.cli("host", "list", "-o", "json").stdout)["items"]}


def test_hosts_are_listed_with_what_each_has_and_how_it_ended(two):
    field, a, b = two
    one, other = ((host.home / "host-id").read_text().strip() for host in (a, b))
    a.publish(chain("slow", 1, {"sleep_s": 3600}))
    a.wait_node(a.run("slow"), "n00", "running")
    rows = listed(b)
    assert [(rows[h]["state"], rows[h]["runs"], len(rows[h]["jobs"]), rows[h]["agents"], rows[h]["address"])
            for h in (one, other)] == [("alive", 1, len(JOBS), 1, a.settings["listen"]), ("alive", 0, 0, 1, b.settings["listen"])]
    assert all(row["heartbeatAgeMs"] < 3000 and row["epoch"] == 1 for row in rows.values()), rows
    pages = [b.http("GET", "/hosts?page_size=1", expect=200).json]
    pages.append(b.http("GET", f"/hosts?page_size=1&page_token={pages[0]['next_page_token']}", expect=200).json)
    assert [p["items"][0]["hostId"] for p in pages] == sorted(rows) and "next_page_token" not in pages[1]
    assert b.http("GET", "/hosts", token=b.mint("orchestrator:write")).status == 403
    a.end(signal.SIGKILL)
    until(lambda: listed(b)[one]["state"] == "fenced" and listed(b)[other]["runs"] == 1, MOVED_S, "the second to follow")
    assert listed(b)[one]["jobs"] == [] and listed(b)[one]["runs"] == 0 and len(listed(b)[other]["jobs"]) == len(JOBS)
    a.up()
    until(a.is_up, MOVED_S, "the first host again")
    assert (listed(b)[one]["state"], listed(b)[one]["epoch"]) == ("alive", 2)
    assert a.end(signal.SIGTERM) == 0
    assert listed(b)[one]["state"] == "ended"


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_jobs_move_with_their_host_gone(two, by):
    field, a, b = two
    a.publish(chain("three", 3))
    a.complete("three")
    a.end(by)
    await_owner(field, 1)
    b.complete("three")
    export(b, "ledger.ndjson")
    a.up()
    until(a.is_up, MOVED_S, "the first host again")
    export(a, "ledger.ndjson")
    assert set(owners(field).values()) == {1}


def test_what_a_dead_host_left_unsigned_is_signed_by_the_other(two):
    field, a, b = two
    a.publish(chain("once", 1))
    authority = child_named(a, "orch-authority")
    os.kill(authority, signal.SIGSTOP)
    run_id = a.complete("once")["execution_id"]
    assert not b.http("GET", f"/runs/{run_id}/provenance", expect=200).json["statement"]
    a.end(signal.SIGKILL)
    await_owner(field, 1)
    b.provenance(run_id)
    assert field.rows(f"SELECT 1 FROM orchestrator.statements WHERE execution_id = '{run_id}'") == [{"?column?": 1}]


def test_months_to_come_have_their_partitions(make_field, cluster):
    field = make_field(count=1)
    cluster.sql("DROP TABLE orchestrator." + newest(field), field.database)
    dropped = newest(field)
    field.hosts[0].end(signal.SIGTERM)
    field.hosts[0].up()
    until(lambda: newest(field) > dropped, MOVED_S, "the partition")


def newest(field):
    return field.rows("SELECT max(relname) AS name FROM pg_class WHERE relname ~ '^run_events_[0-9]{6}$'"
                      " AND relkind = 'r'")[0]["name"]
