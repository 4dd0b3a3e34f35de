"""Several homes share a store: one root key, one ledger, and the bundles that the store has.

Rooms: host/daemon, authority/history, authority/keys, host/engine/catalog, host/store.
"""
import os
import shutil
import subprocess

import pytest
from host import BIN, BUILD, ROOT, RUN_S, START_S, chain, orch, until


@pytest.fixture
def database(cluster, request):
    name = request.node.name[:60]
    url = cluster.make_database(name)
    subprocess.run([BIN / "orchd", "migrate", "up", "--store", url], check=True, capture_output=True, timeout=120)
    return name, url


def give_root_key(of, to):
    """What OPERATIONS.md types: the one file that makes a home one of this store's."""
    shutil.copy(of.home / "root.key", to.home / "root.key")
    os.chmod(to.home / "root.key", 0o600)


def refused(host, *words):
    host.launch()
    assert host.process.wait(START_S) == 1
    text = host.log_text()
    for word in words:
        assert word in text, text[-2000:]


def sealed(host):
    """The ledger with everything so far under a signed head, checked offline."""
    out = host.home / "ledger.ndjson"
    out.unlink(missing_ok=True)
    host.cli("ledger", "export", "--out", out)
    orch(host.home, "verify", out)


def bundles_of(host):
    return host.http("GET", "/admin/plugins", expect=200, X_Stella_Tenant="default").json["items"]


@pytest.fixture
def first(make_host, database):
    host = make_host("first", store=database[1])
    host.publish(chain("three", 3))
    host.complete("three")
    sealed(host)
    return host


def next_home(make_host, first, name="second", **settings):
    """Another home with the store's root key, not started."""
    host = make_host(name, start=False, **{"store": first.settings["store"], "plugins": ()} | settings)
    give_root_key(first, host)
    return host


def test_a_home_with_the_stores_root_key_joins_and_each_signs_behind_the_other(make_host, first):
    token = first.token
    assert first.stop() == 0
    second = next_home(make_host, first).start()
    assert second.http("GET", "/dags/three", token=token).status == 200
    second.complete("three")
    sealed(second)
    assert second.stop() == 0
    first.start()  # its authority remembers an older head than the store has
    first.complete("three")
    sealed(first)
    assert first.stop() == 0
    second.start()
    sealed(second)
    assert second.stop() == 0


def test_another_root_key_is_refused_with_what_to_do(make_host, first):
    assert first.stop() == 0
    stranger = make_host("stranger", start=False, plugins=(), store=first.settings["store"])
    refused(stranger, "belongs to the host key", "root.key", "orch-root-key")
    assert not (stranger.home / "authority" / "store").exists()
    give_root_key(first, stranger)
    assert stranger.start().stop() == 0


def test_the_root_key_may_be_a_credential(make_host, first, tmp_path):
    assert first.stop() == 0
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    shutil.copy(first.home / "root.key", credentials / "orch-root-key")
    second = make_host("second", start=False, plugins=(), store=first.settings["store"])
    second.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    second.dev = False
    second.launch()
    until(second.is_ready, START_S, "host.ready")
    assert not (second.home / "root.key").exists()
    assert second.stop() == 0


def test_without_a_root_key_nothing_is_made_up(make_host, first):
    assert first.stop() == 0
    second = make_host("second", start=False, plugins=(), store=first.settings["store"])
    second.dev = False
    refused(second, "root.key")
    assert not (second.home / "root.key").exists()


def test_a_home_of_another_store_is_refused_also_with_the_same_root_key(make_host, first, cluster):
    other = cluster.make_database("another")
    subprocess.run([BIN / "orchd", "migrate", "up", "--store", other], check=True, capture_output=True, timeout=120)
    assert first.stop() == 0
    second = next_home(make_host, first, store=other)
    assert second.start().stop() == 0
    second.settings["store"] = first.settings["store"]
    refused(second, "but this home's is")


def test_an_older_copy_is_refused_by_who_signed_more_and_not_by_who_is_new(make_host, first, database, cluster):
    assert first.stop() == 0
    cluster.sql(f"CREATE DATABASE older TEMPLATE {database[0]} OWNER keeper STRATEGY file_copy")
    first.start()
    first.complete("three")
    sealed(first)
    assert first.stop() == 0
    older = first.settings["store"].replace(database[0], "older")
    newest, first.settings["store"] = first.settings["store"], older
    refused(first, "it is an older copy")
    first.settings["store"] = newest
    assert first.start().stop() == 0
    second = next_home(make_host, first, store=older)
    assert second.start().stop() == 0
    second.settings["store"] = newest  # the same store, gone on
    assert second.start().stop() == 0


def test_a_host_fetches_what_it_lacks_and_runs_it(make_host, first):
    until(lambda: first.events("plugin.stored"), RUN_S, "the bundle in the store")
    assert first.stop() == 0
    second = next_home(make_host, first).start()
    assert len(second.events("plugin.fetched")) == 1
    second.complete("three")
    assert [name for name in os.listdir(second.home / "plugins") if name.endswith(".orchbundle")]
    assert second.stop() == 0
    second.start()
    assert not second.events("plugin.fetched")


def test_a_host_that_does_not_trust_the_publisher_says_so_and_runs_nothing_of_it(make_host, first):
    until(lambda: first.events("plugin.stored"), RUN_S, "the bundle in the store")
    assert first.stop() == 0
    second = next_home(make_host, first)
    (second.home / "publisher.pub.pem").unlink()
    second.start()
    rows = bundles_of(second)
    assert [row["verdict"] for row in rows] == ["refused"], rows
    assert "key_unknown" in rows[0]["reason"]


def test_install_is_durable_for_all_and_remove_reaches_the_next_host(make_host, first, publisher):
    shown = first.cli("plugin", "install", publisher.bundle("emissions")).stdout
    assert shown.count("ready") == 2
    assert len(first.events("plugin.stored")) == 2
    assert first.stop() == 0
    second = next_home(make_host, first).start()
    rows = {row["pluginId"]: row for row in bundles_of(second)}
    assert rows["emissions"]["verdict"] == "ready" and rows["emissions"]["stored"]
    second.cli("plugin", "remove", rows["emissions"]["digest"])
    assert second.stop() == 0
    first.dev = False
    first.start()
    # Of one that is removed before its turn to be verified only the file is known.
    found = {row["file"].split("-")[0].removesuffix(".orchbundle"): row["verdict"] for row in bundles_of(first)}
    assert found == {"emissions": "removed", "conformance": "ready"}
    assert [name for name in os.listdir(first.home / "plugins") if name.endswith(".removed")]


def verdicts(host):
    return {row.get("pluginId"): row["verdict"] for row in bundles_of(host)}


def test_what_one_host_installs_and_removes_the_others_follow_while_they_run(make_host, first, publisher):
    second = next_home(make_host, first).start()
    first.cli("plugin", "install", publisher.bundle("emissions"))
    until(lambda: verdicts(second).get("emissions") == "ready", RUN_S, "the bundle on the other host")
    digest = next(row["digest"] for row in bundles_of(second) if row.get("pluginId") == "emissions")
    second.cli("plugin", "remove", digest)
    until(lambda: verdicts(first)["emissions"] == "removed", RUN_S, "the removal on the other host")
    assert verdicts(first)["conformance"] == verdicts(second)["conformance"] == "ready"


def test_other_bytes_of_a_version_that_the_store_has_are_a_conflict(make_host, first, publisher, tmp_path):
    until(lambda: first.events("plugin.stored"), RUN_S, "the bundle in the store")
    assert first.stop() == 0
    second = next_home(make_host, first).start()
    assert second.stop() == 0
    second.dev = False
    second.install(other_bytes(publisher, tmp_path))
    second.start()
    rows = bundles_of(second)
    assert sorted(row["verdict"] for row in rows) == ["conflict", "ready"], rows
    assert "versions are immutable" in next(row["reason"] for row in rows if row["verdict"] == "conflict")


def other_bytes(publisher, tmp_path):
    """The same plugin and version, with another file in its bundle."""
    project = tmp_path / "conformance"
    shutil.copytree(ROOT / "plugins" / "conformance", project)
    manifest = project / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"summary": "', '"summary": "Rebuilt. ', 1))
    return publisher.sign(publisher.pack(project, BUILD / "plugins" / "conformance" / "conformance.so",
                                         tmp_path / "again.orchbundle"))


def test_a_copy_of_a_file_store_holds_its_bundles(make_host, tmp_path):
    first = make_host("first")
    first.publish(chain("three", 3))
    until(lambda: first.events("plugin.stored"), RUN_S, "the bundle in the store")
    assert first.stop() == 0
    second = make_host("second", start=False, plugins=())
    shutil.copy(first.home / "orch.db", second.home / "orch.db")
    os.chmod(second.home / "orch.db", 0o600)
    give_root_key(first, second)
    second.start()
    second.complete("three")


def mapped(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        return {os.path.basename(line.split()[-1]) for line in maps if ".so" in line}


def has(libraries, name):
    return any(library.startswith(name) for library in libraries)


def test_a_host_has_no_library_of_a_store_that_it_has_not(make_host, database):
    file, server = make_host("file"), make_host("server", store=database[1])
    assert has(mapped(file.pid), "libsqlite3.so") and not has(mapped(file.pid), "libpq.so")
    assert has(mapped(server.pid), "libpq.so")


def test_what_archives_are_read_with_is_gone_once_the_host_is_idle(make_host):
    host = make_host()
    until(lambda: not has(mapped(host.pid), "libarchive.so"), RUN_S, "an idle host maps no libarchive")
    assert not has(mapped(host.pid), "libxml2.so")
