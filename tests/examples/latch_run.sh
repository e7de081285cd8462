#!/usr/bin/env bash
# latch_run.sh PROGRAM: what examples/latch promises of a run.
#   the same checkpoint, bit for bit, with 1 and 4 threads
#   a resumed run ends as the uninterrupted one; every cell leaves a complete folder; bad flags are refused
set -euo pipefail
latch=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "latch_run: $*" >&2; exit 1; }
short=(--quiet --test-size 20 --hidden 8 --length 12 --batch 8 --validate-every 20)

for threads in 1 4; do
  "$latch" "${short[@]}" --steps 41 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/4/last.safetensors" || fail "checkpoints differ at 1 and 4 threads"
"$latch" "${short[@]}" --steps 20 --out "$folder/parts" >/dev/null 2>&1
"$latch" --resume "$folder/parts" --steps 41 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/best.safetensors" "$folder/parts/best.safetensors" || fail "a resumed run is another"
for cell in min_gru gru lstm rnn; do
  "$latch" "${short[@]}" --cell $cell --layers 2 --steps 21 --out "$folder/$cell" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "cell $cell failed"; }
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json state.png loss.png; do
    [ -s "$folder/$cell/$file" ] || fail "$cell: $file is missing"
  done
  grep -q right_percent "$folder/$cell/summary.json" || fail "summary.json has no right_percent"
done
for bad in "--cell swim" "--length 1" "--marks 2" "--nonsense"; do
  code=0
  # shellcheck disable=SC2086
  "$latch" --out "$folder/bad" --steps 1 $bad >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
looks "$latch" "$folder/1" "0.3 0.5* 0.1" "last answer: "
blind "$latch" "$folder/1" "0.3 x" "'x' is no number"
blind "$latch" "$folder/1" "0.3 0.5*" "attends to nothing" --scale-scores 2
echo "latch_run: all promises kept"
