#!/bin/sh
# run.sh -- runs a benchmark's program on a build as ./up makes it, in a temporary folder with a home of
# its own that is gone at the end.
#
# usage: run.sh PROGRAM PROBE [ARGUMENT...]       (PROBE: the library that it preloads, or none)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/release
work=$(mktemp -d)
program=$1 probe=$2
shift 2
trap '"$root/up" --down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT INT TERM

quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; }
file() { find "$build" -name "$1" -type f | head -n 1; }

# ./up builds and starts a host, which is stopped at once: the program starts its own.
export ORCH_HOME="$work/up" ORCH_LISTEN="127.0.0.1:${ORCH_BENCH_PORT:-18980}"
quietly "$root/up" --no-apt --no-demo
quietly "$root/up" --down
quietly cmake --build "$build" --target "$program"
quietly sh "$root/tests/bench/home.sh" "$root" "$build" "$work/home"
[ "$probe" = none ] || set -- --preload "$(file "libbench_$probe.so")" "$@"
cd "$work" && "$(file "$program")" --bin "$build/bin" --home "$work/home" "$@"
