#!/bin/sh
# Checks every POSIX sh script with shellcheck. Left out: SC2015 (`a && b || die` is meant so) and
# SC2016 (sed and awk programs stand in single quotes).
# usage: shell.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/../..}"
files=$(find . \( -name .git -o -name build -o -name .orch -o -name corpus \) -prune -o -type f -size +0 \
    -exec env LC_ALL=C awk 'FNR == 1 { if (/^#!\/bin\/sh/) print FILENAME; nextfile }' {} + | sort)
[ -n "$files" ] || { echo "no scripts" >&2; exit 1; }
# shellcheck disable=SC2086  # file names of ours hold no spaces
shellcheck --shell=sh --exclude=SC2015,SC2016 $files
echo "$(echo "$files" | wc -l) scripts are clean"
