#!/usr/bin/env python3
"""wal_pages.py -- which tables and indexes a store's commits dirty, by the pages in its WAL.

usage: tests/bench/wal_pages.py STORE

STORE is a store's file, of a host that runs or one that was killed; it and its WAL are copied and the
copies are read. Printed are, by B-tree, the pages that the WAL has of it, by the commit and by the step
(a step: an event that a node completed), and how full those pages are.
"""
import collections
import os
import shutil
import sqlite3
import struct
import sys
import tempfile

HEADER, FRAME_HEADER = 32, 24


def commits_of(wal):
    """The page numbers of each commit since the WAL began anew."""
    with open(wal, "rb") as file:
        header = file.read(HEADER)
        page_bytes, = struct.unpack(">8xI20x", header)
        commits, pages = [], []
        while len(frame := file.read(FRAME_HEADER + page_bytes)) == FRAME_HEADER + page_bytes:
            page, size = struct.unpack(">II", frame[:8])
            if frame[8:16] != header[16:24]:
                break
            pages.append(page)
            if size != 0:
                commits.append(pages)
                pages = []
    return commits


def ask(path, sql, *args):
    db = sqlite3.connect(path)
    try:
        return db.execute(sql, args).fetchall()
    finally:
        db.close()


def copy(store, folder, ends):
    os.mkdir(folder)
    for end in ends:
        shutil.copy(store + end, folder + "/db" + end)
    return folder + "/db"


def main(store):
    with tempfile.TemporaryDirectory() as work:
        whole = copy(store, work + "/whole", ("-wal", ""))
        before = copy(store, work + "/before", ("",))
        commits = commits_of(whole + "-wal")
        made = ask(before, "SELECT 1 FROM sqlite_schema WHERE name = 'run_events'")
        seq, = ask(before, "SELECT coalesce(max(seq), 0) FROM run_events")[0] if made else (0,)
        steps, = ask(whole, "SELECT count(*) FROM run_events WHERE seq > ? AND type = 'step.updated'"
                            " AND status = 'completed'", seq)[0]
        stat = {page: (name, unused) for page, name, unused in
                ask(whole, "SELECT pageno, name, unused FROM dbstat")}
    frames, free = collections.Counter(), collections.Counter()
    for pages in commits:
        for page in pages:
            name, unused = stat.get(page, ("(free)", 0))
            frames[name] += 1
            free[name] += unused
    total = sum(frames.values())
    print(f"{len(commits)} commits, {steps} steps, {total} pages")
    print(f"{'B-tree':44} {'pages':>7} {'a commit':>9} {'a step':>7} {'full':>5}")
    for name, count in frames.most_common():
        print(f"{name:44} {count:7} {count / len(commits):9.2f} {count / max(steps, 1):7.3f}"
              f" {100 - free[name] * 100 / count / 4096:4.0f}%")
    print(f"{'all':44} {total:7} {total / len(commits):9.2f} {total / max(steps, 1):7.3f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
