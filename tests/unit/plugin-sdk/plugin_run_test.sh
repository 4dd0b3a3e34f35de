#!/bin/sh
# One command takes a new plugin to its tests in the real sandbox; the shipped plugins run there
# too, and what the sandbox refuses is said.
# usage: plugin_run_test.sh ORCH LIBEXEC_DIR PLUGINS_BUILD_DIR PLUGINS_DIR WORK_DIR
set -eu
orch=$1 ORCH_LIBEXEC=$2 built=$3 plugins=$4 work=$5
export ORCH_LIBEXEC
rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() {
    cat out err >&2
    printf 'FAILED: %s\n' "$1" >&2
    exit 1
}

for language in c cpp; do
    "$orch" plugin new "greeter-$language" --lang "$language" >out 2>err
    (cd "greeter-$language" && "$orch" plugin run -o json) >out 2>err || fail "run ($language)"
    grep -q '"passed": *true' out || fail "the golden test passes ($language)"
    "$orch" plugin check "greeter-$language" >out 2>err || fail "check ($language)"
done

# A wrong expectation is a failed test, not a failed command.
sed -i 's/"hello": "world"/"hello": "moon"/' greeter-c/tests/golden/greet.json
if "$orch" plugin run greeter-c -o json >out 2>err; then
    fail "a golden test that differs passes"
fi
grep -q '"passed": *false' out || fail "the row says so"

# What the manifest does not list is found when the plugin is loaded.
sed -i 's/"pure": true/"pure": false/' greeter-cpp/manifest.json
if "$orch" plugin check greeter-cpp >out 2>err; then
    fail "a manifest that differs from the plugin passes"
fi
grep -q 'pure: the plugin says 1, its manifest 0' err || fail "the reason is said"

# A forbidden system call is named as what it is.
mkdir -p bad/tests/golden
sed 's/@NAME@/bad/g; s/greet/fork/g' "$plugins/../plugin-sdk/templates/c/manifest.json" >bad/manifest.json
cat >bad/plugin.c <<'END'
#include <orch/plugin.h>
#include <unistd.h>
static orch_status forks(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    (void)host, (void)run, (void)ctx;
    return fork() < 0 ? ORCH_E_FATAL : ORCH_OK;
}
static const orch_agent agent = {.size = sizeof(orch_agent),
                                 .flags = ORCH_AGENT_PURE | ORCH_AGENT_IDEMPOTENT,
                                 .id = "bad.fork", .version = "0.1.0", .profile = "pure",
                                 .run = forks};
ORCH_PLUGIN("bad", "0.1.0", NULL, &agent);
END
if "$orch" plugin run bad --agent bad.fork >out 2>err; then
    fail "fork is allowed"
fi
grep -q 'policy-violation' err || fail "the outcome is a policy violation"
grep -q 'policy violation: system call clone' err || fail "and names the call"

# The shipped plugins, as they were built with the whole.
printf '{"csv": %s}' "$(python3 -c 'import json,sys; print(json.dumps(open(sys.argv[1]).read()))' \
    "$plugins/emissions/examples/facility.csv")" >input.json
"$orch" plugin run "$built/emissions/emissions.so" --agent emissions.intake --input input.json \
    >out 2>err || fail "emissions.intake"
grep -q '"year":2023' out || fail "the facility is read"
printf '{"fail_times": 1}' >config.json
if "$orch" plugin run "$built/conformance/conformance.so" --agent conformance.stub \
    --config config.json >out 2>err; then
    fail "the stub does not fail"
fi
grep -q 'plugin-transient' err || fail "the stub fails as transient"

# An agent without a profile is pure, and --timeout ends one that does not end by itself.
mkdir -p long
sed 's/@NAME@/long/g; s/greet/wait/g' "$plugins/../plugin-sdk/templates/c/manifest.json" >long/manifest.json
cat >long/plugin.c <<'END'
#include <orch/plugin.h>
static orch_status waits(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    orch_bytes empty = {"{}", 2};
    if (ctx->config.len < 4)
        return host->emit(run, ORCH_PORT_RESULT, empty);
    for (volatile int on = 1; on;)
        ;
    return ORCH_OK;
}
static const orch_agent agent = {.size = sizeof(orch_agent),
                                 .flags = ORCH_AGENT_PURE | ORCH_AGENT_IDEMPOTENT,
                                 .id = "long.wait", .version = "0.1.0", .run = waits};
ORCH_PLUGIN("long", "0.1.0", NULL, &agent);
END
"$orch" plugin run long --agent long.wait >out 2>err || fail "no profile is not pure"
echo '{"on": 1}' >config
code=0
"$orch" plugin run long --agent long.wait --config config --timeout 3s --exit-codes fine >out 2>err || code=$?
[ $code = 7 ] || fail "--timeout ends with $code"
grep -q -- '--timeout passed' err || fail "and says so"
