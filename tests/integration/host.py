"""A development host of its own: a home folder in a temporary place, orchd on a free loopback
port, the CLI pointed at both. Made the way ./up makes one. Ends every process it started.

ORCH_BUILD_DIR names the build folder: its bin/ has the programs, its plugins/ the shared objects.
"""
import base64
import dataclasses
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["ORCH_BUILD_DIR"]).resolve()
BIN = BUILD / "bin"
BASE = "/api/v1/orchestrator"
STUB = "conformance.stub"
FINAL = {"completed", "failed", "cancelled"}
IS_SANITIZED = any(word in (BIN / "orchd").read_bytes() for word in (b"__asan_init", b"__tsan_init"))
# For a library of faults/ in a host that is sanitized.
SANITIZED = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
os.environ.setdefault("TSAN_OPTIONS", f'suppressions="{ROOT}/tests/tsan.supp"')
# Nothing is judged by these: they only end a wait in vain, on a machine that does much else.
START_S, STOP_S, GONE_S, RUN_S = 60, 60, 30, 90
SANITIZER_REPORT = re.compile(r"^(==\d+==)?(ERROR|WARNING|FATAL): ?\w+Sanitizer.*|^\S+:\d+:\d+: runtime error:.*", re.M)


class HostFailed(AssertionError):
    """The host did not do what was waited for; the message has the end of its log."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    text: bytes

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def code(self):
        return self.json["code"]


def until(condition, seconds, what):
    """What condition() gives as soon as it is true; fails after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def free_port():
    """A port that stays free while a host is down: below the range of outgoing connections."""
    for port in random.SystemRandom().sample(range(20000, 32000), 100):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise AssertionError("no port is free")


def clean_environment(home, **more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ORCH_", "GL_", "STELLA"))}
    return kept | {"ORCH_HOME": str(home)} | more


def orch(home, *arguments, expect=0, name="orch", stdin=None, before=None, **environment):
    """Runs the CLI and returns the finished process; its exit code is checked."""
    done = subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                          input=stdin, env=clean_environment(home, **environment), cwd=home, preexec_fn=before)
    assert expect is None or done.returncode == expect, \
        f"orch {' '.join(map(str, arguments))}: exit {done.returncode}, wanted {expect}\n{done.stdout}{done.stderr}"
    return done


def dag(dag_id, nodes, **more):
    """A definition; a node is (dependencies, config) or a whole object."""
    def node(value):
        if isinstance(value, dict):
            return {"agent_id": STUB} | value
        depends_on, config = value
        return {"agent_id": STUB, "depends_on": depends_on, "config": config}
    return {"dag_id": dag_id, "name": dag_id, "nodes": {k: node(v) for k, v in nodes.items()}} | more


def claims_of(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def chain(dag_id, length, config=None):
    ids = [f"n{i:02}" for i in range(length)]
    return dag(dag_id, {n: (ids[i - 1:i], config or {}) for i, n in enumerate(ids)})


class Publisher:
    """A publisher's key and the bundles that it signed."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        orch(self.folder, "plugin", "keygen", self.folder / "publisher")
        self.key = self.folder / "publisher.pem"
        self.public = self.folder / "publisher.pub.pem"

    def pack(self, project, so, out):
        orch(self.folder, "plugin", "pack", project, "--so", so, "--out", out, "--quiet")
        return out

    def sign(self, bundle):
        orch(self.folder, "plugin", "sign", bundle, "--key", self.key)
        return bundle

    def bundle(self, plugin):
        """The signed bundle of a plugin that ships, made once."""
        out = self.folder / f"{plugin}.orchbundle"
        if not out.exists():
            self.sign(self.pack(ROOT / "plugins" / plugin, BUILD / "plugins" / plugin / f"{plugin}.so", out))
        return out


class Host:
    alive = []
    fallen = []  # in the test that runs: not in order

    def __init__(self, home, publisher, plugins=("conformance",), **settings):
        self.home = pathlib.Path(home)
        self.log_path = self.home / "host.log"
        self.settings = settings
        self.process = self.ready = None
        self.below = set()
        self.dev = True
        self.environment = {}  # more of it, for orchd alone
        (self.home / "plugins").mkdir(parents=True, exist_ok=True)
        shutil.copy(publisher.public, self.home / "publisher.pub.pem")
        for plugin in plugins:
            self.install(plugin if isinstance(plugin, pathlib.Path) else publisher.bundle(plugin))

    def install(self, bundle, name=None):
        shutil.copy(bundle, self.home / "plugins" / (name or pathlib.Path(bundle).name))

    # ---- life ----

    def launch(self, before=None, **settings):
        """Starts orchd and does not wait for it. before: called in its process, ahead of the program."""
        flags = {"drain_s": 0, "listen": "127.0.0.1:0", "pid-file": self.home / "host.pid"} | self.settings | settings
        arguments = [f"--{key.replace('_', '-')}={value}" for key, value in flags.items()]
        (self.home / "host.pid").unlink(missing_ok=True)
        self.log_at = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([BIN / "orchd", *["--dev"][:self.dev], *arguments], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log,
                                            env=clean_environment(self.home, **self.environment),
                                            start_new_session=True, preexec_fn=before)
        Host.alive.append(self)

    def start(self, **settings):
        self.launch(**settings)
        return self.wait_ready()

    def wait_ready(self):
        try:
            self.ready = until(self.is_ready, START_S, "host.ready")
        except AssertionError as e:
            raise HostFailed(f"{e}\n{self.log_tail()}") from None
        self.token = (self.home / "token").read_text()
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"orchd ended with {self.process.returncode}")
        return next(iter(self.events("host.ready")), None)

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"http://127.0.0.1:{self.ready['port']}"

    def signal(self, number):
        self.below = descendants(self.pid)
        os.kill(self.pid, number)

    def wait_end(self, seconds=STOP_S):
        """The exit code; everything below must be gone with the host."""
        code = self.process.wait(seconds)
        until(lambda: not (self.below & running()), GONE_S, f"end of the host's children {self.below}")
        Host.alive.remove(self)
        Host.fallen += [self][:code not in (0, -signal.SIGKILL)]
        self.check_sanitizers()
        return code

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait_end()

    def kill9(self):
        self.signal(signal.SIGKILL)
        return self.wait_end()

    def destroy(self):
        """Whatever state it is in: no process is left."""
        if self not in Host.alive:
            return
        below = descendants(self.pid) | self.below
        for pid in [self.pid, *below]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        Host.alive.remove(self)
        self.check_sanitizers()

    def check_sanitizers(self):
        """One that gives up at its end leaves its threads where they are, and says so."""
        report = SANITIZER_REPORT.search(self.log_text())
        if report and not self.events("host.store_stalled"):
            raise HostFailed("\n".join(self.log_text()[report.start():].splitlines()[:80]))

    # ---- its log ----

    def log_text(self):
        with open(self.log_path, "rb") as log:
            log.seek(self.log_at)
            return log.read().decode(errors="replace")

    def log_tail(self, lines=40):
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def events(self, name):
        """The log's lines of this event since the last start."""
        lines = (line for line in self.log_text().splitlines() if f'"event":"{name}"' in line)
        return [json.loads(line) for line in lines if line.endswith("}")]

    # ---- its interfaces ----

    def cli(self, *arguments, **options):
        return orch(self.home, *arguments, ORCH_URL=self.url, **options)

    def mint(self, scope, tenant="default", ttl="1h", **flags):
        more = [f"--{key}={value}" for key, value in flags.items()]
        made = orch(self.home, "token", "mint", "--subject", "test", "--scope", scope, "--tenant", tenant,
                    "--ttl", ttl, *more)
        return made.stdout.strip()

    def headers(self, token=None, **more):
        token = self.token if token is None else token
        given = {name.replace("_", "-"): value for name, value in more.items()}
        return ({"Authorization": f"Bearer {token}"} if token else {}) | given

    def http(self, method, path, body=None, expect=None, token=None, timeout=60, root=False, **headers):
        """body: bytes go as they are, anything else as JSON. token: "" sends none."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.ready["port"], timeout=timeout)
        try:
            connection.request(method, ("" if root else BASE) + path, data, self.headers(token, **headers))
            reply = connection.getresponse()
            answer = Answer(reply.status, dict(reply.getheaders()), reply.read())
        finally:
            connection.close()
        assert expect is None or answer.status == expect, \
            f"{method} {path}: {answer.status}, wanted {expect}: {answer.text[:500]}"
        return answer

    def raw(self, data, seconds=60):
        """Bytes as they are over a fresh connection; what comes back until the end or a pause."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.ready["port"]), timeout=seconds) as s:
            try:
                s.sendall(data)
                while chunk := s.recv(65536):
                    received += chunk
                    if answer_is_whole(received):
                        break
            except (TimeoutError, ConnectionError):
                pass
        return received

    # ---- runs ----

    def publish(self, definition, **more):
        text = definition if isinstance(definition, str) else json.dumps(definition)
        return self.http("POST", "/dags/import", {"yaml_content": text}, expect=201, **more)

    def run(self, dag_id, inputs=None, **more):
        body = {"dagId": dag_id, "inputs": inputs or {}}
        return self.http("POST", "/runs", body, expect=201, **more).json["runId"]

    def trace(self, run_id):
        return self.http("GET", f"/executions/{run_id}/trace", expect=200).json

    def node(self, run_id, node_id):
        return self.trace(run_id)["node_traces"].get(node_id, {"status": "pending", "attempt_count": 0})

    def wait(self, run_id, seconds=RUN_S):
        """The trace of a run that has ended."""
        ended = lambda: self.http("GET", f"/runs/{run_id}", expect=200).json["status"] in FINAL
        until(ended, seconds, f"end of run {run_id}")
        return self.trace(run_id)

    def wait_node(self, run_id, node_id, *statuses):
        return until(lambda: self.node(run_id, node_id)["status"] in statuses, RUN_S,
                     f"{node_id} of run {run_id} {statuses}")

    def complete(self, dag_id, inputs=None):
        """Runs it; the trace of the completed run."""
        trace = self.wait(self.run(dag_id, inputs))
        assert trace["status"] == "completed", trace["errors"]
        return trace

    def metric(self, name, part=""):
        """The sum of a metric over all its labels, or over those with this part."""
        text = self.http("GET", "/metrics", root=True, token="", expect=200).text.decode()
        return sum(float(line.split()[-1]) for line in text.splitlines()
                   if line.startswith((f"{name} ", f"{name}{{")) and part in line)

    def provenance(self, run_id):
        """The signed DSSE envelope; the authority signs just after the end."""
        return until(lambda: self.http("GET", f"/runs/{run_id}/provenance", expect=200).json["statement"],
                     RUN_S, f"the statement of run {run_id}")

    def takes_work(self):
        """readyz says so; one that begins again just now has no port."""
        try:
            return self.http("GET", "/readyz", root=True, token="", timeout=5).status == 200
        except OSError:
            return False

    def answers(self):
        """The host is up and does its work."""
        assert self.process.poll() is None, f"the host ended\n{self.log_tail()}"
        self.http("GET", "/readyz", root=True, token="", expect=200)


def is_problem(answer, status, code=None):
    """The document of a refusal that is one in every member."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    doc = answer.json
    assert (answer.status, doc["status"]) == (status, status), doc
    assert code is None or doc["code"] == code, doc
    assert doc["title"] and doc["detail"] and len(doc["trace_id"]) == 32
    assert doc["error"] == {"code": doc["code"], "message": doc["message"], "trace_id": doc["trace_id"]}
    return doc


def answer_is_whole(data):
    head, end, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if end and line.lower().startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return False


def processes():
    """{pid: (parent, state letter, when it began)} of all processes: a number and its beginning are one process."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = pathlib.Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[int(name)] = (int(fields[1]), fields[0], int(fields[19]))
    return found


def running():
    return {pid for pid, _ in beginnings()}


def beginnings():
    """(pid, when it began) of all that run."""
    return {(pid, began) for pid, (_, state, began) in processes().items() if state not in "ZX"}


def zombies(host):
    known = processes()
    return {pid for pid in descendants(host.pid) if known.get(pid, (0, "X", 0))[1] == "Z"}


def descendants(pid):
    known = processes()
    found, left = set(), [pid]
    while left:
        parent = left.pop()
        children = [p for p, (its_parent, *_) in known.items() if its_parent == parent]
        found.update(children)
        left.extend(children)
    return found


def cpu_seconds(pid):
    """What a process has computed: says what something costs, whatever else the machine does."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def title(pid):
    """What a process calls itself; "" when it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def child_named(host, name):
    """The one process below the host with this title."""
    return next((pid for pid in descendants(host.pid) if title(pid) == name), None)
