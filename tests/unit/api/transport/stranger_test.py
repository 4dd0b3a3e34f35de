#!/usr/bin/python3
"""Bytes from strangers over loopback: mutated requests in any segments, and the host lives on."""
import os
import subprocess
import sys

from server_lib import expect, main

INPUTS = "4000"


def test_no_input_stops_the_server(server_of):
    with server_of("rate=1000000", "burst=1000000", "head=2", "idle=2") as server:
        for token in ("none", "admin"):
            done = subprocess.run([os.environ["HTTP_STRANGER"], str(server.port), INPUTS, "7", token],
                                  capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
        expect(server, 200, "GET", "/healthz", base="")


if __name__ == "__main__":
    sys.exit(main(globals()))
