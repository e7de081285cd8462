#!/usr/bin/env bash
# pairs_run.sh PROGRAM: what examples/pairs promises of a run.
#   the same checkpoint, bit for bit, with 1 and 2 threads
#   a resumed run, with all four networks and both optimisers, ends as the uninterrupted one
#   a complete folder; bad flags are refused and leave none
set -euo pipefail
pairs=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "pairs_run: $*" >&2; exit 1; }

short=(--quiet --channels 8 --noise 2 --batch 6 --anneal 20 --validate-every 8 --test-size 30)
for threads in 1 2; do
  "$pairs" "${short[@]}" --steps 17 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
"$pairs" "${short[@]}" --steps 9 --out "$folder/parts" >/dev/null 2>&1
"$pairs" --resume "$folder/parts" --steps 17 --quiet >/dev/null 2>"$folder/log" ||
  { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/last.safetensors" "$folder/parts/last.safetensors" || fail "a resumed run is another"
for file in config.toml metrics.csv last.safetensors best.safetensors summary.json samples.png attention.png gamma.png loss.png; do
  [ -s "$folder/1/$file" ] || fail "$file is missing"
done
for key in obeyed_percent drawn_percent commonest_colour_percent with without gamma discriminator_gamma sigma greatest; do
  grep -q "\"$key\"" "$folder/1/summary.json" || fail "summary.json has no $key"
done
"$pairs" "${short[@]}" --optimizer sgd --steps 2 --out "$folder/sgd" >"$folder/log" 2>&1 ||
  { cat "$folder/log" >&2; fail "--optimizer sgd failed"; }

refused() {  # WORDS FLAGS...
  local code=0 words=$1
  shift
  "$pairs" --quiet --out "$folder/bad" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] || fail "$* ended with $code, expected 2"
  grep -q -- "$words" "$folder/log" || { cat "$folder/log" >&2; fail "$*: the message has no '$words'"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
refused "--channels 7 is odd" --channels 7
refused "--discriminator-rate" --discriminator-rate 0
refused "--average" --average 1
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
looks "$pairs" "$folder/1" "diamond 7" "scores times 0: answer: " --scale-scores 0
blind "$pairs" "$folder/1" "ring" "square, diamond or cross"
echo "pairs_run: all promises kept"
