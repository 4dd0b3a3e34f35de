"""A tenant's ledger has signed heads and an export that proves itself offline.

Heads in time and after a crash, and every change to an exported file named. The chains and the root are
computed here once more, from RFC 6962 and DESIGN 6 alone.

Rooms: host/engine/evidence, host/model/ledger, host/cli/ledger, host/store, authority/keys.
"""
import base64
import datetime
import hashlib
import json
import os
import signal
import sqlite3
import time

import pytest

from clock import Clock
from host import STUB, chain, child_named, dag, orch, until

HEAD_S = 90  # longest wait for a head


def export(host, file, *flags, token=None):
    more = ["--token", token] if token else []
    host.cli("ledger", "export", "--out", file, *flags, *more)
    return file


def host_key(host):
    """The host's public key, for who verifies elsewhere."""
    file = host.home / "host.pub.pem"
    file.write_text(orch(host.home, "key", "show").stdout)
    return file


def verify(host, file, tmp_path, expect=0):
    """Far from the host: another home, an address where nobody listens."""
    done = orch(tmp_path, "verify", file, "--trust", host_key(host), "-o", "json", expect=expect,
                ORCH_URL="http://127.0.0.1:9")
    return json.loads(done.stdout)[0]


def payload(envelope):
    return json.loads(base64.b64decode(envelope["payload"]))


def head(host, **more):
    """The payload of the newest head, {} when there is none."""
    answer = host.http("GET", "/ledger/head", **more)
    return payload(answer.json) if answer.status == 200 else {}


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def read(file):
    first, *events, last = map(json.loads, file.read_text().splitlines())
    return first, events, last


def write(file, lines):
    """The lines with a last one that fits them, as whoever changed them would make it."""
    body = "".join(line + "\n" for line in lines[:-1])
    last = json.loads(lines[-1]) | {"count": len(lines) - 2, "sha256": hashlib.sha256(body.encode()).hexdigest()}
    file.write_text(body + canonical(last) + "\n")
    return file


def just_after(timestamp):
    at = datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")) + datetime.timedelta(microseconds=1)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def merkle_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + merkle_root(leaves[:k]) + merkle_root(leaves[k:])).digest()


@pytest.fixture(scope="module")
def ledger(host, tmp_path_factory):
    """Some runs of several nodes, more events than the host reads at a time, exported."""
    host.publish(chain("ledger-long", 40))
    host.publish(dag("ledger-fails", {"a": ([], {}), "b": (["a"], {"fail_times": 1})},
                     default_retry_policy={"max_retries": 0}))
    runs = [host.run("ledger-long") for _ in range(8)] + [host.run("ledger-fails")]
    for run in runs:
        host.wait(run)
    return export(host, tmp_path_factory.mktemp("ledger") / "ledger.ndjson"), runs


def test_an_export_is_verified_offline(host, ledger, tmp_path):
    file, runs = ledger
    _, events, last = read(file)
    row = verify(host, file, tmp_path)
    assert row["verified"] is True and row["kind"] == "ledger-export" and row["subject"] == "default"
    assert row["events"] == len(events) == last["count"] > 600
    assert {e["run_id"] for e in events} >= set(runs)


def test_the_root_and_the_chains_are_what_the_design_says(ledger):
    _, events, last = read(ledger[0])
    at = {}
    for event in events:
        n, prev = at.get(event["run_id"], (0, "0" * 64))
        preimage = {k: v for k, v in event.items() if k != "hash"}
        assert (event["n"], event["prev"]) == (n + 1, prev)
        assert hashlib.sha256(canonical(preimage).encode()).hexdigest() == event["hash"]
        at[event["run_id"]] = event["n"], event["hash"]
    leaves = [hashlib.sha256(b"\x00" + bytes.fromhex(e["hash"])).digest() for e in events]
    signed = payload(last["head"])
    assert signed["root_hash"] == merkle_root(leaves).hex()
    assert signed["tree_size"] == len(events) and signed["tenant"] == "default"
    started = next(e for e in events if e["type"] == "run.started")
    assert {"dag_id", "dag_version", "dag_hash", "inputs_hash", "trace_id"} <= set(started["data"])


def test_the_ledger_says_who_did_what_and_why(host, tmp_path):
    why = {"X_Stella_Reason": "night shift", "X_Stella_Ticket": "OPS-7"}
    token = host.mint("orchestrator:admin orch:operate", reason="on call", ticket="OPS-1")
    version = host.publish(dag("audited", {"a": ([], {}), "b": (["a"], {"fail_times": 1})},
                               default_retry_policy={"max_retries": 0}), token=token, **why).json["version"]
    run = host.http("POST", "/runs", {"dagId": "audited"}, token=token, expect=201, **why).json["runId"]
    host.wait(run)
    host.http("POST", f"/runs/{run}:resume", token=token, expect=202, **why)
    host.wait(run)
    host.http("POST", f"/dags/audited/{version}:disable", token=token, expect=200, **why)
    host.cli("secret", "set", "db", stdin="x")
    file = export(host, tmp_path / "audited.ndjson")
    events = read(file)[1]
    data = {e["type"]: e["data"] for e in events if e["type"].startswith("audit.")}
    for kind in ("audit.dag_published", "audit.dag_disabled"):
        assert (data[kind]["reason"], data[kind]["ticket"], data[kind]["version"]) == ("night shift", "OPS-7", version)
        assert data[kind]["actor"] == "test"
    assert data["audit.secret_set"]["name"] == "db" and data["audit.secret_set"]["actor"] == "dev"
    minted = [e["data"] for e in events if e["type"] == "audit.token_minted" and e["data"]["reason"] == "on call"]
    assert len(minted) == 1 and minted[0]["ticket"] == "OPS-1" and "orch:operate" in minted[0]["scope"]
    mine = [e for e in events if e["run_id"] == run]
    told = [e["data"] for e in mine if "actor" in e["data"]]
    assert [(d["actor"], d["reason"], d["ticket"]) for d in told] == [("test", "night shift", "OPS-7")] * 2
    failed = next(e["data"] for e in mine if e["type"] == "step.updated" and e["data"]["status"] == "failed")
    assert failed["plugin"] == "conformance@1.0.0" and len(failed["plugin_digest"]) == len(failed["input_hash"]) == 64
    ended = next(e["data"] for e in mine if e["type"] == "run.failed")
    assert ended["dag_version"] == version and len(ended["inputs_hash"]) == 64
    assert verify(host, file, tmp_path)["verified"] is True


def changed_byte(lines):
    at = next(i for i, line in enumerate(lines) if '"run.completed"' in line)
    lines[at] = lines[at].replace('"run.completed"', '"run.completee"')
    return f"line {at + 1}: run {json.loads(lines[at])['run_id']}: event"


def dropped_line(lines):
    at = next(i for i, line in enumerate(lines) if '"n":5,' in line)
    gone = json.loads(lines.pop(at))
    return f"run {gone['run_id']}: event 6 follows event 4"


def dropped_end_of_a_run(lines):
    at = max(i for i, line in enumerate(lines) if '"run.completed"' in line)
    lines.pop(at)
    return "those here there are"


def reordered_lines(lines):
    at = next(i for i, line in enumerate(lines) if '"n":5,' in line)
    run = json.loads(lines[at])["run_id"]
    then = next(i for i, line in enumerate(lines) if '"n":6,' in line and run in line)
    lines[at], lines[then] = lines[then], lines[at]
    return f"line {at + 1}: run {run}: event 6 follows event 4"


def reordered_runs(lines):
    ids = [json.loads(line).get("run_id") for line in lines]
    at = next(i for i in range(1, len(lines) - 2) if ids[i] != ids[i + 1])
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return "the events give"


def swapped_tenant(lines):
    lines[0] = lines[0].replace('"default"', '"another"')
    return "head is of tenant 'default', the export is of 'another'"


@pytest.mark.parametrize("change", [changed_byte, dropped_line, dropped_end_of_a_run, reordered_lines,
                                    reordered_runs, swapped_tenant], ids=lambda f: f.__name__)
def test_a_change_is_named_even_under_a_last_line_made_anew(host, ledger, tmp_path, change):
    lines = ledger[0].read_text().splitlines()
    why = change(lines)
    row = verify(host, write(tmp_path / "bad.ndjson", lines), tmp_path, expect=1)
    assert row["verified"] is False and why in row["detail"], row


def test_a_change_without_a_new_last_line_is_named(host, ledger, tmp_path):
    file = tmp_path / "bad.ndjson"
    lines = ledger[0].read_text().splitlines()
    for change, why in ((lines[:-2] + lines[-1:], "events"), (lines[:-1], "the last line is missing"),
                        (lines + lines[-1:], "behind the last line"), (lines[1:], "")):
        file.write_text("\n".join(change) + "\n")
        assert why in verify(host, file, tmp_path, expect=1)["detail"]


def test_a_head_of_another_host_proves_nothing(host, ledger, make_host, tmp_path):
    stranger = make_host("stranger")
    row = verify(stranger, ledger[0], tmp_path, expect=1)
    assert "key_unknown" in row["detail"]


def test_the_newest_head_is_verified_by_itself(host, ledger, tmp_path):
    file = tmp_path / "head.json"
    host.cli("ledger", "head", "--out", file)
    row = verify(host, file, tmp_path)
    assert row["kind"] == "ledger-head" and f"{head(host)['tree_size']} events" in row["detail"]
    signed = json.loads(file.read_text())
    wrong = payload(signed) | {"tree_size": 1}
    signed["payload"] = base64.b64encode(canonical(wrong).encode()).decode()
    file.write_text(json.dumps(signed))
    assert "signature_wrong" in verify(host, file, tmp_path, expect=1)["detail"]


def test_a_window_begins_in_the_middle_of_a_run_and_is_verified(host, ledger, tmp_path):
    host.publish(dag("ledger-slow", {"a": ([], {}), "b": (["a"], {"sleep_s": 4})}))
    run = host.run("ledger-slow")
    host.wait_node(run, "a", "completed")
    middle = payload(read(export(host, tmp_path / "first.ndjson"))[2]["head"])
    host.wait(run)
    export(host, tmp_path / "all.ndjson")
    rest = export(host, tmp_path / "rest.ndjson", "--from", just_after(middle["timestamp"]))
    first, events, last = read(rest)
    assert payload(first["since"]) == middle
    assert events[0]["run_id"] == run and events[0]["n"] > 1
    assert len(events) == payload(last["head"])["tree_size"] - middle["tree_size"]
    assert verify(host, rest, tmp_path)["verified"] is True
    early = export(host, tmp_path / "early.ndjson", "--to", middle["timestamp"])
    assert payload(read(early)[2]["head"]) == middle
    assert verify(host, early, tmp_path)["verified"] is True


def test_each_tenant_has_a_ledger_of_its_own(host, ledger, tmp_path):
    admin = {t: host.mint("orchestrator:admin", tenant=t) for t in ("north", "south")}
    runs = {}
    for tenant, token in admin.items():
        who = {"token": token, "X_Stella_Tenant": tenant}
        host.publish(chain("ledger-own", 3), **who)
        runs[tenant] = host.http("POST", "/runs", {"dagId": "ledger-own", "inputs": {}}, expect=201, **who).json["runId"]
        until(lambda: host.http("GET", f"/runs/{runs[tenant]}", **who).json["status"] == "completed", HEAD_S, "its end")
    for tenant, token in admin.items():
        file = export(host, tmp_path / f"{tenant}.ndjson", "--tenant", tenant, token=token)
        first, events, last = read(file)
        assert first["tenant"] == payload(last["head"])["tenant"] == tenant
        assert {e["run_id"] for e in events if not e["type"].startswith("audit.")} == {runs[tenant]}
        assert {e["type"] for e in events if e["run_id"] != runs[tenant]} == {"audit.token_minted", "audit.dag_published"}
        assert verify(host, file, tmp_path)["verified"] is True


@pytest.mark.slow
def test_one_pass_renews_the_heads_of_more_tenants_than_one_request_to_the_authority_holds(make_host):
    own, tenants = make_host(ledger_head_seconds=0), [f"t{i:02}" for i in range(70)]
    who = {t: {"token": own.mint("orchestrator:admin", tenant=t), "X_Stella_Tenant": t} for t in tenants}
    for tenant in tenants:
        own.publish(chain("d", 1), **who[tenant])
        own.http("POST", "/runs", {"dagId": "d", "inputs": {}}, expect=201, **who[tenant])
    own.http("GET", "/ledger/export", expect=200, **who["t00"])
    assert own.events("ledger.sealed")[0]["heads"] == len(tenants)
    assert [head(own, **who[t])["tenant"] for t in tenants] == tenants


def test_who_may_only_read_sees_the_head_and_no_export(host, ledger):
    reader = host.mint("orchestrator:read")
    assert host.http("GET", "/ledger/head", token=reader).status == 200
    refused = host.http("GET", "/ledger/export", token=reader, expect=403)
    assert refused.code == "ERR_SCOPE_MISMATCH"


def test_a_head_follows_an_event_within_the_setting_and_then_rests(make_host):
    own = make_host(ledger_head_seconds=1)
    own.publish(chain("d", 2))
    own.complete("d")
    first = until(lambda: head(own), HEAD_S, "a first head")
    own.complete("d")
    second = until(lambda: (h := head(own))["tree_size"] > first["tree_size"] and h, HEAD_S, "the next head")
    assert second["timestamp"] > first["timestamp"] and second["last_seq"] > first["last_seq"]
    until(lambda: "0 events without" in str(health(own)), HEAD_S, "every event under a head")
    sealed = len(own.events("ledger.sealed"))
    own.http("GET", "/runs")
    assert len(own.events("ledger.sealed")) == sealed, "a head without a new event"


def health(host):
    return host.http("GET", "/admin/health", expect=200).json["checks"]["ledger"]


def test_switched_off_a_head_is_made_for_an_export_only(make_host, tmp_path):
    own = make_host(ledger_head_seconds=0)
    own.publish(chain("d", 2))
    own.complete("d")
    assert own.http("GET", "/ledger/head", expect=404).code == "LEDGER_HEAD_NOT_FOUND"
    assert verify(own, export(own, tmp_path / "l.ndjson"), tmp_path)["verified"] is True
    assert head(own)["tree_size"] == read(tmp_path / "l.ndjson")[2]["count"]


def test_what_a_crash_left_without_a_head_gets_one_at_the_next_start(make_host, tmp_path):
    own = make_host(ledger_head_seconds=3600)
    own.publish(chain("d", 3))
    own.complete("d")
    before = payload(read(export(own, tmp_path / "before.ndjson"))[2]["head"])
    own.complete("d")
    own.kill9()
    own.start()
    after = until(lambda: (h := head(own))["tree_size"] > before["tree_size"] and h, HEAD_S, "the head after the crash")
    entries = [e for e in read(tmp_path / "before.ndjson")[1] if e["type"].startswith("audit.")]
    assert after["tree_size"] >= 2 * before["tree_size"] - len(entries)
    file = export(own, tmp_path / "after.ndjson")
    assert verify(own, file, tmp_path)["verified"] is True
    assert file.read_text().splitlines()[1] == (tmp_path / "before.ndjson").read_text().splitlines()[1]


def test_exports_go_on_after_the_authority_was_killed(make_host, tmp_path):
    own = make_host()
    own.publish(chain("d", 2))
    own.complete("d")
    os.kill(until(lambda: child_named(own, "orch-authority"), HEAD_S, "the authority"), signal.SIGKILL)
    file = tmp_path / "l.ndjson"
    until(lambda: own.cli("ledger", "export", "--out", file, expect=None).returncode == 0, HEAD_S, "an export")
    assert verify(own, file, tmp_path)["verified"] is True


def test_heads_that_were_changed_in_the_file_are_not_built_upon(make_host, tmp_path):
    own = make_host(ledger_head_seconds=0)
    own.publish(chain("d", 2))
    own.complete("d")
    export(own, tmp_path / "l.ndjson")
    own.complete("d")
    own.stop()
    damage(own.home / "orch.db")
    own.launch()
    assert own.wait_end() == 1
    refused, = own.events("host.not_started")
    assert "tenant 'default': the newest head and its row differ" in refused["error"]


def damage(path):
    """As an operator with the file in hand, who takes the triggers away first and puts them back."""
    with sqlite3.connect(path) as db:
        trigger, = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'trg_ledger_heads_no_update'").fetchone()
        db.execute("DROP TRIGGER trg_ledger_heads_no_update")
        db.execute("UPDATE ledger_heads SET tree_size = tree_size + 1")
        db.execute(trigger)  # a start would miss it
    db.close()


def seconds_of(timestamp):
    return datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


@pytest.fixture
def stepped(make_host, tmp_path):
    """A host and its clock, which is an hour ahead."""
    own = make_host(start=False)
    own.clock = Clock(own, tmp_path / "ahead")
    own.start()
    own.publish(dag("long", {"a": {"agent_id": STUB, "config": {"sleep_s": 2}}}))
    own.publish(chain("one", 1))
    own.complete("one")
    own.clock.ahead(3600)
    until(lambda: own.metric("orch_clock_steps_total") == 1, 30, "the step is told")
    own.complete("one")
    return own


def test_a_clock_that_was_ahead_leaves_no_later_head_in_the_future(stepped, tmp_path):
    def seal(name):
        export(stepped, tmp_path / name)
        return stepped.http("GET", "/ledger/head", expect=200).json

    ahead = seal("ahead.ndjson")
    run = stepped.run("long")
    stepped.wait_node(run, "a", "running")
    stepped.clock.ahead(0)
    stepped.wait(run)
    assert 2000 <= stepped.http("GET", f"/runs/{run}").json["durationMs"] < 3600_000
    until(lambda: stepped.metric("orch_clock_steps_total") == 2, 30, "the step back is told")
    assert [round(e["by_ms"] / 1000) for e in stepped.events("clock.stepped")] == [3600, -3600]
    right = payload(seal("right.ndjson"))
    assert right["latest_timestamp"] == payload(ahead)["timestamp"] > right["timestamp"]
    assert abs(seconds_of(right["timestamp"]) - time.time()) < 600
    (tmp_path / "ahead.json").write_text(json.dumps(ahead))
    done = orch(tmp_path, "verify", tmp_path / "ahead.json", tmp_path / "right.ndjson", "--trust", host_key(stepped))
    assert f"set back: an earlier head has {right['latest_timestamp']}" in done.stdout
    export(stepped, tmp_path / "to.ndjson", "--to", payload(ahead)["timestamp"])
    assert len(read(tmp_path / "to.ndjson")[1]) == len(read(tmp_path / "right.ndjson")[1])
