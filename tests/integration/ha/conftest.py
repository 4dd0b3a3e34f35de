"""Fixtures: `make_field` gives hosts that share a database, of the test's own."""
import pytest

from field import Field


@pytest.fixture
def make_field(tmp_path, publisher, cluster, request):
    made = []

    def make(**more):
        name = "".join(c if c.isalnum() else "_" for c in request.node.name)[:50] + f"_{len(made)}"
        made.append(Field(tmp_path, publisher, cluster, name, **more))
        return made[-1].start()

    yield make
    for field in made:
        field.destroy()
