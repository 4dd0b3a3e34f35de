#!/usr/bin/env python3
"""Builds and runs each part of ./test and adds up the results.

A part is a CMake preset and the tests that mean something under it; --changed takes of the release
part what a change touches (changed.py). The last line printed is `N passed, N failed`; a test counts
as skipped only when it asked for it, and says why above. Exit 0 when none failed and at least one
passed.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

sys.dont_write_bytecode = True
import changed  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
# part (and preset), build targets, ctest arguments. The supervisor and the worker are never
# sanitized, the host and the authority are; what confines those, or judges time, is the release's, as
# are the long waits of the real host. A unit test is its sanitizers' alone, and so is where lines are
# counted; the release part has those of what only ships (orch_shipped_test), and of the integration tests all
# but a few long ones (sanitized).
PARTS = [
    ("release", ["all"], ["-LE", "^unit$|^sanitized$"]),
    ("asan", ["all", "coverage_clear"], ["-L", "unit|sim|fuzz|memory|coverage"]),
    ("tsan", ["thread_tests"], ["-L", "threads"]),
    ("tidy", [], ["-L", "tidy"]),
    ("fuzz", ["fuzz_targets"], ["-L", "fuzz"]),
]
# Of one part alone that stands for the suite, while somebody works.
QUICK = ("release", ["all", "unit_tests"], [])
SHOWN = {"coverage"}  # tests whose output is worth reading when they pass
# The longest tests wait more than they compute: for processes, limits and deadlines.
TESTS_A_CORE = 2
MEMORY_BYTES_MIN = 4 << 30


class Totals:
    passed = failed = skipped = 0


def run(command, log, environment=None):
    with open(log, "ab") as out:
        return subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env=os.environ | (environment or {})).returncode


def show(text, lines):
    for line in text.splitlines()[-lines:]:
        print("    " + line)


def cached(name):
    """What the pages tell a newcomer to build (docs_commands) are the release part's sources with its flags,
    in another folder: the compiler's answers are kept for it. No other part has any in common."""
    if name != PARTS[0][0] or "CMAKE_C_COMPILER_LAUNCHER" in os.environ or not shutil.which("ccache"):
        return {}
    return {"CMAKE_C_COMPILER_LAUNCHER": "ccache", "CMAKE_CXX_COMPILER_LAUNCHER": "ccache",
            "CCACHE_DIR": str(ROOT / "build/ccache"), "CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1"}


def configure(name, log):
    return run(["cmake", "--preset", name, "-DBUILD_TESTING=ON"], log, cached(name)) == 0


def build(name, targets, log):
    return not targets or run(["cmake", "--build", f"build/{name}", "--target", *targets], log, cached(name)) == 0


def count(case, totals):
    name, status, output = case.get("name"), case.get("status"), case.findtext("system-out") or ""
    skipped = case.find("skipped")
    if status == "run":
        totals.passed += 1
        show(output if name in SHOWN else "", 20)
    elif skipped is not None and skipped.get("message", "").startswith("SKIP_"):
        totals.skipped += 1
        print(f"  skipped {name}")
        show(output.strip(), 1)
    else:
        totals.failed += 1
        print(f"  FAILED {name}")
        show(output, 60)


def test(name, arguments, totals):
    report, log = ROOT / "build" / f"{name}.xml", ROOT / "build" / f"{name}.ctest.log"
    report.unlink(missing_ok=True)
    log.write_text("")
    run(["ctest", "--test-dir", f"build/{name}", "--output-on-failure", "--output-junit", report,
         "-j", str(TESTS_A_CORE * (os.cpu_count() or 2)), *arguments], log, in_memory(name) | cached(name))
    cases = ET.parse(report).getroot().findall("testcase") if report.exists() else []
    if not cases:
        totals.failed += 1
        print(f"  FAILED {name}: no test ran")
        show(log.read_text(errors="replace"), 40)
    for case in cases:
        count(case, totals)


def part(name, targets, arguments, totals):
    log = new_log(name)
    if configure(name, log):
        build_and_test(name, targets, arguments, log, totals)
    else:
        build_failed(name, log, totals)


def build_and_test(name, targets, arguments, log, totals):
    start, before = time.monotonic(), totals.passed
    built = build(name, targets, log)
    built_after = time.monotonic() - start
    if built:
        test(name, arguments, totals)
    else:
        build_failed(name, log, totals)
    print(f"{name:8} {totals.passed - before:4} passed  ({built_after:.0f} s to build, "
          f"{time.monotonic() - start - built_after:.0f} s to run)", flush=True)


def new_log(name):
    log = ROOT / "build" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("")
    return log


def build_failed(name, log, totals):
    totals.failed += 1
    print(f"  FAILED {name}: the build")
    show(log.read_text(errors="replace"), 40)


# ---- what a change touches ----

def tell(base, files, choice):
    print(f"{len(files)} files differ from {base}: {', '.join(files[:8])}{', ...' if files[8:] else ''}" if files else
          f"nothing differs from {base}: the checks of the house only")
    for file in choice.unknown:
        print(f"  nothing says what {file} touches: every test that is not slow is run")
    print(f"running   {', '.join(t.name for t in choice.run)}", flush=True)
    if choice.left_out:
        print(f"left out  {', '.join(t.name for t in choice.left_out)} (slow; ./test runs them)", flush=True)


def part_of_change(base, totals):
    """The graph is the configured build's; only what the chosen tests need is built."""
    name, _, _ = PARTS[0]
    try:
        files, log = changed.files(ROOT, base), new_log(name)
    except subprocess.CalledProcessError as e:
        totals.failed += 1
        print(f"  FAILED to compare with {base}: {e.stderr.strip()}")
        return
    if not configure(name, log):
        build_failed(name, log, totals)
        return
    graph = changed.Build(ROOT, ROOT / "build" / name)
    choice = changed.choose(graph.tests(), files)
    tell(base, files, choice)
    only = ["-R", f"^({'|'.join(t.name for t in choice.run)})$"]
    build_and_test(name, choice.targets(graph, files), only, log, totals)


def in_memory(name):
    """The release's files are on a disk as a host's are. The other parts look for other faults: theirs
    wait for none, where there is room."""
    there = pathlib.Path("/dev/shm")
    if name == PARTS[0][0] or "TMPDIR" in os.environ or not os.access(there, os.W_OK):
        return {}
    it = os.statvfs(there)
    wide = it.f_bavail * it.f_frsize >= MEMORY_BYTES_MIN and not it.f_flag & os.ST_NOEXEC
    return {"TMPDIR": str(there)} if wide else {}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=[p[0] for p in PARTS])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--changed", metavar="COMMIT")
    given = parser.parse_args()
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # nothing is written outside of build/
    totals, start = Totals(), time.monotonic()
    if given.changed:
        part_of_change(given.changed, totals)
    for name, targets, arguments in [] if given.changed else [QUICK] if given.quick else PARTS:
        if given.only in (None, name):
            part(name, targets, arguments, totals)
    print(f"{time.monotonic() - start:.0f} s", end="")
    print(f", {totals.skipped} skipped for the reasons above" if totals.skipped else "")
    print(f"{totals.passed} passed, {totals.failed} failed")
    return 1 if totals.failed or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main())
