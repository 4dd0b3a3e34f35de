#!/usr/bin/env python3
"""mutate.py changes what it says and nothing else: comments, literals, tables and assertions stay."""
import pathlib
import sys
import tempfile

import mutate

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


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "f.c"
        path.write_text(SOURCE)
        got = {line for _, line in mutate.mutations(path)}
        assert path.read_text() == SOURCE
    missing, extra = {w for w in WANTED if w not in got and "6" not in w}, {g for g in got if g not in WANTED}
    assert not missing and not any("assert" in g or "table" in g for g in got), (missing, extra)
    for room, (_, tests) in mutate.ROOMS.items():
        assert (mutate.ROOT / room).is_dir() and (mutate.ROOT / tests).is_dir(), room
    return 0


if __name__ == "__main__":
    sys.exit(main())
