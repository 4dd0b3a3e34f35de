#!/usr/bin/env python3
"""Holds docs/dag.schema.json and the loader to each other: the file is what the program prints, the
examples of docs/DEFINITIONS.md are valid by both, and of a definition that has every field each
change of one value is refused by both or taken by both, but for what the page says.

usage: schema_test.py DOCS_TABLES READER
"""
import copy
import json
import pathlib
import re
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[4]
# What only the loader knows (docs/DEFINITIONS.md, "What is checked").
BEYOND = {"self_dep", "missing", "cycle", "unreachable", "duplicate", "bad_condition"}
FULL = """
dag_id: full
name: n
description: d
version: 1.0.0
default_retry_policy: {max_retries: 1}
default_timeout_policy: {timeout_seconds: 1}
run_timeout_seconds: 10
deadline: {by: "2030-01-01T00:00:00Z", warn_before: 0.5}
on_failure: continue
max_parallel_nodes: 3
concurrency: {key: input.k, limit: 2, on_conflict: skip}
debounce: {key: input.k, period: 1, max_wait: 604800}
metadata: {a: 1}
signature: {a: 1}
created_at: "2026-01-01"
hash: x
nodes:
  first: {agent_id: a}
  second:
    node_id: second
    agent_id: a
    depends_on: [first]
    input_mapping: {x: input.x}
    output_key: k
    condition: input.x == 1
    retry_policy: {max_retries: 2, strategy: linear, base_delay: 1, max_delay: 2.5, jitter: false, jitter_range: 0.5,
                   retryable_exceptions: [E]}
    timeout_policy: {timeout_seconds: 1, node_timeout_seconds: 2, queue_timeout_seconds: 3, on_timeout: skip}
    deadline: {within: 100000, warn_before: 0.5}
    on_failure: skip
    compensation_handler: {agent_id: c, config: {a: 1}, retry_policy: {jitter: true}, timeout_policy: {on_timeout: fail}}
    priority: 1
    metadata: {a: 1}
    config: {a: 1}
    secret_refs: {t: "secret://a/b@1"}
    enabled: true
    lane: l
    isolation: cold
    profile: net
    limits: {cpu_ms: 1, memory_bytes: 1048576, output_bytes: 1, log_bytes: 1}
    network: ["a:1"]
    idempotent: false
"""
STEPS = """
dagId: s
name: n
onFailure: continue
maxParallelNodes: 2
defaultRetryPolicy: {max_retries: 1}
defaultTimeoutPolicy: {timeout_seconds: 1}
runTimeoutSeconds: 10
createdAt: x
steps:
  - {id: a, agent: x, dependsOn: [], inputMapping: {x: input.x}, outputKey: k, retryPolicy: {jitter: true},
     timeoutPolicy: {on_timeout: skip}, onFailure: skip, compensationHandler: c, secretRefs: {t: "secret://a"}}
  - {stepId: b, agentId: x}
  - {step_id: c, plugin: x}
  - {node_id: d, agent_id: x}
edges: [{from: a, to: b}, [b, c]]
"""
VALUES = [None, True, -1, 0, 1, 3.0, 1.5, 101, 501, 1e9, 1e16, -3e9, "", "x", "a\u0001b", "\u00e9", "x" * 200, "x" * 300,
          "x" * 70000, [], ["x"], [1], {}, {"a": 1}, {"": "x"}, {"a": ""}, {"agent_id": "x"}, {"agent_id": ""},
          "secret://", "secret://a@", "secret://a b", "a:0x", ":1", "a:1", "a b:1", "input.x"]


def valid(schema, value, root):
    """JSON Schema, as much of it as the file has; a word that is not known here is an error."""
    for word, wants in schema.items():
        if word in ("description", "default", "title", "$schema", "$defs"):
            continue
        if not CHECKS[word](wants, value, schema, root):
            return False
    return True


def is_type(wants, value, *_):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    kinds = {"null": value is None, "boolean": isinstance(value, bool), "string": isinstance(value, str),
             "array": isinstance(value, list), "object": isinstance(value, dict), "number": number,
             "integer": number and value == int(value)}
    return any(kinds[name] for name in ([wants] if isinstance(wants, str) else wants))


def number(check):
    return lambda wants, value, *_: not is_type("number", value) or check(wants, value)


def of(kind, check):
    return lambda wants, value, *rest: not isinstance(value, kind) or check(wants, value, *rest)


def others(wants, value, schema, root):
    rest = [member for key, member in value.items() if key not in schema.get("properties", {})]
    return not rest if wants is False else all(valid(wants, member, root) for member in rest)


def same(a, b):
    return a == b and isinstance(a, bool) == isinstance(b, bool)


CHECKS = {
    "type": is_type,
    "enum": lambda wants, value, *_: any(same(word, value) for word in wants),
    "$ref": lambda wants, value, _, root: valid(root["$defs"][wants.removeprefix("#/$defs/")], value, root),
    "anyOf": lambda wants, value, _, root: any(valid(one, value, root) for one in wants),
    "minimum": number(lambda wants, value: value >= wants),
    "maximum": number(lambda wants, value: value <= wants),
    "minLength": of(str, lambda wants, value, *_: len(value) >= wants),
    "maxLength": of(str, lambda wants, value, *_: len(value) <= wants),
    "pattern": of(str, lambda wants, value, *_: re.search(wants, value) is not None),
    "items": of(list, lambda wants, value, _, root: all(valid(wants, item, root) for item in value)),
    "minItems": of(list, lambda wants, value, *_: len(value) >= wants),
    "maxItems": of(list, lambda wants, value, *_: len(value) <= wants),
    "required": of(dict, lambda wants, value, *_: all(key in value for key in wants)),
    "minProperties": of(dict, lambda wants, value, *_: len(value) >= wants),
    "maxProperties": of(dict, lambda wants, value, *_: len(value) <= wants),
    "properties": of(dict, lambda wants, value, _, root: all(valid(wants[key], member, root)
                                                             for key, member in value.items() if key in wants)),
    "propertyNames": of(dict, lambda wants, value, _, root: all(valid(wants, key, root) for key in value)),
    "additionalProperties": of(dict, others),
}


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in items:
        yield from places(member, path + (key,))


def changed(doc, path, change):
    new = copy.deepcopy(doc)
    parent = new
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return new


def changes(doc):
    for path in places(doc):
        if not path or path[0] in ("metadata", "signature", "hash") or "metadata" in path or "config" in path[:-1]:
            continue
        for value in VALUES:
            yield changed(doc, path, lambda parent, key, v=value: parent.__setitem__(key, v))
        yield changed(doc, path, lambda parent, key: parent.pop(key))
        if isinstance(path[-1], str):
            yield changed(doc, path, lambda parent, key: parent.__setitem__(key + "x", parent.pop(key)))


def said(reader, docs):
    """What the loader finds in each: None when it is valid, else the types of its findings."""
    texts = [json.dumps(doc).encode() for doc in docs]
    sent = b"".join(b"%d\n%b" % (len(text), text) for text in texts)
    lines = subprocess.run([reader, "--findings"], input=sent, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    assert len(lines) == len(docs)
    return [json.loads(line) for line in lines]


def properties(schema):
    for name, one in schema["$defs"].items():
        for key in one.get("properties", {}):
            yield name, key


def main(tables, reader):
    printed = subprocess.run([tables, "schema"], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert printed == (ROOT / "docs/dag.schema.json").read_text(), "docs/dag.schema.json is not what docs_tables prints"
    schema = json.loads(printed)
    page = (ROOT / "docs/DEFINITIONS.md").read_text()
    examples = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", page, re.S)]
    examples += [yaml.safe_load(FULL), yaml.safe_load(STEPS)]
    wrong = 0
    used = {key for doc in examples for path in places(doc) for key in path}
    for name, key in properties(schema):
        if key not in used and key not in ("nodes", "from", "to"):
            print(f"no example has {name}.{key}")
            wrong += 1
    for doc, findings in zip(examples, said(reader, examples)):
        if findings or not valid(schema, doc, schema):
            print(f"an example is refused: {json.dumps(doc)[:200]} {findings}")
            wrong += 1
    docs = [doc for example in examples[-2:] for doc in changes(example)]
    refused = 0
    for doc, findings in zip(docs, said(reader, docs)):
        taken = valid(schema, doc, schema)
        refused += not taken
        if taken != (not findings) and not (taken and set(findings) <= BEYOND):
            print(f"schema {'takes' if taken else 'refuses'}, loader {findings}: {json.dumps(doc)[:1500]}")
            wrong += 1
            if wrong > 20:
                break
    print(f"{len(examples)} examples, {len(docs)} changed definitions, {refused} refused by the schema, {wrong} wrong")
    return 1 if wrong or refused < len(docs) / 4 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
