#!/usr/bin/env bash
# glimpse_run.sh PROGRAM: what examples/glimpse promises of a run, with small data made here.
#   the same checkpoint, bit for bit, with 1 and 2 threads
#   a resumed run ends as the uninterrupted one; every task and choice of locations leaves a complete folder
#   broken files and bad flags are refused and leave no folder
set -euo pipefail
glimpse=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "glimpse_run: $*" >&2; exit 1; }

. "$(dirname "${BASH_SOURCE[0]}")/small_mnist.sh"
make train 36
make t10k 12
short=(--data "$folder/data" --quiet --glimpses 3 --size 4 --hidden 8 --batch 6 --validate-every 8 --average 2)

for threads in 1 2; do
  "$glimpse" "${short[@]}" --beside --steps 17 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
picture "$folder/digit.pgm" 30
looks "$glimpse" "$folder/1" "$folder/digit.pgm" "as trained: " --data "$folder/data"
blind "$glimpse" "$folder/1" "$folder/none.png" "none.png" --data "$folder/data"
"$glimpse" "${short[@]}" --beside --steps 9 --out "$folder/parts" >/dev/null 2>&1
"$glimpse" --resume "$folder/parts" --data "$folder/data" --steps 17 --quiet >/dev/null 2>"$folder/log" ||
  { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/last.safetensors" "$folder/parts/last.safetensors" || fail "a resumed run is another"
complete() {  # NAME KEYS
  local file key
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json glimpses.png loss.png; do
    [ -s "$folder/$1/$file" ] || fail "$1: $file is missing"
  done
  for key in error_percent one_run_error_percent $2; do
    grep -q "\"$key\"" "$folder/$1/summary.json" || fail "$1: summary.json has no $key"
  done
}
complete 1 "random_error_percent random_one_run_error_percent"
tried() {  # NAME FLAGS...
  local name=$1
  shift
  "$glimpse" "${short[@]}" --steps 9 --out "$folder/$name" "$@" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "$* failed"; }
  complete "$name" ""
  ! grep -q random_error "$folder/$name/summary.json" || fail "$name: a network that was not trained has an error"
}
tried random --locations random
tried lstm --core lstm
tried translated --task translated --scales 2
tried cluttered --task cluttered --scales 3 --glimpses 1
grep -q "one glimpse each at a random place:" "$folder/log" || { cat "$folder/log" >&2; fail "one glimpse is not said to be at a random place"; }
# A test whose count is 1 modulo 500 still has others to take pieces of.
mkdir "$folder/many" && cp -r "$folder/data/." "$folder/many"
data=$folder/many/mnist make t10k 501
"$glimpse" "${short[@]}" --data "$folder/many" --task cluttered --steps 2 --out "$folder/501" >"$folder/log" 2>&1 ||
  { cat "$folder/log" >&2; fail "cluttered with 501 digits failed"; }

refused() {  # CODE WORDS FLAGS...
  local code=0 expected=$1 words=$2
  shift 2
  "$glimpse" --quiet --out "$folder/bad" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq "$expected" ] || fail "$* ended with $code, expected $expected"
  grep -q -- "$words" "$folder/log" || { cat "$folder/log" >&2; fail "$*: the message has no '$words'"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
refused 2 "--task" --task letters
refused 2 "--beside" "${short[@]}" --beside --locations random
refused 2 "--deviation" "${short[@]}" --deviation 0.2 --locations random
refused 2 "nothing is chosen" "${short[@]}" --glimpses 1 --weight 1
refused 2 "--batch 1" "${short[@]}" --task cluttered --batch 1
refused 2 "--size" "${short[@]}" --size 29
refused 1 "mnist/train-labels" --data "$folder"
make train 11
refused 1 "11 digits of training; need at least 12" "${short[@]}"
make train 13
refused 1 "13 digits of training; need at least 24" "${short[@]}" --task cluttered
"$glimpse" "${short[@]}" --steps 2 --out "$folder/one" >"$folder/log" 2>&1 || fail "one digit to validate with failed"
make train 36
make t10k 1
refused 1 "1 digits of the test; need at least 2" "${short[@]}" --task cluttered
make t10k 12
printf '%b' "$(labels 11)" | gzip >"$data/t10k-labels-idx1-ubyte.gz"
refused 1 "t10k-images-idx3-ubyte.gz: byte 4: size 12 of dimension 0; need 11" "${short[@]}"
echo "glimpse_run: all promises kept"
