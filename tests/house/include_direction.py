#!/usr/bin/env python3
"""Checks that folders include only what DESIGN.md 1 (docs/ARCHITECTURE.md) lets them.

A folder is a trust level: an include against the direction would let the untrusting side depend on
the trusting one.
"""
import re

import tree

BASE = {"base"}
# folder -> our folders that it may include besides itself; orch is the SDK's
MAY = {
    "host/base": set(),
    "host/ipc": BASE,
    "host/config": BASE,
    "host/dag": BASE,
    "host/bundle": BASE | {"orch"},
    "host/run": BASE | {"dag"},
    "host/ledger": BASE,
    "host/store": BASE | {"run", "ledger"},
    "host/queue": BASE | {"run", "ledger", "store"},
    "host/api": BASE | {"ipc", "dag", "run", "ledger", "store"},
    "host/daemon": BASE | {"ipc", "config", "dag", "run", "ledger", "bundle", "store", "queue", "api", "authority", "sandbox"},
    "host/cli": BASE | {"ipc", "config", "dag", "run", "ledger", "bundle", "store", "authority", "sandbox", "orch"},
    "sandbox": BASE | {"ipc", "orch"},
    "authority": BASE | {"ipc"},
    "plugin-sdk": set(),
    "plugins": set(),
}
# third-party header -> the only folders that include it
ONLY = {
    "archive.h": {"host/bundle"},
    "archive_entry.h": {"host/bundle"},
    "curl/curl.h": {"host/cli"},
    "libfyaml.h": {"host/dag", "host/cli"},
    "libwebsockets.h": {"host/api"},
    "linux/seccomp.h": {"sandbox", "authority"},
    "openssl/crypto.h": {"host/cli"},
    "openssl/evp.h": {"host/base"},
    "seccomp.h": {"authority"},
    "sodium.h": {"authority", "host/base", "host/daemon", "host/cli"},
    "sqlite3.h": {"host/store"},
    "uv.h": {"host/api", "host/daemon"},
}
# Nothing of ours, so that they build alone; a file of a plugin names its neighbour without folder.
ALONE = ("plugin-sdk", "plugins")
OURS = {name.split("/")[-1] for name in MAY} | {"orch"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
seen = []


def folder_of(name):
    return max((f for f in MAY if name.startswith(f + "/")), key=len, default=None)


def reasons(folder, kind, header):
    own, top = folder.split("/")[-1], header.split("/")[0]
    if ".." in header.split("/"):
        yield f"{header} climbs out of its folder"
    elif header in ONLY:
        if folder not in ONLY[header]:
            yield f"{header} belongs to {', '.join(sorted(ONLY[header]))}"
    elif folder in ALONE:
        if "/" in header and top in (OURS | {"host"}) - {"orch"}:
            yield f"{folder} must build alone, without {header}"
    elif kind == '"' and ("/" not in header or top not in OURS):
        yield f"{header} is not a rooted path such as base/err.h"
    elif "/" in header and top in OURS and top != own and top not in MAY[folder]:
        yield f"{folder} may not include {header}"


def breaches():
    for path, name in tree.files(("host", "sandbox", "authority", *ALONE), {".c", ".h", ".cpp", ".def"}):
        seen.append(name)
        folder = folder_of(name)
        if folder is None:
            yield name, 1, "no rule says what this folder may include"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            for reason in reasons(folder, *found.groups()) if found else ():
                yield name, number, reason


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
