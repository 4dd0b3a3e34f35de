#!/usr/bin/env python3
"""Checks what no source or document may carry: marks of unfinished work, paths of somebody's
machine, blanks at the end of a line, tabs in C, a missing last newline.
"""
import re

import tree

RULES = (
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"), "a mark of unfinished work"),
    (re.compile(r"(?<![\w.])/(home|root|work|Users)/[\w.]"), "a path of somebody's machine"),
    (re.compile(r"[ \t\r]$"), "blanks at the end of the line"),
)
TAB = re.compile(r"\t")
C_SUFFIXES = {".c", ".h", ".cpp", ".def"}
seen = []


def breaches():
    for path, name in tree.files():
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            yield name, 1, "not UTF-8"
            continue
        seen.append(name)
        lines = text.split("\n")
        if lines.pop() != "" or not lines:
            yield name, len(lines) + 1, "no newline at the end"
        for number, line in enumerate(lines, 1):
            for rule, reason in RULES:
                if rule.search(line):
                    yield name, number, reason
            if path.suffix in C_SUFFIXES and TAB.search(line):
                yield name, number, "a tab"


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
