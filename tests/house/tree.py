"""What every check of the house shares: the root, our folders, their sources, how it ends.

A check is `check.py [ROOT]`. It prints FILE:LINE: reason for each breach and exits 1 when there is
one, or when it saw no file at all. self_test.py plants a breach of every rule and runs it.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("host", "sandbox", "authority", "plugin-sdk", "plugins", "tests")
LEFT_OUT = {".git", ".orch", "build", "corpus", "__pycache__", ".pytest_cache"}


def files(folders=(".",), suffixes=None):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            inside = path.relative_to(ROOT)
            if path.is_file() and not LEFT_OUT & set(inside.parts) and \
                    (suffixes is None or path.suffix in suffixes):
                yield path, inside.as_posix()


def allowed(check):
    """[(names, reason)] of tests/house/allowed/CHECK.txt: lines `NAME...: REASON`. What a line names may
    be as it is; when it no longer needs to, the line is a breach."""
    path = ROOT / "tests/house/allowed" / f"{check}.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    parted = [line.partition(": ") for line in lines if line and not line.startswith("#")]
    return [(tuple(names.split()), reason) for names, _, reason in parted]


def check(breaches, seen):
    """breaches: makes (file, line, reason); seen() is the number of files that were looked at."""
    global ROOT
    if len(sys.argv) == 2:
        ROOT = pathlib.Path(sys.argv[1]).resolve()
    count = 0
    for name, line, reason in breaches:
        count += 1
        print(f"{name}:{line}: {reason}")
    print(f"{seen()} files, {count} breaches")
    sys.exit(1 if count or not seen() else 0)
