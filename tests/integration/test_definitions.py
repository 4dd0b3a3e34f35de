"""Definitions are YAML or JSON, and every finding has file, line and column.

Rooms: host/model/dag, host/api/routes, host/cli/dag, host/engine/catalog.
"""
import json
import re
import socket

import pytest

from host import BASE, ROOT, cpu_seconds, dag, is_problem, orch

TEXT = """dag_id: {0}
name: Two of them
version: 1.2.0
nodes:
  a:
    agent_id: conformance.stub
    config: {{return: {{v: 1}}}}
  b: {{agent_id: conformance.stub, depends_on: [a], input_mapping: {{x: results.a.v}}}}
"""
OBJECT = {"name": "Two of them", "version": "1.2.0", "nodes": {
    "a": {"agent_id": "conformance.stub", "config": {"return": {"v": 1}}},
    "b": {"agent_id": "conformance.stub", "depends_on": ["a"], "input_mapping": {"x": "results.a.v"}}}}


def test_yaml_and_json_of_the_same_definition_are_the_same_definition(host):
    host.publish(TEXT.format("both"))
    stored = host.http("GET", "/dags/both", expect=200).json["dag"]
    again = host.http("POST", "/dags/import", {"yaml_content": json.dumps(OBJECT | {"dag_id": "both"})})
    assert again.status in (200, 201) and again.json["dag"]["hash"] == stored["hash"]
    assert stored["nodes"]["b"]["depends_on"] == ["a"]


@pytest.mark.parametrize("bad", [dag("a/b", {"a": ([], {})}), dag(".", {"a": ([], {})}), dag("import", {"a": ([], {})}),
                                 dag("ids", {"a/b": ([], {})}), dag("ids", {"..": ([], {})}),
                                 dag("ids", {"a": ([], {})}, version="export"), dag("ids", {"a": ([], {})}, version="1/2")])
def test_what_no_request_could_name_is_not_published(host, bad):
    answer = host.http("POST", "/dags/import", {"yaml_content": json.dumps(bad)}, expect=400)
    assert answer.json["errors"][0]["error_type"] == "bad_field" and "no request could name it" in answer.text.decode()


def test_a_change_of_description_or_metadata_alone_is_stored(host):
    host.publish(dag("words", {"a": ([], {})}))
    for patch in ({"description": "what it is for"}, {"metadata": {"team": "x"}}):
        made = host.http("PUT", "/dags/words", patch, expect=200).json
        (name, value), = patch.items()
        stored = host.http("GET", "/dags/words", expect=200).json["dag"]
        assert made["dag"][name] == value == stored[name] and stored["version"] == made["version"]


def test_a_disabled_version_starts_nothing_named_or_not(host):
    version = host.publish(dag("off", {"a": ([], {})})).json["version"]
    old = host.run("off")
    host.wait(old)
    host.http("POST", f"/dags/off/{version}:disable", expect=200)
    assert host.http("POST", "/runs", {"dagId": "off"}).status == 404
    is_problem(host.http("POST", "/runs", {"dagId": "off", "version": version}), 409)
    is_problem(host.http("POST", f"/runs/{old}:restart"), 409)


def test_a_mapping_that_names_no_node_is_told(host):
    node = {"depends_on": ["a"], "input_mapping": {"x": "results.A.v"}}
    answer = host.publish(dag("typo", {"a": ([], {}), "b": node})).json
    assert [(w["node_id"], w["target"], w["path"]) for w in answer["warnings"]] == [("b", "x", "results.A.v")]
    assert host.http("POST", "/dags/typo/validate", expect=200).json["warnings"] == answer["warnings"]


INVALID = {
    "a cycle": dag("bad", {"a": (["b"], {}), "b": (["a"], {})}),
    "an unknown dependency": dag("bad", {"a": (["zz"], {})}),
    "an unknown field": dag("bad", {"a": {"retry_polcy": {}}}),
    "a bad policy": dag("bad", {"a": {"retry_policy": {"max_retries": -1}}}),
    "a bad condition": dag("bad", {"a": {"condition": "1 +"}}),
    "no nodes": dag("bad", {}),
    "a node that is no object": {"dag_id": "bad", "name": "bad", "nodes": {"a": 1}},
}


@pytest.mark.parametrize("kind", INVALID)
def test_an_invalid_definition_is_refused_with_its_findings_and_not_stored(host, kind):
    answer = host.http("POST", "/dags/import", {"yaml_content": json.dumps(INVALID[kind])})
    doc = is_problem(answer, answer.status)
    assert answer.status in (400, 422) and doc["errors"]
    assert kind == "no nodes" or doc["errors"][0]["line"] >= 1
    is_problem(host.http("GET", "/dags/bad"), 404)


def test_an_alias_bomb_in_yaml_is_refused_and_costs_nothing(host):
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    before = cpu_seconds(host.pid)
    answer = host.http("POST", "/dags/import", {"yaml_content": bomb})
    assert answer.status in (400, 422) and cpu_seconds(host.pid) - before < 2


def test_a_yaml_text_with_a_wrong_field_is_found_by_line_and_column(host):
    text = "dag_id: bad\nname: bad\nnodes:\n  a:\n    agent_idd: x\n"
    answer = host.http("POST", "/dags/import", {"yaml_content": text})
    finding = answer.json["errors"][0]
    assert (finding["line"], finding["column"]) == (5, 5) and "agent_id" in finding["message"]


def test_a_definition_of_too_many_nodes_is_refused(host):
    nodes = ",".join(f"n{i}: {{agent_id: conformance.stub}}" for i in range(10_001))
    answer = host.http("POST", "/dags/import", {"yaml_content": f"dag_id: many\nname: many\nnodes: {{{nodes}}}\n"})
    assert answer.status in (400, 422)
    assert "too_large" in {e["error_type"] for e in answer.json["errors"]}


def test_publishing_the_same_version_again_changes_nothing_and_another_content_is_another_version(host):
    text = "dag_id: pub\nname: pub\nversion: 1.0.0\nnodes: {a: {agent_id: conformance.stub}}\n"
    first = host.publish(text).json["dag"]["hash"]
    again = host.http("POST", "/dags/import", {"yaml_content": text})
    assert again.status in (200, 201) and again.json["dag"]["hash"] == first
    assert len([d for d in host.http("GET", "/dags?dagId=pub", expect=200).json["items"]]) == 1
    changed = host.publish(text.replace("name: pub", "name: other")).json
    assert changed["version"] == "1.0.1" and changed["dag"]["hash"] != first
    assert host.http("GET", "/dags/pub/1.0.0", expect=200).json["hash"] == first


def test_an_invalid_definition_is_told_with_file_line_and_column_and_exits_1(host, tmp_path):
    path = tmp_path / "dag.yaml"
    path.write_text("dag_id: x\nname: x\nnodes:\n  a: {agent_id: s, depends_on: [b]}\n")
    for verb in ("publish", "import", "validate", "plan"):
        done = host.cli("dag", verb, "--file", path, expect=1)
        assert "dag.yaml:4:" in done.stdout + done.stderr, verb


def test_the_shipped_definition_of_the_main_job_is_valid(tmp_path):
    orch(tmp_path, "dag", "validate", "--file", ROOT / "plugins" / "emissions" / "emissions.yaml")


NUMBERS = ("[1e16, 9007199254740992.0, 10000000000000000, 1.2345678901234567e16, -1e20, 1e21, 0.1, 5e-324, "
           "1.7976931348623157e308, 9007199254740991]")
FORMS = {
    "json": """{"dag_id": "numbers-json", "name": "n", "nodes": {
  "a": {"agent_id": "conformance.stub", "config": {"echo_input": true}, "input_mapping": {"v": "input.v"}},
  "b": {"agent_id": "conformance.stub", "config": {"return": {"n": NUMBERS}}, "depends_on": ["a"],
        "condition": "results.a.in.w != 1e16"},
  "c": {"agent_id": "conformance.stub", "config": {"echo_input": true}, "depends_on": ["b"],
        "input_mapping": {"v": "results.a.in.v", "w": "results.b.n"}}}}""",
    "yaml": """dag_id: numbers-yaml
name: n
nodes:
  a: {agent_id: conformance.stub, config: {echo_input: true}, input_mapping: {v: input.v}}
  b: {agent_id: conformance.stub, config: {return: {n: NUMBERS}}, depends_on: [a], condition: results.a.in.w != 1e16}
  c: {agent_id: conformance.stub, config: {echo_input: true}, depends_on: [b],
      input_mapping: {v: results.a.in.v, w: results.b.n}}
""",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_number_comes_out_as_it_went_in_by_every_way(host, form):
    """Definition, input, mapping, an agent that hands back what it got, the store, answers."""
    host.publish(FORMS[form].replace("NUMBERS", NUMBERS))
    start = b'{"dagId": "numbers-%b", "inputs": {"v": %b}}' % (form.encode(), NUMBERS.encode())
    trace = host.wait(host.http("POST", "/runs", start, expect=201).json["runId"])
    assert trace["status"] == "completed", trace["errors"]
    numbers = json.loads(NUMBERS)
    assert trace["node_traces"]["c"]["outputs"]["in"] == {"v": numbers, "w": numbers}
    stored = host.http("GET", f"/dags/numbers-{form}", expect=200).json["dag"]
    assert stored["nodes"]["b"]["config"]["return"]["n"] == numbers


def large(dag_id):
    """Read for a good part of a second."""
    nodes = "".join(f"  n{i:04}: {{agent_id: conformance.stub, config: {{text: some words {i}}}}}\n" for i in range(3000))
    return f"dag_id: {dag_id}\nname: large\nnodes:\n{nodes}"


def send(host, text):
    """Asks for an import and does not wait for the answer."""
    body = json.dumps({"yaml_content": text}).encode()
    head = f"POST {BASE}/dags/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {host.token.strip()}\r\n" \
           f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection = socket.create_connection(("127.0.0.1", host.ready["port"]))
    connection.sendall(head.encode() + body)
    return connection


def test_a_client_that_leaves_while_its_definition_is_read_holds_nobody(host):
    for _ in range(3):
        send(host, large("left")).close()
    host.publish(TEXT.format("after-left"))
    assert host.http("POST", "/dags/import", {"yaml_content": large("left")}).status in (200, 201)


def test_a_host_that_is_told_to_end_while_it_reads_definitions_ends_well(make_host):
    host = make_host(plugins=())
    connections = [send(host, large(f"late-{i}")) for i in range(3)]
    host.http("GET", "/livez", root=True, expect=200)  # behind the three
    assert host.stop() == 0
    host.start()
    kept = [host.http("GET", f"/dags/late-{i}").status for i in range(3)]
    assert set(kept) <= {200, 404}, kept  # each whole or not at all
    for connection in connections:
        connection.close()


def test_the_host_serves_the_schema_that_the_docs_have(host):
    answer = host.http("GET", "/schemas/dag.json", root=True, token="", expect=200)
    assert answer.json == json.loads((ROOT / "docs/dag.schema.json").read_text())


def test_every_example_of_the_reference_can_be_published(host):
    page = (ROOT / "docs/DEFINITIONS.md").read_text()
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(examples) >= 5
    for text in examples:
        host.publish(text)
    first = "\n".join(re.findall(r"^> (.*)$", page[:page.index("> END")], re.MULTILINE))
    host.publish(first)
    trace = host.complete("first", {"who": "me"})
    assert trace["node_traces"]["write"]["outputs"]["in"] == {"count": 3, "who": "me"}
    assert host.complete("steps")["node_traces"].keys() == {"read", "write"}
