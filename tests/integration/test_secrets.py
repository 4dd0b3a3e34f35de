"""A secret leaves the client sealed for the authority; the host stores what it cannot read.

Its value is in the authority and in the attempt, and nowhere else: not in the store, not in a log, an
output, an error or the stream, not in the host's memory. The plugin `teller` (plugins/teller) tries to give
it away in every form.

Rooms: authority, sandbox/worker, sandbox/wire, host/engine/attempts, host/cli/keys.
"""
import base64
import json
import pathlib
import sqlite3
import urllib.parse

import pytest

from host import BUILD, RUN_S, descendants, until
from stream import Lines

HERE = pathlib.Path(__file__).resolve().parent
MARK = "[redacted]"
SHADOW_BYTES_MIN = 1 << 30  # a larger mapping is a sanitizer's shadow, which is no data
SECRET = 'Pa55phrase-"quoted"\\slash/+ä&=?zebra'
WHERES = ["output", "log", "error", "stdout", "stderr"]


def forms(value):
    """The value as it is and as encoders would write it; base64 at each of its three offsets."""
    raw = value.encode()
    yield raw
    yield json.dumps(value, ensure_ascii=False)[1:-1].encode()
    yield json.dumps(value)[1:-1].encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield urllib.parse.quote(value, safe="").encode()
    for before in range(3):
        inner = base64.b64encode(b"x" * before + raw)[4 if before else 0:-4]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def tells(data, value=SECRET):
    """The forms of the value that data holds."""
    return [form for form in forms(value) if form in data]


def node(agent, config=None, ref="secret://token"):
    return {"agent_id": f"teller.{agent}", "config": config or {}, "secret_refs": {"TOKEN": ref},
            "retry_policy": {"max_retries": 2, "strategy": "constant", "base_delay": 0.01}}


def teller_dag(dag_id, **made):
    return {"dag_id": dag_id, "name": dag_id, "nodes": {"a": node(**made)}}


@pytest.fixture(scope="module")
def teller(publisher):
    bundle = publisher.folder / "teller.orchbundle"
    so = BUILD / "plugins" / "teller" / "teller.so"
    return publisher.sign(publisher.pack(HERE / "plugins" / "teller", so, bundle))


@pytest.fixture
def own(make_host, teller):
    host = make_host(plugins=(teller,))
    host.cli("secret", "set", "token", stdin=SECRET)
    return host


def told(host, where):
    """A run that told the secret there; its trace."""
    host.publish(teller_dag(f"tell-{where}", agent="tell", config={"where": where}))
    return host.wait(host.run(f"tell-{where}"))


def logs_of(host, run):
    return host.http("GET", f"/runs/{run}/logs", expect=200).text.decode()


def memory_of(pid):
    """What a process has in its readable, writable memory."""
    parts = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            begin, end = (int(x, 16) for x in span.split("-"))
            if rights.startswith("rw") and end - begin < SHADOW_BYTES_MIN:
                try:
                    memory.seek(begin)
                    parts.append(memory.read(end - begin))
                except OSError:
                    pass
    return b"".join(parts)


def files_of(host):
    return {p: p.read_bytes() for p in host.home.rglob("*") if p.is_file() and p.name != "root.key"}


# ---- redaction ----

def test_an_output_is_redacted_in_every_form(own):
    trace = told(own, "output")
    assert trace["status"] == "completed", trace["errors"]
    shown = trace["node_traces"]["a"]["outputs"]["forms"]
    assert shown[0] == f"the secret is {MARK}." and all(MARK in form for form in shown)


def test_log_lines_are_redacted_in_every_form(own):
    trace = told(own, "log")
    text = logs_of(own, trace["execution_id"])
    assert trace["status"] == "completed" and text.count(MARK) >= 6 and "form 0: the secret is " in text
    assert tells(text.encode()) == []


def test_an_error_is_redacted(own):
    trace = told(own, "error")
    assert trace["status"] == "failed" and MARK in trace["error"] and "the secret is" in trace["error"]
    assert trace["node_traces"]["a"]["attempt_count"] == 1


@pytest.mark.parametrize("where", ["stdout", "stderr"])
def test_what_an_attempt_with_secrets_prints_is_withheld_and_marked(own, where):
    trace = told(own, where)
    assert trace["status"] == "completed"
    text = logs_of(own, trace["execution_id"])
    assert tells(text.encode()) == [] and "the secret is " not in text


def test_the_value_is_nowhere_after_it_was_told_everywhere(own):
    runs = [told(own, where)["execution_id"] for where in WHERES]
    with Lines(own, "after=0") as lines:
        streamed = [lines.line() for _ in range(20)]
    answers = [own.http("GET", path.format(run), expect=200).text for run in runs for path in
               ("/executions/{}", "/runs/{}", "/runs/{}/steps/a", "/runs/{}/logs", "/checkpoints/{}")]
    memory = {pid: memory_of(pid) for pid in [own.pid]}
    own.http("GET", "/metrics", root=True, token="", expect=200)
    own.kill9()
    for name, data in [*files_of(own).items(), ("stream", b"".join(streamed)), *enumerate(answers)]:
        assert tells(data) == [], f"{name} holds the secret"
    assert tells(memory[own.pid]) == [], "the host's memory holds the secret"


def test_the_hosts_memory_never_holds_the_value_while_an_attempt_uses_it(own):
    own.publish({"dag_id": "long", "name": "long", "nodes": {f"n{i}": node("size") for i in range(5)}})
    own.complete("long")
    for pid in [own.pid, *descendants(own.pid)]:
        program = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
        if program in ("orchd", "orch-supervisor"):
            assert tells(memory_of(pid)) == [], program


def test_a_secret_of_three_bytes_is_redacted_as_it_is(own):
    own.cli("secret", "set", "token", stdin="~q~")
    trace = told(own, "output")
    assert trace["node_traces"]["a"]["outputs"]["forms"][0] == f"the secret is {MARK}."


# ---- life of a secret ----

def size_of(host, dag_id):
    return host.complete(dag_id)["node_traces"]["a"]["outputs"]["bytes"]


@pytest.fixture
def sized(own):
    own.publish(teller_dag("size", agent="size"))
    own.publish(teller_dag("size-of-1", agent="size", ref="secret://token@1"))
    return own


def test_a_rotation_reaches_new_attempts_and_a_pinned_version_stays(sized):
    assert size_of(sized, "size") == len(SECRET.encode())
    sized.cli("secret", "rotate", "token", stdin="another value")
    assert size_of(sized, "size") == len("another value")
    assert size_of(sized, "size-of-1") == len(SECRET.encode())


def test_a_secret_outlives_the_host(sized):
    sized.kill9()
    sized.start()
    assert size_of(sized, "size") == len(SECRET.encode())


def fails(host, dag_id):
    """The error of a run that must fail; nothing was retried."""
    trace = host.wait(host.run(dag_id))
    assert trace["status"] == "failed" and trace["node_traces"]["a"]["attempt_count"] <= 1
    return trace["error"]


def test_a_removed_secret_is_a_clear_error_and_not_retried(sized):
    sized.cli("secret", "rm", "token")
    error = fails(sized, "size")
    assert "secret://token" in error and "TOKEN" in error
    sized.answers()


def test_a_secret_that_never_was_is_a_clear_error(own):
    own.publish(teller_dag("none", agent="size", ref="secret://no-such"))
    assert "secret://no-such" in fails(own, "none")


def test_a_version_that_never_was_is_a_clear_error(own):
    own.publish(teller_dag("none", agent="size", ref="secret://token@7"))
    assert "secret://token" in fails(own, "none")


def test_a_secret_of_another_tenant_does_not_exist(own):
    other = {"token": own.mint("orchestrator:admin", tenant="other"), "X_Stella_Tenant": "other"}
    own.publish(teller_dag("size", agent="size"), **other)
    run = own.run("size", **other)
    until(lambda: own.http("GET", f"/runs/{run}", **other).json["status"] == "failed", RUN_S, "its failure")
    assert "secret://token" in own.http("GET", f"/runs/{run}", **other).json["error"]


def test_a_sealed_value_under_another_name_is_not_unsealed(sized):
    """Whoever can write the store cannot give one secret out as another."""
    sized.cli("secret", "set", "decoy", stdin="x")
    sized.publish(teller_dag("decoy", agent="size", ref="secret://decoy"))
    sized.stop()
    with sqlite3.connect(sized.home / "orch.db") as db:
        db.execute("UPDATE secrets SET blob = (SELECT blob FROM secrets WHERE name = 'token') WHERE name = 'decoy'")
    db.close()
    sized.start()
    assert "decoy" in fails(sized, "decoy")
    assert size_of(sized, "size") == len(SECRET.encode())


def test_lists_and_answers_have_names_and_versions_and_no_value(own):
    own.cli("secret", "rotate", "token", stdin="second value")
    listed = own.http("GET", "/secrets", expect=200)
    assert {(s["name"], s["version"]) for s in listed.json["items"]} >= {("token", 2)}
    for text in (listed.text, own.http("GET", "/secrets/token", expect=200).text,
                 own.cli("secret", "list").stdout.encode()):
        assert tells(text) == [] and tells(text, "second value") == []


def test_a_value_that_was_not_sealed_to_this_host_is_refused(own):
    for boxed in ("", "AAAA", base64.b64encode(b"x" * 100).decode(), "not base64!"):
        answer = own.http("PUT", "/secrets/token", {"boxed": boxed})
        assert 400 <= answer.status < 500, answer.text
    own.publish(teller_dag("size", agent="size"))
    assert size_of(own, "size") == len(SECRET.encode())
