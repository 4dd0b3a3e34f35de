#!/bin/sh
# count_test.sh -- a step costs no more than its budget (tests/bench/budget.c), on a host of its own.
#
# usage: count_test.sh SOURCE BUILD FOLDER
set -eu
source=$1 build=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
sh "$source/tests/bench/home.sh" "$source" "$build" "$folder/home" 2>"$folder/log" || { cat "$folder/log"; exit 1; }
"$build/tests/bench/bench_count" --ceilings --steps 500 --bin "$build/bin" --home "$folder/home" \
    --preload "$build/tests/bench/libbench_alloc.so"
rm -rf "$folder"
