"""Each run ends with a signed statement of what ran on what, which anybody can verify offline.

Checked by four hands: `orch verify`, OpenSSL, Debian's python in-toto keys, and the formulas of DESIGN.md 6
written down here once more.

Rooms: host/engine/evidence, host/model/ledger, host/cli/ledger, authority/keys, authority/trust.
"""
import base64
import hashlib
import json
import subprocess

import pytest
from securesystemslib import formats, keys

from host import Publisher, dag, orch

TYPE = "application/vnd.in-toto+json"
DAG = dag("proof", {"a": ([], {"return": {"x": 1}}), "b": (["a"], {"return": {"y": "ä\u2028\"\\"}}),
                    "c": (["a"], {"return": {"z": [1, 0.5, None, True]}}), "d": (["b", "c"], {"echo_input": True})})


@pytest.fixture(scope="module")
def run(host):
    host.publish(DAG)
    return host.complete("proof", {"n": 7})


@pytest.fixture(scope="module")
def envelope(host, run):
    return host.provenance(run["execution_id"])


@pytest.fixture(scope="module")
def host_key(host, tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "host.pub.pem"
    path.write_text(host.cli("key", "show", "--use", "host").stdout)
    return path


def payload_of(envelope):
    return base64.b64decode(envelope["payload"], validate=True)


def pae(envelope):
    """DSSE's pre-authentication encoding: what is signed."""
    payload, kind = payload_of(envelope), envelope["payloadType"].encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def signature_of(envelope):
    return base64.b64decode(envelope["signatures"][0]["sig"])


def raw_key(pem):
    """The 32 bytes at the end of an Ed25519 SPKI."""
    return base64.b64decode("".join(pem.read_text().splitlines()[1:-1]))[-32:]


def jcs_hash(value):
    """Right for values whose numbers are integers or short fractions, and keys in ASCII."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def verify(home, tmp_path, envelope, trust=None, expect=0):
    path = tmp_path / "statement.intoto.jsonl"
    path.write_text(envelope if isinstance(envelope, str) else json.dumps(envelope) + "\n")
    more = ["--trust", trust] if trust else []
    return orch(home, "verify", path, *more, "-o", "json", expect=expect)


def changed(envelope, edit):
    """The envelope with an edited payload under the old signature."""
    statement = json.loads(payload_of(envelope))
    edit(statement)
    return envelope | {"payload": base64.b64encode(json.dumps(statement).encode()).decode()}


# ---- it verifies ----

def test_orch_verifies_the_statement_offline(host, run, envelope, tmp_path):
    row = json.loads(verify(host.home, tmp_path, envelope).stdout)[0]
    assert row["verified"] is True and row["kind"] == "provenance"
    assert row["subject"] == run["execution_id"] and row["chain_hash"] == run["provenance_chain_hash"]


def test_orch_verifies_it_with_nothing_but_the_public_key_and_no_host(envelope, host_key, tmp_path):
    home = tmp_path / "elsewhere"
    home.mkdir()
    row = json.loads(verify(home, tmp_path, envelope, trust=host_key).stdout)[0]
    assert row["verified"] is True


def test_a_key_may_lie_at_the_end_of_a_long_path(envelope, host_key, tmp_path):
    deep = tmp_path / ("long " * 30) / ("ä" * 60)
    deep.mkdir(parents=True)
    (deep / "host.pub.pem").write_bytes(host_key.read_bytes())
    row = json.loads(verify(tmp_path, tmp_path, envelope, trust=deep / "host.pub.pem").stdout)[0]
    assert row["verified"] is True


def openssl_verifies(envelope, key, tmp_path):
    (tmp_path / "pae").write_bytes(pae(envelope))
    (tmp_path / "sig").write_bytes(signature_of(envelope))
    return subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", key, "-in",
                           tmp_path / "pae", "-sigfile", tmp_path / "sig"], capture_output=True).returncode == 0


def test_openssl_verifies_the_signature(envelope, host_key, tmp_path):
    assert openssl_verifies(envelope, host_key, tmp_path)
    tampered = changed(envelope, lambda s: s.update(_type="x"))
    assert not openssl_verifies(tampered, host_key, tmp_path)


def test_debians_in_toto_library_verifies_the_signature(envelope, host_key):
    key = {"keytype": "ed25519", "scheme": "ed25519", "keyid_hash_algorithms": ["sha256"],
           "keyval": {"public": raw_key(host_key).hex(), "private": ""},
           "keyid": hashlib.sha256(raw_key(host_key)).hexdigest()}
    formats.ANYKEY_SCHEMA.check_match(key)
    signature = {"keyid": key["keyid"], "sig": signature_of(envelope).hex()}
    assert keys.verify_signature(key, signature, pae(envelope))
    assert not keys.verify_signature(key, signature, pae(envelope) + b" ")


def test_the_statement_is_in_toto_v1_with_a_slsa_v1_predicate(run, envelope):
    statement = json.loads(payload_of(envelope))
    assert envelope["payloadType"] == TYPE
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    assert {"buildDefinition", "runDetails"} == set(statement["predicate"])
    subjects = {d for s in statement["subject"] for d in s["digest"].values()}
    outputs = {t["output_hash"] for t in run["node_traces"].values()}
    assert outputs | {run["provenance_chain_hash"]} == subjects


# ---- the hashes are the ones that are written down ----

def test_every_hash_is_what_the_formulas_give(host, run):
    body = host.http("GET", f"/executions/{run['execution_id']}/provenance", expect=200).json
    records = {r["node_id"]: r for r in body["provenances"]}
    chains, parents = {}, {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
    for node in "abcd":
        record, trace = records[node], run["node_traces"][node]
        assert record["output_hash"] == trace["output_hash"] == jcs_hash(trace["outputs"])
        assert record["parent_hashes"] == sorted(chains[p] for p in parents[node])
        chains[node] = jcs_hash({k: record[k] for k in ("node_id", "input_hash", "output_hash", "parent_hashes")})
        assert record["chain_hash"] == chains[node]
    whole = hashlib.sha256(":".join(chains[n] for n in "abcd").encode()).hexdigest()
    assert run["provenance_chain_hash"] == body["chain_hash"] == whole
    assert body["chain_valid"] and body["parents_shown"] is True and all(n["valid"] for n in body["nodes"])


def test_the_statements_records_follow_from_the_places_of_their_parents(run, envelope):
    statement = json.loads(payload_of(envelope))
    build, details = statement["predicate"]["buildDefinition"], statement["predicate"]["runDetails"]
    assert build["buildType"] == "https://orch.invalid/build-types/dag-run/v2"
    entries = [e["annotations"] for e in details["byproducts"]]
    assert [e["parents"] for e in entries] == [[], [0], [0], [1, 2]]
    for entry in entries:
        record = {k: v for k, v in entry.items() if k not in ("parents", "record_hash")}
        record["parent_hashes"] = sorted(entries[i]["chain_hash"] for i in entry["parents"])
        chained = {k: record[k] for k in ("node_id", "input_hash", "output_hash", "parent_hashes")}
        assert entry["chain_hash"] == jcs_hash(chained)
        assert entry["record_hash"] == jcs_hash(record)
    assert details["orch"]["otherNodes"] == {} and "restartOf" not in details["orch"]


def test_an_answer_does_not_grow_with_the_edges_of_a_dense_graph(host):
    top = [f"t{i}" for i in range(142)]
    nodes = {t: ([], {}) for t in top} | {f"u{i}": (top, {}) for i in range(142)}
    host.publish(dag("dense", nodes, max_parallel_nodes=50))
    run_id = host.run("dense")
    host.wait(run_id, 120)
    reply = host.http("GET", f"/executions/{run_id}/provenance", expect=200)
    assert len(reply.text) < 700_000 and len(reply.json["nodes"]) == 284
    assert reply.json["chain_valid"] is True and reply.json["parents_shown"] is False
    assert not any("parent_hashes" in r for r in reply.json["provenances"])
    assert not any("actual_parent_hashes" in n for n in reply.json["nodes"])
    other = host.http("GET", f"/runs/{run_id}/provenance", expect=200).json
    assert other["chainValid"] is True and other["parentsShown"] is False
    assert not any("parent_hashes" in r for r in other["records"])
    entries = [e["annotations"] for e in json.loads(payload_of(host.provenance(run_id)))
               ["predicate"]["runDetails"]["byproducts"]]
    assert sum(len(e["parents"]) for e in entries) == 142 * 142


def test_a_run_says_how_far_its_statement_is(host, run, envelope):
    shown = host.http("GET", f"/runs/{run['execution_id']}", expect=200).json
    assert shown["statementState"] == "signed" and shown["statementError"] is None
    alone = host.http("GET", f"/runs/{run['execution_id']}/provenance?records=false", expect=200).json
    assert alone["statement"] == envelope and "records" not in alone
    for state in ("unsigned", "refused"):
        listed = host.http("GET", f"/runs?dagId=proof&statement={state}", expect=200).json["items"]
        assert run["execution_id"] not in [r["runId"] for r in listed]


def test_the_input_hash_is_of_the_nodes_own_input(host, run):
    body = host.http("GET", f"/executions/{run['execution_id']}/provenance", expect=200).json
    records = {r["node_id"]: r for r in body["provenances"]}
    assert records["a"]["input_hash"] == jcs_hash({"_input": {"n": 7}})
    assert records["d"]["input_hash"] == jcs_hash(run["node_traces"]["d"]["outputs"]["in"])


def test_a_replay_gives_the_same_chain_and_another_input_another(host, run):
    again, other = host.complete("proof", {"n": 7}), host.complete("proof", {"n": 8})
    assert again["execution_id"] != run["execution_id"]
    assert again["provenance_chain_hash"] == run["provenance_chain_hash"]
    assert other["provenance_chain_hash"] != run["provenance_chain_hash"]


def test_a_failed_run_has_a_signed_statement_of_what_completed(host, tmp_path):
    host.publish(dag("half", {"a": ([], {"return": 1}), "b": {"depends_on": ["a"], "config": {"fail_times": 9},
                                                             "retry_policy": {"max_retries": 0}}}))
    run = host.run("half")
    assert host.wait(run)["status"] == "failed"
    row = json.loads(verify(host.home, tmp_path, host.provenance(run)).stdout)[0]
    assert "failed" in row["detail"] and "1 nodes" in row["detail"]


# ---- tampering: each kind has its own words ----

def refusal(home, tmp_path, envelope, trust=None):
    done = verify(home, tmp_path, envelope, trust, expect=1)
    return json.loads(done.stdout)[0]["detail"]


def test_a_changed_payload_is_a_wrong_signature(host, envelope, tmp_path):
    tampered = changed(envelope, lambda s: s["predicate"]["buildDefinition"].update(buildType="x"))
    assert refusal(host.home, tmp_path, tampered).startswith("signature_wrong")


def test_a_changed_signature_is_a_wrong_signature(host, envelope, tmp_path):
    flipped = bytearray(signature_of(envelope))
    flipped[10] ^= 1
    one = envelope["signatures"][0] | {"sig": base64.b64encode(flipped).decode()}
    assert refusal(host.home, tmp_path, envelope | {"signatures": [one]}).startswith("signature_wrong")


def test_a_changed_payload_type_is_refused(host, envelope, tmp_path):
    assert "application/x" in refusal(host.home, tmp_path, envelope | {"payloadType": "application/x"})


def test_a_foreign_key_is_unknown(host, envelope, tmp_path, make_host):
    other = make_host("other")
    key = tmp_path / "other.pem"
    key.write_text(other.cli("key", "show", "--use", "host").stdout)
    assert refusal(host.home, tmp_path, envelope, trust=key).startswith("key_unknown")


def test_an_envelope_without_signatures_is_unsigned(host, envelope, tmp_path):
    assert refusal(host.home, tmp_path, envelope | {"signatures": []}).startswith("unsigned")


@pytest.mark.parametrize("text", ["", "{}", "[]", "garbage", '{"payload":"!!","payloadType":"x","signatures":[]}'])
def test_what_is_no_envelope_is_refused(host, text, tmp_path):
    done = verify(host.home, tmp_path, text, expect=1)
    assert "envelope" in done.stdout + done.stderr or "unsigned" in done.stdout


def test_a_bundle_is_verified_by_its_publishers_key_only(host, tmp_path):
    publisher = Publisher(tmp_path / "publisher")
    bundle = publisher.bundle("conformance")
    done = orch(host.home, "verify", bundle, "--trust", publisher.public, "-o", "json")
    assert json.loads(done.stdout)[0]["kind"] == "bundle"
    done = orch(host.home, "verify", bundle, "-o", "json", expect=1)
    assert json.loads(done.stdout)[0]["detail"].startswith("key_unknown")


def test_a_valid_signature_over_a_false_statement_is_not_enough(run, envelope, tmp_path):
    """Signed by a trusted key, but a record's hash does not follow from its content."""
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "k.pem"], check=True)
    subprocess.run(["openssl", "pkey", "-in", tmp_path / "k.pem", "-pubout", "-out", tmp_path / "k.pub"], check=True)
    text = payload_of(envelope).decode()
    false = text.replace(run["node_traces"]["a"]["output_hash"], "0" * 64)
    assert false != text
    forged = envelope | {"payload": base64.b64encode(false.encode()).decode()}
    (tmp_path / "pae").write_bytes(pae(forged))
    subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", tmp_path / "k.pem", "-in", tmp_path / "pae",
                    "-out", tmp_path / "sig"], check=True)
    sig = base64.b64encode((tmp_path / "sig").read_bytes()).decode()

    detail = refusal(tmp_path, tmp_path, forged | {"signatures": [{"sig": sig}]}, trust=tmp_path / "k.pub")
    assert "hash" in detail and "'a'" in detail, detail
