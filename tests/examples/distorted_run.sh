#!/usr/bin/env bash
# distorted_run.sh PROGRAM: what examples/distorted promises of a run, with small data made here.
#   the same checkpoint, bit for bit, with 1 and 2 threads
#   a resumed run ends as the uninterrupted one; every distortion and transformer leaves a complete folder
#   broken files and flags that cannot act are refused and leave no folder
set -euo pipefail
distorted=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "distorted_run: $*" >&2; exit 1; }

. "$(dirname "${BASH_SOURCE[0]}")/small_mnist.sh"
make train 40
make t10k 20
short=(--data "$folder/data" --quiet --filters 3 --hidden 8 --batch 6 --validate-every 4)
behind=(--locator-filters 2 --locator-features 4)

for threads in 1 2; do
  "$distorted" "${short[@]}" "${behind[@]}" --steps 9 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
picture "$folder/digit.pgm" 30
looks "$distorted" "$folder/1" "$folder/digit.pgm" "as trained: " --data "$folder/data"
blind "$distorted" "$folder/1" "$folder/none.png" "none.png" --data "$folder/data"
"$distorted" "${short[@]}" "${behind[@]}" --steps 5 --out "$folder/parts" >/dev/null 2>&1
"$distorted" --resume "$folder/parts" --data "$folder/data" --steps 9 --quiet >/dev/null 2>"$folder/log" ||
  { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/last.safetensors" "$folder/parts/last.safetensors" || fail "a resumed run is another"

complete() {  # NAME FILES...
  local name=$1
  shift
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json loss.png "$@"; do
    [ -s "$folder/$name/$file" ] || fail "$name: $file is missing"
  done
  for key in error_percent parameters outside_percent cnn; do
    grep -q "\"$key\"" "$folder/$name/summary.json" || fail "$name: summary.json has no $key"
  done
}
for distortion in R RTS P E; do
  "$distorted" "${short[@]}" "${behind[@]}" --distortion $distortion --steps 4 --out "$folder/$distortion" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "distortion $distortion failed"; }
  complete $distortion digits.png
done
for transformer in affine attention tps; do
  "$distorted" "${short[@]}" "${behind[@]}" --transformer $transformer --steps 4 --out "$folder/$transformer" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "transformer $transformer failed"; }
  complete $transformer digits.png
  grep -q '"stn"' "$folder/$transformer/summary.json" || fail "$transformer: summary.json has no stn"
done
"$distorted" "${short[@]}" --transformer none --steps 4 --out "$folder/none" >"$folder/log" 2>&1 ||
  { cat "$folder/log" >&2; fail "the network alone failed"; }
complete none
! grep -q '"stn"' "$folder/none/summary.json" || fail "none: summary.json has an stn"

refused() {  # CODE WORDS FLAGS...
  local code=0 expected=$1 words=$2
  shift 2
  "$distorted" --quiet --out "$folder/bad" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq "$expected" ] || fail "$* ended with $code, expected $expected"
  grep -q -- "$words" "$folder/log" || { cat "$folder/log" >&2; fail "$*: the message has no '$words'"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
refused 2 "--distortion" --distortion Q
refused 2 "--transformer" --transformer warp
refused 2 "--locator-rate" "${short[@]}" --transformer none --locator-rate 0.1
refused 2 "--optimizer sgd; need adam" "${short[@]}" --optimizer sgd
refused 1 "train-labels" --data "$folder"
truncate -s 30 "$data/t10k-images-idx3-ubyte.gz"
refused 1 "t10k-images-idx3-ubyte.gz" "${short[@]}"
echo "distorted_run: all promises kept"
