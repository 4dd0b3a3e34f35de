"""The proxy before the database does what the faults of a field ask of it, to the connection they mean.

Rooms: tests/integration/ha.
"""
import subprocess

import pytest

from cluster import PSQL
from proxy import CUTS, Proxy


@pytest.fixture(scope="module")
def proxy(cluster):
    cluster.sql("CREATE TABLE told (n integer)")
    made = Proxy(cluster.folder)
    yield made
    made.close()


def psql(proxy, text, part="reader", timeout=60):
    return subprocess.run([PSQL, "-X", "-A", "-t", "-q", proxy.url("postgres", "postgres")], input=text,
                          env={"PATH": "/usr/bin:/bin", "PGAPPNAME": f"orchestrator:here:{part}"}, text=True,
                          capture_output=True, timeout=timeout)


def test_what_is_sent_arrives_and_what_comes_back_too(proxy):
    assert psql(proxy, "SELECT 6 * 7").stdout.strip() == "42"


@pytest.mark.parametrize("how", CUTS)
def test_the_writers_next_request_alone_meets_the_cut(proxy, cluster, how):
    number = CUTS.index(how)
    proxy.cut_commit(how)
    assert psql(proxy, "SELECT 1").stdout.strip() == "1"
    done = psql(proxy, f"INSERT INTO told VALUES ({number})", "writer")
    assert done.returncode != 0 and "connection" in done.stderr
    assert cluster.sql(f"SELECT count(*) FROM told WHERE n = {number}") == str(int(how == "answer"))
    assert psql(proxy, "SELECT 1", "writer").stdout.strip() == "1"


def test_a_black_hole_swallows_until_it_is_none(proxy):
    proxy.swallow(True)
    with pytest.raises(subprocess.TimeoutExpired):
        psql(proxy, "SELECT 1", timeout=1)
    proxy.swallow(False)
    assert psql(proxy, "SELECT 1").stdout.strip() == "1"


def test_a_cut_ends_what_is_connected(proxy):
    with subprocess.Popen([PSQL, "-X", "-A", "-t", "-q", proxy.url("postgres", "postgres")], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as client:
        client.stdin.write("SELECT 1;\n")
        client.stdin.flush()
        assert client.stdout.readline().strip() == "1"
        proxy.cut()
        client.stdin.write("SELECT 2;\n")
        client.stdin.close()
        assert client.wait(60) != 0 and not client.stdout.read().strip()
