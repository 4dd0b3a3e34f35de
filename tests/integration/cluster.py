"""A PostgreSQL cluster of a test session's own: tests/unit/store/postgres/cluster.h behind a pipe, so
that it goes with the session, whatever becomes of that."""
import contextlib
import signal
import subprocess

from host import BUILD

SERVER = BUILD / "tests" / "unit" / "store" / "postgres" / "pg_server"
PSQL = "/usr/lib/postgresql/15/bin/psql"


class SqlFailed(AssertionError):
    """The statement met an error; the message has psql's words."""


class Cluster:
    def __init__(self, durable=False):
        self.process = subprocess.Popen([SERVER, *["--durable"][:durable]], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        url = self.process.stdout.readline()
        assert url, "the cluster did not start"
        self.folder = dict(word.split("=") for word in url.split())["host"]

    def url(self, database="postgres", role="postgres"):
        return f"postgresql://{role}@/{database}?host={self.folder}&port=5432"

    def psql(self, text, database="postgres", role="postgres", **environment):
        """The finished psql, as an operator's: no file of theirs is read, the first error ends it."""
        return subprocess.run([PSQL, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", self.url(database, role)],
                              input=text, env={"PATH": "/usr/bin:/bin"} | environment, text=True, capture_output=True,
                              timeout=120)

    def sql(self, text, database="postgres", role="postgres", **environment):
        """What psql prints for the statements: a row a line, | between columns."""
        done = self.psql(text, database, role, **environment)
        if done.returncode != 0:
            raise SqlFailed(done.stderr)
        return done.stdout.strip()

    def begin(self, text, database):
        """A psql that stays, and its session with it, until somebody ends it."""
        psql = subprocess.Popen([PSQL, "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", self.url(database)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        psql.stdin.write(f"SET client_connection_check_interval = '100ms'; {text}\n")
        psql.stdin.flush()
        return psql

    @contextlib.contextmanager
    def locked(self, database, table):
        """Meanwhile whoever writes to the table waits; readers do not."""
        holder = self.begin(f"BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE; SELECT 'held';", database)
        try:
            assert holder.stdout.readline() == "held\n", "the lock was not given"
            yield
        finally:
            holder.communicate(timeout=120)

    def make_database(self, name, owner="keeper"):
        """An empty one whose owner is no superuser; gives the owner's URL of it."""
        if not self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{owner}'"):
            self.sql(f"CREATE ROLE {owner} LOGIN CREATEROLE")
        self.sql(f"CREATE DATABASE {name} OWNER {owner} STRATEGY file_copy")
        return self.url(name, owner)

    def _ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        assert answer.isdigit(), answer
        return int(answer)

    @property
    def pid(self):
        return self._ask("pid")

    def halt(self, by=signal.SIGINT):
        self._ask(f"halt {int(by)}")

    def resume(self):
        self._ask("resume")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=120)
        self.process.stdout.close()
