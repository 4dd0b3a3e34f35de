#!/usr/bin/env python3
"""mutate.py changes what it says and nothing else: comments, literals, tables and assertions stay; a trial
tells a change that the tests notice from one that they do not, and leaves tree and build folder as they were."""
import json
import pathlib
import subprocess
import sys
import tempfile

import mutate
import trial

SOURCE = """/* a == b && 7 */
static const int table[] = {1, 2};

static int f(int a)
{
    assert(a == 3);
    log("a < 5"); /* 6 */
    if (a == 1 && g(a))
        a = 4;
    return a;
}
"""
WANTED = {
    '    ; /* 6 */',
    "    if (a != 1 && g(a))",
    "    if (a == 1 || g(a))",
    "    if (a == 2 && g(a))",
    "    if (!(a == 1 && g(a)))",
    "        a = 5;",
    "        ;",
}



LIBRARY = """int twice(int a)
{
    return a + a;
}
"""
TEST = """/* tcase_create("all") */
#include <stdio.h>
int twice(int);
int main(void)
{
    int good = twice(0) == 0, better = twice(2) == 4;
    printf("%s 1 - t.c:zero\\n%s 2 - t.c:two\\n", good ? "ok" : "not ok", better ? "ok" : "not ok");
    return !(good && better);
}
"""
NINJA = """rule cc
  command = cc -c -o $out $in
rule ar
  command = ar cr $out $in
rule ld
  command = cc $in -o $out lib.a
build lib.o: cc ../f.c
build t.o: cc ../t/main_test.c
build lib.a: ar lib.o
build t/unit: ld t.o | lib.a
"""


def check_mutations():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "f.c"
        path.write_text(SOURCE)
        got = {m.new for m in mutate.mutations(path)}
        assert path.read_text() == SOURCE
    missing, extra = {w for w in WANTED if w not in got and "6" not in w}, {g for g in got if g not in WANTED}
    assert not missing and not any("assert" in g or "table" in g for g in got), (missing, extra)


def check_rooms():
    for room, (folder, tests, _) in mutate.ROOMS.items():
        assert (mutate.ROOT / folder).is_dir(), room
        for test in tests:
            assert trial.cases_of(mutate.ROOT, test), test


def check_equivalents():
    for name, change in mutate.equivalents():
        changes = {mutate.change(m) for m in mutate.mutations(mutate.ROOT / name)}
        assert change in changes, f"equivalent.txt: {name}: {change}: no such mutation"


def make_project(root):
    """A library, its test and their build folder."""
    for name, text in {"f.c": LIBRARY, "t/main_test.c": TEST, "build/build.ninja": NINJA}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    command = {"file": str(root / "f.c"), "command": f"cc -o lib.o -c {root}/f.c"}
    (root / "build/compile_commands.json").write_text(json.dumps([command]))


def check_trial():
    ends = {LIBRARY: ("survived", ""), LIBRARY.replace("+", "-"): ("died", "t.c:two"),
            LIBRARY.replace("a + a", "1"): ("died", "t.c:zero"), LIBRARY.replace("+", "*"): ("survived", ""),
            LIBRARY.replace("a + a", "b"): ("unbuilt", ""),
            LIBRARY.replace("return", "while (a) ; return"): ("timeout", "all")}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        make_project(root)
        with trial.Bench(root, root / "build", {"room": (["t/unit"], [])}, grace=2) as bench:
            for text, end in ends.items():
                got = bench.judge("room", root / "f.c", text)
                assert got == end, (text, got)
        assert not bench.folder.exists() and (root / "f.c").read_text() == LIBRARY
        assert subprocess.run([root / "build/t/unit"], capture_output=True).returncode == 0
        (root / "f.c").write_text(LIBRARY.replace("+", "-"))
        try:
            with trial.Bench(root, root / "build", {"room": (["t/unit"], [])}):
                raise AssertionError("tests that fail unchanged were taken")
        except trial.Broken:
            pass


def main():
    check_mutations()
    check_rooms()
    check_equivalents()
    check_trial()
    return 0


if __name__ == "__main__":
    sys.exit(main())
