#!/usr/bin/python3
"""Runs the conformance kit (conformance/run.py of the shared folder) against a host of its own.

ORCH_SHARED names the shared folder; without it, it is `shared` beside the repository. Exits 77,
which ctest takes for skipped, when there is none. The kit itself is never copied into here."""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SHARED = pathlib.Path(os.environ.get("ORCH_SHARED") or HERE.parents[2] / "shared")
SKIPPED = 77

sys.path.insert(0, str(HERE.parent / "integration"))
from host import BIN, BUILD, Host, Publisher, clean_environment  # noqa: E402


def run_kit(host):
    environment = clean_environment(host.home, ORCH_URL=host.url, ORCH_TOKEN=host.token, ORCH_TENANT="default",
                                    ORCH_BIN=str(BIN / "orch"))
    return subprocess.run([sys.executable, SHARED / "conformance" / "run.py"], env=environment).returncode


def main():
    if not (SHARED / "conformance" / "run.py").exists():
        print(f"skipped: no conformance kit in {SHARED}; set ORCH_SHARED to the folder that has one")
        return SKIPPED
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        publisher = Publisher(pathlib.Path(folder) / "publisher")
        host = Host(pathlib.Path(folder) / "home", publisher).start()
        try:
            code = run_kit(host)
            host.answers()
            if code != 0:
                print(host.log_tail())
            return code
        finally:
            host.destroy()


if __name__ == "__main__":
    sys.exit(main())
