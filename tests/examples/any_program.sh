#!/usr/bin/env bash
# any_program.sh PROGRAM...: what every program promises of its command line.
#   --help is answered, and where stdout cannot be written a message says so and the exit code is not 0
#   an unknown flag is refused by name, with exit code 2, before anything is made
set -euo pipefail
fail() { echo "any_program: $*" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for program in "$@"; do
  name=${program##*/}
  "$program" --help >help || fail "$name --help ended with $?"
  [ -s help ] || fail "$name --help says nothing"
  code=0
  "$program" --help >/dev/full 2>log || code=$?
  [ "$code" -eq 1 ] && grep -q "standard output: No space left on device" log || fail "$name --help on a full disk ended with $code: $(cat log)"
  code=0
  "$program" --sede 1 >log 2>&1 || code=$?
  [ "$code" -eq 2 ] && grep -q -- "--sede" log || fail "$name --sede ended with $code: $(cat log)"
  if grep -q -- --quiet help; then
    grep -q "there is no flag --sede; did you mean --seed?" log || fail "$name does not say what --sede may mean: $(cat log)"
    # What a flag that is on does stands beside both of its names.
    ! grep -E '^  --no-' help || fail "$name --help names a flag by what turns it off alone"
  fi
done
[ "$(ls -A)" = "$(printf 'help\nlog')" ] || fail "files were left: $(ls -A)"
echo "any_program: all promises kept"
