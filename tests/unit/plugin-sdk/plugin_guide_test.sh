#!/bin/sh
# Runs every command of docs/PLUGIN_GUIDE.md (its sh blocks), in order, in an empty folder.
# usage: plugin_guide_test.sh GUIDE.md ORCH LIBEXEC_DIR WORK_DIR
set -eu
guide=$1 orch=$2 ORCH_LIBEXEC=$3 work=$4
export ORCH_LIBEXEC
rm -rf "$work"
mkdir -p "$work/bin" "$work/home"
ln -s "$orch" "$work/bin/orch"
sed -n '/^```sh$/,/^```$/{/^```/d;p;}' "$guide" >"$work/commands"
[ "$(grep -c '^orch ' "$work/commands")" -ge 7 ] || {
    echo "the guide's commands were not found" >&2
    exit 1
}
cd "$work/home"
PATH=$work/bin:$PATH
sh -eux "$work/commands"
