"""A host loads signed plugins only; every other bundle is refused for its own reason.

The host stays up and runs the rest. A bundle is NAME.orchbundle: envelope, then archive.

Rooms: authority/trust, authority/server, host/bundle, host/engine/catalog.
"""
import base64
import json
import shutil

import pytest

from host import BUILD, ROOT, RUN_S, START_S, STOP_S, Publisher, chain, orch, until

CONFORMANCE = ROOT / "plugins" / "conformance"
SO = BUILD / "plugins" / "conformance" / "conformance.so"


@pytest.fixture(scope="module")
def good(publisher):
    return publisher.bundle("conformance")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the conformance project whose manifest tests may edit."""
    folder = tmp_path_factory.mktemp("project")

    def make(name, **changes):
        made = folder / name
        shutil.copytree(CONFORMANCE, made)
        manifest = json.loads((made / "manifest.json").read_text()) | changes
        (made / "manifest.json").write_text(json.dumps(manifest))
        return made
    return make


def refusals(host):
    return {line["bundle"]: line["error"] for line in host.events("plugin.refused")}


def refused_at_start(make_host, bundle, *words):
    """A host with this bundle beside a good plugin comes up without it and says why."""
    own = make_host(start=False, plugins=("emissions",))
    own.install(bundle, "bad.orchbundle")
    own.start()
    assert "bad.orchbundle" in refusals(own), "it was loaded"
    assert all(word in refusals(own)["bad.orchbundle"] for word in words), refusals(own)
    assert {line["plugin"] for line in own.events("plugin.ready")} == {"emissions"}
    assert "1 loaded, 1 refused" in own.http("GET", "/admin/health", expect=200).text.decode()
    own.answers()
    return own


def envelope_of(bundle):
    """(envelope, where it begins, its length, the whole file)."""
    data = bundle.read_bytes()
    begin = data.index(b"{")
    envelope, length = json.JSONDecoder().raw_decode(data[begin:].decode("latin-1"))
    return envelope, begin, length, data


def test_an_unsigned_bundle_is_refused(make_host, publisher, tmp_path):
    bundle = publisher.pack(CONFORMANCE, SO, tmp_path / "u.orchbundle")
    refused_at_start(make_host, bundle, "unsigned")


def test_a_foreign_key_is_unknown(make_host, tmp_path):
    refused_at_start(make_host, Publisher(tmp_path / "stranger").bundle("conformance"), "key_unknown")


def test_a_changed_byte_of_the_archive_is_refused(make_host, good, tmp_path):
    data = bytearray(good.read_bytes())
    data[len(data) * 3 // 4] ^= 1
    (tmp_path / "t.orchbundle").write_bytes(data)
    refused_at_start(make_host, tmp_path / "t.orchbundle", "content_mismatch")


def test_a_changed_byte_of_the_signature_is_refused(make_host, good, tmp_path):
    envelope, _, _, data = envelope_of(good)
    old = envelope["signatures"][0]["sig"]
    raw = bytearray(base64.b64decode(old))
    raw[0] ^= 1
    changed = data.replace(old.encode(), base64.b64encode(raw))
    assert changed != data and len(changed) == len(data)
    (tmp_path / "t.orchbundle").write_bytes(changed)
    refused_at_start(make_host, tmp_path / "t.orchbundle", "signature_wrong")


def test_a_changed_manifest_is_refused(make_host, good, tmp_path):
    envelope, _, _, data = envelope_of(good)
    old = envelope["payload"]
    text = base64.b64decode(old).replace(b'"conformance"', b'"konformance"', 1)
    changed = data.replace(old.encode(), base64.b64encode(text))
    assert changed != data and len(changed) == len(data)
    (tmp_path / "t.orchbundle").write_bytes(changed)
    refused_at_start(make_host, tmp_path / "t.orchbundle", "signature_wrong")


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_bundle_is_refused(make_host, good, tmp_path, part):
    data = good.read_bytes()
    (tmp_path / "t.orchbundle").write_bytes(data[:int(len(data) * part)])
    refused_at_start(make_host, tmp_path / "t.orchbundle")


def test_bytes_behind_the_archive_are_refused(make_host, good, tmp_path):
    (tmp_path / "t.orchbundle").write_bytes(good.read_bytes() + b"more")
    refused_at_start(make_host, tmp_path / "t.orchbundle")


def test_the_archive_of_another_bundle_under_a_good_signature_is_refused(make_host, publisher, good, tmp_path):
    other = publisher.bundle("emissions")
    _, begin, length, mine = envelope_of(good)
    _, other_begin, other_length, theirs = envelope_of(other)
    (tmp_path / "t.orchbundle").write_bytes(mine[:begin + length] + theirs[other_begin + other_length:])
    refused_at_start(make_host, tmp_path / "t.orchbundle")


def test_garbage_with_the_right_name_is_refused(make_host, tmp_path):
    (tmp_path / "t.orchbundle").write_bytes(bytes(range(256)) * 40)
    refused_at_start(make_host, tmp_path / "t.orchbundle", "bundle")


def test_each_refusal_has_its_own_words(make_host, publisher, good, tmp_path):
    """All at once: one host, many bad bundles, one reason each."""
    own = make_host(start=False, plugins=("emissions",))
    own.install(publisher.pack(CONFORMANCE, SO, tmp_path / "u.orchbundle"), "unsigned.orchbundle")
    own.install(Publisher(tmp_path / "stranger").bundle("conformance"), "foreign.orchbundle")
    data = bytearray(good.read_bytes())
    data[-1] ^= 1
    (own.home / "plugins" / "tampered.orchbundle").write_bytes(data)
    own.start()
    why = refusals(own)
    assert len({text.split(":")[0] for text in why.values()}) == 3 and len(why) == 3, why


# ---- the operator's entry ----

def trust_entry(host):
    path = next((host.home / "trust").glob("*.json"))
    return path, json.loads(path.read_text())


def restart_with(host, **changes):
    """Restarts the host with its one trust entry edited."""
    host.stop()
    path, entry = trust_entry(host)
    path.write_text(json.dumps(entry | changes))
    host.start()
    return refusals(host)


@pytest.fixture
def trusting(make_host):
    """A host that had the plugin loaded under its entry."""
    own = make_host()
    assert [line["plugin"] for line in own.events("plugin.ready")] == ["conformance"]
    return own


ENTRIES = {
    "key_revoked": {"revoked": {"at": "2026-01-01T00:00:00Z", "reason": "lost laptop"}},
    "version_downgrade": {"min_versions": {"conformance": "1.0.1"}},
    "plugin_denied": {"plugins": ["emissions"]},
    "grant_exceeded": {"profiles": ["files"]},
    "purpose_denied": {"roles": ["dag"]},
    "tenant_denied": {"tenants": []},
    "agent_denied": {"agents": ["other.*"]},
}


@pytest.mark.parametrize("word", ENTRIES)
def test_what_the_operators_entry_forbids_is_refused_by_its_own_word(trusting, word):
    why = restart_with(trusting, **ENTRIES[word])
    assert why["conformance.orchbundle"].startswith(word), why
    assert trusting.events("plugin.ready") == []
    trusting.publish(chain("x", 1))
    assert "conformance.stub" in trusting.wait(trusting.run("x"))["error"]


def test_the_pinned_version_itself_is_loaded(trusting):
    restart_with(trusting, min_versions={"conformance": "1.0.0"})
    assert [line["version"] for line in trusting.events("plugin.ready")] == ["1.0.0"]


def test_a_manifest_that_asks_for_more_than_is_granted_is_refused_whole(make_host, publisher, project, tmp_path):
    greedy = project("greedy", requests={"profiles": ["pure"], "network": ["example.org:443"], "limits": {}})
    bundle = publisher.sign(publisher.pack(greedy, SO, tmp_path / "g.orchbundle"))
    refused_at_start(make_host, bundle, "grant_exceeded", "example.org:443")


def test_a_manifest_whose_id_is_not_the_objects_is_not_packed(publisher, project, tmp_path):
    other = project("renamed", id="renamed")
    done = orch(tmp_path, "plugin", "pack", other, "--so", SO, "--out", tmp_path / "r.orchbundle", expect=None)
    assert done.returncode != 0 and "conformance" in done.stderr and "renamed" in done.stderr


def test_a_trust_folder_that_cannot_be_read_stops_the_host_with_the_files_name(make_host):
    own = make_host()
    own.stop()
    path, _ = trust_entry(own)
    path.write_text('{"name": "x", "surprise": 1}')
    own.launch()
    assert own.process.wait(STOP_S) != 0
    assert path.name in own.log_text()


def test_a_bundle_that_is_put_there_later_is_loaded_when_the_caches_are_warmed(make_host, publisher):
    own = make_host(plugins=())
    assert own.events("plugin.ready") == []
    own.install(publisher.bundle("conformance"))
    own.http("POST", "/admin/warm", expect=202)
    until(lambda: own.events("plugin.ready"), RUN_S, "plugin.ready")
    own.publish(chain("x", 1))
    own.complete("x")


def test_a_bundle_that_changes_on_disk_after_its_start_changes_nothing(make_host):
    own = make_host()
    own.publish(chain("x", 1))
    (own.home / "plugins" / "conformance.orchbundle").write_bytes(b"other bytes")
    own.http("POST", "/admin/warm", expect=202)
    until(lambda: own.events("caches.warmed"), RUN_S, "caches.warmed")
    own.complete("x")


def test_a_host_that_is_not_for_development_trusts_nothing(make_host):
    own = make_host(start=False)
    (own.home / "root.key").write_bytes(bytes(range(32)))
    (own.home / "root.key").chmod(0o600)
    own.launch(dev="false")
    own.ready = until(own.is_ready, START_S, "host.ready")
    assert refusals(own)["conformance.orchbundle"].startswith("key_unknown")
    assert own.events("plugin.ready") == [] and not (own.home / "token").exists()


def test_a_host_that_is_not_for_development_makes_no_root_key(make_host):
    own = make_host(start=False)
    own.launch(dev="false")
    assert own.process.wait(STOP_S) != 0
    assert not (own.home / "root.key").exists() and "root key" in own.log_text()
