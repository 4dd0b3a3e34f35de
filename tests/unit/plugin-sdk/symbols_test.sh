#!/bin/sh
# A plugin exports orch_plugin_v1 and nothing else, and carries its ELF note.
# usage: symbols_test.sh PLUGIN.so...
set -eu
for so in "$@"; do
    exported=$(nm -D --defined-only "$so" | awk '{ print $3 }')
    if [ "$exported" != orch_plugin_v1 ]; then
        printf '%s exports: %s\n' "$so" "$exported" >&2
        exit 1
    fi
    if ! readelf -nW "$so" | grep -q '^  orch  *0x000000d0'; then
        printf '%s has no orch note\n' "$so" >&2
        exit 1
    fi
done
