#!/bin/sh
# run.sh -- runs a benchmark's program on a build as ./up makes it, in a temporary folder with a home of
# its own that is gone at the end; with `--store postgres` on a cluster of its own too, and with a home
# for each of `--hosts N` there, which have one root key.
#
# usage: run.sh PROGRAM PROBE [ARGUMENT...]       (PROBE: the library that it preloads, or none)
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build/release
work=$(mktemp -d)
program=$1 probe=$2
shift 2
trap '"$root/up" --down >/dev/null 2>&1 || true; "$root/scripts/private-cluster" drop "$work" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT INT TERM

quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }; }
file() { find "$build" -name "$1" -type f | head -n 1; }

# The word behind a flag, or what it is without.
told() {
    flag=$1 found=$2 before=''
    shift 2
    for word in "$@"; do
        [ "$before" != "$flag" ] || found=$word
        before=$word
    done
    printf '%s' "$found"
}

cluster() {
    "$root/scripts/private-cluster" start "$work" >"$work/url"
    quietly "$build/bin/orchd" migrate up --store "$(cat "$work/url")"
    (umask 077; head -c 32 /dev/urandom >"$work/root.key")
    for number in $(seq "$1"); do
        cp -a "$work/home" "$work/home-$number"
        cp "$work/root.key" "$work/home-$number/root.key"
    done
}

store=$(told --store sqlite "$@") hosts=$(told --hosts 1 "$@")
case $store in sqlite | postgres) ;; *) echo "bench: --store is sqlite or postgres" >&2; exit 2 ;; esac
# ./up builds and starts a host, which is stopped at once: the program starts its own.
export ORCH_HOME="$work/up" ORCH_LISTEN="127.0.0.1:${ORCH_BENCH_PORT:-18980}"
quietly "$root/up" --no-apt --no-demo
quietly "$root/up" --down
quietly cmake --build "$build" --target "$program"
quietly sh "$root/tests/bench/home.sh" "$root" "$build" "$work/home"
if [ "$store" = postgres ]; then
    cluster "$hosts"
    set -- --store-url "$(cat "$work/url")" "$@"
fi
[ "$program" != bench_steps ] || set -- --old-runs-program "$root/tests/bench/old_runs.py" "$@"
[ "$probe" = none ] || set -- --preload "$(file "libbench_$probe.so")" "$@"
cd "$work" && "$(file "$program")" --bin "$build/bin" --home "$work/home" "$@"
