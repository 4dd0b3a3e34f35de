#!/usr/bin/env python3
"""Checks the sizes that STYLE asks for: files of at most 800 lines, functions of at most 70.

Files over 500 lines are listed, so that a growing one is seen before it is refused.
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE_MAX, FILE_NOTE, FUNCTION_MAX = 800, 500, 70


def sources():
    for folder in ("host", "sandbox", "authority", "plugin-sdk", "plugins", "tests"):
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            yield path


def long_functions(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start > FUNCTION_MAX:
                yield start, number - start
            start = None


def main():
    bad = count = 0
    for path in sources():
        lines = path.read_text(errors="replace").split("\n")
        name = path.relative_to(ROOT)
        count += 1
        if len(lines) > FILE_MAX:
            bad += 1
            print(f"{name}: {len(lines)} lines, at most {FILE_MAX} are taken")
        elif len(lines) > FILE_NOTE:
            print(f"note: {name}: {len(lines)} lines")
        for start, length in long_functions(lines):
            bad += 1
            print(f"{name}:{start}: function of {length} lines, at most {FUNCTION_MAX} are taken")
    print(f"{count} files, {bad} too large")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
