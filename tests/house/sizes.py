#!/usr/bin/env python3
"""Checks the sizes that STYLE asks for: files of at most 500 lines, functions of at most 50 (of 70
when the comment right above gives the reason behind the word `Long:`), depth of at most 3.
allowed/sizes.txt: files that are longer, or have longer functions.
"""
import ast
import re

import tree

FILE_MAX, FUNCTION_MAX, LONG_MAX, DEPTH_MAX = 500, 50, 70, 3
C_SUFFIXES = {".c", ".h", ".cpp"}
# clang-format puts a statement that opens a level at four blanks a level, and nothing else there.
OPENS = re.compile(r"((?: {4})+)(if|for|while|switch|do|[A-Z]+_(?:FOREACH|ITER)\w*|json_\w+_foreach)\b[^;]*$")
LONG = re.compile(r"\bLong: \S")
seen = []


def reason_above(lines, at):
    """Whether the comment that ends right above line number at gives the reason."""
    above = at - 1
    while above > 0 and re.match(r"\s*(/\*|\*|//|#|.*\*/$)", lines[above - 1]):
        if LONG.search(lines[above - 1]):
            return True
        above -= 1
    return False


def c_functions(lines):
    """(line of the name, lines of the body, whether there is a reason)"""
    start = head = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield head, number - start - 1, reason_above(lines, head)
            start = None
        if start is None and re.match(r"[A-Za-z_]", line):
            continued = head == number - 1 and not lines[number - 2].endswith((")", ";", "}"))
            head = head if continued else number


def python_functions(text, lines):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            head = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield node.lineno, node.end_lineno - node.lineno, reason_above(lines, head)


def functions(path, text, lines):
    if path.suffix in C_SUFFIXES:
        return c_functions(lines)
    return python_functions(text, lines) if path.suffix == ".py" else ()


def deep_statements(lines):
    for number, line in enumerate(lines, 1):
        opens = OPENS.match(line)
        if opens and len(opens.group(1)) // 4 > DEPTH_MAX:
            yield number, len(opens.group(1)) // 4


def too_long(path):
    text = path.read_text()
    lines = text.split("\n")
    if len(lines) > FILE_MAX:
        yield len(lines), f"{len(lines)} lines, at most {FILE_MAX} are taken"
    for line, length, reason in functions(path, text, lines):
        if length > LONG_MAX:
            yield line, f"function of {length} lines, at most {LONG_MAX} are taken"
        elif length > FUNCTION_MAX and not reason:
            yield line, f"function of {length} lines: over {FUNCTION_MAX} the comment above says `Long:` and why"


def breaches():
    left = {name: reason for names, reason in tree.allowed("sizes") for name in names}
    met = set()
    for path, name in tree.files(tree.FOLDERS, C_SUFFIXES | {".py", ".sh"}):
        seen.append(name)
        for line, reason in too_long(path):
            if name in left:
                met.add(name)
                print(f"left: {name}:{line}: {reason} ({left[name]})")
            else:
                yield name, line, reason
        for number, depth in deep_statements(path.read_text().split("\n")) if path.suffix in C_SUFFIXES else ():
            yield name, number, f"{depth} levels deep, at most {DEPTH_MAX} are taken"
    for name in sorted(set(left) - met):
        yield name, 1, "is allowed to be longer and is not: its line can go"


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
