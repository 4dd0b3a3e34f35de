#!/usr/bin/env python3
"""Holds README.md's promises and the tests together: each row of its table names one file of this
folder, whose first line is the promise; each file has its row and its ctest test, and the cases
that it marks slow have theirs.

usage: promises.py [ROOT]. Prints FILE:LINE: reason for each breach and exits 1.
"""
import pathlib
import re
import sys

FOLDER = "tests/integration"
ROW = re.compile(rf"^\| (.+) \| `({FOLDER}/[^`]+)` \|$")
FILE_NAME = re.compile(r"test_(\w+)\.py")


def promises(root):
    """(line, promise, file) of each row."""
    for number, line in enumerate((root / "README.md").read_text().splitlines(), 1):
        found = ROW.match(line)
        if found:
            yield number, *found.groups()


def first_line(path):
    text = path.read_text()
    return text[3:].partition("\n")[0].removesuffix('"""') if text.startswith('"""') else ""


def rows(root):
    seen = {}
    for number, promise, file in promises(root):
        path = root / file
        if not path.is_file():
            yield "README.md", number, f"there is no {file}"
        elif first_line(path) != promise:
            yield file, 1, f"does not begin with its promise: {promise}"
        for word in {promise, file} & seen.keys():
            yield "README.md", number, f"stands in line {seen[word]} already: {word}"
        seen |= {promise: number, file: number}
    if not seen:
        yield "README.md", 1, "promises nothing"


def listed(root):
    """The tests, and those with slow cases, that CMake makes; other loops only say more of them."""
    found = re.findall(r"foreach\(test IN ITEMS\s([\w\s]+)\)\s+integration_test\(",
                       (root / FOLDER / "CMakeLists.txt").read_text())
    return [set(names.split()) for names in found]


def files(root):
    promised = {file for _, _, file in promises(root)}
    every, slow = listed(root)
    there = {FILE_NAME.fullmatch(path.name)[1]: path for path in sorted((root / FOLDER).glob("test_*.py"))}
    for name, path in there.items():
        file = path.relative_to(root).as_posix()
        if file not in promised:
            yield file, 1, "README.md has no promise for it"
        if name not in every:
            yield file, 1, "is no test of ctest"
        if ("@pytest.mark.slow" in path.read_text()) != (name in slow):
            yield file, 1, "has slow cases that no test of ctest runs, or none where one does"
    for name in sorted(every - there.keys()):
        yield f"{FOLDER}/CMakeLists.txt", 1, f"there is no test_{name}.py"


def breaches(root):
    yield from rows(root)
    yield from files(root)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root if len(sys.argv) > 1 else root.parents[2]
    found = list(breaches(root))
    for file, number, reason in found:
        print(f"{file}:{number}: {reason}")
    print(f"{len(list(promises(root)))} promises, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
