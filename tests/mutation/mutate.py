#!/usr/bin/env python3
"""Changes one thing in a copy of a source file, links the room's unit tests with it and runs them: a change
that no test notices is a survivor. The work tree and its build folder stay as they are.

usage: mutate.py [--count N] [--seed N] [--jobs N] [--build DIR] [--report FILE] [--list] [ROOM|FILE...]
       mutate.py --again FILE [--jobs N] [--build DIR] [--report FILE] [--list]

N mutations of each ROOM (all of ROOMS without one), drawn by the seed; of a FILE, N of its own. --again takes
those that survived in an earlier --report: after new tests, or in build/asan, which sees a read beyond an end.
The room's tests are built in the build folder (build/dev) and run unchanged first. What equivalent.txt names
cannot be noticed, and is counted as such. Prints each survivor as FILE:LINE: WAS -> IS and a table of counts;
exits 1 when one survived."""
import argparse
import collections
import concurrent.futures
import pathlib
import random
import re
import signal
import sys

import trial

ROOT = pathlib.Path(__file__).resolve().parents[2]
EQUIVALENT = pathlib.Path(__file__).with_name("equivalent.txt")
# room -> its folder, its test programs and the programs that these start, in the build folder
ROOMS = {
    "store": ("host/store", ["tests/unit/store/store_test"], []),
    "engine": ("host/engine", ["tests/unit/engine/engine_test"], []),
    "ledger": ("host/model/ledger", ["tests/unit/model/ledger/ledger_test"], []),
    "run": ("host/model/run", ["tests/unit/model/run/run_test"], []),
    "authority": ("authority", ["tests/unit/authority/authority_test", "tests/unit/authority/authority_process_test"],
                  ["bin/orch-authority"]),
}
ENDS = ("died", "unbuilt", "timeout", "survived", "equivalent")
SWAPS = {"==": "!=", "!=": "==", "<=": "<", ">=": ">", "<": "<=", ">": ">=", "&&": "||", "||": "&&", "+": "-",
         "true": "false", "false": "true"}
OPERATOR = re.compile(r"(?<![=<>!&|+\-*/%^])(==|!=|<=|>=|&&|\|\||(?<=\s)[<>+](?=\s))(?![=<>&|+])|\b(true|false)\b")
NUMBER = re.compile(r"(?<![\w.\"'])(\d+)(?![\w.\"'])")
STATEMENT = re.compile(r"^\s+(?!return\b|else\b|case\b|goto\b|break\b|continue\b)[a-z_][\w>.\->\[\]]*(\(.*\)| [-+|&]?= .*|\+\+|--);$")
DECLARATION = re.compile(r"^\s+(const |static |struct |enum |unsigned |auto_|size_t |u?int\d*_t |bool |char |int |long |off_t )")

Mutation = collections.namedtuple("Mutation", "path text number was new")  # number from 0; whole lines


def code_of(text):
    """The text with comments and literals blanked, each character in its place."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def in_functions(code):
    """(line number, line) of the bodies of functions; declarations and tables stay as they are."""
    inside = False
    for number, line in enumerate(code.split("\n")):
        if line == "{":
            inside = True
        elif line.startswith("}"):
            inside = False
        elif inside and "assert(" not in line and not line.lstrip().startswith("#"):
            yield number, line


def line_mutations(line):
    """(begin, end, new text) of each change of a line."""
    for m in OPERATOR.finditer(line):
        yield m.start(), m.end(), SWAPS[m.group()]
    for m in NUMBER.finditer(line):
        yield m.start(), m.end(), str(int(m.group()) + 1)
    condition = re.match(r"^(\s+(?:if|while) \()(.*)(\)(?: \{)?)$", line)
    if condition and condition.group(2).count("(") == condition.group(2).count(")"):
        yield condition.end(1), condition.end(2), f"!({condition.group(2)})"
    if STATEMENT.match(line) and not DECLARATION.match(line):
        yield len(line) - len(line.lstrip()), len(line), ";"


def mutations(path):
    text = path.read_text()
    lines = text.split("\n")
    for number, line in in_functions(code_of(text)):
        for begin, end, new in line_mutations(line):
            old = lines[number]
            if new.startswith("!("):
                new = f"!({old[begin:end]})"
            yield Mutation(path, text, number, old, old[:begin] + new + old[end:])


def relative(path):
    return path.relative_to(ROOT).as_posix()


def room_of(path):
    return next((room for room, (folder, _, _) in ROOMS.items() if relative(path).startswith(folder + "/")), None)


def change(m):
    """As equivalent.txt and the report have it: a line number would not last."""
    return f"{m.was.strip()} -> {m.new.strip()}"


def equivalents():
    """{(file, change)}. The file's form: a line FILE: CHANGE, below it the reason, indented."""
    lines = EQUIVALENT.read_text().split("\n")
    return {tuple(line.split(": ", 1)) for line in lines if line and line[0] not in "# "}


def survivors(report):
    """The mutations that survived in the report; their lines may have moved since."""
    for end, place, what, _ in (line.rstrip("\n").split("\t") for line in report):
        name, number = place.rsplit(":", 1)
        same = [m for m in mutations(ROOT / name) if change(m) == what] if end == "survived" else []
        if same:
            yield min(same, key=lambda m: abs(m.number + 1 - int(number)))


def draw(options):
    """The chosen mutations of each room or file that was named."""
    for name in options.names or ROOMS:
        if name in ROOMS:
            files = [f for f in sorted((ROOT / ROOMS[name][0]).rglob("*.c")) if f.name != "main.c"]
        else:
            files = [pathlib.Path(name).resolve()]
            if room_of(files[0]) is None:
                sys.exit(f"mutate.py: {name} is neither a room ({', '.join(ROOMS)}) nor a file of one")
        found = [m for f in files for m in mutations(f)]
        yield from random.Random(options.seed).sample(found, min(options.count, len(found)))


def judge(bench, m, known):
    if (relative(m.path), change(m)) in known:
        return "equivalent", ""
    lines = m.text.split("\n")
    lines[m.number] = m.new
    return bench.judge(room_of(m.path), m.path, "\n".join(lines))


def tell(report, m, end, by):
    place = f"{relative(m.path)}:{m.number + 1}"
    if report:
        print(end, place, change(m), by, sep="\t", file=report, flush=True)
    if end == "survived":
        print(f"{place}: {change(m)}", flush=True)


def table(counts):
    print(f"{'room':10}" + "".join(f"{end:>11}" for end in ("tried", *ENDS)))
    for room, ends in counts.items():
        print(f"{room:10}" + "".join(f"{n:11}" for n in (sum(ends.values()), *(ends[end] for end in ENDS))))


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--count", type=int, default=60)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--jobs", type=int, default=1)
    p.add_argument("--list", action="store_true", help="print the mutations, try none")
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build/dev")
    p.add_argument("--again", type=argparse.FileType(), help="a report whose survivors are tried again")
    p.add_argument("--report", type=argparse.FileType("w"), help="a line for each: end, place, change, the test")
    p.add_argument("names", nargs="*", metavar="ROOM|FILE")
    return p.parse_args()


def main():
    options = parse()
    chosen = list(survivors(options.again) if options.again else draw(options))
    if options.list:
        for m in chosen:
            print(f"{relative(m.path)}:{m.number + 1}: {change(m)}")
        return 0
    rooms = {room: ROOMS[room][1:] for room in {room_of(m.path) for m in chosen}}
    known = equivalents()
    counts = collections.defaultdict(collections.Counter)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with trial.Bench(ROOT, options.build.resolve(), rooms) as bench:
        pool = concurrent.futures.ThreadPoolExecutor(options.jobs)
        try:
            tried = {pool.submit(judge, bench, m, known): m for m in chosen}
            for future in concurrent.futures.as_completed(tried):
                m, (end, by) = tried[future], future.result()
                counts[room_of(m.path)][end] += 1
                tell(options.report, m, end, by)
        finally:
            pool.shutdown(cancel_futures=True)
    table(counts)
    return 1 if any(ends["survived"] for ends in counts.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
