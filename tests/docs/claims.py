#!/usr/bin/env python3
"""Checks what the documents say of the tree: that the tests they name exist, files and links too; that every log line that asks for an operator, and every code of the API, is explained; that the ADRs are whole.

Prints FILE:LINE: reason for each breach and exits 1.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import blocks  # noqa: E402
import generate_docs  # noqa: E402

CODES = "host/cli/codes.def"
STRANGERS = {*map(str, range(1, 44)), "hang", *(f"{i:02}" for i in range(1, 21))}  # points and inputs
LISTS = {"0008-dependencies.md"}  # decisions of one line each
SOURCES = ("host", "sandbox", "authority", "plugin-sdk", "plugins", "tests", "scripts", "cmake")
TEST_NAMES = (r"START_TEST\(\s*(\w+)", r"def (test_\w+)", r"add_test\(NAME\s+(\w+)",
              r"orch_unit_test\((\w+)", r"orch_fuzz_target\((\w+)")
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"^(?:host|sandbox|authority|plugin-sdk|plugins|tests|docs|scripts|cmake|ops)/[\w./*-]+$")


def read(path):
    return path.read_text(errors="replace")


def pages(root):
    return sorted([root / "README.md", *(root / "docs").rglob("*.md")])


def room_pages(root):
    """The README.md of each room (tests/house/rooms.py); those of templates speak of another tree."""
    found = [path for folder in ("host", "sandbox", "authority", "plugin-sdk", "plugins")
             for path in (root / folder).rglob("README.md")]
    return sorted(path for path in found if "templates" not in path.parts)


def prose(path):
    """(line number, line) outside of fenced blocks."""
    fenced = False
    for number, line in enumerate(read(path).splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def sources(root):
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix in (".c", ".h", ".cpp", ".py", ".sh", ".txt", ".cmake", ".def"):
                yield path


def test_names(root):
    names = set()
    for path in sources(root):
        if "tests" in path.relative_to(root).parts[:1]:
            text = read(path)
            for shape in TEST_NAMES:
                names.update(re.findall(shape, text))
    return names


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def threats(root):
    """The last cell of each row of THREATS.md names tests, all of which exist."""
    names, claims = test_names(root), 0
    page = root / "docs/THREATS.md"
    for number, line in prose(page):
        if not line.startswith("| ") or line.startswith(("| ---", "| claim")):
            continue
        tests = CODE.findall(cells(line)[-1])
        claims += 1
        if not tests:
            yield page, number, "a claim without a test"
        for test in tests:
            if test not in names:
                yield page, number, f"there is no test '{test}'"
    if claims == 0:
        yield page, 1, "no claims"


def strangers(root):
    """Every point and every input of the strangers has a row, and the tests of each row exist."""
    page = root / "tests/strangers.md"
    names, told = test_names(root), set()
    for number, line in prose(page):
        row = cells(line)
        if not line.startswith("| ") or row[0] in ("---", "point", "input"):
            continue
        told.add(row[0])
        for test in CODE.findall(row[-1]) or [""]:
            if test not in names and not (PATH.match(test) and (root / test).is_file()):
                yield page, number, f"there is no test '{test}'"
    for missing in sorted(STRANGERS ^ told):
        yield page, 1, f"'{missing}' has no row, or is none of theirs"


def paths(root):
    for page in [*pages(root), *room_pages(root)]:
        for number, line in prose(page):
            for name in CODE.findall(line):
                ours = PATH.match(name) and page.name not in blocks.SH_PAGES  # theirs: of a plugin's folder
                if ours and not any(root.glob(name.rstrip("/"))):
                    yield page, number, f"there is no {name}"
            for target in LINK.findall(line):
                if "://" not in target and not (page.parent / target).exists():
                    yield page, number, f"the link to {target} is dead"


def named_in_sources(root):
    for path in sources(root):
        if path.name == "self_test.py":  # names what is not there, on purpose
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            for name in re.findall(r"\bdocs/[A-Za-z0-9_-]+\.md", line):
                if not (root / name).exists():
                    yield path, number, f"there is no {name}"


def logged(root):
    """Every warning and error of a log has its row in OPERATIONS.md, and every row names a line that is logged."""
    page = root / "docs/OPERATIONS.md"
    _, _, section = read(page).partition("\n## Log\n")
    section = re.sub(r"<!-- generated: .*?<!-- end -->", "", section.partition("\n## ")[0], flags=re.DOTALL)
    told = set(re.findall(r"^\| `([a-z0-9_.]+)` \| [^|]*[a-z][^|]* \| [^|]+ \|$", section, re.MULTILINE))
    lines = {event: set(levels) for event, _, levels in generate_docs.log_lines(root)}
    for event in sorted(told - lines.keys()):
        yield page, 1, f"nothing logs '{event}'"
    for event, levels in lines.items():
        if {"warn", "error"} & levels and event not in told:
            yield page, 1, f"the log line '{event}' is not explained"


def coded(root):
    """Every code that the API answers with is explained."""
    known = set(re.findall(r'^CODE\("(\w+)"', read(root / CODES), re.MULTILINE))
    for path in sorted((root / "host/api").rglob("*.c")):
        for number, line in enumerate(read(path).splitlines(), 1):
            for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', line):
                if code not in known:
                    yield path, number, f"'{code}' is not in {CODES}"


def entries(root):
    """Every member of a trust entry has its row in OPERATIONS.md."""
    source, page = root / "authority/trust/shape.c", root / "docs/OPERATIONS.md"
    rows = {name for _, line in prose(page) if line.startswith("| ") for name in CODE.findall(cells(line)[0])}
    for name in re.findall(r'^\s+\{"(\w+)", MEMBER_', read(source), re.MULTILINE):
        if name not in rows:
            yield page, 1, f"the member '{name}' of a trust entry has no row"


def decisions(root):
    """A number is given once, and may come before one that was given earlier: work goes on side by side."""
    adrs = sorted((root / "docs/adr").glob("*.md"))
    given = set()
    for path in adrs:
        text, number = read(path), path.name[:4]
        if not re.match(r"[0-9]{4}-", path.name) or not text.startswith(f"# {number.lstrip('0')}. "):
            yield path, 1, "the name and the title have no number, or not the same"
        if number in given:
            yield path, 1, f"there is another number {number}"
        given.add(number)
        for part in () if path.name in LISTS else ("Context.", "Choice.", "What we gave up."):
            if part not in text:
                yield path, 1, f"has no '{part}'"
    if not adrs:
        yield root / "docs/adr", 1, "no decisions"


def fences(root):
    for page in pages(root):
        for number, why in blocks.problems(page.name, read(page).splitlines()):
            yield page, number, why


CHECKS = (threats, strangers, paths, named_in_sources, logged, coded, entries, decisions, fences)


def breaches(root):
    for check in CHECKS:
        yield from check(root)


def main():
    bad = list(breaches(ROOT))
    for path, number, why in bad:
        print(f"{path.relative_to(ROOT)}:{number}: {why}")
    print(f"{len(pages(ROOT))} pages, {len(bad)} breaches")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
