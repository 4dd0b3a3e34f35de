#!/usr/bin/env python3
"""Prints the line coverage of each folder and fails when one is below the floor.

usage: coverage.py BUILD_DIR FLOOR_PERCENT FOLDER... -- runs gcovr over what the tests left in a
build with ORCH_COVERAGE; a folder of which no line ran counts as 0.
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def objects_of(build, folder):
    """Where the library that holds the folder is built: the folder's own place or one above it."""
    at = build / folder
    while not at.is_dir():
        at = at.parent
    return at


def measure(build, folder):
    objects = objects_of(build, folder)
    done = subprocess.run(["gcovr", "--root", ROOT, "--object-directory", objects, "--filter",
                           f"{folder}/", "--json-summary-pretty", objects],
                          cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def main():
    build, floor = pathlib.Path(sys.argv[1]).resolve(), float(sys.argv[2])
    short = 0
    for folder in sys.argv[3:]:
        summary = measure(build, folder)
        total, covered = summary["line_total"], summary["line_covered"]
        percent = 100 * covered / total if total else 0
        short += percent < floor
        print(f"{folder:16} {covered:5} of {total:5} lines  {percent:5.1f} %"
              f"{'' if percent >= floor else f'  below {floor:.0f} %'}")
        if percent < floor:
            for file in sorted(summary["files"], key=lambda f: f["line_percent"])[:5]:
                print(f"    {file['filename']}: {file['line_percent']} %")
    return 1 if short or len(sys.argv) < 4 else 0


if __name__ == "__main__":
    sys.exit(main())
