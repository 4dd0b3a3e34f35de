"""Versions are ordered as Semantic Versioning 2.0.0 orders them, wherever the newest is meant.

Rooms: host/model/version, host/engine/catalog, host/store.
"""
import json
import pathlib
import shutil

import pytest

from host import BUILD

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def versioned(publisher, tmp_path_factory):
    """The signed bundle of one version of the plugin that says its version."""
    folder = tmp_path_factory.mktemp("versioned")

    def make(version):
        project = folder / version
        shutil.copytree(HERE / "plugins" / "versioned", project)
        manifest = json.loads((project / "manifest.json").read_text()) | {"version": version}
        (project / "manifest.json").write_text(json.dumps(manifest))
        so = BUILD / "plugins" / "versioned" / f"versioned-{version}.so"
        return publisher.sign(publisher.pack(project, so, folder / f"{version}.orchbundle"))
    return make


def test_a_release_serves_its_agents_whatever_pre_release_lies_beside_it(make_host, versioned):
    host = make_host(plugins=(versioned("1.1.0-rc1"), versioned("1.1.0")))
    assert {line["version"] for line in host.events("plugin.ready")} == {"1.1.0-rc1", "1.1.0"}
    host.publish({"dag_id": "say", "name": "say", "nodes": {"a": {"agent_id": "versioned.say"}}})
    assert host.complete("say")["node_traces"]["a"]["outputs"] == {"version": "1.1.0"}


def test_the_newest_definition_is_the_release_and_numbers_count_within_a_pre_release(make_host):
    host = make_host(plugins=())
    for version in ("1.1.0-rc.2", "1.1.0", "1.1.0-rc.10", "1.1.0-1", "1.1.0--x"):
        host.publish({"dag_id": "d", "name": "d", "version": version,
                      "nodes": {"a": {"agent_id": "x.y"}}})
    listed = host.http("GET", "/dags?dagId=d", expect=200).json
    assert [row["version"] for row in listed["items"]] == \
        ["1.1.0", "1.1.0-rc.10", "1.1.0-rc.2", "1.1.0--x", "1.1.0-1"]
