#!/usr/bin/env python3
"""Writes the generated parts of docs/*.md: what stands between

    <!-- generated: NAME -->
    <!-- end -->

comes from the program's own tables (the program docs_tables of tests/docs, built with the tests),
from the log lines in the sources, from the table of tests/house/include_direction.py, from the rooms'
README.md, or from the rows of tests/docs/walk.py.

    scripts/generate_docs.py build/release/tests/docs/docs_tables          writes
    scripts/generate_docs.py --check build/release/tests/docs/docs_tables  says what differs, exits 1
"""
import difflib
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path[1:1] = [str(ROOT / "tests/house"), str(ROOT / "tests/docs")]
import include_direction  # noqa: E402
import rooms as house_rooms  # noqa: E402
import walk as house_walk  # noqa: E402

PART = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
# The level and the event's name, or the names that an expression chooses from, up to the first field.
LOG = re.compile(r'\b(?:log_event|log_fields|add_line)\(([^;]*?)(?:,\s*(?:&?F_|fields\b)|\);)')
EVENT = re.compile(r'"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"')
PROCESS = {"authority": "authority", "sandbox": "supervisor", "host/bridge": "bridge"}


def process_of(source):
    return next((process for folder, process in PROCESS.items() if source.startswith(folder + "/")), "orchd")


def log_lines(root):
    """(event, process, levels) of every log line in the sources."""
    found = {}
    for folder in ("host", "authority", "sandbox"):
        for path in sorted((root / folder).rglob("*.c")):
            for line in LOG.findall(path.read_text()):
                for event in EVENT.findall(line):
                    key = (event, process_of(path.relative_to(root).as_posix()))
                    found.setdefault(key, set()).update(word.lower() for word in re.findall(r"LOG_(\w+)", line))
    return [(event, process, sorted(levels)) for (event, process), levels in sorted(found.items())]


def log():
    rows = ["| event | process | level |", "| --- | --- | --- |"]
    rows += [f"| `{event}` | {process} | {', '.join(levels)} |" for event, process, levels in log_lines(ROOT)]
    return "\n".join(rows) + "\n"


def braces(names):
    """base, engine, engine/commit, engine/runs -> base, engine, engine/{commit,runs}"""
    below = {}
    for name in sorted(names):
        group, _, rest = name.partition("/")
        below.setdefault(group, []).append(rest)
    texts = []
    for group, rest in below.items():
        texts += [group] if "" in rest else []
        rest = [name for name in rest if name]
        texts += [f"{group}/{{{','.join(rest)}}}" if len(rest) > 1 else f"{group}/{rest[0]}"] if rest else []
    return ", ".join(texts)


def includes():
    rows = ["| room | may include |", "| --- | --- |"]
    rows += [f"| `{room}` | {braces(may) or 'nothing of ours'} |"
             for room, may in include_direction.MAY.items() if any((ROOT / room).rglob("*.[ch]"))]
    rows += ["", "| header | only in |", "| --- | --- |"]
    rows += [f"| `<{header}>` | {', '.join(f'`{room}`' for room in sorted(only))} |"
             for header, only in include_direction.ONLY.items()]
    return "\n".join(rows) + "\n"


def rooms():
    rows = ["| room | what it is | runs in |", "| --- | --- | --- |"]
    for room in map(house_rooms.of, house_rooms.rooms()):
        if room is not None:
            rows.append(f"| `{room.path}` | {room.sentence} | {room.bullets['Runs in'].rstrip('.')} |")
    return "\n".join(rows) + "\n"


def walk():
    try:
        return house_walk.table(ROOT)
    except ValueError as wrong:
        sys.exit(f"tests/docs/walk.py: {wrong}")


def part(tables, name):
    if name in ("log", "includes", "rooms", "walk"):
        return globals()[name]()
    return subprocess.run([tables, name], check=True, capture_output=True, text=True).stdout


def main():
    check = "--check" in sys.argv
    tables = [word for word in sys.argv[1:] if word != "--check"]
    if len(tables) != 1:
        sys.exit(__doc__)
    parts = stale = 0
    for path in sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]):
        old = path.read_text()
        new = PART.sub(lambda m: m[1] + part(tables[0], m[2]) + m[4], old)
        parts += len(PART.findall(old))
        if new == old:
            continue
        stale += 1
        if check:
            name = str(path.relative_to(ROOT))
            sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True),
                                                       name, name + " (generated)", n=0))
        else:
            path.write_text(new)
            print(f"wrote {path.relative_to(ROOT)}")
    if check and stale:
        print("run scripts/generate_docs.py to bring the documents up to date")
    print(f"{parts} generated parts")
    return 1 if not parts or (check and stale) else 0


if __name__ == "__main__":
    sys.exit(main())
