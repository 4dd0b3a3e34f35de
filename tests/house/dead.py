#!/usr/bin/env python3
"""Checks that every function that other files may call is in one of the programs: what is in none
goes, or stands in allowed/dead.txt: `FUNCTION: test: what only it can show`, `FUNCTION: issue N: what
will call it`, `FUNCTION: with ANOTHER` of the list, which calls it.

usage: dead.py BUILD_DIR [ROOT] -- builds the programs there without optimization, so that no call
disappears by inlining; the linker leaves out what nothing reaches (--gc-sections), and its map says
what is left. Archives are thin: the map then names each object, not only its archive. A static
function that nobody calls is refused by the compiler.
"""
import json
import pathlib
import re
import subprocess
import sys

import tree

FOLDERS = ("host", "sandbox", "authority")
FLAGS = (
    "-DBUILD_TESTING=OFF", "-DCMAKE_BUILD_TYPE=", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
    "-DCMAKE_C_FLAGS=-O0 -w -ffunction-sections -fdata-sections",
    "-DCMAKE_C_ARCHIVE_CREATE=<CMAKE_AR> qcT <TARGET> <LINK_FLAGS> <OBJECTS>",
    "-DCMAKE_C_LINK_EXECUTABLE=<CMAKE_C_COMPILER> <FLAGS> <CMAKE_C_LINK_FLAGS> <LINK_FLAGS> <OBJECTS> "
    "-o <TARGET> -Wl,--gc-sections,-Map=<TARGET>.map <LINK_LIBRARIES>",
)
REASON = re.compile(r"(?:test|issue \d+): \S|with (\w+)$")
OUTPUT = re.compile(r" -o (\S+)")
SECTION = re.compile(r"^ \.text\.(\S+)\s+0x[0-9a-f]+\s+0x[0-9a-f]+ (\S+\.o)$", re.M)
seen = []


def built(root, folder):
    """Builds, and returns object -> source of our folders."""
    for step in (["cmake", "-G", "Ninja", "-S", root, "-B", folder, *FLAGS], ["cmake", "--build", folder]):
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout[-4000:] + done.stderr)
    ours = tuple(f"{root}/{name}/" for name in FOLDERS)
    made = {OUTPUT.search(c["command"])[1]: c["file"].removeprefix(f"{root}/")
            for c in json.loads((folder / "compile_commands.json").read_text()) if c["file"].startswith(ours)}
    return {name: source for name, source in made.items() if (folder / name).exists()}  # a bench's are made on demand


def linked(folder, objects):
    """(source, function) of what is in a program."""
    found = set()
    for path in (folder / "bin").glob("*.map"):
        kept = path.read_text().partition("\nLinker script and memory map\n")[2]
        found |= {(objects.get(place), name) for name, place in SECTION.findall(kept)}
    return found


def defined(folder, objects):
    """(source, function) of what other files may call."""
    listed = subprocess.run(["nm", "--defined-only", "-o", *objects], cwd=folder, capture_output=True, text=True, check=True)
    for line in listed.stdout.splitlines():
        place, _, rest = line.partition(":")
        if rest.split()[1] == "T":
            yield objects[place], rest.split()[2]


def in_tests(root):
    return "".join(path.read_text() for path in sorted((root / "tests").rglob("*.[ch]")))


def wrong(name, kept, dead, tests):
    """What is wrong with a line of the list."""
    reason = kept[name]
    good = REASON.match(reason)
    if good is None or good[1] is not None and good[1] not in kept:
        yield f"'{reason}' is no reason to keep {name}"
    elif name not in dead:
        yield f"{name} is linked or gone: its line can go"
    elif "test: " in good[0] and not re.search(rf"\b{name}\b", tests):
        yield f"{name} is kept for a test, and none names it"


def breaches(folder, root):
    objects = built(root, folder)
    sources = {name for path, name in tree.files(FOLDERS, {".c"})}
    seen.extend(sources)
    for name in sorted(sources - set(objects.values())):
        yield name, 1, "no program or library of the build compiles it"
    dead = {name: source for source, name in set(defined(folder, objects)) - linked(folder, objects)}
    kept = {name: reason for names, reason in tree.allowed("dead") for name in names}
    for name, source in sorted(dead.items()):
        if name not in kept:
            yield source, 1, f"{name} is in no program: delete it, or say in allowed/dead.txt who needs it"
    tests = in_tests(root)
    for name in kept:
        for why in wrong(name, kept, dead, tests):
            yield "tests/house/allowed/dead.txt", 1, why


def main():
    if not 2 <= len(sys.argv) <= 3 or any(word.startswith("-") for word in sys.argv[1:]):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    where = pathlib.Path(sys.argv.pop(1)).resolve()
    if len(sys.argv) == 2:
        tree.ROOT = pathlib.Path(sys.argv[1]).resolve()
    tree.check(breaches(where, tree.ROOT), lambda: len(seen))


if __name__ == "__main__":
    main()
