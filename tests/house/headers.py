#!/usr/bin/env python3
"""Compiles every header of the host, the sandbox and the authority alone, and twice in one file.

usage: CC=compiler headers.py [ROOT]
"""
import concurrent.futures
import os
import subprocess

import tree

FLAGS = ["-std=gnu17", "-isystem", "/usr/include/postgresql", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-xc", "-"]
seen = []


def compile_alone(name):
    header = name.removeprefix("host/")
    done = subprocess.run([os.environ.get("CC", "cc"), "-I.", "-Ihost", "-Iplugin-sdk/include", *FLAGS],
                          cwd=tree.ROOT, input=f'#include "{header}"\n' * 2, text=True,
                          stderr=subprocess.PIPE)
    return name, done.returncode, next(iter(done.stderr.splitlines()), "")


def breaches():
    seen.extend(name for _, name in tree.files(("host", "sandbox", "authority"), {".h"}))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, status, first in pool.map(compile_alone, seen):
            if status != 0:
                yield name, 1, f"does not compile alone: {first}"


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
