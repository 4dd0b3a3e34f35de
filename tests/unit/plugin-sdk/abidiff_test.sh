#!/bin/sh
# The probe plugin's types, as debug information has them, are those of the committed baseline.
# Without the tools, or on another machine than the baseline's, it says so and is skipped (77).
# usage: abidiff_test.sh INCLUDE_DIR PROBE.c BASELINE.abi WORK_DIR [--write]
set -eu
include=$1 probe=$2 baseline=$3 work=$4 mode=${5-}
command -v abidw >/dev/null && command -v abidiff >/dev/null || {
    echo "skipped: abidiff is not installed (Debian: abigail-tools)"
    exit 77
}
command -v gcc >/dev/null && [ "$(uname -m)" = x86_64 ] || {
    echo "skipped: the baseline is of gcc on x86_64"
    exit 77
}
mkdir -p "$work"
cp "$probe" "$work/abi_probe.c"
cd "$work"
gcc -std=gnu11 -g -gdwarf-4 -O0 -fPIC -fvisibility=hidden -shared -I"$include" abi_probe.c -o probe.so
if [ "$mode" = --write ]; then
    abidw --no-show-locs --no-corpus-path --no-comp-dir-path probe.so >"$baseline"
    exit 0
fi
# Not through a pipe: the exit status is the result.
abidiff --no-show-locs "$baseline" probe.so
