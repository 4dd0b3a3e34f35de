"""The schema of a store in PostgreSQL is moved by orchd migrate or by Flyway, on what is there, one process at a time.

Rooms: host/store/postgres, host/daemon, host/config.
"""
import concurrent.futures
import pathlib
import re
import signal
import subprocess
import zlib

import pytest

from host import BIN, ROOT, clean_environment

SCHEMA = ROOT / "host" / "store" / "postgres" / "schema"
FILES = sorted(path.name for path in SCHEMA.glob("V*.sql"))


@pytest.fixture
def database(cluster, request):
    """The name of an empty database and its owner's URL."""
    name = re.sub(r"\W", "_", request.node.name)[:60]
    return name, cluster.make_database(name)


def migrate(*words, **environment):
    """(status, what it printed, what it said of its failure)."""
    done = subprocess.run([BIN / "orchd", "migrate", *words], env=clean_environment("/nonexistent", **environment),
                          capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.splitlines(), done.stderr.strip()


def test_up_down_and_status(database):
    _, url = database
    status, lines, _ = migrate("status", "--store", url)
    assert status == 1 and [line.split() for line in lines] == [["waits", name] for name in FILES]
    assert migrate("up", "--store", url) == (0, [f"up   {name}" for name in FILES], "")
    assert migrate("up", "--store", url) == (0, [], "")
    assert migrate("down", "--store", url) == (0, [f"down {FILES[-1]}"], "")
    status, lines, _ = migrate("status", "--store", url)
    assert status == 1 and lines[-1].split() == ["waits", FILES[-1]]
    assert migrate("up", "--store", url)[:2] == (0, [f"up   {FILES[-1]}"])
    status, lines, _ = migrate("status", "--store", url)
    assert status == 0 and all(re.match(r"\d{4}-\d\d-\d\dT[\d:]{8}Z V", line) for line in lines)


def test_the_store_is_named_as_the_host_is_told_of_it(database, cluster):
    name, url = database
    assert migrate("up", ORCH_STORE=url, ORCH_STORE_SCHEMA="other")[0] == 0
    assert migrate("status", GL_ORCHESTRATOR_DB_CONNECTION_STRING=url, GL_ORCHESTRATOR_DB_SCHEMA="other")[0] == 0
    assert cluster.sql("SELECT to_regclass('other.dag_executions')", name) == "other.dag_executions"


@pytest.mark.parametrize("words, said", [
    ((), "usage: orchd migrate"),
    (("sideways",), "usage: orchd migrate"),
    (("up",), "no store is named"),
    (("up", "--stoer", "x"), "did you mean --store?"),
    (("up", "--store", "/var/lib/orch/orch.db"), "neither postgresql://"),
])
def test_words_that_it_does_not_know_are_told(words, said):
    status, _, error = migrate(*words)
    assert (status != 0, said in error) == (True, True), error


def test_two_at_once_do_it_once(database):
    _, url = database
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: migrate("up", "--store", url), range(4)))
    assert [status for status, _, _ in done] == [0] * 4, done
    assert sorted(line for _, lines, _ in done for line in lines) == [f"up   {name}" for name in FILES]


def test_a_database_that_is_away_is_told_and_nothing_else_is_done(cluster, database):
    _, url = database
    cluster.halt(signal.SIGKILL)
    status, lines, error = migrate("up", "--store", url)
    cluster.resume()
    assert (status, lines) == (1, []) and "failed" in error
    assert migrate("up", "--store", url)[0] == 0


def test_a_password_is_in_no_message(cluster):
    url = f"postgresql://x:verysecret@/nothing?host={cluster.folder}"
    status, _, error = migrate("up", ORCH_STORE=url)
    assert status == 1 and "verysecret" not in error
    status, _, error = migrate("up", "--store", url)
    assert status == 2 and "verysecret" not in error and "PGPASSFILE" in error


def test_flyways_history_is_read_and_written(cluster, database):
    """As Flyway leaves it: the first file applied by hand, its line with Flyway's checksum."""
    name, url = database
    first = (SCHEMA / FILES[0]).read_text()
    crc = zlib.crc32("".join(first.splitlines()).encode())
    checksum = crc - (1 << 32) if crc >= 1 << 31 else crc
    cluster.sql("CREATE TABLE public.flyway_schema_history (installed_rank integer PRIMARY KEY, version varchar(50),"
                " description varchar(200) NOT NULL, type varchar(20) NOT NULL, script varchar(1000) NOT NULL,"
                " checksum integer, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(),"
                " execution_time integer NOT NULL, success boolean NOT NULL);"
                " ALTER TABLE public.flyway_schema_history OWNER TO keeper", name)
    cluster.sql(f"BEGIN;\n{first}\n; INSERT INTO public.flyway_schema_history VALUES"
                f" (1, '021', 'workflows', 'SQL', '{FILES[0]}', {checksum}, 'flyway', now(), 9, true); COMMIT",
                name, "keeper")
    assert migrate("up", "--store", url) == (0, [f"up   {file}" for file in FILES[1:]], "")
    scripts = cluster.sql("SELECT script FROM public.flyway_schema_history ORDER BY installed_rank", name)
    assert scripts.splitlines() == FILES


def test_a_home_has_a_private_cluster(tmp_path):
    """The groundwork of ./up --postgres: made, found, stopped, started on what it had, gone."""
    def private(verb):
        done = subprocess.run([ROOT / "scripts" / "private-cluster", verb, tmp_path], capture_output=True, text=True,
                              timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    url = private("start")
    folder = (tmp_path / "cluster").read_text().strip()
    try:
        assert private("start") == url == private("url")
        assert migrate("up", "--store", url)[0] == 0
        private("stop")
        assert migrate("status", "--store", url)[0] == 1
        assert private("start") == url
        assert migrate("status", "--store", url)[0] == 0
    finally:
        private("drop")
    assert not pathlib.Path(folder).exists() and not (tmp_path / "cluster").exists()


# contract/greenlang.md 11.2, as it is typed; REINDEX and ANALYZE are the owner's.
LOOKS = """
SELECT table_name FROM information_schema.tables WHERE table_name IN ('dag_workflows', 'dag_executions', 'node_traces',
    'dag_checkpoints', 'execution_provenance') ORDER BY 1;
SELECT state, count(*) FROM pg_stat_activity WHERE application_name LIKE '%orchestrator%' GROUP BY state;
SELECT * FROM dag_checkpoints WHERE output_hash IS NULL AND status = 'completed' ORDER BY created_at DESC LIMIT 20;
SELECT pg_database_size(current_database()) > 0 AND pg_total_relation_size('dag_checkpoints') >= 0;
SELECT count(*) FROM pg_locks WHERE relation IN ('dag_checkpoints'::regclass, 'execution_provenance'::regclass);
SELECT execution_id, count(*) FROM dag_checkpoints GROUP BY execution_id;
"""
OWNERS = "REINDEX TABLE dag_checkpoints; REINDEX TABLE execution_provenance; REINDEX TABLE node_traces; ANALYZE dag_executions;"


def test_what_the_runbooks_type_finds_our_tables(cluster, database):
    name, url = database
    assert migrate("up", "--store", url)[0] == 0
    cluster.sql("ALTER ROLE orchestrator_operator LOGIN")
    found = cluster.sql(LOOKS, name, "orchestrator_operator").splitlines()
    assert found[:5] == ["dag_checkpoints", "dag_executions", "dag_workflows", "execution_provenance", "node_traces"]
    cluster.sql(OWNERS, name, "keeper")


def test_every_file_is_in_the_program_and_has_its_way_back():
    built = (ROOT / "host/store/postgres/CMakeLists.txt").read_text()
    for name in FILES:
        assert name[1:].removesuffix(".sql") in built
        assert (SCHEMA / name.replace("V", "U", 1)).is_file()
        assert re.fullmatch(r"V\d{3}__[a-z_]+\.sql", name)
        assert "${" not in (SCHEMA / name).read_text(), "Flyway would put something in its place"
