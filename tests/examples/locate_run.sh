#!/usr/bin/env bash
# locate_run.sh PROGRAM: what examples/locate promises of a run, with small data made here.
#   the same checkpoint, bit for bit, with 1 and 2 threads
#   a resumed run ends as the uninterrupted one; either reader leaves a complete folder
#   broken files and flags that cannot act are refused and leave no folder
set -euo pipefail
locate=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "locate_run: $*" >&2; exit 1; }

. "$(dirname "${BASH_SOURCE[0]}")/small_mnist.sh"
make train 40
make t10k 20
short=(--data "$folder/data" --quiet --filters 3 --hidden 8 --locator-filters 2 --locator-features 4 --batch 6
  --validate-every 4 --validation-size 10 --canvas 40)

for threads in 1 2; do
  "$locate" "${short[@]}" --steps 9 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
picture "$folder/digit.pgm" 30
looks "$locate" "$folder/1" "$folder/digit.pgm" "as trained: " --data "$folder/data"
blind "$locate" "$folder/1" "$folder/none.png" "none.png" --data "$folder/data"
"$locate" "${short[@]}" --steps 5 --out "$folder/parts" >/dev/null 2>&1
"$locate" --resume "$folder/parts" --data "$folder/data" --steps 9 --quiet >/dev/null 2>"$folder/log" ||
  { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/last.safetensors" "$folder/parts/last.safetensors" || fail "a resumed run is another"

for reader in gaussian bilinear; do
  "$locate" "${short[@]}" --reader $reader --steps 4 --out "$folder/$reader" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "reader $reader failed"; }
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json loss.png windows.png; do
    [ -s "$folder/$reader/$file" ] || fail "$reader: $file is missing"
  done
  for key in right_percent milliseconds read felt_bilinear felt_gaussian_4; do
    grep -q "\"$key\"" "$folder/$reader/summary.json" || fail "$reader: summary.json has no $key"
  done
done

refused() {  # CODE WORDS FLAGS...
  local code=0 expected=$1 words=$2
  shift 2
  "$locate" --quiet --out "$folder/bad" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq "$expected" ] || fail "$* ended with $code, expected $expected"
  grep -q -- "$words" "$folder/log" || { cat "$folder/log" >&2; fail "$*: the message has no '$words'"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
refused 2 "--reader" --reader tent
refused 2 "--optimizer sgd; need adam" "${short[@]}" --optimizer sgd
refused 1 "train-labels" --data "$folder"
truncate -s 30 "$data/t10k-images-idx3-ubyte.gz"
refused 1 "t10k-images-idx3-ubyte.gz" "${short[@]}"
echo "locate_run: all promises kept"
