"""Fixtures: `host` is shared by the tests of one file, which must leave it working; `make_host`
gives hosts of the test's own, with settings, to be stopped and killed. A failing test shows the
end of the logs of every host that lives or fell in it."""
import pytest

from cluster import Cluster
from host import Host, Publisher


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: waits for a real time, run as integration_NAME_slow")


@pytest.fixture(scope="session")
def publisher(tmp_path_factory):
    return Publisher(tmp_path_factory.mktemp("publisher"))


@pytest.fixture(scope="session")
def host(tmp_path_factory, publisher):
    shared = Host(tmp_path_factory.mktemp("home"), publisher, ("conformance", "emissions")).start()
    yield shared
    shared.destroy()


@pytest.fixture(scope="module")
def cluster():
    """A PostgreSQL cluster of the file's own."""
    made = Cluster()
    yield made
    made.stop()


@pytest.fixture
def make_host(tmp_path, publisher):
    made = []

    def make(name="home", start=True, plugins=("conformance",), **settings):
        made.append(Host(tmp_path / name, publisher, plugins, **settings))
        return made[-1].start() if start else made[-1]

    yield make
    for one in made:
        one.destroy()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        for one in [*Host.alive, *Host.fallen]:
            outcome.get_result().sections.append((f"log of {one.home}", one.log_tail()))
    if call.when == "teardown":
        Host.fallen.clear()
