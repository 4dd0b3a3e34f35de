"""What http_test.py and stream_test.py share: the test server's process and requests to it.

The server is the real one with a made-up engine (server_engine.c) over a store in a temporary
folder. usage of both: TEST.py PATH_OF_api_test_server [NAME...]
"""
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import traceback

BASE = "/api/v1/orchestrator"
DAG = {"name": "n", "nodes": {"A": {"agent_id": "conformance.stub"}}}


class Server:
    """One server process; its end is checked: exit 0, so no sanitizer and no leak spoke up."""

    def __init__(self, binary, *options, stderr=None):
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen([binary, self.folder.name, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=stderr, text=True)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.stdin.close()
        code = self.process.wait(60)
        self.process.stdout.close()
        self.folder.cleanup()
        if failure[0] is None:
            assert code == 0, f"the server ended with {code}"

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def raw(self, data, wait=5.0):
        """Sends bytes as they are; everything that comes back until the end or a pause."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as s:
            s.sendall(data)
            out = b""
            try:
                while chunk := s.recv(65536):
                    out += chunk
                    if b"\r\n\r\n" in out and answer_whole(out):
                        break
            except (TimeoutError, ConnectionResetError):
                pass
            return out


def answer_whole(data):
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return False


def headers(token="admin", tenant="default", **more):
    out = {}
    if token:
        out["Authorization"] = "Bearer " + token
    if tenant:
        out["X-Stella-Tenant"] = tenant
    out.update({name.replace("_", "-"): value for name, value in more.items()})
    return out


def ask(server, method, path, body=None, conn=None, base=BASE, **options):
    c = conn or server.connect()
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    c.request(method, base + path, body=data, headers=headers(**options))
    reply = c.getresponse()
    text = reply.read()
    if conn is None:
        c.close()
    kind = reply.getheader("Content-Type", "")
    return reply, json.loads(text) if "json" in kind and text else text


def expect(server, status, method, path, body=None, code=None, **options):
    reply, doc = ask(server, method, path, body, **options)
    assert reply.status == status, f"{method} {path}: {reply.status} {doc}"
    if status >= 400 and method != "HEAD":
        check_problem(reply, doc, code)
    return doc


def check_problem(reply, doc, code):
    assert reply.getheader("Content-Type") == "application/problem+json"
    assert doc["status"] == reply.status and doc["code"] == doc["error"]["code"]
    assert doc["message"] == doc["error"]["message"] and len(doc["trace_id"]) == 32
    assert isinstance(doc["errors"], list) and isinstance(doc["retryable"], bool)
    assert doc["type"].endswith(doc["code"].lower().replace("_", "-"))
    if code:
        assert doc["code"] == code, doc


def publish(server, dag_id="d", **options):
    text = json.dumps({**DAG, "dag_id": dag_id})
    return expect(server, 201, "POST", "/dags/import", {"yaml_content": text}, **options)


def start(server, dag_id="d", inputs=None, status=201, **options):
    return expect(server, status, "POST", "/runs", {"dagId": dag_id, "inputs": inputs or {}},
                  **options)


def main(module):
    """Runs the module's test_ functions; those that take server_of start servers of their own."""
    binary, names = sys.argv[1], sys.argv[2:]
    tests = {n: f for n, f in module.items() if n.startswith("test_") and (not names or n in names)}
    failed = 0
    with Server(binary) as shared:
        for name, test in tests.items():
            try:
                if "server_of" in test.__code__.co_varnames[:test.__code__.co_argcount]:
                    test(lambda *options, **more: Server(binary, *options, **more))
                else:
                    test(shared)
                    assert shared.process.poll() is None, "the server died"
                print("ok  ", name, flush=True)
            except Exception as e:
                failed += 1
                print("FAIL", name, type(e).__name__, e, flush=True)
                traceback.print_exc()
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed or not tests else 0
