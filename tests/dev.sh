#!/usr/bin/env bash
# dev.sh DEV: what ./dev promises on a machine that lacks something, and of a word that it does not know.
set -euo pipefail
dev=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "dev: $*: $(cat "$folder/log")" >&2; exit 1; }
bash=$(command -v bash)
for tool in awk cat dirname mkdir sed; do ln -s "$(command -v $tool)" "$folder/$tool"; done
bare() { PATH=$folder "$bash" "$dev" "$@" >"$folder/log" 2>&1; }

bare help || fail "help needs more than a shell"
grep -q "./dev run NAME" "$folder/log" || fail "help does not name ./dev run"
for command in $(sed -n 's/^    commands=(\(.*\) help)$/\1/p' "$dev"); do
  grep -q "./dev $command\b" "$folder/log" || fail "help does not name $command"
done
for command in setup "run copy" demo; do
  # shellcheck disable=SC2086
  ! bare $command || fail "$command goes on without dpkg and compiler"
  for words in "missing: g++ cmake ninja " "no dpkg" libcli11-dev "docker run" docs/systems.md; do
    grep -q -- "$words" "$folder/log" || fail "$command without dpkg does not say \"$words\""
  done
  ! grep -q "complete" "$folder/log" || fail "$command without dpkg says that it is complete"
done
# Where another manager is, what is missing has the names that it has there.
for row in "dnf gcc-c++ fmt-devel" "pacman ttf-dejavu nlohmann-json" "brew openblas libomp" "conda cxx-compiler nlohmann_json"; do
  manager=${row%% *}
  ln -s "$(type -P true)" "$folder/$manager"
  ! bare setup || fail "setup goes on with $manager alone"
  for words in "By $manager: " ${row#* }; do
    grep -q -- "$words" "$folder/log" || fail "setup with $manager does not say \"$words\""
  done
  ! grep -q "libfmt-dev" "$folder/log" || fail "setup with $manager says Debian's names"
  grep -q "$manager may not have what Debian calls.* node-d3" "$folder/log" || fail "setup with $manager does not say what it lacks"
  rm "$folder/$manager"
done
# Every package that ./dev installs has its row.
for package in $(sed -n '/^building=(/,/)/p' "$dev" | sed 's/building=(//; s/)//'); do
  grep -q "^| $package |" "$(dirname "$dev")/docs/systems.md" || fail "docs/systems.md lacks $package"
done
refused() { # WORDS ARGUMENT...
  local words=$1
  shift
  ! "$bash" "$dev" "$@" >"$folder/log" 2>&1 || fail "$* was taken"
  grep -q -- "$words" "$folder/log" || fail "$* is not answered by \"$words\""
}
refused "no program cpoy; did you mean copy?" run cpoy
refused "did you mean transformer?" run tranformer
refused "no program swim$" run swim
refused "there are: adding babi" run swim
refused "did you mean test?" tset
refused "look at what?" look
refused "need the folder of a run" look "$folder" text
refused "report of what?" report
echo "dev: all promises kept"
