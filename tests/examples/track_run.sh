#!/usr/bin/env bash
# track_run.sh PROGRAM: what examples/track promises of a run, with small data made here.
#   the same checkpoint, bit for bit, with 1 and 2 threads
#   a resumed run ends as the uninterrupted one; every model leaves a complete folder
#   broken files and bad flags are refused, and leave no folder
set -euo pipefail
track=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "track_run: $*" >&2; exit 1; }

# Rectangles in place of digits. Numbers come as \0ooo, which printf makes bytes.
images() {  # SEED COUNT
  awk -v seed="$1" -v count="$2" 'BEGIN {
    srand(seed)
    printf "\\0000\\0000\\0010\\0003\\0000\\0000\\0%03o\\0%03o\\0000\\0000\\0000\\0034\\0000\\0000\\0000\\0034", count / 256, count % 256
    for (n = 0; n < count; ++n) {
      h = 5 + int(8 * rand()); w = 5 + int(8 * rand())
      for (i = 0; i < 28; ++i) for (j = 0; j < 28; ++j) printf (i >= 8 && i < 8 + h && j >= 8 && j < 8 + w) ? "\\0377" : "\\0000"
    }
  }'
}
labels() {  # COUNT
  awk -v count="$1" 'BEGIN {
    printf "\\0000\\0000\\0010\\0001\\0000\\0000\\0%03o\\0%03o", count / 256, count % 256
    for (n = 0; n < count; ++n) printf "\\0%03o", n % 10
  }'
}
data=$folder/data/mnist
mkdir -p "$data"
make() {  # PART SEED COUNT
  printf '%b' "$(images "$2" "$3")" | gzip >"$data/$1-images-idx3-ubyte.gz"
  printf '%b' "$(labels "$3")" | gzip >"$data/$1-labels-idx1-ubyte.gz"
}
make train 1 30
make t10k 2 10
short=(--data "$folder/data" --quiet --frame-size 32 --frames 6 --train-frames 4 --grow 5 --features 3 --hidden 6 --batch 4 --validate-every 8 --test-size 30)

for threads in 1 2; do
  "$track" "${short[@]}" --crop 8 --steps 17 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
"$track" "${short[@]}" --crop 8 --steps 9 --out "$folder/parts" >/dev/null 2>&1
"$track" --resume "$folder/parts" --data "$folder/data" --steps 17 --quiet >/dev/null 2>"$folder/log" ||
  { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/last.safetensors" "$folder/parts/last.safetensors" || fail "a resumed run is another"
for model in hart fixed cnn; do
  "$track" "${short[@]}" --model $model --steps 9 --out "$folder/$model" --beside "$folder/1,$folder/2" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "model $model failed"; }
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json iou.csv hidden.csv loss.png scene.png scene.gif iou.png hidden.png; do
    [ -s "$folder/$model/$file" ] || fail "$model: $file is missing"
  done
  for key in mean_iou hidden_iou last_iou $model still; do
    grep -q "\"$key\"" "$folder/$model/summary.json" || fail "$model: summary.json has no $key"
  done
done
[ "$(wc -l <"$folder/hart/iou.csv")" -eq 7 ] || fail "iou.csv has not a row for each frame"

refused() {  # CODE WORDS FLAGS...
  local code=0 expected=$1 words=$2
  shift 2
  "$track" --quiet --out "$folder/bad" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq "$expected" ] || fail "$* ended with $code, expected $expected"
  grep -q -- "$words" "$folder/log" || { cat "$folder/log" >&2; fail "$*: the message has no '$words'"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
refused 2 "--model" --model swim
refused 2 "crop 7 is odd" "${short[@]}" --crop 7
refused 2 "--crop" "${short[@]}" --model cnn --crop 8
refused 2 "--frame-size" --frame-size 20
refused 1 "train-labels" --data "$folder"
refused 2 "nowhere: no iou.csv" "${short[@]}" --beside "$folder/nowhere"
truncate -s 20 "$data/t10k-images-idx3-ubyte.gz"
refused 1 "t10k-images" "${short[@]}"
echo "track_run: all promises kept"
