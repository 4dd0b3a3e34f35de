#!/bin/sh
# Installs the build into a staged prefix, moves it, and uses what lies there and nothing else: the
# programs, the manual page, the completions, the SDK by find_package and pkg-config.
# usage: install_test.sh BUILD_DIR CONSUMER_DIR WORK_DIR
set -eu
build=$1 consumer=$2 work=$3
stage=$work/stage
rm -rf "$work"
mkdir -p "$work"

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

cmake --install "$build" --prefix "$work/first" >"$work/install.log" || fail "cmake --install"
mv "$work/first" "$stage" # no path of the build or the prefix may be needed

for file in bin/orch sbin/orchd libexec/orch/orch-supervisor libexec/orch/orch-worker \
    libexec/orch/orch-authority libexec/orch/orch-bridge; do
    [ -x "$stage/$file" ] || fail "$file is not installed"
done
for file in share/man/man1/orch.1 share/bash-completion/completions/orch.bash \
    share/zsh/site-functions/_orch share/fish/vendor_completions.d/orch.fish \
    include/orch/plugin.h share/orch-sdk/plugin.map share/pkgconfig/orch-sdk.pc; do
    [ -s "$stage/$file" ] || fail "$file is not installed"
done
if grep -rIlF -e "$build" -e "$work" "$stage" >"$work/paths"; then
    fail "paths of this machine in $(cat "$work/paths")"
fi
bash -n "$stage/share/bash-completion/completions/orch.bash" || fail "the bash completion is no bash"

# ---- the SDK ----
cmake -S "$consumer" -B "$work/consumer" -G Ninja -DCMAKE_PREFIX_PATH="$stage" >"$work/consumer.log" &&
    cmake --build "$work/consumer" >>"$work/consumer.log" ||
    { cat "$work/consumer.log"; fail "the SDK is not found by find_package"; }
version=$(PKG_CONFIG_PATH="$stage/share/pkgconfig" pkg-config --modversion orch-sdk) ||
    fail "the SDK is not found by pkg-config"
echo "SDK $version by find_package and pkg-config"
(cd "$work" && "$stage/bin/orch" plugin new greeter >plugin.log 2>&1 && cd greeter &&
    "$stage/bin/orch" plugin run >../plugin.log 2>&1) ||
    { cat "$work/plugin.log"; fail "a new plugin does not run in the installed sandbox"; }

# ---- the host ----
ORCH_HOME=$work/home ORCH_LISTEN=127.0.0.1:0
export ORCH_HOME ORCH_LISTEN
"$stage/sbin/orchd" --dev --pid-file "$work/pid" >"$work/host.log" 2>&1 &
host=$!
for _ in $(seq 300); do
    [ -s "$work/pid" ] && break
    kill -0 "$host" 2>/dev/null || break
    sleep 0.1
done
[ -s "$work/pid" ] || { cat "$work/host.log"; fail "the installed host is not ready within 30 s"; }
kill -TERM "$host"
wait "$host" || { cat "$work/host.log"; fail "the installed host does not stop cleanly"; }
echo "the installed host starts and stops"
