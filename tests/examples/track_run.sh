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

. "$(dirname "${BASH_SOURCE[0]}")/small_mnist.sh"
make train 30
make t10k 10
short=(--data "$folder/data" --quiet --frame-size 32 --frames 6 --train-frames 4 --grow 5 --features 3 --hidden 6 --batch 4 --validate-every 8 --test-size 30)

for threads in 1 2; do
  "$track" "${short[@]}" --crop 8 --steps 17 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
mkdir "$folder/frames"
for frame in 0 1 2; do picture "$folder/frames/$frame.pgm" 32; done
looks "$track" "$folder/1" "$folder/frames 4 6 10 12" "as trained: " --data "$folder/data"
blind "$track" "$folder/1" "$folder/frames 4 6 40 12" "is not in a frame of 32" --data "$folder/data"
blind "$track" "$folder/1" "$folder/nowhere 4 6 10 12" "nowhere" --data "$folder/data"
blind "$track" "$folder/1" "$folder/frames" "FOLDER x y width height" --data "$folder/data"
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
# Where nothing is hidden there is no mean of it; other runs are drawn beside it, named as their folders.
"$track" "${short[@]}" --model cnn --bar 0 --steps 3 --out "$folder/open" --beside "$folder/hart/" >"$folder/log" 2>&1 ||
  { cat "$folder/log" >&2; fail "--bar 0 failed"; }
grep -q "at least half is hidden none" "$folder/log" || { cat "$folder/log" >&2; fail "--bar 0: a mean of what is hidden"; }
grep -A1 '"hidden_iou"' "$folder/open/summary.json" | grep -q null || fail "--bar 0: hidden_iou is not null"
# A box that is moved by as much as it can be, far more often than in training.
"$track" --data "$folder/data" --quiet --model cnn --frame-size 28 --frames 1000 --test-size 1 --features 1 --hidden 1 --batch 2 \
  --train-frames 3 --grow 2 --steps 30 --learning-rate 1 --validate-every 30 --out "$folder/long" >"$folder/log" 2>&1 ||
  { cat "$folder/log" >&2; fail "1000 frames failed"; }
! grep -q nan "$folder/long/iou.csv" || fail "1000 frames: the IoU is no number"
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
cp -r "$folder/1" "$folder/half" && rm "$folder/half/hidden.csv"
refused 2 "half: no hidden.csv" "${short[@]}" --beside "$folder/1,$folder/half"
sed '1s/iou/IoU/' "$folder/1/hidden.csv" >"$folder/half/hidden.csv"
refused 2 "half: hidden.csv has no column 'iou'" "${short[@]}" --beside "$folder/half/"
truncate -s 20 "$data/t10k-images-idx3-ubyte.gz"
refused 1 "t10k-images" "${short[@]}"
echo "track_run: all promises kept"
