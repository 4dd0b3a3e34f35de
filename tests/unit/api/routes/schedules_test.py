#!/usr/bin/python3
"""/schedules:preview of the real server: due times, what is refused, what is never asked of the loop."""
import sys

from server_lib import expect, main

PATH = "/schedules:preview"


def times(server, **body):
    return expect(server, 200, "POST", PATH, body)["fireTimes"]


def test_due_times_with_their_local_time_and_note(server_of):
    with server_of() as server:
        body = {"cron": "30 2 * * *", "timezone": "Europe/Berlin", "after": "2026-03-28T00:00:00Z", "count": 3}
        assert times(server, **body) == [
            {"dueUtc": "2026-03-28T01:30:00Z", "local": "2026-03-28T02:30:00+01:00", "note": None},
            {"dueUtc": "2026-03-29T01:00:00Z", "local": "2026-03-29T03:00:00+02:00", "note": "shifted"},
            {"dueUtc": "2026-03-30T00:30:00Z", "local": "2026-03-30T02:30:00+02:00", "note": None}]
        assert times(server, **body, dstPolicy="skip")[1]["dueUtc"] == "2026-03-30T00:30:00Z"


def test_every_at_and_what_is_left_out(server_of):
    with server_of() as server:
        got = times(server, every="90m", anchor="2026-01-01T00:10:00Z", after="2026-01-01T05:00:00Z", count=2)
        assert [t["dueUtc"] for t in got] == ["2026-01-01T06:10:00Z", "2026-01-01T07:40:00Z"]
        assert times(server, at="2020-05-01T10:00:00Z") == []
        assert len(times(server, cron="* * * * *")) == 5
        assert len(times(server, cron="* * * * *", count=1000)) == 1000


def test_what_is_refused_says_why(server_of):
    cases = [
        ({"cron": "0 0 L * *"}, "CRON_INVALID", "day: 'L'"),
        ({"cron": "* * * * *\x00"}, "JSON_INVALID", ""),
        ({"cron": "0 0 30 2 *"}, "CRON_INVALID", "never"),
        ({"cron": "* * * * *", "timezone": "Mars/Phobos"}, "TIMEZONE_INVALID", "Mars/Phobos"),
        ({"cron": "* * * * *", "timezone": "../etc/passwd"}, "TIMEZONE_INVALID", "etc/passwd"),
        ({"cron": "* * * * *", "timezone": ""}, "TIMEZONE_INVALID", "''"),
        ({"cron": "* * * * *", "nope": 1}, "FIELDS_INVALID", "nope"),
        ({"cron": "* * * * *", "every": "5m"}, None, "only one"),
        ({"timezone": "UTC"}, None, "one of cron, every and at"),
        ({"cron": "* * * * *", "dstPolicy": "maybe"}, None, "'maybe'"),
        ({"cron": "* * * * *", "after": "yesterday"}, None, "'yesterday'"),
        ({"cron": "* * * * *", "count": 0}, None, "count"),
        ({"cron": "* * * * *", "count": 1001}, None, "count"),
        ({"cron": 5}, None, "cron"),
        ({"every": "5"}, None, "every"),
        ({"at": "2026-02-30T00:00:00Z"}, None, "at"),
        ({"every": "1h", "anchor": "x"}, None, "anchor"),
    ]
    with server_of() as server:
        for body, code, words in cases:
            told = expect(server, 400, "POST", PATH, body, code=code)
            assert words in told["detail"], (body, told["detail"])


if __name__ == "__main__":
    sys.exit(main(globals()))
