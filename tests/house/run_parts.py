#!/usr/bin/env python3
"""Builds and runs each part of ./test and adds up the results.

A part is a CMake preset and the tests that mean something under it. The last line printed is
`N passed, N failed` (and skipped ones, each of which said why above). Exit 0 when none failed.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
# name, preset, what is built, ctest arguments. Confinement and sanitizers do not mix
# (docs/HACKING.md), so those presets leave out what needs the real sandbox.
PARTS = [
    ("release", "release", "all", []),
    ("asan", "asan", "all", ["-LE", "adversarial|integration|house|docs|bench"]),
    ("tsan", "tsan", "all", ["-L", "threads"]),
    ("cov", "cov", "all", ["-L", "unit|sim|coverage"]),
    ("tidy", "tidy", "all", ["-L", "tidy"]),
    ("fuzz", "fuzz", "all", ["-L", "fuzz"]),
]


class Totals:
    passed = failed = skipped = 0


def run(command, log):
    with open(log, "ab") as out:
        return subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL).returncode


def tail(log, lines=40):
    for line in pathlib.Path(log).read_text(errors="replace").splitlines()[-lines:]:
        print("    " + line)


def build(name, preset, target):
    log = ROOT / "build" / f"{name}.log"
    log.write_text("")
    ok = run(["cmake", "--preset", preset, "-DBUILD_TESTING=ON"], log) == 0
    return ok and run(["cmake", "--build", f"build/{preset}", "--target", target], log) == 0, log


def count(case, totals):
    name, status = case.get("name"), case.get("status")
    if status == "run":
        totals.passed += 1
    elif status == "notrun" or case.find("skipped") is not None:
        totals.skipped += 1
        reason = case.find("skipped")
        print(f"  skipped {name}: {reason.get('message') if reason is not None else 'not run'}")
        for line in (case.findtext("system-out") or "").strip().splitlines()[-1:]:
            print(f"          {line}")
    else:
        totals.failed += 1
        print(f"  FAILED {name}")
        for line in (case.findtext("system-out") or "").splitlines()[-60:]:
            print("    " + line)


def test(name, preset, arguments, totals):
    report = ROOT / "build" / f"{name}.xml"
    report.unlink(missing_ok=True)
    log = ROOT / "build" / f"{name}.ctest.log"
    log.write_text("")
    run(["ctest", "--test-dir", f"build/{preset}", "--output-on-failure", "--output-junit", str(report),
         "-j", str(os.cpu_count() or 2), *arguments], log)
    cases = ET.parse(report).getroot().findall("testcase") if report.exists() else []
    if not cases:
        totals.failed += 1
        print(f"  FAILED {name}: no test ran")
        tail(log)
    for case in cases:
        count(case, totals)


def part(name, preset, target, arguments, totals):
    start = time.monotonic()
    before = totals.passed
    ok, log = build(name, preset, target)
    if ok:
        test(name, preset, arguments, totals)
    else:
        totals.failed += 1
        print(f"  FAILED {name}: the build")
        tail(log)
    print(f"{name:8} {totals.passed - before} passed  ({time.monotonic() - start:.0f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=[p[0] for p in PARTS])
    only = parser.parse_args().only
    totals = Totals()
    for name, preset, target, arguments in PARTS:
        if only in (None, name):
            part(name, preset, target, arguments, totals)
    if totals.skipped:
        print(f"{totals.skipped} skipped, each for the reason above")
    print(f"{totals.passed} passed, {totals.failed} failed")
    return 1 if totals.failed or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main())
