#!/usr/bin/env python3
"""One run, walked: the rows of docs/ARCHITECTURE.md, and the check that each function still leads to
the next. scripts/generate_docs.py prints the rows, with the file where each function is found.

A row is reached from its `after` (a function; without one, the last of the row above). It is called,
or handed on to be called, through at most BETWEEN functions. Where a pointer, a message or a thread
lies between, `by` names the words on the way. Whoever is reached so far has the word in its code; then

    MSG_FORK, .run_start     a constant, a member: another function or table has it too, and is the
                             next, or names it at most NEAR characters behind the word
    .handle in rows          the table that holds whatever the member points to names the next

and the last word may be read by what the row's function calls.

A function that several files have is written file:function.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/house"))
import calls  # noqa: E402
import tree  # noqa: E402

BETWEEN, NEAR = 3, 200
Row = collections.namedtuple("Row", "what functions after by", defaults=(None, ()))
START = "start"
ROWS = (
    Row("A head has come, then its body; what follows it waits in the kernel", ["whole_head"], after=START),
    Row("The head is there: trace, path, route, framing; an error is kept until the body has come",
        ["request_begin"]),
    Row("Both have come: nothing more is read before the answer is out", ["hand_on"], after="whole_head"),
    Row("Token, tenant, scope, rate, query, body, idempotency key, in this order", ["request_complete"],
        after="hand_on"),
    Row("The token is verified by the authority, or was within the last minute", ["tokens_verify"]),
    Row("Whose request, with which rights", ["identity_decide"], after="request_complete"),
    Row("The body's members become a call of the engine", ["run_create"], after="request_complete",
        by=(".handle in routes.c:rows",)),
    Row("Input's hash, repeated start, admission, definition, seed, a new id", ["control_start"],
        by=(".run_start",)),
    Row("The definition's version, read once beside the loop and shared; before it is, the call waits",
        ["dag_cache_get"]),
    Row("Its row; then, when there is room, the machine's first event in the same commit",
        ["start_insert", "start_launch"], after="control_start"),
    Row("The machine takes its first event", ["model/run/restore.c:run_start"]),
    Row("and decides which nodes start; each decision becomes rows and events",
        ["run_next", "commit_decisions"], after="start_launch"),
    Row("What a node's event says is written once, in canonical form", ["commit_step_event"]),
    Row("Each event is appended to the ledger", ["ledger_append"]),
    Row("and joins the run's hash chain", ["event_chain_add"]),
    Row("The batch goes to the writer", ["commit_submit"], after="start_launch"),
    Row("Whatever waits becomes one transaction and one sync", ["group_take"], by=(".queue",)),
    Row("Durable: the commit comes back with the acts that are due", ["came_back"], after="commit_submit"),
    Row("One turn carries them out, in the order of the commits", ["turn.c:act_all"], by=(".due",)),
    Row("Attempts start, streams hear, the client is answered, in this order", ["act_durable"]),
    Row("201 with the run's row", ["reply_started"], after="run_create"),
    Row("The attempt waits for a worker of its lane", ["attempts_turn"], after="act_durable"),
    Row("It finds its agent; of a lane with a backend, once its entry is claimed",
        ["attempts.c:dispatch"]),
    Row("A confined spare gets it, or one is ordered", ["sandbox_attempt_start"],
        by=(".attempt_start",)),
    Row("The supervisor hands the order to a clean zygote", ["supervisor/attempt.c:attempt_spawn"],
        by=("MSG_SPAWN",)),
    Row("The zygote forks: all walls, a look from outside, then the plugin; it says READY, and waits",
        ["attempt_main"], by=("MSG_FORK",)),
    Row("What was seen before the plugin ran satisfied the policy: the input is written", ["slot_bind"],
        after="sandbox_attempt_start"),
    Row("Secrets: the sealed blobs and the pipe go to the authority", ["secrets_send"],
        after="attempts.c:dispatch"),
    Row("In the attempt: one agent, once", ["run_agent"], after="slot_bind", by=("ATTEMPT_INPUT",)),
    Row("What it says is read, a packet at a time", ["channel_take"], by=("ATTEMPT_RESULT",)),
    Row("It has exited, or was killed: what it said is read to the end", ["attempt_ended"], after="slot_spawned",
        by=(".process in process.c:process_handlers",)),
    Row("Whole frame and exit status: one of the outcomes", ["outcome_of"]),
    Row("The engine hears of it at the end of the sandbox's turn", ["tell_done"], after="sandbox_turn"),
    Row("The machine takes the outcome: done, again later, or the run's end",
        ["step_attempt_ended", "run_attempt_ended"], by=(".on_attempt_done", ".ended")),
    Row("A completed node: checkpoint, trace, record, event in one batch with the next starts",
        ["commit_decisions"], after="step_attempt_ended"),
    Row("What the node leaves behind, as rows", ["keep_record"]),
    Row("The record's two hashes", ["node_record_write"]),
    Row("The stream's clients get the event", ["api_stream_publish"], after="act_durable",
        by=(".publish",)),
    Row("The run is over: outputs, execution chain hash, metrics", ["commit_run_done"],
        after="commit_decisions"),
    Row("After that commit: the statement is made and sent for its signature", ["statements_add"],
        after="act_durable"),
    Row("The authority signs it, and says so in the last line: `authority.signed`", ["item_sign"],
        by=(".sign", "MESSAGE_SIGN")),
)


def find(found, name):
    """The one function (or table) of that name; raises ValueError."""
    file, _, word = name.rpartition(":")
    parts = [p for p in found.parts if p.name == word and p.file.endswith(file)]
    if len(parts) != 1:
        raise ValueError(f"{len(parts)} functions are named {name}")
    return parts[0]


def within(parts, steps):
    """The parts, and what they name through at most so many others."""
    reached, edge = set(parts), set(parts)
    for _ in range(steps + 1):
        edge = {target for part in edge for targets in part.names.values() for target in targets} - reached
        reached |= edge
    return reached


def pattern(word):
    return re.compile(rf"(?:\.|->)\s*{word[1:]}\b" if word.startswith(".") else rf"\b{word}\b")


def led_to(found, reached, way):
    """Who gets what the reached ones send, set or call by this word."""
    word, _, table_name = way.partition(" in ")
    sought = pattern(word)
    if not any(sought.search(part.code) for part in reached):
        return set()
    if table_name:
        return within([find(found, table_name)], 0)
    result = set()
    for part in found.parts:
        ends = [m.end() for m in sought.finditer(part.code)]
        near = " ".join(part.code[end:end + NEAR] for end in ends)
        result |= {part} if ends else set()
        result |= {target for name, targets in part.names.items() if re.search(rf"\b{name}\b", near) for target in targets}
    return result


def leads(found, start, by, end):
    reached = within({start}, BETWEEN)
    got = set()
    for way in by:
        got = led_to(found, reached, way)
        reached = within(got, BETWEEN)
    return end in reached or bool(got & within({end}, BETWEEN))


def problems(found, rows):
    """(what of the row, reason)"""
    above = None
    for row in rows:
        way = f" by {' '.join(row.by)}" if row.by else ""
        try:
            start = None if row.after == START else find(found, row.after or above)
            for end in [find(found, name) for name in row.functions]:
                if start is not None and not leads(found, start, row.by, end):
                    yield row.what, f"{start.name} ({start.file}) no longer leads to {end.name} ({end.file}){way}"
        except ValueError as wrong:
            yield row.what, str(wrong)
        above = row.functions[-1]


def read(root):
    tree.ROOT = root
    return calls.Calls(root)


def table(root, rows=ROWS):
    found = read(root)
    lines = ["| what happens | by | in |", "| --- | --- | --- |"]
    for row in rows:
        names = " ".join(f"`{name.rpartition(':')[2]}`" for name in row.functions)
        files = " ".join(dict.fromkeys(f"`{find(found, name).file}`" for name in row.functions))
        lines.append(f"| {row.what} | {names} | {files} |")
    return "\n".join(lines) + "\n"


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) == 2 else ROOT
    wrong = list(problems(read(root), ROWS))
    for what, reason in wrong:
        print(f"'{what}': {reason}")
    print(f"{len(ROWS)} rows, {len(wrong)} breaches")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
