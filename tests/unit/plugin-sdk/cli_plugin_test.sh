#!/bin/sh
# The life of a plugin through the CLI: new, build, pack, keygen, sign, verify, and what each of
# them refuses. Nothing of the plugin runs here; plugin_run_test.sh does that.
# usage: cli_plugin_test.sh ORCH WORK_DIR
set -eu
orch=$1 work=$2
rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    exit 1
}
# refused PATTERN command...: it fails and says PATTERN
refused() {
    pattern=$1
    shift
    if "$@" >out 2>err; then
        fail "$* was not refused"
    fi
    grep -q "$pattern" err || {
        cat err >&2
        fail "$* does not say '$pattern'"
    }
}

for language in c cpp; do
    "$orch" plugin new "greeter-$language" --lang "$language" 2>err >out
    [ "$(cat out)" = "greeter-$language" ] || fail "new prints the name"
    bundle=greeter-$language-0.1.0-linux-$(uname -m).orchbundle
    refused 'not built yet' "$orch" plugin pack "greeter-$language"
    "$orch" plugin build "greeter-$language" >out
    "$orch" plugin pack "greeter-$language" >out 2>err
    [ "$(cat out)" = "$bundle" ] || fail "pack prints the bundle's name"
    cp "$bundle" "first-$language"
    "$orch" plugin pack "greeter-$language" >out 2>err
    cmp -s "$bundle" "first-$language" || fail "packing twice gives other bytes"
done
refused 'lower-case' "$orch" plugin new ../up

# Mathematics needs no flag; what make takes from the environment counts here too.
"$orch" plugin new maths >out 2>err
cat >maths/plugin.c <<'END'
#include <math.h>
#include <orch/plugin.h>
#ifdef EXTRA
#include <zlib.h>
#endif
static orch_status roots(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    (void)host, (void)run;
    double root = pow((double)ctx->attempt, 0.5);
#ifdef EXTRA
    root += (double)crc32(0, NULL, 0);
#endif
    return root > 0 ? ORCH_OK : ORCH_E_FATAL;
}
static const orch_agent agent = {.size = sizeof(orch_agent), .flags = ORCH_AGENT_PURE,
                                 .id = "maths.greet", .version = "0.1.0", .run = roots};
ORCH_PLUGIN("maths", "0.1.0", NULL, &agent);
END
"$orch" plugin build maths >out 2>err || fail "mathematics needs a flag"
refused 'did not compile' env CFLAGS='-Wall  -Werror -Wunused-macros' CPPFLAGS=-DUNUSED= LDLIBS=-lnowhere "$orch" plugin build maths
refused 'did not compile' env CFLAGS=-DEXTRA "$orch" plugin build maths
CC='cc' CFLAGS='-DEXTRA -O3' LDLIBS=-lz "$orch" plugin build maths >out 2>err || {
    cat err >&2
    fail "LDLIBS and CFLAGS are not taken"
}

# A schema or policies that nobody could read are refused where they are written.
"$orch" plugin build maths >out
cp maths/manifest.json whole.json
agent() { # MEMBERS: the agent gets them
    sed "s|\"id\": \"maths.greet\",|\"id\": \"maths.greet\", $1,|" whole.json >maths/manifest.json
}
mkdir -p maths/schemas
agent '"input_schema": "schemas/in.json"'
echo '{"type": ' >maths/schemas/in.json
refused "schema 'schemas/in.json'" "$orch" plugin pack maths
echo '["object"]' >maths/schemas/in.json
refused 'object, true or false' "$orch" plugin pack maths
echo '{"type": "object"}' >maths/schemas/in.json
"$orch" plugin pack maths >out 2>err || fail "a good schema is refused"
agent '"policies": {"retry_policy": {"max_retries": -1}}'
refused 'max_retries must be an integer' "$orch" plugin pack maths
agent '"policies": {"retry": {}}'
refused "not 'retry'" "$orch" plugin pack maths
agent '"policies": {"retry_policy": {"max_retries": 1}, "timeout_policy": {"timeout_seconds": 5}}'
"$orch" plugin pack maths >out 2>err || fail "good policies are refused"
refused 'make folder' "$orch" plugin new greeter-c

"$orch" plugin keygen ours >fingerprint 2>err
"$orch" plugin keygen theirs >out 2>err
refused 'exists' "$orch" plugin keygen ours
[ "$(stat -c %a ours.pem)" = 600 ] || fail "a secret key is readable by others"

bundle=greeter-c-0.1.0-linux-$(uname -m).orchbundle
refused unsigned "$orch" plugin verify --trust ours.pub.pem "$bundle"
"$orch" plugin sign --key ours.pem "$bundle" >out 2>err
"$orch" plugin verify --trust ours.pub.pem -o json "$bundle" >out
grep -q 'greeter-c@0.1.0' out || fail "verify names the plugin"
refused key_unknown "$orch" plugin verify --trust theirs.pub.pem "$bundle"
refused "'.*pub.pem'" "$orch" plugin sign --key ours.pub.pem "$bundle"

# One byte of the archive, then one of the envelope's payload.
size=$(stat -c %s "$bundle")
cp "$bundle" changed.orchbundle
printf '\001' | dd of=changed.orchbundle bs=1 seek=$((size - 9)) conv=notrunc 2>/dev/null
refused 'SHA-256' "$orch" plugin verify --trust ours.pub.pem changed.orchbundle
cp "$bundle" changed.orchbundle
printf 'Z' | dd of=changed.orchbundle bs=1 seek=40 conv=notrunc 2>/dev/null
refused . "$orch" plugin verify --trust ours.pub.pem changed.orchbundle
head -c $((size / 2)) "$bundle" >changed.orchbundle
refused . "$orch" plugin verify --trust ours.pub.pem changed.orchbundle

# A .so of another version, and one that exports too much.
sed -i 's/0\.1\.0/0.2.0/' greeter-c/manifest.json
refused 'its manifest says' "$orch" plugin pack greeter-c
sed -i 's/0\.2\.0/0.1.0/' greeter-c/manifest.json
"${CC:-cc}" -shared -fPIC -x c - -o other.so </dev/null
refused . "$orch" plugin pack greeter-c --so other.so
