"""A TCP proxy before a cluster's Unix socket, in threads of the test, one a host: it hands on what comes,
and cuts, delays or swallows it on demand. A connection's part is what its application_name ends with."""
import contextlib
import pathlib
import random
import socket
import struct
import threading
import time

WRITER = "writer"
STARTUP = 196608  # protocol 3.0
CUTS = ("request", "half", "answer")


def part_of(packet):
    """The part that a startup packet names; None: it is none (a question about TLS, say)."""
    if len(packet) < 9 or struct.unpack("!I", packet[4:8])[0] != STARTUP:
        return None
    words = packet[8:].split(b"\0")
    told = dict(zip(words[::2], words[1::2]))
    return told.get(b"application_name", b"").decode().rpartition(":")[2]


class Link:
    """One connection: a client's and the server's end."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.part = None
        self.deaf = False  # the server's next answer is lost, and the connection with it

    def close(self):
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Proxy:
    def __init__(self, folder, port=5432):
        self.to = str(pathlib.Path(folder) / f".s.PGSQL.{port}")
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.links = set()
        self.flows = threading.Event()  # cleared: a black hole
        self.flows.set()
        self.delay_s = 0
        self.cut_next = None  # of CUTS: what becomes of the writer's next commit
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database, role):
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}?sslmode=disable&gssencmode=disable"

    # ---- what a test may do ----

    def cut(self):
        """Every connection ends; new ones pass."""
        with self.lock:
            links = list(self.links)
        for link in links:
            link.close()
        self.cuts += len(links)

    def swallow(self, on):
        """A black hole: nothing ends, nothing comes."""
        (self.flows.clear if on else self.flows.set)()

    def cut_commit(self, how):
        assert how in CUTS
        self.cut_next = how

    def close(self):
        self.listener.close()
        self.swallow(False)
        self.cut()

    # ---- its threads ----

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        self.flows.wait()
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self.to)
        except OSError:
            client.close()
            server.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(client, server)
        with self.lock:
            self.links.add(link)
        back = threading.Thread(target=self._pump, args=(link, server, self._answer), daemon=True)
        back.start()
        self._pump(link, client, self._request)
        back.join()
        with self.lock:
            self.links.discard(link)
        client.close()
        server.close()

    def _pump(self, link, source, hand_on):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self.flows.wait()
                if self.delay_s:
                    time.sleep(random.uniform(0, self.delay_s))
                if not hand_on(link, data):
                    break
        link.close()

    def _request(self, link, data):
        how = self._take_cut(link)
        if link.part is None:
            link.part = part_of(data)
        link.deaf = how == "answer"
        if how in ("request", "half"):
            link.server.sendall(data[:len(data) // 2 if how == "half" else 0])
            return False
        link.server.sendall(data)
        return True

    def _take_cut(self, link):
        with self.lock:
            how = self.cut_next if link.part == WRITER else None
            if how:
                self.cut_next = None
                self.cuts += 1
            return how

    @staticmethod
    def _answer(link, data):
        if link.deaf:
            return False
        link.client.sendall(data)
        return True
