#!/usr/bin/env bash
# caption_run.sh PROGRAM: what examples/caption promises of a run.
#   the same checkpoint, bit for bit, with 1 and 2 threads
#   a resumed run ends as the uninterrupted one; every attention leaves a complete folder
#   flags that cannot act are refused and leave no folder
set -euo pipefail
caption=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "caption_run: $*" >&2; exit 1; }
short=(--quiet --channels 4 --features 6 --embedding 6 --hidden 8 --batch 6 --anneal 20 --validate-every 8 --test-size 20)
hard=(--attention hard --warmup 4 --doubly 0.1 --discount 0.5 --entropy 0.01)

for threads in 1 2; do
  "$caption" "${short[@]}" "${hard[@]}" --steps 17 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
"$caption" "${short[@]}" "${hard[@]}" --steps 9 --out "$folder/parts" >/dev/null 2>&1
"$caption" --resume "$folder/parts" --steps 17 --quiet >/dev/null 2>"$folder/log" ||
  { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/last.safetensors" "$folder/parts/last.safetensors" || fail "a resumed run is another"
for attention in soft hard none; do
  "$caption" "${short[@]}" --attention $attention --beam 2 --steps 9 --out "$folder/$attention" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "attention $attention failed"; }
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json caption.png loss.png; do
    [ -s "$folder/$attention/$file" ] || fail "$attention: $file is missing"
  done
  grep -q '"exact_percent_by_shapes"' "$folder/$attention/summary.json" || fail "$attention: no exact_percent_by_shapes"
  found=0
  grep -q '"pointing_percent"' "$folder/$attention/summary.json" || found=$?
  [ $attention = none ] && expected=1 || expected=0
  [ "$found" -eq "$expected" ] || fail "$attention: pointing_percent is there or is not, and should be the other"
done

refused() {  # WORDS FLAGS...
  local code=0 words=$1
  shift
  "$caption" --quiet --out "$folder/bad" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] || fail "$* ended with $code, expected 2"
  grep -q -- "$words" "$folder/log" || { cat "$folder/log" >&2; fail "$*: the message has no '$words'"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
refused "--attention" --attention hazy
refused "--discount" --attention soft --discount 0.5
refused "--warmup" --attention none --warmup 5
refused "--doubly" --attention none --doubly 1
refused "odd kernel" --kernel 2
refused "--shapes" --shapes 4
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
picture "$folder/scene.pgm" 40
looks "$caption" "$folder/1" "$folder/scene.pgm" "answer: "
blind "$caption" "$folder/1" "$folder/none.png" "none.png"
echo "caption_run: all promises kept"
