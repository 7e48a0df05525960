#!/bin/sh
# Build muxspec as $RUNNER_TEMP/muxspec/muxspec: that of INPUT_VERSION, or without it that of the tree around this
# script.
set -eu
bin=$RUNNER_TEMP/muxspec
mkdir -p "$bin"
export CGO_ENABLED=0

fail() {
  echo "::error title=muxspec::$1"
  exit 2
}

command -v go >/dev/null || fail 'there is no Go here; the action actions/setup-go installs it'
if [ -n "${INPUT_VERSION:-}" ]; then
  GOBIN=$bin go install "github.com/muxspec/muxspec/cmd/muxspec@$INPUT_VERSION" ||
    fail "muxspec cannot be built in the version that is asked for"
else
  cd "$(dirname "$0")/../../.."
  go build -o "$bin/muxspec" ./cmd/muxspec || fail 'muxspec cannot be built'
fi
