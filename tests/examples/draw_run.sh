#!/usr/bin/env bash
# draw_run.sh PROGRAM: what examples/draw promises of a run, with small data made here.
#   the same checkpoint, bit for bit, with 1 and 2 threads
#   a resumed run ends as the uninterrupted one; with attention and without a complete folder is left
#   broken files and bad flags are refused and leave no folder
set -euo pipefail
draw=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "draw_run: $*" >&2; exit 1; }

ink=310  # grey, so that its binary pixels are drawn
. "$(dirname "${BASH_SOURCE[0]}")/small_mnist.sh"
make train 30
make t10k 12
short=(--data "$folder/data" --quiet --glimpses 3 --read 3 --write 4 --hidden 8 --latent 2 --batch 4 --validate-every 8)

for threads in 1 2; do
  "$draw" "${short[@]}" --steps 17 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
picture "$folder/digit.pgm" 30
looks "$draw" "$folder/1" "$folder/digit.pgm" "as trained: " --data "$folder/data"
blind "$draw" "$folder/1" "$folder/none.png" "none.png" --data "$folder/data"
"$draw" "${short[@]}" --steps 9 --out "$folder/parts" >/dev/null 2>&1
"$draw" --resume "$folder/parts" --data "$folder/data" --steps 17 --quiet >/dev/null 2>"$folder/log" ||
  { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/last.safetensors" "$folder/parts/last.safetensors" || fail "a resumed run is another"
plain=(--data "$folder/data" --quiet --no-attention --glimpses 2 --hidden 8 --latent 2 --batch 4 --steps 3)
"$draw" "${plain[@]}" --out "$folder/plain" >"$folder/log" 2>&1 ||
  { cat "$folder/log" >&2; fail "--no-attention failed"; }
for run in 1 plain; do
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json loss.png drawing.png samples.png generation.gif; do
    [ -s "$folder/$run/$file" ] || fail "$run: $file is missing"
  done
  for key in bound_nats image_nats latent_nats; do
    grep -q "\"$key\"" "$folder/$run/summary.json" || fail "$run: summary.json has no $key"
  done
done
cmp -s "$folder/1/drawing.png" "$folder/plain/drawing.png" && fail "pictures with attention and without are the same"

refused() {  # CODE WORDS FLAGS...
  local code=0 expected=$1 words=$2
  shift 2
  "$draw" --quiet --out "$folder/bad" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq "$expected" ] || fail "$* ended with $code, expected $expected"
  grep -q -- "$words" "$folder/log" || { cat "$folder/log" >&2; fail "$*: the message has no '$words'"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
refused 2 "--read" "${plain[@]}" --read 3
refused 2 "--write" "${plain[@]}" --write 3
refused 2 "--glimpses" "${short[@]}" --glimpses 0
refused 2 "--cell" "${short[@]}" --cell swim
refused 1 "mnist/train-labels" --data "$folder"
make train 1
refused 2 "1 digit to learn from" "${short[@]}"
truncate -s 30 "$data/t10k-images-idx3-ubyte.gz"
make train 30
refused 1 "t10k-images-idx3-ubyte.gz" "${short[@]}"
echo "draw_run: all promises kept"
