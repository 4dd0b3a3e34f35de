#!/usr/bin/env python3
"""Changes one thing in a source file, builds, runs the unit tests of its library, and puts the file back:
a change that no test notices is a survivor.

usage: mutate.py [--count N] [--seed N] [--list] [--build DIR] [FILE...]

Without FILE the files are those of ROOMS, N of their mutations drawn by the seed. The build folder is
one of its own (build/mutation, preset dev). The work tree has to be clean: the file is restored from what
was read. Prints each survivor as FILE:LINE: WAS -> IS, then the counts; exits 1 when one survived."""
import argparse
import pathlib
import random
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# sources -> the test program and its place in the build folder
ROOMS = {
    "host/store": ("store_test", "tests/unit/store"),
    "host/engine": ("engine_test", "tests/unit/engine"),
    "host/model/ledger": ("ledger_test", "tests/unit/model/ledger"),
    "authority": ("authority_test", "tests/unit/authority"),
}
SWAPS = [("==", "!="), ("!=", "=="), ("<=", "<"), (">=", ">"), ("<", "<="), (">", ">="), ("&&", "||"), ("||", "&&"),
         ("+", "-"), ("true", "false"), ("false", "true")]
OPERATOR = re.compile(r"(?<![=<>!&|+\-*/%^])(==|!=|<=|>=|&&|\|\||(?<=\s)[<>+](?=\s))(?![=<>&|+])|\b(true|false)\b")
NUMBER = re.compile(r"(?<![\w.\"'])(\d+)(?![\w.\"'])")
STATEMENT = re.compile(r"^\s+(?!return\b|else\b|case\b|goto\b|break\b|continue\b)[a-z_][\w>.\->\[\]]*(\(.*\)| [-+|&]?= .*|\+\+|--);$")
DECLARATION = re.compile(r"^\s+(const |static |struct |enum |unsigned |auto_|size_t |u?int\d*_t |bool |char |int |long |off_t )")


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
    swaps = dict(SWAPS)
    for m in OPERATOR.finditer(line):
        yield m.start(), m.end(), swaps[m.group()]
    for m in NUMBER.finditer(line):
        yield m.start(), m.end(), str(int(m.group()) + 1)
    condition = re.match(r"^(\s+(?:if|while) \()(.*)(\)(?: \{)?)$", line)
    if condition and condition.group(2).count("(") == condition.group(2).count(")"):
        yield condition.end(1), condition.end(2), f"!({condition.group(2)})"
    if STATEMENT.match(line) and not DECLARATION.match(line):
        yield len(line) - len(line.lstrip()), len(line), ";"


def mutations(path):
    """(line number from 0, whole new line) of each change of a file."""
    text = path.read_text()
    lines = text.split("\n")
    for number, line in in_functions(code_of(text)):
        for begin, end, new in line_mutations(line):
            old = lines[number]
            if new.startswith("!("):
                new = f"!({old[begin:end]})"
            yield number, old[:begin] + new + old[end:]


def room_of(path):
    relative = path.relative_to(ROOT).as_posix()
    return next((room for room in ROOMS if relative.startswith(room + "/")), None)


def run(command, seconds):
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
        return done.returncode == 0
    except subprocess.TimeoutExpired:
        return False


def judge(path, number, line, build):
    """"survived", "died" or "unbuilt"."""
    test, folder = ROOMS[room_of(path)]
    before = path.read_text()
    lines = before.split("\n")
    lines[number] = line
    path.write_text("\n".join(lines))
    try:
        if not run(["ninja", "-C", build, test], 600):
            return "unbuilt"
        return "survived" if run([build / folder / test], 300) else "died"
    finally:
        path.write_text(before)


def parse():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--count", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--list", action="store_true", help="print the mutations, change nothing")
    p.add_argument("--build", type=pathlib.Path, default=ROOT / "build/mutation")
    p.add_argument("files", nargs="*", type=lambda f: pathlib.Path(f).resolve())
    return p.parse_args()


def main():
    options = parse()
    files = options.files or [f for room in ROOMS for f in sorted((ROOT / room).rglob("*.c")) if f.name != "main.c"]
    all_of_them = [(f, *m) for f in files if room_of(f) for m in mutations(f)]
    chosen = random.Random(options.seed).sample(all_of_them, min(options.count, len(all_of_them)))
    if options.list:
        for path, number, line in chosen:
            print(f"{path.relative_to(ROOT)}:{number + 1}: {line.strip()}")
        return 0
    if not (options.build / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "dev", "-B", options.build], cwd=ROOT, check=True, capture_output=True)
    counts = {"died": 0, "survived": 0, "unbuilt": 0}
    for path, number, line in chosen:
        was = path.read_text().split("\n")[number]
        end = judge(path, number, line, options.build)
        counts[end] += 1
        if end == "survived":
            print(f"{path.relative_to(ROOT)}:{number + 1}: {was.strip()} -> {line.strip()}", flush=True)
    print(", ".join(f"{n} {end}" for end, n in counts.items()), f"of {len(all_of_them)}", flush=True)
    return 1 if counts["survived"] > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
