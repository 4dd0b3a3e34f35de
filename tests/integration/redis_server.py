"""A real redis-server on a port of its own, for as long as a test asks."""
import shutil
import signal
import socket
import subprocess

from host import RUN_S, free_port, until

SERVER = shutil.which("redis-server") or "/usr/bin/redis-server"


class Redis:
    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        self.process = subprocess.Popen(
            [SERVER, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self.folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self.answers, RUN_S, "redis-server answers")

    def stop(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait()

    def answers(self):
        try:
            return self.ask("PING") == "PONG"
        except OSError:
            return False

    def ask(self, *words):
        """One command on a connection of its own; its answer as text, number or list."""
        words = [str(word).encode() for word in words]
        with socket.create_connection(("127.0.0.1", self.port), timeout=RUN_S) as s, s.makefile("rb") as replies:
            s.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
            return self.read(replies)

    def read(self, replies):
        line = replies.readline().decode().rstrip("\r\n")
        kind, rest = line[:1], line[1:]
        if kind == "*":
            return [self.read(replies) for _ in range(int(rest))]
        if kind == "$":
            return None if rest == "-1" else replies.read(int(rest) + 2)[:-2].decode()
        return int(rest) if kind == ":" else rest
