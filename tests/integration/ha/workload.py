"""Clients of a field: starters that come again with the same run token until a host acknowledges, and
followers of the stream that go from host to host with their cursor. They judge nothing but what no
host may ever say; judge.py looks at the rest."""
import http.client
import random
import threading
import time
import uuid

from host import FINAL, dag, until
from stream import Lines

NAP = {"sleep_s": 0.05}
PATIENT = {"max_retries": 3, "strategy": "constant", "base_delay": 0.05, "jitter": False}
DAGS = [
    dag("diamond", {"a": ([], NAP | {"return": 1}), "b": (["a"], NAP), "c": (["a"], {"fail_times": 1}),
                    "d": (["b", "c"], {"echo_input": True})}, default_retry_policy=PATIENT),
    dag("line", {f"n{i}": ([f"n{i - 1}"] if i else [], NAP if i % 2 else {}) for i in range(6)}),
    dag("sleeper", {"short": ([], {}), "long": (["short"], {"sleep_s": 1.5}), "last": (["long"], {})}),
]
LOST = (OSError, http.client.HTTPException, ValueError)  # of a connection, whatever half of it came
AGAIN = {429, 503}
PAUSE_S = 0.1


class Workload:
    def __init__(self, field, seed, starters=6, followers=2):
        self.field = field
        self.acknowledged = {}  # token: (run id, dag id)
        self.asked = 0          # starts, with those that were asked for again
        self.breaches = []
        self.streams = [[] for _ in range(followers)]  # (seq, run id, type) as they came
        self.done = threading.Event()
        self.followed = threading.Event()
        for definition in DAGS:
            field.hosts[0].publish(definition)
        self.starters = [self._thread(self._starter, f"{seed}/s{i}") for i in range(starters)]
        self.followers = [self._thread(self._follower, f"{seed}/f{i}", seen) for i, seen in enumerate(self.streams)]

    @staticmethod
    def _thread(main, seed, *arguments):
        thread = threading.Thread(target=main, args=(random.Random(seed), *arguments), daemon=True)
        thread.start()
        return thread

    def stop(self, seconds):
        """No further start; waits until what was acknowledged has ended and the streams have told it."""
        self.done.set()
        until(lambda: not any(t.is_alive() for t in self.starters), seconds,
              f"the end of the runs of {sum(t.is_alive() for t in self.starters)} clients")
        last = self.field.rows("SELECT max(seq) AS seq FROM orchestrator.run_events WHERE tenant_id = 'default'"
                               " AND type NOT LIKE 'audit.%'")
        until(lambda: all(seen and seen[-1][0] >= last[0]["seq"] for seen in self.streams), seconds,
              f"event {last[0]['seq']} in all streams: {[seen[-1:] for seen in self.streams]}")
        self.followed.set()
        for thread in self.followers:
            thread.join(30)

    # ---- starters ----

    def _starter(self, chance):
        while not self.done.is_set():
            token, definition = str(uuid.UUID(int=chance.getrandbits(128), version=4)), chance.choice(DAGS)
            run = self._start(chance, token, definition["dag_id"])
            if run:
                self._see_end(chance, run)

    def _start(self, chance, token, dag_id):
        """The run's id; None: nobody acknowledged it before the load was over."""
        body = {"dagId": dag_id, "inputs": {"n": 1}, "runToken": token}
        while True:
            self.asked += 1
            answer = self._ask(chance, "POST", "/runs", body)
            if answer is not None and answer.status in (200, 201):
                self.acknowledged[token] = answer.json["runId"], dag_id
                return answer.json["runId"]
            if answer is not None and answer.status not in AGAIN:
                self.breaches.append(f"a start was answered {answer.status}: {answer.text[:200]}")
            if self.done.is_set():
                return None
            time.sleep(PAUSE_S)

    def _see_end(self, chance, run):
        while True:
            answer = self._ask(chance, "GET", f"/runs/{run}")
            if answer is not None and answer.status == 200 and answer.json["status"] in FINAL:
                return
            if answer is not None and answer.status not in AGAIN | {200}:
                self.breaches.append(f"run {run} was answered {answer.status}: {answer.text[:200]}")
            time.sleep(PAUSE_S)

    def _ask(self, chance, method, path, body=None):
        """None: no whole answer came."""
        host = self.field.any(chance)
        try:
            return host.http(method, path, body, timeout=4)
        except LOST:
            return None

    # ---- followers ----

    def _follower(self, chance, seen):
        while not self.followed.is_set():
            host = self.field.any(chance)
            after = seen[-1][0] if seen else 0
            try:
                with Lines(host, f"after={after}", seconds=3) as lines:
                    self._read(lines, seen)
            except LOST + (IndexError,):
                pass
            time.sleep(PAUSE_S)

    def _read(self, lines, seen):
        """Until the host ends it, is silent for three seconds or was listened to for some."""
        until_s = time.monotonic() + 5
        if lines.status != 200:
            return
        for event in lines.events():
            seen.append((event["seq"], event["runId"], event["type"]))
            if time.monotonic() > until_s or self.followed.is_set():
                return
