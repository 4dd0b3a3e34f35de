#!/usr/bin/env python3
"""Checks that folders include only what DESIGN.md 1 (docs/ARCHITECTURE.md) lets them.

A folder is a trust level: an include against the direction would let the untrusting side depend on
the trusting one. Prints FILE:LINE: reason for each breach and exits 1.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BASE = {"base"}
# folder -> our folders that it may include besides itself
MAY = {
    "host/base": set(),
    "host/ipc": BASE,
    "host/config": BASE,
    "host/dag": BASE,
    "host/bundle": BASE,
    "host/run": BASE | {"dag"},
    "host/ledger": BASE,
    "host/store": BASE | {"run", "ledger"},
    "host/queue": BASE | {"run", "ledger", "store"},
    "host/api": BASE | {"ipc", "dag", "run", "ledger", "store"},
    "host/daemon": BASE | {"ipc", "config", "dag", "run", "ledger", "bundle", "store", "queue", "api", "authority", "sandbox"},
    "host/cli": BASE | {"ipc", "config", "dag", "run", "ledger", "bundle", "store", "authority", "sandbox"},
    "sandbox": BASE | {"ipc"},
    "authority": BASE | {"ipc", "bundle"},
    "plugin-sdk": set(),
    "plugins": set(),
}
# third-party header -> the only folders that include it
ONLY = {
    "libwebsockets.h": {"host/api"},
    "sqlite3.h": {"host/store"},
    "libpq-fe.h": {"host/store"},
    "libfyaml.h": {"host/dag", "host/cli"},
    "seccomp.h": {"sandbox", "authority"},
    "archive.h": {"host/bundle"},
    "curl/curl.h": {"host/cli"},
    "sodium.h": {"authority", "host/base", "host/daemon", "host/cli"},
}
OURS = {name.split("/")[-1] for name in MAY}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def folder_of(path):
    text = path.relative_to(ROOT).as_posix()
    return max((f for f in MAY if text.startswith(f + "/")), key=len, default=None)


def breaches(path, folder):
    own = folder.split("/")[-1]
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        kind, name = found.groups()
        top = name.split("/")[0]
        if kind == '"' and "/" in name and top in OURS and top != own and top not in MAY[folder]:
            yield number, f"{folder} may not include {name}"
        if kind == '"' and folder in ("plugin-sdk", "plugins") and top in OURS - {own}:
            yield number, f"{folder} must build alone, without {name}"
        if name in ONLY and folder not in ONLY[name]:
            yield number, f"{name} belongs to {', '.join(sorted(ONLY[name]))}"


def main():
    count = bad = 0
    for folder in MAY:
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            if folder_of(path) != folder:
                continue
            count += 1
            for number, why in breaches(path, folder):
                bad += 1
                print(f"{path.relative_to(ROOT)}:{number}: {why}")
    print(f"{count} files, {bad} breaches")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
