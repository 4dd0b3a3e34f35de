"""An agent's name belongs to who signed for it; what is revoked, removed or lies is gone at once.

Rooms: authority/trust, host/bundle, host/engine/catalog, host/cli/keys, host/cli/plugin, host/cli/doctor.
"""
import json
import pathlib
import shutil

import pytest

from host import BUILD, ROOT, RUN_S, Publisher, dag, orch, until

HERE = pathlib.Path(__file__).resolve().parent
VERSIONED = HERE / "plugins" / "versioned"
SAY = {"dag_id": "say", "name": "say", "nodes": {"a": {"agent_id": "versioned.say"}}}


@pytest.fixture
def other(tmp_path):
    """A publisher whom nobody trusts yet."""
    return Publisher(tmp_path / "other")


@pytest.fixture
def project(tmp_path):
    """A copy of a project with another manifest."""
    def make(source, name, **changes):
        made = tmp_path / "projects" / name
        shutil.copytree(source, made)
        manifest = json.loads((made / "manifest.json").read_text()) | changes
        (made / "manifest.json").write_text(json.dumps(manifest))
        return made
    return make


@pytest.fixture
def bundles(project, tmp_path):
    """NAME.orchbundle of the plugin versioned, or of the one that claims its agent; signed by whom."""
    def make(by, plugin, version):
        made = project(VERSIONED, f"{plugin}-{version}", id=plugin, version=version)
        so = BUILD / "plugins" / "versioned" / f"{plugin}-{version}.so"
        return by.sign(by.pack(made, so, tmp_path / f"{plugin}-{version}.orchbundle"))
    return make


def trust(host, publisher, agents="*", tenants="*"):
    """The key's id; the host is told at once."""
    return host.cli("trust", "add", "--key", publisher.public, "--name", "other", "--plugins", "*",
                    "--agents", agents, "--tenants", tenants, "--quiet").stdout.strip()


def verdicts(host):
    """{file: "VERDICT: REASON"} of every bundle, once all have one."""
    shown = lambda: host.http("GET", "/admin/plugins", expect=200).json
    items = until(lambda: (now := shown())["settled"] and now, RUN_S, "verdicts")["items"]
    return {row["file"]: f"{row['verdict']}: {row.get('reason', '')}" for row in items}


def said(host):
    return host.complete("say")["node_traces"]["a"]["outputs"]


def test_another_keys_higher_version_does_not_take_a_name_over(make_host, publisher, other, bundles):
    own = make_host(plugins=(bundles(publisher, "versioned", "1.1.0"),))
    own.publish(SAY)
    trust(own, other)
    own.install(bundles(other, "claimant", "9.9.9"), "a-claimant.orchbundle")
    own.cli("plugin", "refresh", expect=1)
    for _ in ("running", "started again"):
        why = verdicts(own)["a-claimant.orchbundle"]
        assert why.startswith("conflict: agent 'versioned.say' is held by plugin 'versioned@1.1.0'"), why
        assert said(own) == {"version": "1.1.0"}
        own.stop()
        own.start()
    shown = own.cli("doctor", "-o", "ndjson", expect=None).stdout
    assert "a-claimant.orchbundle: conflict: agent 'versioned.say'" in shown
    (own.home / "plugins" / "versioned-1.1.0.orchbundle").unlink()
    own.cli("plugin", "refresh")
    assert said(own) == {"version": "9.9.9"}


def test_a_key_exposes_the_agents_that_it_was_granted_only(make_host, publisher, other, bundles):
    own = make_host(plugins=())
    trust(own, other, agents="claimant.*")
    own.install(bundles(other, "claimant", "9.9.9"))
    own.cli("plugin", "refresh", expect=1)
    assert verdicts(own)["claimant-9.9.9.orchbundle"].startswith("refused: agent_denied")


def test_an_agent_is_there_for_the_tenants_of_its_key_only(make_host, publisher, other, bundles):
    own = make_host(plugins=())
    trust(own, other, tenants="acme")
    own.install(bundles(other, "claimant", "9.9.9"))
    own.cli("plugin", "refresh")
    token = own.mint("orchestrator:admin", tenant="acme")
    own.publish(SAY)
    own.publish(SAY, token=token)
    assert own.wait(own.run("say"))["status"] == "failed"
    assert own.http("GET", "/plugins", expect=200).json["items"] == []
    theirs = own.run("say", token=token)
    final = lambda: own.http("GET", f"/runs/{theirs}", token=token, expect=200).json["status"]
    assert until(lambda: final() in {"completed", "failed"} and final(), RUN_S, "their run") == "completed"
    assert [row["pluginId"] for row in own.http("GET", "/plugins", token=token, expect=200).json["items"]] == \
        ["claimant"]


@pytest.mark.parametrize("name", ["a-liar.orchbundle", "z-liar.orchbundle"])
def test_a_lying_manifest_around_a_genuine_object_is_refused_beside_it(make_host, publisher, project, tmp_path,
                                                                       name):
    agent = {"id": "liar.stub", "version": "1.0.0", "profile": "pure", "pure": False, "idempotent": True}
    liar = project(ROOT / "plugins" / "conformance", "liar", agents=[agent])
    so = BUILD / "plugins" / "conformance" / "conformance.so"
    own = make_host(start=False)
    own.install(publisher.sign(publisher.pack(liar, so, tmp_path / "l.orchbundle")), name)
    own.start()
    assert verdicts(own) == {
        "conformance.orchbundle": "ready: ",
        name: "refused: agents: the plugin has 'conformance.stub', its manifest does not name it"}
    own.publish(dag("x", {"a": ([], {})}))
    own.complete("x")


def asleep(host):
    """A run whose attempt sleeps."""
    host.publish(dag("asleep", {"a": ([], {"sleep_s": 3600})}))
    run = host.run("asleep")
    host.wait_node(run, "a", "running")
    return run


def is_gone(host, run, why):
    """The attempt ended as revoked, no new run is taken, the host goes on."""
    trace = host.wait(run)
    assert trace["status"] == "failed" and trace["node_traces"]["a"]["attempt_count"] == 1
    assert why in json.dumps(trace["errors"]), trace["errors"]
    refused = host.http("POST", "/runs", {"dagId": "asleep", "inputs": {}}, expect=422)
    assert "conformance.stub" in refused.json["detail"] and why in refused.json["detail"]
    host.answers()


def test_a_key_that_is_revoked_ends_its_running_attempts(make_host, other):
    own = make_host(plugins=())
    key = trust(own, other)
    own.install(other.bundle("conformance"))
    own.cli("plugin", "refresh")
    run, pid = asleep(own), own.pid
    own.cli("trust", "revoke", key, "--reason", "stolen laptop")
    is_gone(own, run, "stolen laptop")
    assert own.pid == pid and verdicts(own)["conformance.orchbundle"].startswith("revoked: key_revoked")
    assert "stolen laptop" in own.cli("plugin", "list", "-o", "json").stdout


def test_a_bundle_that_is_removed_ends_its_running_attempts(make_host):
    own = make_host()
    run = asleep(own)
    bundle = own.home / "plugins" / "conformance.orchbundle"
    kept = bundle.read_bytes()
    bundle.unlink()
    own.cli("plugin", "refresh")
    is_gone(own, run, "its file is gone")
    bundle.write_bytes(kept)
    own.cli("plugin", "refresh")
    own.publish(dag("x", {"a": ([], {})}))
    own.complete("x")


def test_an_entry_that_is_edited_by_hand_holds_after_a_refresh(make_host):
    own = make_host()
    run = asleep(own)
    path = next((own.home / "trust").glob("*.json"))
    entry = json.loads(path.read_text())
    path.write_text(json.dumps(entry | {"plugins": ["emissions"]}))
    own.cli("plugin", "refresh", expect=1)
    is_gone(own, run, "plugin_denied")
    path.write_text(json.dumps(entry))
    own.cli("plugin", "refresh")
    assert verdicts(own) == {"conformance.orchbundle": "ready: "}


def test_only_what_is_quarantined_can_be_released(make_host):
    own = make_host()
    digest = own.http("GET", "/admin/plugins", expect=200).json["items"][0]["digest"]
    for name in (digest, "0" * 64, "x"):
        assert "quarantined" in own.cli("plugin", "release", name, expect=1).stderr


def test_without_a_host_trust_is_kept_for_its_next_start(make_host, other):
    own = make_host(start=False, plugins=())
    added = orch(own.home, "trust", "add", "--key", other.public, "--name", "other", "--tenants", "*",
                 "--plugins", "*", "--agents", "*", ORCH_URL="http://127.0.0.1:9", ORCH_TOKEN="none")
    assert "from the next start" in added.stderr
    own.install(other.bundle("conformance"))
    own.start()
    assert verdicts(own) == {"conformance.orchbundle": "ready: "}
    assert "other" in own.cli("trust", "list").stdout
    again = own.cli("trust", "add", "--key", other.public, "--name", "twice", "--tenants", "*", expect=1)
    assert "in the trust store already" in again.stderr
    assert "--reason" in own.cli("trust", "revoke", added.stdout.strip(), expect=1).stderr
