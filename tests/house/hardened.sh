#!/bin/sh
# Checks that the programs of a hardened build are: position-independent, relocations read-only and
# bound at start, no executable stack, stack protector and fortified calls linked in.
# usage: hardened.sh PROGRAM...
set -eu
[ $# -gt 0 ] || { echo "no programs" >&2; exit 1; }
bad=0

wants() { # PROGRAM WHAT OPTION PATTERN
    readelf -W "$3" "$1" | grep -qE "$4" || { echo "$1: no $2"; bad=$((bad + 1)); }
}

for program in "$@"; do
    wants "$program" "position-independent code" -h 'Type: +DYN'
    wants "$program" "read-only relocations" -l 'GNU_RELRO'
    wants "$program" "binding at start" -d 'BIND_NOW|FLAGS.*NOW'
    wants "$program" "stack without execution" -l 'GNU_STACK .* RW +0x'
    wants "$program" "stack protector" --dyn-syms '__stack_chk_fail'
    wants "$program" "fortified call" --dyn-syms '__[a-z]+_chk@'
done
echo "$# programs, $bad findings"
[ $bad = 0 ]
