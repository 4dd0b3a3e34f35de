#!/bin/sh
# Configures and installs the SDK by itself, then builds a C and a C++ plugin outside of the tree,
# through the CMake package and through pkg-config, from the templates.
# usage: install_test.sh PLUGIN_SDK_DIR TESTS_DIR WORK_DIR
set -eu
sdk=$1 tests=$2 work=$3
rm -rf "$work"
mkdir -p "$work"
cmake -S "$sdk" -B "$work/sdk" -G Ninja >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/sdk" --target all_verify_interface_header_sets
cmake --install "$work/sdk" --prefix "$work/first" --component sdk >/dev/null
mv "$work/first" "$work/stage" # every path in it is relative

cmake -S "$tests/consumer" -B "$work/consumer" -G Ninja -DCMAKE_PREFIX_PATH="$work/stage" \
    -DCMAKE_COMPILE_WARNING_AS_ERROR=ON >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
cmake --build "$work/consumer"
sh "$tests/symbols_test.sh" "$work/consumer/c_plugin.so" "$work/consumer/cpp_plugin.so"

for language in c cpp; do
    cp -r "$work/stage/share/orch-sdk/templates/$language" "$work/greeter-$language"
    find "$work/greeter-$language" -type f -exec sed -i "s/@NAME@/greeter/g" {} +
    (cd "$work/greeter-$language" && PKG_CONFIG_PATH="$work/stage/share/pkgconfig" make -s)
    sh "$tests/symbols_test.sh" "$work/greeter-$language/greeter.so"
done
