#!/usr/bin/env bash
# fewshot_run.sh PROGRAM: what examples/fewshot promises of a run, with small data made here.
#   the same checkpoint, bit for bit, with 1 and 2 threads
#   a resumed run ends as the uninterrupted one; every model leaves a complete folder
#   broken files and bad flags are refused, with file and byte, and leave no folder
set -euo pipefail
fewshot=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "fewshot_run: $*" >&2; exit 1; }

# Characters of three bars; a drawing is moved a little. Numbers come as \0ooo, which printf makes bytes.
images() {  # SEED CHARACTERS DRAWINGS
  awk -v seed="$1" -v characters="$2" -v drawings="$3" 'BEGIN {
    srand(seed); n = characters * drawings
    printf "\\0000\\0000\\0010\\0003\\0000\\0000\\0%03o\\0%03o\\0000\\0000\\0000\\0034\\0000\\0000\\0000\\0034", n / 256, n % 256
    for (c = 0; c < characters; ++c) {
      a = int(24 * rand()); b = int(24 * rand()); d = int(24 * rand())
      for (k = 0; k < drawings; ++k) {
        dx = int(4 * rand()); dy = int(4 * rand())
        for (i = 0; i < 28; ++i) for (j = 0; j < 28; ++j)
          printf (i == a + dy || j == b + dx || i + j == d + dx + dy) ? "\\0377" : "\\0000"
      }
    }
  }'
}
labels() {  # CHARACTERS DRAWINGS
  awk -v characters="$1" -v drawings="$2" 'BEGIN {
    n = characters * drawings
    printf "\\0000\\0000\\0013\\0001\\0000\\0000\\0%03o\\0%03o", n / 256, n % 256
    for (i = 0; i < n; ++i) printf "\\0000\\0%03o", int(i / drawings)
  }'
}
data=$folder/data/omniglot
mkdir -p "$data"
make() {  # PART SEED CHARACTERS
  printf '%b' "$(images "$2" "$3" 5)" | gzip >"$data/omniglot28-$1-images-idx3-ubyte.gz"
  printf '%b' "$(labels "$3" 5)" >"$data/omniglot28-$1-labels-idx1-short"
}
make background 1 12
make evaluation 2 6
short=(--data "$folder/data" --quiet --ways 3 --shots 2 --labels 5 --pool 6 --channels 4 --filters 4 --batch 6 --validate-every 8 --test-size 30)

for threads in 1 2; do
  "$fewshot" "${short[@]}" --steps 17 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
picture "$folder/digit.pgm" 28
looks "$fewshot" "$folder/1" "1=$folder/digit.pgm 2=$folder/digit.pgm ?=$folder/digit.pgm" "answer: [1-5]" --data "$folder/data"
for bad in "1=$folder/digit.pgm" "6=$folder/digit.pgm ?=$folder/digit.pgm" "?=$folder/digit.pgm"; do
  blind "$fewshot" "$folder/1" "$bad" "--look" --data "$folder/data"
done
"$fewshot" "${short[@]}" --steps 9 --out "$folder/parts" >/dev/null 2>&1
"$fewshot" --resume "$folder/parts" --data "$folder/data" --steps 17 --quiet >/dev/null 2>"$folder/log" ||
  { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/last.safetensors" "$folder/parts/last.safetensors" || fail "a resumed run is another"
for model in snail lstm; do
  "$fewshot" "${short[@]}" --model $model --ask each --steps 9 --out "$folder/$model" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "model $model failed"; }
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json episode.png loss.png; do
    [ -s "$folder/$model/$file" ] || fail "$model: $file is missing"
  done
  for key in accuracy_percent 1 2; do
    grep -q "\"$key\"" "$folder/$model/summary.json" || fail "$model: summary.json has no $key"
  done
done

refused() {  # CODE WORDS FLAGS...
  local code=0 expected=$1 words=$2
  shift 2
  "$fewshot" --quiet --out "$folder/bad" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq "$expected" ] || fail "$* ended with $code, expected $expected"
  grep -q -- "$words" "$folder/log" || { cat "$folder/log" >&2; fail "$*: the message has no '$words'"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
refused 2 "--model" --model swim
refused 2 "--ways 6, --labels 5, --pool 6" "${short[@]}" --ways 6
refused 2 "--ways 3, --labels 7, --pool 6" "${short[@]}" --labels 7
refused 2 "training: 36 characters of 5 drawings; these episodes need 40 of 3" "${short[@]}" --pool 40
refused 2 "training: 36 characters of 5 drawings; these episodes need 6 of 6" "${short[@]}" --shots 5
refused 1 "omniglot28-evaluation-labels" --data "$folder"
truncate -s 100 "$data/omniglot28-background-labels-idx1-short"
refused 1 "omniglot28-background-labels-idx1-short: byte 8" "${short[@]}"
make background 1 12
printf '%b' "$(labels 11 5)" >"$data/omniglot28-background-labels-idx1-short"
refused 1 "omniglot28-background-images-idx3-ubyte.gz: byte 4: size 60 of dimension 0; need 55" "${short[@]}"
echo "fewshot_run: all promises kept"
