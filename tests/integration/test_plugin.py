"""A plugin goes from nothing to tested in the real sandbox, signed, installed, and part of a DAG.

Rooms: host/cli/plugin, host/bundle, plugin-sdk, sandbox/image, host/engine/catalog.
"""
import json

from host import dag, orch


def test_a_plugin_goes_from_new_to_a_run_on_the_host(make_host, publisher, tmp_path):
    orch(tmp_path, "plugin", "new", "greeter")
    orch(tmp_path / "greeter", "plugin", "build")
    orch(tmp_path / "greeter", "plugin", "check")
    orch(tmp_path / "greeter", "plugin", "run")
    bundle = publisher.sign(publisher.pack(tmp_path / "greeter", tmp_path / "greeter" / "greeter.so",
                                           tmp_path / "g.orchbundle"))
    orch(tmp_path, "plugin", "verify", bundle, "--trust", publisher.public)
    own = make_host(plugins=(bundle,))
    own.publish(dag("hi", {"a": {"agent_id": "greeter.greet", "input_mapping": {"name": "input.name"}}}))
    trace = own.wait(own.run("hi", {"name": "World"}))
    assert trace["status"] == "completed" and "World" in json.dumps(trace["node_traces"]["a"]["outputs"])


def test_an_agent_that_does_not_give_its_golden_answer_is_told_so(tmp_path):
    orch(tmp_path, "plugin", "new", "greeter")
    golden = tmp_path / "greeter" / "tests" / "golden" / "greet.json"
    golden.write_text(golden.read_text().replace("hello", "goodbye"))
    done = orch(tmp_path / "greeter", "plugin", "run", expect=1)
    assert "greet.json" in done.stdout + done.stderr
