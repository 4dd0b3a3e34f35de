"""Readers of /runs/stream: NDJSON and SSE over a plain socket, WebSocket with python3-websockets."""
import asyncio
import contextlib
import json
import socket

import websockets

from host import BASE

PATH = f"{BASE}/runs/stream"
SUBPROTOCOL = "orch.runs.v1+json"


class Lines:
    """An open NDJSON or SSE answer, read line by line; None when nothing came in time."""

    def __init__(self, host, query="", token=None, seconds=60, **headers):
        sent = host.headers(token, **headers) | {"Host": "h"}
        head = "".join(f"{k}: {v}\r\n" for k, v in sent.items())
        self.socket = socket.create_connection(("127.0.0.1", host.ready["port"]), timeout=seconds)
        path = PATH + (f"?{query}" if query else "")
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = dict(line.decode().rstrip().split(": ", 1) for line in iter(self.file.readline, b"\r\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def line(self):
        """b"" when the host ended the stream."""
        try:
            return self.file.readline()
        except ConnectionError:
            return b""

    def messages(self):
        """Whole messages until the end; a line that a kill cut short is no message."""
        while (line := self.line()).endswith(b"\n"):
            yield json.loads(line)

    def events(self):
        return (m for m in self.messages() if "seq" in m)

    def until(self, event_type):
        """The events up to and with the first of this type."""
        seen = []
        for event in self.events():
            seen.append(event)
            if event["type"] == event_type:
                return seen
        raise AssertionError(f"the stream ended before {event_type}: {seen}")


def follow(host, after, event_type, run_id):
    """The run's events above a cursor, up to and with the first of a type."""
    with Lines(host, f"runId={run_id}&after={after}") as lines:
        return lines.until(event_type)


@contextlib.asynccontextmanager
async def ws_open(host, query="", token=None, subprotocols=(SUBPROTOCOL,), **headers):
    uri = f"ws://127.0.0.1:{host.ready['port']}{PATH}?{query}"
    async with websockets.connect(uri, subprotocols=list(subprotocols) or None, close_timeout=2,
                                  extra_headers=host.headers(token, **headers)) as ws:
        yield ws


async def ws_messages(ws, last_type):
    """Messages up to and with the first of a type."""
    seen = []
    while not seen or seen[-1]["type"] != last_type:
        seen.append(json.loads(await asyncio.wait_for(ws.recv(), 60)))
    return seen
