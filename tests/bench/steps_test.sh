#!/bin/sh
# steps_test.sh -- the programs of tests/bench can be built where only ./up ran: the tree is
# configured as ./up does it, and pkg-config knows no test library.
#
# usage: steps_test.sh SOURCE FOLDER
set -eu
source=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder/bin"
cat >"$folder/bin/pkg-config" <<'END'
#!/bin/sh
for word in "$@"; do
    case $word in check*) exit 1 ;; esac
done
PATH=${PATH#*:} exec pkg-config "$@"
END
chmod +x "$folder/bin/pkg-config"
export PATH="$folder/bin:$PATH"
if pkg-config --exists check; then
    echo "the test library is still found"
    exit 1
fi
cmake --preset release -S "$source" -B "$folder/build" -DBUILD_TESTING=OFF >"$folder/log" 2>&1 ||
    { cat "$folder/log"; exit 1; }
if grep -q 'BUILD_TESTING=ON\|cmake --preset' "$source/tests/bench/run.sh"; then
    echo "tests/bench/run.sh configures the tree anew"
    exit 1
fi
cmake --build "$folder/build" --target bench_steps bench_count bench_stream >"$folder/log" 2>&1 ||
    { cat "$folder/log"; exit 1; }
for program in bench_steps bench_confined bench_count bench_stream libbench_turns.so libbench_alloc.so; do
    [ -n "$(find "$folder/build" -name $program -type f -perm -u+x)" ]
done
rm -rf "$folder"
