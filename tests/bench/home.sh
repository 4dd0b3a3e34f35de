#!/bin/sh
# home.sh -- makes a home for a host of a benchmark, as ./up makes one: a publisher's key and the signed
# conformance plugin. Does nothing where there is one.
#
# usage: home.sh SOURCE BUILD HOME
set -eu
source=$1 build=$2 home=$3
umask 077
if [ -d "$home/trust" ]; then exit 0; fi
mkdir -p "$home/plugins"
"$build/bin/orch" plugin keygen "$home/publisher" >/dev/null
cd "$home/plugins"
"$build/bin/orch" plugin pack "$source/plugins/conformance" --so "$build/plugins/conformance/conformance.so" \
    --quiet >/dev/null
"$build/bin/orch" plugin sign conformance-*.orchbundle --key "$home/publisher.pem" >/dev/null
# What a development host would grant by itself, and that attempts may be warm.
ORCH_HOME=$home "$build/bin/orch" trust add --key "$home/publisher.pub.pem" --name dev-publisher --roles publisher,dag \
    --tenants '*' --plugins '*' --agents '*' --profiles pure --warm >/dev/null
