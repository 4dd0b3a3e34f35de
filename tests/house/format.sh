#!/bin/sh
# Checks that every C and C++ source is as clang-format leaves it (.clang-format, version 14).
# usage: format.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/../..}"
files=$(find host sandbox authority plugin-sdk plugins tests \
    \( -name '*.c' -o -name '*.h' -o -name '*.cpp' \) -type f | sort)
[ -n "$files" ] || { echo "no sources" >&2; exit 1; }
# shellcheck disable=SC2086  # file names of ours hold no spaces
clang-format --dry-run --Werror $files
echo "$(echo "$files" | wc -l) files are formatted"
