#!/usr/bin/env python3
"""Builds and runs each part of ./test and adds up the results.

A part is a CMake preset and the tests that mean something under it. The last line printed is
`N passed, N failed`; a test counts as skipped only when it asked for it, and says why above.
Exit 0 when none failed and at least one passed.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
# part (and preset), build targets, ctest arguments. The supervisor and the worker are never
# sanitized, the host and the authority are; what confines those, or judges time, is the release's.
PARTS = [
    ("release", ["all"], []),
    ("asan", ["all"], ["-LE", "adversarial|house|docs|bench"]),
    ("tsan", ["all"], ["-L", "threads|integration", "-E", "integration_crash"]),
    ("cov", ["all", "coverage_clear"], ["-L", "unit|sim|coverage"]),
    ("tidy", [], ["-L", "tidy"]),
    ("fuzz", ["fuzz_targets"], ["-L", "fuzz"]),
]
SHOWN = {"coverage"}  # tests whose output is worth reading when they pass


class Totals:
    passed = failed = skipped = 0


def run(command, log):
    with open(log, "ab") as out:
        return subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL).returncode


def show(text, lines):
    for line in text.splitlines()[-lines:]:
        print("    " + line)


def build(name, targets, log):
    steps = [["cmake", "--preset", name, "-DBUILD_TESTING=ON"]]
    if targets:
        steps.append(["cmake", "--build", f"build/{name}", "--target", *targets])
    return all(run(step, log) == 0 for step in steps)


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
         "-j", str(os.cpu_count() or 2), *arguments], log)
    cases = ET.parse(report).getroot().findall("testcase") if report.exists() else []
    if not cases:
        totals.failed += 1
        print(f"  FAILED {name}: no test ran")
        show(log.read_text(errors="replace"), 40)
    for case in cases:
        count(case, totals)


def part(name, targets, arguments, totals):
    start, before = time.monotonic(), totals.passed
    log = ROOT / "build" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("")
    built = build(name, targets, log)
    built_after = time.monotonic() - start
    if built:
        test(name, arguments, totals)
    else:
        totals.failed += 1
        print(f"  FAILED {name}: the build")
        show(log.read_text(errors="replace"), 40)
    print(f"{name:8} {totals.passed - before:4} passed  ({built_after:.0f} s to build, "
          f"{time.monotonic() - start - built_after:.0f} s to run)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=[p[0] for p in PARTS])
    only = parser.parse_args().only
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # nothing is written outside of build/
    totals, start = Totals(), time.monotonic()
    for name, targets, arguments in PARTS:
        if only in (None, name):
            part(name, targets, arguments, totals)
    print(f"{time.monotonic() - start:.0f} s", end="")
    print(f", {totals.skipped} skipped for the reasons above" if totals.skipped else "")
    print(f"{totals.passed} passed, {totals.failed} failed")
    return 1 if totals.failed or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main())
