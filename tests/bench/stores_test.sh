#!/bin/sh
# stores_test.sh -- the figures of a store in PostgreSQL, and of old runs on both stores, come out: the
# shortest run of bench_steps that has them, on a cluster of its own.
#
# usage: stores_test.sh SOURCE BUILD FOLDER
set -eu
source=$1 build=$2 folder=$3
rm -rf "$folder"
mkdir -p "$folder"
trap '"$source/scripts/private-cluster" drop "$folder" >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT INT TERM

sh "$source/tests/bench/home.sh" "$source" "$build" "$folder/home" 2>/dev/null
"$source/scripts/private-cluster" start "$folder" >"$folder/url"
"$build/bin/orchd" migrate up --store "$(cat "$folder/url")" >/dev/null
(umask 077; head -c 32 /dev/urandom >"$folder/root.key")
for number in 1 2; do
    cp -a "$folder/home" "$folder/home-$number"
    cp "$folder/root.key" "$folder/home-$number/root.key"
done

# measure GROUP FIGURE...
measure() {
    group=$1
    shift
    "$build/tests/bench/bench_steps" --bin "$build/bin" --home "$folder/home" --seconds 0.1 --old-runs 20 \
        --old-runs-program "$source/tests/bench/old_runs.py" --store-url "$(cat "$folder/url")" --hosts 2 \
        --preload "$build/tests/bench/libbench_turns.so" --only "$group" >"$folder/figures"
    cat "$folder/figures"
    for figure in "$@"; do
        grep -q "^$figure " "$folder/figures" || { echo "there is no $figure"; exit 1; }
    done
}

measure pg_c50 pgbench8_commits_per_s pg_c50_10step_steps_per_s pg_c50_10step_per_sqlite
measure pg_chain100 pg_chain100_ms_per_step pg_chain100_per_sqlite
measure old_runs growth_start old_runs_ratio
measure pg_old_runs pg_growth_start pg_old_runs_ratio
measure pg_hosts pg_hosts1_steps_per_s pg_hosts2_ratio cross_host_event_p99_ms
