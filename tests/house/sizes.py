#!/usr/bin/env python3
"""Checks the sizes that STYLE asks for: files of at most 800 lines, functions of at most 70, depth
of at most 3.

Files over 500 lines are listed, so that a growing one is seen before it is refused.
"""
import re

import tree

FILE_MAX, FILE_NOTE, FUNCTION_MAX, DEPTH_MAX = 800, 500, 70, 3
SUFFIXES = {".c", ".h", ".cpp", ".py", ".sh"}
# clang-format puts a statement that opens a level at four blanks a level, and nothing else there.
OPENS = re.compile(r"((?: {4})+)(if|for|while|switch|do|[A-Z]+_(?:FOREACH|ITER)\w*|json_\w+_foreach)\b[^;]*$")
seen = []


def long_functions(lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start - 1 > FUNCTION_MAX:
                yield start, number - start - 1
            start = None


def deep_statements(lines):
    for number, line in enumerate(lines, 1):
        opens = OPENS.match(line)
        if opens and len(opens.group(1)) // 4 > DEPTH_MAX:
            yield number, len(opens.group(1)) // 4


def breaches():
    for path, name in tree.files(tree.FOLDERS, SUFFIXES):
        lines = path.read_text().split("\n")
        seen.append(name)
        if len(lines) > FILE_MAX:
            yield name, len(lines), f"{len(lines)} lines, at most {FILE_MAX} are taken"
        elif len(lines) > FILE_NOTE:
            print(f"note: {name}: {len(lines)} lines")
        for start, length in long_functions(lines):
            yield name, start, f"function of {length} lines, at most {FUNCTION_MAX} are taken"
        for number, depth in deep_statements(lines) if path.suffix in {".c", ".h", ".cpp"} else ():
            yield name, number, f"{depth} levels deep, at most {DEPTH_MAX} are taken"


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
