#!/bin/sh
# Judge what the variables INPUT_… name. The exit code is that of "muxspec run": 0 if no MUST rule is broken, apart from
# listed deviations, 1 if one is, 2 after wrong usage, 3 if there is no conclusion.
set -u
muxspec=$RUNNER_TEMP/muxspec/muxspec
work=$(mktemp -d "$RUNNER_TEMP/muxspec-XXXXXX") || exit 3

# escaped writes its input as the runner wants it in a workflow command.
escaped() {
  tr -d '\r' | sed 's/%/%25/g' | awk '{ printf "%s%s", (NR > 1 ? "%0A" : ""), $0 }'
}

# count gives the number of rules with an outcome.
count() {
  n=$(sed -n '/^ *"count": {$/,/}/s/.*"'"$1"'": \([0-9]*\).*/\1/p' "$work/report.json" 2>/dev/null)
  echo "${n:-0}"
}

wrong() {
  echo "::error title=muxspec::$1"
  exit 2
}

# words checks that a shell can read an input, and gives it on one line.
words() {
  printf %s "$1" | tr '\n' ' '
  sh -n -c "set -- $1" 2>/dev/null
}

[ -z "${INPUT_COMMAND:-}" ] || [ -z "${INPUT_TARGET:-}" ] || wrong 'the inputs command and target exclude each other'
arguments=$(words "${INPUT_ARGUMENTS:-}") || wrong 'a quotation mark or a bracket of the input arguments is not closed'
command=$(words "${INPUT_COMMAND:-}") || wrong 'a quotation mark or a bracket of the input command is not closed'
eval "set -- $arguments"
set -- "$@" --json "$work/report.json" --markdown "$work/summary.md" --html "$work/page.html" \
  --github "$work/annotations"
[ -z "${INPUT_TARGET:-}" ] || set -- "$@" "--target=$INPUT_TARGET"
[ -z "${INPUT_ROLE:-}" ] || set -- "$@" "$INPUT_ROLE"
[ -z "$command" ] || eval "set -- \"\$@\" -- $command"

# What the program prints is shown, but must not be taken for a command to the runner.
token=muxspec-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
"$muxspec" run "$@" 2>"$work/errors"
code=$?
cat "$work/errors" >&2
echo "::$token::"

if [ -f "$work/report.json" ]; then
  cat "$work/annotations"
  # GitHub refuses a summary of more than 1 MiB.
  head -c 1000000 "$work/summary.md" >>"$GITHUB_STEP_SUMMARY"
else
  echo "::error title=muxspec::$(head -n 1 "$work/errors" | escaped)"
fi
{
  echo "passed=$(count pass)"
  echo "failed=$(count fail)"
  echo "report=$work/report.json"
  echo "page=$work/page.html"
} >>"$GITHUB_OUTPUT"
exit "$code"
