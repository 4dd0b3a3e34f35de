#!/usr/bin/env python3
"""Checks that rooms include only what this table (printed in docs/ARCHITECTURE.md) lets them.

A room is one folder: one subject, in one process or in all. An include against the direction would let the untrusting side depend on
the trusting one.
"""
import re

import tree

BASE = {"base"}
WORDS = {"model/words"}
MODEL = {"model/words", "model/dag", "model/run", "model/ledger", "model/version"}
DAG = {"model/dag", "model/dag/expr", "model/dag/source", "model/dag/draw"}
AUTHORITY_WORDS = {"authority/keys", "authority/token", "authority/trust"}
CLI = BASE | {"cli"}
# room -> our rooms that it may include besides itself; orch is the SDK's
MAY = {
    "host/base": set(),
    "host/ipc": BASE,
    "host/config": BASE,
    "host/model/words": BASE,
    "host/model/version": BASE,
    "host/model/schedule": BASE,
    "host/model/dag": BASE | WORDS | {"model/dag/expr"},
    "host/model/dag/expr": BASE,
    "host/model/dag/source": BASE | WORDS | {"model/dag"},
    "host/model/dag/draw": BASE | {"model/dag"},
    "host/model/run": BASE | WORDS | {"model/dag"},
    "host/model/ledger": BASE | WORDS | {"sandbox/wire"},
    "host/bundle": BASE | WORDS | {"orch", "sandbox/image"},
    "host/store": BASE | WORDS | {"model/version"},
    "host/store/postgres": BASE | {"model/version", "store"},
    "host/store/sqlite": BASE | {"model/version", "store"},
    "host/observe": BASE,
    "host/api": BASE | {"api/auth", "api/request", "api/routes", "api/rpc", "api/stream", "api/transport", "observe", "store"},
    "host/api/http": BASE,
    "host/api/auth": BASE | WORDS | {"api/http", "store"},
    "host/api/stream": BASE | WORDS | {"api/auth", "api/http", "model/ledger", "observe", "store"},
    "host/api/request": BASE | {"api/auth", "api/http", "lanes", "observe", "store"},
    "host/api/rpc": BASE | {"api/auth", "api/http", "api/request"},
    "host/api/transport": BASE | {"api/http", "api/request", "api/stream"},
    "host/api/routes": BASE | {"api/auth", "api/http", "api/request", "api/rpc", "lanes", "model/dag", "model/dag/source", "model/dag/draw", "model/ledger", "model/schedule", "model/words", "observe", "store"},
    "host/lanes": BASE | {"model/dag", "model/dag/source"},
    "host/bridge/wire": BASE | {"ipc"},
    "host/bridge/client": BASE | {"bridge/wire"},
    "host/bridge/redis": BASE | {"bridge/wire"},
    "host/bridge/nats": BASE | {"bridge/wire"},
    "host/bridge/server": BASE | {"bridge/nats", "bridge/redis", "bridge/wire", "sandbox/kernel"},
    "host/engine/env": BASE | {"api", "authority/client", "bridge/client", "lanes", "model/ledger", "observe", "sandbox/client", "store"},
    "host/engine/catalog": BASE | {"api", "authority/trust", "bridge/client", "bundle", "engine/env", "model/dag", "model/dag/source", "model/version", "sandbox/client", "store"},
    "host/engine/runs": BASE | {"engine/catalog", "engine/env", "lanes", "model/dag", "model/ledger", "model/run", "model/words", "observe", "sandbox/client", "store"},
    "host/engine/attempts": BASE | {"engine/catalog", "engine/env", "engine/runs", "lanes", "model/dag", "model/words", "observe", "sandbox/client"},
    "host/engine/commit": BASE | {"api", "engine/attempts", "engine/env", "engine/runs", "lanes", "model/dag", "model/ledger", "model/run", "model/words", "store"},
    "host/engine/control": BASE | {"api", "engine/catalog", "engine/commit", "engine/env", "engine/runs", "lanes", "observe"},
    "host/engine/jobs": BASE | {"engine/env", "store"},
    "host/engine/evidence": BASE | {"api", "authority/trust", "engine/env", "engine/jobs", "engine/runs", "model/ledger", "store"},
    "host/engine/schedules": BASE | {"api", "engine/control", "engine/env", "engine/jobs", "engine/runs", "model/schedule", "store"},
    "host/engine/gates": BASE | {"api", "engine/control", "engine/env", "engine/runs", "model/dag", "store"},
    "host/engine/entries": BASE | {"api", "bridge/client", "bridge/wire", "engine/attempts", "engine/commit", "engine/control", "engine/env", "engine/lanes", "engine/runs", "lanes", "observe", "store"},
    "host/engine/lanes": BASE | {"api", "engine/attempts", "engine/catalog", "engine/control", "engine/env", "engine/runs", "lanes", "store"},
    "host/engine": BASE | {"engine/catalog", "engine/commit", "engine/attempts", "engine/control", "engine/entries", "engine/env", "engine/evidence", "engine/gates", "engine/jobs", "engine/lanes", "engine/runs", "engine/schedules", "sandbox/client", "store"},
    "host/daemon": BASE | {"api", "authority/client", "bridge/client", "bundle", "config", "engine", "engine/catalog", "engine/control", "engine/env", "engine/evidence", "engine/lanes", "engine/schedules", "lanes", "observe", "sandbox/client", "sandbox/wire", "store"},
    "host/cli": BASE | WORDS | {"config", "model/dag/draw"},
    "host/cli/dag": CLI | WORDS | {"model/dag", "model/dag/draw", "model/dag/source"},
    "host/cli/doctor": CLI | {"authority/trust", "config", "sandbox/client", "sandbox/wire", "store"},
    "host/cli/keys": CLI | {"authority/keys", "authority/token", "authority/trust"},
    "host/cli/ledger": CLI | {"authority/keys", "authority/trust", "bundle", "model/ledger"},
    "host/cli/plugin": CLI | {"authority/keys", "authority/trust", "bundle", "cli/ledger", "model/dag", "model/dag/source", "orch", "sandbox/client", "sandbox/image"},
    "host/cli/run": CLI | WORDS | {"cli/ledger"},
    "host/cli/schedule": CLI | {"model/schedule"},
    "host/cli/store": CLI | {"model/ledger", "store"},
    "sandbox/kernel": BASE,
    "sandbox/profile": BASE,
    "sandbox/wire": BASE | WORDS | {"ipc", "orch", "sandbox/profile"},
    "sandbox/image": BASE | {"ipc", "orch", "sandbox/wire"},
    "sandbox/client": BASE | WORDS | {"ipc", "orch", "sandbox/image", "sandbox/kernel", "sandbox/wire"},
    "sandbox/supervisor": BASE | {"ipc", "sandbox/kernel", "sandbox/profile", "sandbox/wire"},
    "sandbox/worker": BASE | WORDS | {"ipc", "orch", "sandbox/image", "sandbox/kernel", "sandbox/wire"},
    "authority/history": BASE | {"authority/keys", "authority/trust", "model/ledger"},
    "authority/keys": BASE | WORDS | {"ipc"},
    "authority/token": BASE | WORDS | {"authority/keys"},
    "authority/trust": BASE | {"authority/keys", "model/version"},
    "authority/wire": BASE | AUTHORITY_WORDS | {"ipc"},
    "authority/client": BASE | {"authority/keys", "authority/token", "authority/wire"},
    "authority/server": BASE | AUTHORITY_WORDS | {"authority/history", "authority/wire", "model/ledger", "sandbox/kernel"},
    "plugin-sdk": set(),
    "plugins": set(),
}
# third-party header -> the only folders that include it
ONLY = {
    "archive.h": {"host/bundle"},
    "archive_entry.h": {"host/bundle"},
    "curl/curl.h": {"host/bridge/redis", "host/cli", "host/cli/doctor"},
    "hiredis/async.h": {"host/bridge/redis"},
    "hiredis/hiredis.h": {"host/bridge/redis"},
    "libfyaml.h": {"host/model/dag/source", "host/cli/doctor"},
    "libwebsockets.h": {"host/api/transport"},
    "libpq-fe.h": {"host/store/postgres"},
    "linux/landlock.h": {"sandbox/kernel"},
    "linux/seccomp.h": {"sandbox/profile", "sandbox/supervisor"},
    "nats/nats.h": {"host/bridge/nats"},
    "openssl/crypto.h": {"host/cli/doctor"},
    "openssl/sha.h": {"host/base"},
    "seccomp.h": {"authority/server", "host/bridge/server", "sandbox/client", "sandbox/kernel"},
    "sodium.h": {"authority/keys", "host/base", "host/cli/doctor", "host/daemon"},
    "sqlite3.h": {"host/store/sqlite"},
    "uv.h": {"host/api", "host/api/transport", "host/bridge/nats", "host/bridge/redis", "host/daemon"},
}
# Nothing of ours, so that they build alone; a file of a plugin names its neighbour without folder.
ALONE = ("plugin-sdk", "plugins")
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
seen = []


def included_as(room):
    return room.removeprefix("host/")


ROOMS = {included_as(room) for room in MAY} | {"orch"}
TOPS = {room.split("/")[0] for room in ROOMS}


def room_of(name):
    folder = name.rpartition("/")[0]
    if folder in MAY:
        return folder
    return next((alone for alone in ALONE if name.startswith(alone + "/")), None)


def reasons(room, kind, header):
    target, _, _ = header.rpartition("/")
    ours = target.split("/")[0] in TOPS
    if ".." in header.split("/"):
        yield f"{header} climbs out of its folder"
    elif header in ONLY:
        if room not in ONLY[header]:
            yield f"{header} belongs to {', '.join(sorted(ONLY[header]))}"
    elif room in ALONE:
        if target.split("/")[0] in (TOPS | {"host"}) - {"orch"}:
            yield f"{room} must build alone, without {header}"
    elif kind == '"' and target not in ROOMS:
        yield f"{header} is not a rooted path such as base/err.h"
    elif ours and target != included_as(room) and target not in MAY[room]:
        yield f"{room} may not include {header}"


def breaches():
    for path, name in tree.files(("host", "sandbox", "authority", *ALONE), {".c", ".h", ".cpp", ".def"}):
        seen.append(name)
        room = room_of(name)
        if room is None:
            yield name, 1, "no rule says what this folder may include"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            for reason in reasons(room, *found.groups()) if found else ():
                yield name, number, reason


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
