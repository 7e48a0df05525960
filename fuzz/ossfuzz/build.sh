#!/bin/bash
# Build every fuzz target into $OUT, for OSS-Fuzz and ClusterFuzzLite: their Go image has compile_native_go_fuzzer_v2,
# which makes libFuzzer programs, and sets OUT. Where it is missing, the targets are Go's own programs, which are
# started from the folder of their package:
#
#   $OUT/tcpmux_FuzzRequest -test.run '^$' -test.fuzz '^FuzzRequest$' -test.fuzzcachedir FOLDER
#
# OUT=FOLDER fuzz/ossfuzz/build.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${OUT:?is the folder for the programs}"
mkdir -p "$OUT"
packages=$(go list ./fuzz/...)
for package in $packages; do
  name=${package##*/}
  list=$(go test -list '^Fuzz' "$package")
  targets=$(grep '^Fuzz' <<<"$list") || continue # a package without any
  if ! command -v compile_native_go_fuzzer_v2 >/dev/null; then
    go test -c -fuzz . -o "$OUT/$name" "$package"
  fi
  for target in $targets; do
    if command -v compile_native_go_fuzzer_v2 >/dev/null; then
      compile_native_go_fuzzer_v2 "$package" "$target" "${name}_$target"
    else
      ln -f "$OUT/$name" "$OUT/${name}_$target" # one program has all targets of its package
    fi
  done
done
