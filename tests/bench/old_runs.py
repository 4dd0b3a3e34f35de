#!/usr/bin/env python3
"""old_runs.py -- fills a store with runs that ended: copies of a completed run of a DAG (a signed one where
there is one), before it in time, in SQL and many at once. No host has the store meanwhile.

usage: tests/bench/old_runs.py COUNT DAG STORE          STORE: a file, or postgresql://...

The hashes of the copies are those of the run: nobody could verify them, and no host looks.
"""
import os
import sqlite3
import subprocess
import sys

AT_ONCE = 20000
PSQL = "/usr/lib/postgresql/15/bin/psql"
# A UUIDv7 so many milliseconds before the run's: the ids are in the order of the starts.
AGE = "({count} - g)"
STARTED = ("created_at", "started_at", "completed_at")


def new_id(hex_of):
    """The id of copy g; hex_of(expression, digits) is the dialect's. The run's own time is behind it."""
    ms = hex_of("{ms} - " + AGE, 12)
    return f"substr({ms}, 1, 8) || '-' || substr({ms}, 9) || '-7000-8000-' || {hex_of('g', 12)}"


class Sqlite:
    def __init__(self, path):
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("PRAGMA synchronous = OFF")
        self.id = new_id(lambda n, digits: f"printf('%0{digits}x', {n})")

    def row(self, text):
        return self.db.execute(text).fetchone()

    def columns(self, table):
        rows = self.db.execute(f"PRAGMA main.table_xinfo({table})").fetchall()
        return [row[1] for row in rows if row[6] == 0]

    def copy(self, table, changed, first, last):
        names = self.columns(table)
        values = ", ".join(changed.get(name, f"t.{name}") for name in names)
        self.db.execute(f"WITH RECURSIVE s(g) AS (VALUES ({first}) UNION ALL SELECT g + 1 FROM s WHERE g < {last})"
                        f" INSERT INTO main.{table} ({', '.join(names)}) SELECT {values} FROM s CROSS JOIN temp.{table} AS t"
                        " WHERE true ORDER BY g, t.rowid")

    def fill(self, count, dag):
        no, run = self.row("SELECT run_no, execution_id FROM dag_executions WHERE status = 'completed' AND"
                           f" dag_id = '{dag}' ORDER BY statement_due, run_no DESC LIMIT 1")
        node, records = self.row(f"SELECT node_no, records_no FROM nodes WHERE run_no = {no}")
        events, = self.row(f"SELECT count(*) FROM run_events WHERE run_id = '{run}'")
        top = {name: self.row(f"SELECT max({key}) FROM {table}")[0] for name, key, table in (
            ("run", "run_no", "dag_executions"), ("node", "node_no", "nodes"), ("event", "event_no", "run_events"),
            ("statement", "id", "statements"))}
        given, = self.row("SELECT records_given FROM store_fence")
        words = {"count": count, "ms": int(run[:8] + run[9:13], 16)}
        new = self.id.format(**words)
        age = AGE.format(**words)
        before = {name: f"t.{name} - {age} * 1000" for name in STARTED}
        tables = [
            ("dag_executions", f"run_no = {no}",
             before | {"run_no": f"{top['run']} + g", "execution_id": new, "run_token": "NULL", "statement_due": "0"}),
            ("nodes", f"node_no = {node}",
             {"run_no": f"{top['run']} + g", "node_no": f"{top['node']} + g", "records_no": f"{given} + g"}),
            ("node_records", f"record_no >> 24 = {records}",
             {"record_no": f"(({given} + g) << 24) + (t.record_no & 16777215)"}),
            ("run_events", f"run_id = '{run}'",
             {"event_no": f"{top['event']} + (g - 1) * {events} + t.n", "run_id": new}),
            ("statements", f"execution_id = '{run}'",
             {"id": f"{top['statement']} + g", "execution_id": new}),
        ]
        for table, of_run, _ in tables:
            self.db.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM main.{table} WHERE {of_run} ORDER BY rowid")
        for first in range(1, count + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, count)
            self.db.execute("BEGIN IMMEDIATE")
            for table, _, changed in tables:
                self.copy(table, changed, first, last)
            self.db.execute("COMMIT")
        self.db.execute(f"UPDATE store_fence SET records_given = {given + count}")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()
        with open(self.path, "rb") as file:
            os.fsync(file.fileno())  # what is measured behind it is not the disk's work for this


class Postgres:
    BEGIN = "SET search_path = orchestrator; SET app.is_admin = 'true'; SET synchronous_commit = off;"

    def __init__(self, url):
        self.url = url
        self.id = new_id(lambda n, digits: f"lpad(to_hex(({n})::bigint), {digits}, '0')")

    def ask(self, text):
        done = subprocess.run([PSQL, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", self.url],
                              input=f"{self.BEGIN}\n{text}", text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit(done.stderr)
        return done.stdout.strip()

    def columns(self, table):
        return self.ask("SELECT string_agg(column_name, ',') FROM information_schema.columns WHERE table_schema ="
                        f" 'orchestrator' AND table_name = '{table}' AND is_generated = 'NEVER' AND"
                        " is_identity = 'NO'").split(",")

    def copy(self, table, run, changed, order):
        names = self.columns(table)
        key = "run_id" if table == "run_events" else "execution_id"
        values = ", ".join(changed.get(name, f"t.{name}") for name in names)
        return f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM generate_series(:first, :last) AS g," \
               f" {table} AS t WHERE t.{key} = '{run}' ORDER BY {order};"

    def fill(self, count, dag):
        run = self.ask("SELECT execution_id FROM dag_executions WHERE status = 'completed' AND"
                       f" dag_id = '{dag}' ORDER BY statement_due, created_at DESC LIMIT 1")
        events = self.ask(f"SELECT count(*) FROM run_events WHERE run_id = '{run}'")
        words = {"count": count, "ms": int(run[:8] + run[9:13], 16)}
        new, age = self.id.format(**words), AGE.format(**words)
        before = {name: f"t.{name} - {age} * interval '1 ms'" for name in STARTED}
        text = self.copy("dag_executions", run, before | {"execution_id": new, "run_token": "NULL", "statement_due": "false"},
                         "g")
        for table in ("node_traces", "node_attempts", "dag_checkpoints", "execution_provenance", "statements"):
            text += self.copy(table, run, {"execution_id": new}, "g")
        text += self.copy("run_events", run, {"run_id": new, "seq": "h.last_seq + (g - :first) * " + events + " + t.n"},
                          "g, t.n").replace("run_events AS t WHERE", "run_events AS t JOIN event_heads AS h USING"
                                            " (tenant_id) WHERE")
        text += f"UPDATE event_heads SET last_seq = last_seq + (:last - :first + 1) * {events}" \
                f" WHERE tenant_id = (SELECT tenant_id FROM dag_executions WHERE execution_id = '{run}');"
        # A run has its statement as soon as it is there: the trigger would say so run by run.
        self.ask("ALTER TABLE statements DISABLE TRIGGER trg_statements_stored")
        for first in range(1, count + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, count)
            self.ask(f"\\set first {first}\n\\set last {last}\nBEGIN; {text} COMMIT;")
        self.ask("ALTER TABLE statements ENABLE TRIGGER trg_statements_stored")
        self.ask("VACUUM ANALYZE")  # as the server itself does in time
        self.ask("CHECKPOINT")


def main():
    count, dag, store = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    (Postgres if store.startswith("postgresql:") else Sqlite)(store).fill(count, dag)


if __name__ == "__main__":
    main()
