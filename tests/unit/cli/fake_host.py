"""A small host for the tests of the orch binary: answers from the routes of the test, keeps what came."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ORCH = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "orch"
BASE = "/api/v1/orchestrator"
RUN = "0199c7e2-4f1a-7c3e-9d55-0a6b1f3e2c77"


def problem(status, code, message):
    return status, {"status": status, "code": code, "message": message, "trace_id": "7d1c" * 8,
                    "error": {"code": code, "message": message, "trace_id": "7d1c" * 8}}


def trace(status, nodes):
    return {"execution_id": RUN, "dag_id": "d", "status": status, "topology_levels": [["a"], ["b"]],
            "start_time": "2026-11-22T10:00:00.000000Z", "node_traces": nodes,
            "end_time": "2026-11-22T10:00:01.250000Z" if status != "running" else None}


def node(status, **more):
    return {"status": status, "attempt_count": 0 if status == "pending" else 1, "duration_ms": 12.0,
            "completed_at": "2026-11-22T10:00:00.500000Z" if status == "completed" else None, **more}


class Host(BaseHTTPRequestHandler):
    """Answers from the routes of the test that runs; keeps what came."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        path = self.path.removeprefix(BASE)
        self.server.seen.append((self.command, path, dict(self.headers), body))
        route = self.server.routes.get(f"{self.command} {path.split('?')[0]}")
        if route is None:
            route = problem(404, "ROUTE_NOT_FOUND", "no such route")
        if callable(route):
            route = route(self)
        if route is not None:
            status, doc = route
            data = json.dumps(doc).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass

    def lines(self, *docs):
        """An NDJSON reply that ends with the connection."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for doc in docs:
            self.wfile.write(json.dumps(doc).encode() + b"\n")
        self.close_connection = True


class Case(unittest.TestCase):
    def setUp(self):
        self.host = ThreadingHTTPServer(("127.0.0.1", 0), Host)
        self.host.handle_error = lambda *_: None             # a client that hangs up is part of a test
        self.host.daemon_threads = True
        self.host.seen, self.host.routes = [], {}
        threading.Thread(target=self.host.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.dir = tempfile.mkdtemp()
        self.url = f"http://127.0.0.1:{self.host.server_port}"
        # a proxy in the environment is not for loopback
        self.env = {"PATH": os.environ["PATH"], "ORCH_HOME": self.dir, "ORCH_URL": self.url,
                    "ORCH_TOKEN": "good", "LANG": "C.UTF-8", "http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"}

    def tearDown(self):
        self.host.shutdown()
        self.host.server_close()
        shutil.rmtree(self.dir)

    def routes(self, **routes):
        """POST_runs=... is POST /runs; names that are no identifiers go through **{}."""
        self.host.routes.update({k.replace("_", " /", 1) if " " not in k else k: v for k, v in routes.items()})

    def orch(self, *args, want=0, stdin=None, env=None):
        p = subprocess.run([ORCH, *args], input=stdin, capture_output=True, timeout=120,
                           env={**self.env, **(env or {})})
        self.assertEqual(p.returncode, want, f"{args}: {p.stdout.decode()} {p.stderr.decode()}")
        return p.stdout.decode(), p.stderr.decode()

    def file(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path
