#!/usr/bin/env python3
"""Runs every command of README.md and docs/*.md, in order, as a newcomer would: in a fresh copy of
the tree, in a path with blanks, from ./up on, with a home and a port of its own; compares what the pages claim.

Each page has a shell of its own. A command must succeed unless `echo $?` comes next. With pages as
arguments only these are run; all but README.md need the host that README.md starts.
"""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import blocks  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ["README.md", "docs/OPERATIONS.md", "docs/API.md", "docs/LANES.md", "docs/DEFINITIONS.md", "docs/SANDBOX.md",
         "docs/THREATS.md", "docs/ARCHITECTURE.md", "docs/PROTOCOL.md", "docs/HACKING.md", "docs/ABI.md",
         "docs/PLUGIN_GUIDE.md"]
HERE = "127.0.0.1:"
PORTS = (8080, 8081, 8082)  # as the pages have them; the first is that of ./up
COMMAND_S = 600


class Failed(Exception):
    pass


def copy_tree(target):
    """What git would clone, uncommitted work included; without git, all but build/ and .orch/."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True)
    if listed.returncode != 0:
        shutil.copytree(ROOT, target, symlinks=True,
                        ignore=shutil.ignore_patterns("build", ".orch", ".git", "__pycache__"))
        return
    for name in filter(None, listed.stdout.decode().split("\0")):
        source = ROOT / name
        if source.is_symlink() or source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)


def free_ports(count):
    """Below the range of outgoing connections, one of which could take it while the host is down."""
    found = []
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                found.append(port)
            except OSError:
                continue
        if len(found) == count:
            return found
    raise Failed("no port is free")


class Shell:
    """One bash; the state of its variables and folder lives from command to command."""

    def __init__(self, folder, env, work):
        self.work = work
        self.status_read, status_write = os.pipe()
        self.process = subprocess.Popen(["bash", "--norc", "-s"], cwd=folder, env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, pass_fds=[status_write],
                                        start_new_session=True)
        os.close(status_write)
        self.say = status_write
        self.last = 0

    def run(self, text):
        script, output = self.work / "command", self.work / "output"
        script.write_text(text + "\n")
        self.process.stdin.write(f"(exit {self.last}); . '{script}' >'{output}' 2>&1 </dev/null "
                                 f"{self.say}>&-; echo $? >&{self.say}\n")
        self.process.stdin.flush()
        signal.alarm(COMMAND_S)
        status = os.read(self.status_read, 16)
        signal.alarm(0)
        if not status:
            raise Failed("the shell ended")
        self.last = int(status)
        return self.last, output.read_text(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """The shell's own end; what it left in the background is the page's business."""
        if self.process.poll() is None:
            self.process.stdin.close()
        self.process.wait(timeout=30)
        os.close(self.status_read)


def page_commands(page, text):
    for block in blocks.blocks(text.splitlines()):
        if block.reason is not None:
            print(f"    not run: {page}:{block.line}: {block.reason}")
        elif block.language == "console":
            yield from blocks.commands(block)
        elif block.language == "sh":
            for number, line in enumerate(block.text, block.line + 1):
                yield blocks.Command(number, line, [])


def indented(lines):
    return "".join(f"        {line}\n" for line in lines)


def check(page, command, following, status, output):
    asked_for = following is not None and following.text == "echo $?"
    why = f"exit {status}" if status != 0 and not asked_for else None
    if why is None and not blocks.fits(command.claim, output):
        why = "the output is not what the page claims"
    if why is not None:
        raise Failed(f"{page}:{command.line}: {why}\n    $ {command.text}\n"
                     f"    claimed:\n{indented(command.claim)}"
                     f"    printed:\n{indented(output.splitlines()[-60:])}")


def run_page(page, tree, env, work, ports):
    text = (tree / page).read_text()
    for told, port in zip(PORTS, ports):
        text = text.replace(f"{HERE}{told}", f"{HERE}{port}")
    folder = tree
    if pathlib.Path(page).name in blocks.SH_PAGES:
        folder = work / "plugin"
        folder.mkdir()
    todo = list(page_commands(page, text))
    with Shell(folder, env, work) as shell:
        for command, following in zip(todo, [*todo[1:], None]):
            start = time.monotonic()
            status, output = shell.run(command.text)
            check(page, command, following, status, output)
            print(f"    {page}:{command.line}: {command.text.splitlines()[0]}"
                  f"  ({time.monotonic() - start:.1f} s)", flush=True)
    return len(todo)


def stop_host(tree, env):
    """Whatever happened above, no host is left behind, and no cluster."""
    for file in tree.glob("build/*/host.pid"):
        with contextlib.suppress(ProcessLookupError, ValueError):
            os.kill(int(file.read_text()), signal.SIGKILL)
    for file in tree.glob("build/*/cluster"):
        subprocess.run([tree / "scripts/private-cluster", "drop", file.parent], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    if (tree / "up").exists():
        subprocess.run([tree / "up", "--down"], cwd=tree, env=env, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


def on_alarm(*_):
    raise Failed(f"no answer within {COMMAND_S} s")


def main():
    signal.signal(signal.SIGALRM, on_alarm)
    ports = free_ports(len(PORTS))
    work = pathlib.Path(tempfile.mkdtemp(prefix="orch-docs-"))
    tree, count = work / "a checkout with blanks", 0
    env = {name: value for name, value in os.environ.items()
           if name in ("PATH", "USER") or name.startswith(("CCACHE_", "CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER"))}
    env |= {"HOME": str(work), "ORCH_LISTEN": f"{HERE}{ports[0]}", "PAGER": "cat", "TERM": "xterm", "LANG": "C.UTF-8"}
    if "CCACHE_BASEDIR" in env:  # what the tree itself was built of is found by its name below the tree
        env["CCACHE_BASEDIR"] = str(tree)
    env["PATH"] = f"{tree}/build/release/bin:" + env.get("PATH", "/usr/bin:/bin")
    try:
        copy_tree(tree)
        for page in sys.argv[1:] or PAGES:
            count += run_page(page, tree, env, work, ports)
    except Failed as why:
        print(f"FAILED {why}")
        log = tree / ".orch/host.log"
        if log.exists():
            print("the host's log ends:", *log.read_text(errors="replace").splitlines()[-15:], sep="\n    ")
        return 1
    finally:
        stop_host(tree, env)
        shutil.rmtree(work, ignore_errors=True)
    print(f"{count} commands, each did what its page says")
    return 0 if count else 1


if __name__ == "__main__":
    sys.exit(main())
