#!/usr/bin/env python3
"""Checks that names beginning orch_ or ORCH_ are the SDK's (DESIGN.md 1): outside of plugin-sdk and
the plugins only those that its headers declare, the build's own definitions and a header's guard.
"""
import re

import tree

BUILD = {"ORCH_VERSION", "ORCH_UNCONFINED"}  # cmake/Flags.cmake, authority/CMakeLists.txt
# The first word of an X-macro's row is only a part of a name.
NAME = re.compile(r"(?<!XX\()\b(?:orch|ORCH)_\w+")
# A string, a character or a comment; what is in one is no name.
NOT_CODE = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/', re.S)
seen = []


def code_of(path):
    return NOT_CODE.sub(lambda m: "\n" * m.group().count("\n"), path.read_text())


def guard_of(name):
    return "ORCH_" + re.sub(r"\W", "_", name.removeprefix("host/")).upper()


def breaches():
    sdk = set()
    for path, _ in tree.files(("plugin-sdk/include",), {".h"}):
        sdk |= set(NAME.findall(code_of(path)))
    for path, name in tree.files(("host", "sandbox", "authority"), {".c", ".h", ".def"}):
        seen.append(name)
        guard = guard_of(name)
        code = code_of(path)
        if path.suffix == ".h" and f"#ifndef {guard}\n#define {guard}\n" not in code:
            yield name, 1, f"its guard is not {guard}"
        for number, line in enumerate(code.splitlines(), 1):
            for word in sorted(set(NAME.findall(line)) - sdk - BUILD - {guard}):
                yield name, number, f"{word} is not a name of the SDK"


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
