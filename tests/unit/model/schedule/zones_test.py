#!/usr/bin/env python3
"""Due times around changes of the clocks, beside an oracle that asks Python's zoneinfo about each minute.

usage: zones_test.py PROGRAM [--all]          PROGRAM: due_lines; --all: every change, not each eighth
"""
import collections
import datetime as dt
import subprocess
import sys
import zoneinfo

UTC = dt.timezone.utc
ZONES = """Europe/Berlin Europe/London Europe/Dublin Europe/Chisinau Atlantic/Azores America/New_York America/St_Johns
 America/Havana America/Santiago America/Asuncion America/Nuuk Africa/Cairo Africa/Casablanca Asia/Jerusalem
 Asia/Beirut Australia/Sydney Australia/Lord_Howe Pacific/Auckland Pacific/Chatham Antarctica/Troll""".split()
FIRST, LAST = dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2041, 1, 1, tzinfo=UTC)
AROUND_MIN = 30 * 60
# expression, and what it means to the oracle: minutes, hours, every hour alike
CRONS = {
    "30 2 * * *": ({30}, {2}, False),
    "0,30 0,1 * * *": ({0, 30}, {0, 1}, False),
    "*/20 0-3 * * *": ({0, 20, 40}, {0, 1, 2, 3}, False),
    "15 * * * *": ({15}, set(range(24)), True),
    "59 23 * * *": ({59}, {23}, False),
}


def changes(zone):
    """The instants, to the minute, at which the offset changes; a change within a day of another is kept."""
    at, found = FIRST, []
    while at < LAST:
        later = at + dt.timedelta(days=1)
        if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            lo, hi = 0, 24 * 60
            while hi - lo > 1:
                mid = (lo + hi) // 2
                same = (at + dt.timedelta(minutes=mid)).astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset()
                lo, hi = (mid, hi) if same else (lo, mid)
            found.append(at + dt.timedelta(minutes=hi))
        at = later
    return found


def clocks(zone, middle):
    """Of each minute around it: (instant, local hour and minute, note if it comes twice, those jumped over)."""
    begin = middle - dt.timedelta(minutes=AROUND_MIN)
    instants = [begin + dt.timedelta(minutes=m) for m in range(2 * AROUND_MIN)]
    locals_ = [at.astimezone(zone).replace(tzinfo=None) for at in instants]
    count, seen, shown = collections.Counter(locals_), set(), []
    for i, (at, local) in enumerate(zip(instants, locals_)):
        gap = int((local - locals_[i - 1]).total_seconds()) // 60 if i else 1
        jumped = [local - dt.timedelta(minutes=m) for m in range(1, gap)]
        note = "e" if local in seen else "i" if count[local] > 1 else "-"
        seen.add(local)
        shown.append((int(at.timestamp()), (local.hour, local.minute), note, [(j.hour, j.minute) for j in jumped]))
    return shown


def due(shown, cron, policy):
    """The instants of these minutes that are due, with the letter of their note."""
    minutes, hours, alike = CRONS[cron]
    times = {(hour, minute) for hour in hours for minute in minutes}
    found = []
    for at, local, note, jumped in shown:
        if local in times and (note != "e" or alike or policy == "twice"):
            found.append((at, note))
        elif jumped and policy == "shift" and not alike and not times.isdisjoint(jumped):
            found.append((at, "h"))
    return found


def main():
    every = 1 if "--all" in sys.argv else 8
    program = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    asked = wrong = 0
    for name in ZONES:
        zone = zoneinfo.ZoneInfo(name)
        for middle in changes(zone)[::every]:
            shown = clocks(zone, middle)
            for cron in CRONS:
                for policy in ("skip", "shift", "twice"):
                    want = due(shown, cron, policy)
                    # One more is asked for than the minutes have: it lies behind them.
                    program.stdin.write(f"{name}|{policy}|{cron}|{shown[0][0] - 1}|{len(want) + 1}\n")
                    program.stdin.flush()
                    got = [(int(word[:-1]), word[-1]) for word in program.stdout.readline().split()]
                    asked += 1
                    if got[:-1] != want or got[-1][0] <= shown[-1][0]:
                        wrong += 1
                        print(f"{name} {middle} '{cron}' {policy}:\n  want {want}\n  got  {got}")
    program.stdin.close()
    print(f"{asked} questions, {wrong} wrong answers")
    sys.exit(wrong > 0 or asked < 1000 or program.wait() != 0)


if __name__ == "__main__":
    main()
