"""What an agent says is in its log whole and in order; where some of it is lost, the log says so and counts it.

Rooms: sandbox, host/engine/attempts, plugin-sdk.
"""
import pathlib
import re

import pytest

from host import BUILD, Host, dag

HERE = pathlib.Path(__file__).resolve().parent

BUDGET = 256 * 1024
GOES_ON = " [cut here: goes on in the next entry]"


@pytest.fixture(scope="module")
def chatty(publisher):
    so = BUILD / "plugins" / "chatty" / "chatty.so"
    return publisher.sign(publisher.pack(HERE / "plugins" / "chatty", so, publisher.folder / "chatty.orchbundle"))


@pytest.fixture(scope="module")
def talker(tmp_path_factory, publisher, chatty):
    one = Host(tmp_path_factory.mktemp("talker"), publisher, (chatty,)).start()
    yield one
    one.destroy()


def node(agent, retries=0, **config):
    return {"agent_id": f"chatty.{agent}", "config": config, "retry_policy": {"max_retries": retries}}


def said(host, name, to, data=b"", times=1):
    """The entries of a run whose one node says this."""
    host.publish(dag(name, {"a": node("say", to=to, hex=data.hex(), times=times)}))
    run = host.run(name)
    assert host.wait(run)["status"] == "completed"
    return [(entry["level"], entry["message"]) for entry in entries(host, run)]


def entries(host, run):
    found, token = [], ""
    while True:
        page = host.http("GET", f"/runs/{run}/logs?page_size=500{token}", expect=200).json
        if not page["items"]:
            return found
        found += page["items"]
        token = f"&page_token={page['next_page_token']}"


@pytest.mark.parametrize("count", [1000, 5000, 20000])
def test_no_line_of_a_burst_within_the_budget_is_lost(talker, count):
    assert said(talker, f"burst-{count}", "log", times=count) == [("info", f"line {n}") for n in range(count)]


def test_a_log_over_its_budget_says_where_it_was_cut_and_how_much_is_missing(talker):
    lines = said(talker, "over", "log", b"a line of the log of 32 bytes...", times=10000)
    cut, end = lines[-2:]
    assert all(line == ("info", "a line of the log of 32 bytes...") for line in lines[:-2])
    assert len(lines) - 2 == BUDGET / 32
    assert cut == ("warn", f"[log cut here: over its limit of {BUDGET} bytes]")
    assert end == ("warn", f"[log ends here: {320000 - BUDGET} bytes of it were dropped]")


@pytest.mark.parametrize("to", ["stdout", "stderr"])
def test_stdout_and_stderr_are_told_by_line_and_say_where_they_were_cut(talker, to):
    assert said(talker, f"lines-{to}", to, b"one\ntwo\r\n\nthe ", times=2) == [
        (to, "one"), (to, "two"), (to, ""), (to, "the one"), (to, "two"), (to, ""), (to, "the ")]
    lines = said(talker, f"over-{to}", to, b"x" * 1023 + b"\n", times=300)
    assert lines[:256] == [(to, "x" * 1023)] * 256
    assert lines[256:] == [("warn", f"[{to} cut here: over its limit of {BUDGET} bytes]"),
                           ("warn", f"[{to} ends here: {44 * 1024} bytes of it were dropped]")]


@pytest.mark.parametrize("to", ["log", "stdout"])
def test_a_long_text_is_told_whole_in_entries_that_go_on(talker, to):
    text = "aé" * 13000
    lines = said(talker, f"long-{to}", to, text.encode())
    assert len(lines) == 3 and all(line.endswith(GOES_ON) for _, line in lines[:-1])
    assert "".join(line.removesuffix(GOES_ON) for _, line in lines) == text


@pytest.mark.parametrize("to", ["log", "stdout"])
def test_nul_and_what_is_no_text_are_escaped_and_end_nothing(talker, to):
    text = b"before\0after \x1b[31m \xff end\nnext line"
    lines = [line for _, line in said(talker, f"nul-{to}", to, text)]
    told = "before\\x00after \x1b[31m \ufffd end\nnext line"
    assert lines == ([told] if to == "log" else told.split("\n"))


def failure(host, name, retries=0, **config):
    """The step of a run whose one node ends like this."""
    host.publish(dag(name, {"a": node("end", retries, **config)}))
    run = host.run(name)
    assert host.wait(run)["status"] == "failed"
    return host.http("GET", f"/runs/{run}/steps/a", expect=200).json


@pytest.mark.parametrize("length", [1022, 1024, 1200, 100000])
def test_a_long_message_is_cut_between_characters(talker, length):
    message = failure(talker, f"message-{length}", how="message", bytes=length)["attempts"][0]["error"]
    assert re.findall("é+", message) == ["é" * 511]


def ends(host, name, **config):
    step = failure(host, name, **config)
    return step["attempts"][0]["outcome"], step["attempts"][0]["error"]


def test_an_output_over_its_limit_is_a_breach_that_names_both_numbers(talker):
    limit = 4 * 1024 * 1024
    assert ends(talker, "large", how="output", bytes=limit + 1) == (
        "protocol", f"the output has {limit + 1} bytes, over its limit of {limit} (output_bytes)")


def test_a_crash_says_where_it_was(talker):
    outcome, error = ends(talker, "crash", how="unmapped", bytes=0x10)
    assert outcome == "crash"
    assert re.fullmatch(r"the agent crashed: SIGSEGV at address 0x10, instruction plugin\+0x[0-9a-f]+", error)


@pytest.mark.parametrize("status", [0, 3])
def test_an_exit_without_a_result_says_its_status(talker, status):
    assert ends(talker, f"exit-{status}", how="exit", bytes=status) == (
        "protocol", f"its process ended with exit status {status} and without a result")
