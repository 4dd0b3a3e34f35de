#!/usr/bin/env python3
"""Checks that each room has a README.md of at most 15 lines that says what it is, in one form:

    # host/engine/commit

    One or two sentences.

    - Owns: ...
    - Called by: ...
    - Always: ...
    - Runs in: orchd, loop thread.

A room is a folder with sources, with a README.md, or one that is named here; folders of data are none.
allowed/rooms.txt: rooms that have none.
docs/ARCHITECTURE.md prints the table of rooms from these files.
"""
import collections
import re

import tree

LINES_MAX = 15
SOURCES = {".c", ".h", ".cpp", ".def"}
DATA = {"abi", "cmake", "include", "schema", "templates"}  # these and what is below them are no rooms
# Coming: the room is there before its first source.
COMING = (
    "host/api/auth/oauth", "host/api/console", "host/observe/alerts", "host/observe/otlp", "sandbox/broker",
)
NAMED = ("plugin-sdk",)  # its sources lie in folders of data
BULLETS = ("Owns", "Called by", "Always", "Runs in")
PROCESS = re.compile(r"\b(orchd|orch|orch-(?:supervisor|worker|authority|bridge|broker)|supervisor|worker|zygote|attempts?"
                     r"|authority|broker|[Ee]very process|[Ee]very program)\b")
Room = collections.namedtuple("Room", "path sentence bullets")
seen = []


def rooms():
    """The folders that are rooms, in order."""
    files = [name for path, name in tree.files(("host", "sandbox", "authority", "plugins"))
             if path.suffix in SOURCES or path.name == "README.md"]
    found = {name.rpartition("/")[0] for name in files if not DATA & set(name.split("/"))}
    return sorted(found | set(COMING) | set(NAMED))


def paragraphs(lines):
    """The lines in pieces, parted by empty ones; a bullet and what continues it are one text."""
    piece = []
    for line in [*lines, ""]:
        if line:
            piece.append(line)
        elif piece:
            yield piece
            piece = []


def bullets_of(lines):
    found = []
    for line in lines:
        if line.startswith("- "):
            found.append(line[2:])
        elif found and line.startswith("  "):
            found[-1] += " " + line.strip()
        else:
            return []
    return found


def read(text):
    """(title, sentence, {bullet: text}); what does not fit the form is None."""
    parts = list(paragraphs(text.splitlines()))
    if len(parts) != 3 or len(parts[0]) != 1:
        return None
    told = [bullet.partition(": ") for bullet in bullets_of(parts[2])]
    if tuple(name for name, _, _ in told) != BULLETS or not all(said.strip() for _, _, said in told):
        return None
    return Room(parts[0][0].removeprefix("# "), " ".join(parts[1]), {name: said for name, _, said in told})


def of(folder):
    path = tree.ROOT / folder / "README.md"
    return read(path.read_text()) if path.exists() else None


def wrong(folder, text):
    lines, room = text.splitlines(), read(text)
    if len(lines) > LINES_MAX:
        yield f"{len(lines)} lines, at most {LINES_MAX} are taken"
    if not lines or lines[0] != f"# {folder}":
        yield f"its first line is not '# {folder}'"
    if room is None:
        yield f"it is not a title, a sentence and the points {', '.join(BULLETS)}"
    elif not PROCESS.search(room.bullets["Runs in"]):
        yield "'Runs in' names no process"


def breaches():
    left = {name: reason for names, reason in tree.allowed("rooms") for name in names}
    for folder in rooms():
        seen.append(folder)
        path = tree.ROOT / folder / "README.md"
        if path.exists():
            if folder in left:
                yield folder, 1, "is allowed to have no README.md and has one: its line can go"
            for reason in wrong(folder, path.read_text()):
                yield f"{folder}/README.md", 1, reason
        elif folder in left:
            print(f"left: {folder} has no README.md ({left[folder]})")
        else:
            yield f"{folder}/README.md", 1, "the room has none"


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
