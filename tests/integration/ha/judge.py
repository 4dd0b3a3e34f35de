"""What must hold when a field has come to rest, whatever was done to it: read from the database and from
what its clients were told. Each check gives its breaches, a line each."""
import collections
import hashlib
import time

ENDS = ("run.completed", "run.failed", "run.cancelled")
GENESIS = "0" * 64
SHOWN = 5  # of one check: the first ones say enough


class Judge:
    """rows(query): dicts. acknowledged: {token: (run, dag)}. streams: lists of (seq, run, type)."""

    def __init__(self, rows, acknowledged, streams=()):
        self.acknowledged, self.streams = acknowledged, streams
        self.runs = rows("SELECT execution_id, run_token, dag_id, status, statement_due FROM orchestrator.dag_executions")
        self.nodes = rows("SELECT execution_id, node_id, status FROM orchestrator.node_traces")
        self.attempts = rows("SELECT execution_id, node_id, count(*) AS count FROM orchestrator.node_attempts"
                             " WHERE outcome = 'ok' AND NOT compensation GROUP BY 1, 2")
        self.checkpoints = rows("SELECT execution_id, node_id FROM orchestrator.dag_checkpoints"
                                " WHERE status = 'completed'")
        self.statements = rows("SELECT execution_id, count(*) AS count FROM orchestrator.statements"
                               " GROUP BY 1")
        self.events = rows("SELECT tenant_id, seq, run_id, n, type, status, node_id, payload, prev_hash, hash,"
                           " (extract(epoch FROM at) * 1000000)::bigint AS at"
                           " FROM orchestrator.run_events ORDER BY tenant_id, seq")
        self.orders = rows("SELECT execution_id, verb FROM orchestrator.run_orders")
        self.alive = rows("SELECT host_id, epoch FROM orchestrator.hosts WHERE NOT fenced")
        self.heads = rows("SELECT tenant_id, last_seq FROM orchestrator.event_heads")

    def breaches(self):
        for check in (self.acknowledged_runs, self.tokens, self.ends, self.repeats, self.chains, self.cursors,
                      self.streams_told, self.left):
            found = list(check())
            name = check.__name__.replace("_", " ")
            yield from (f"{name}: {text}" for text in found[:SHOWN])
            if len(found) > SHOWN:
                yield f"{name}: and {len(found) - SHOWN} more"

    def acknowledged_runs(self):
        """Every acknowledged run is there, under its token, and completed."""
        known = {run["execution_id"]: run for run in self.runs}
        for token, (run_id, dag_id) in self.acknowledged.items():
            run = known.get(run_id)
            if run is None:
                yield f"run {run_id} is lost"
            elif (run["run_token"], run["dag_id"]) != (token, dag_id):
                yield f"run {run_id} is of {run['run_token']} {run['dag_id']}, it was told of {token} {dag_id}"
            elif run["status"] != "completed":
                yield f"run {run_id} is {run['status']}"

    def tokens(self):
        """One run a token. The index holds it, which is the more reason to look."""
        counted = collections.Counter((run["dag_id"], run["run_token"]) for run in self.runs if run["run_token"])
        yield from (f"{token} has {count} runs" for token, count in counted.items() if count > 1)

    def ends(self):
        """Every run, acknowledged or not, ended once, and what is signed of it is one chain."""
        told = collections.Counter(e["run_id"] for e in self.events if e["type"] in ENDS)
        signed = {s["execution_id"]: s["count"] for s in self.statements}
        for run in self.runs:
            run_id = run["execution_id"]
            if run["status"] not in ("completed", "failed", "cancelled"):
                yield f"run {run_id} is {run['status']}"
            elif (told[run_id], signed.get(run_id, 0)) != (1, 1):
                yield f"run {run_id} has {told[run_id]} ends and {signed.get(run_id, 0)} statements"
            elif run["statement_due"]:
                yield f"the statement of run {run_id} is there, and due"

    def repeats(self):
        """A completed node has one attempt that ended well, one checkpoint, and was told once."""
        key = lambda row: (row["execution_id"], row["node_id"])
        well = {key(row): row["count"] for row in self.attempts}
        kept = {key(row) for row in self.checkpoints}
        told = collections.Counter((e["run_id"], e["node_id"]) for e in self.events
                                   if (e["type"], e["status"]) == ("step.updated", "completed"))
        completed = {key(row) for row in self.nodes if row["status"] == "completed"}
        for node in completed | well.keys() | told.keys():
            found = well.get(node, 0), told[node], node in kept, node in completed
            if found != (1, 1, True, True):
                yield f"node {node}: {found[0]} good attempts, told {found[1]} times, checkpoint {found[2]}," \
                      f" completed {found[3]}"

    def chains(self):
        """DESIGN.md 6: hash = SHA-256 of JCS {data, n, prev, run_id, timestamp, type}."""
        last = {}
        for e in self.events:
            before = last.get(e["run_id"], (0, GENESIS))
            seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(e["at"] // 1_000_000))
            text = f'{{"data":{e["payload"]},"n":{e["n"]},"prev":"{e["prev_hash"]}","run_id":"{e["run_id"]}",' \
                   f'"timestamp":"{seconds}.{e["at"] % 1_000_000:06}Z","type":"{e["type"]}"}}'
            if (e["n"], e["prev_hash"]) != (before[0] + 1, before[1]):
                yield f"the chain of {e['run_id']} is broken at event {e['n']}"
            elif e["hash"] != hashlib.sha256(text.encode()).hexdigest():
                yield f"event {e['n']} of {e['run_id']} is not what its hash is of"
            last[e["run_id"]] = e["n"], e["hash"]

    def cursors(self):
        """Within a tenant from 1 to its head's, each once."""
        heads = {head["tenant_id"]: head["last_seq"] for head in self.heads}
        by_tenant = collections.defaultdict(list)
        for e in self.events:
            by_tenant[e["tenant_id"]].append(e["seq"])
        for tenant, seqs in by_tenant.items():
            if seqs != list(range(1, heads.get(tenant, 0) + 1)):
                odd = next((i for i, seq in enumerate(seqs, 1) if seq != i), len(seqs) + 1)
                yield f"tenant {tenant}: event {odd} is missing or doubled; {len(seqs)} events, head {heads.get(tenant)}"

    def streams_told(self):
        """Each follower had each event once, in order, and as the database has it."""
        stored = [(e["seq"], e["run_id"], e["type"]) for e in self.events
                  if e["tenant_id"] == "default" and not e["type"].startswith("audit.")]
        for number, seen in enumerate(self.streams):
            if seen != stored[:len(seen)]:
                at = next((i for i, pair in enumerate(zip(seen, stored)) if pair[0] != pair[1]), len(stored))
                yield f"follower {number}, event {at + 1}: told {seen[at:at + 2]}, stored {stored[at:at + 2]}"
            elif len(seen) < len(stored):
                yield f"follower {number} was told {len(seen)} of {len(stored)} events"

    def left(self):
        """No opening is alive, so nothing is anybody's; no order waits for a run that has ended."""
        yield from (f"an order: {row['verb']} run {row['execution_id']}" for row in self.orders)
        yield from (f"host {row['host_id']} is alive in epoch {row['epoch']}" for row in self.alive)
