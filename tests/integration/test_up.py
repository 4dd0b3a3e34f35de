"""./up finds the host that it started, by whatever way it is called.

Rooms: scripts.
"""
import shutil
import subprocess

import pytest

from host import ROOT, STOP_S


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose build has a program in the host's place that only waits."""
    root = tmp_path / "a checkout with blanks"
    (root / "build/release/bin").mkdir(parents=True)
    (root / ".orch").mkdir()
    shutil.copy(ROOT / "up", root / "up")
    shutil.copy("/bin/sleep", root / "build/release/bin/orchd")
    (tmp_path / "link").symlink_to(root, target_is_directory=True)
    return root


@pytest.mark.parametrize("way", ["a checkout with blanks", "link"])
def test_down_stops_the_host_by_every_way(checkout, tmp_path, way):
    with subprocess.Popen([checkout / "build/release/bin/orchd", "3600"]) as host:
        try:
            (checkout / ".orch/host.pid").write_text(str(host.pid))
            with subprocess.Popen(["./up", "--down"], cwd=tmp_path / way, stdout=subprocess.PIPE, text=True) as up:
                assert host.wait(STOP_S) < 0                 # reaped: up waits until it is gone
                assert "host stopped" in up.communicate(timeout=STOP_S)[0]
        finally:
            host.kill()


def test_down_leaves_a_strangers_process_alone(checkout, tmp_path):
    with subprocess.Popen(["/bin/sleep", "3600"]) as stranger:
        try:
            (checkout / ".orch/host.pid").write_text(str(stranger.pid))
            done = subprocess.run(["./up", "--down"], cwd=checkout, capture_output=True, text=True, check=True)
            assert "no host is running" in done.stdout and stranger.poll() is None
        finally:
            stranger.kill()
