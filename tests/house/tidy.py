#!/usr/bin/env python3
"""Runs clang-tidy (.clang-tidy) over our own sources in a build's compile_commands.json.

usage: tidy.py BUILD_DIR. A source that two targets compile is read once, generated ones are not.
"""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = tuple(f"{ROOT}/{folder}/" for folder in ("host", "sandbox", "authority", "plugins", "tests"))


def one_command_a_source(build, folder):
    commands = json.loads((build / "compile_commands.json").read_text())
    once = {c["file"]: c for c in commands if c["file"].startswith(OURS)}
    folder.mkdir(exist_ok=True)
    (folder / "compile_commands.json").write_text(json.dumps(list(once.values())))
    return len(once)


def main():
    build = pathlib.Path(sys.argv[1])
    folder = build / "clang-tidy"
    count = one_command_a_source(build, folder)
    done = subprocess.run(["run-clang-tidy", "-quiet", "-p", folder, "-j", str(os.cpu_count() or 2)],
                          cwd=ROOT, capture_output=True, text=True)
    found = [line for line in done.stdout.splitlines()
             if not line.startswith(("clang-tidy", "Enabled checks"))]
    print("\n".join(found))
    print(f"{count} sources, {'findings above' if done.returncode else 'nothing found'}")
    return 1 if done.returncode or not count else 0


if __name__ == "__main__":
    sys.exit(main())
