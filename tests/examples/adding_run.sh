#!/usr/bin/env bash
# adding_run.sh PROGRAM: what examples/adding promises of a run.
#   the same checkpoint, bit for bit, with 1, 2 and 4 threads; a resumed run is the uninterrupted one
#   every task with every model leaves a complete folder; bad flags are refused
set -euo pipefail
adding=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "adding_run: $*" >&2; exit 1; }
short=(--quiet --test-size 20 --hidden 16 --length 20 --batch 16 --decay-every 20 --validate-every 40)

for model in feed-forward lstmn; do
  for threads in 1 2 4; do
    "$adding" "${short[@]}" --model $model --steps 41 --threads "$threads" --out "$folder/$model$threads" \
      >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
    cmp "$folder/${model}1/last.safetensors" "$folder/$model$threads/last.safetensors" ||
      fail "checkpoints of $model differ at 1 and $threads threads"
  done
done
"$adding" "${short[@]}" --steps 100 --out "$folder/whole" >/dev/null 2>&1
"$adding" "${short[@]}" --steps 30 --out "$folder/parts" >/dev/null 2>&1
"$adding" --resume "$folder/parts" --steps 100 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/whole/last.safetensors" "$folder/parts/last.safetensors" || fail "the resumed run is not the uninterrupted one"
cmp "$folder/whole/metrics.csv" "$folder/parts/metrics.csv" || fail "the resumed run has other metrics"

for task in addition multiplication recall largest; do
  for model in feed-forward unweighted lstmn lstm; do
    "$adding" "${short[@]}" --task $task --model $model --steps 41 --out "$folder/each" >"$folder/log" 2>&1 ||
      { cat "$folder/log" >&2; fail "task $task, model $model failed"; }
    for file in config.toml metrics.csv last.safetensors best.safetensors summary.json attention.png loss.png; do
      [ -s "$folder/each/$file" ] || fail "$task, $model: $file is missing"
    done
    for key in example task seed threads steps seconds parameters metrics right_percent; do
      grep -q "\"$key\"" "$folder/each/summary.json" || fail "summary.json has no $key"
    done
    rm -rf "$folder/each"
  done
done
for bad in "--length 19" "--length 30 --max-length 29" "--task recall --length 60" "--task swim" "--task largest --length 9 --max-length 8" "--score cosine" "--model unweighted --score linear" "--model bag" "--hidden 0" "--clip 0" "--nonsense"; do
  code=0
  # shellcheck disable=SC2086
  "$adding" --out "$folder/bad" --steps 1 $bad >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done
code=0
"$adding" --out "$folder/whole" --steps 1 >/dev/null 2>"$folder/log" || code=$?
[ "$code" -eq 1 ] && grep -q "another run" "$folder/log" || fail "another run's folder ended with $code, expected 1"
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
looks "$adding" "$folder/feed-forward1" "0.3 0.5* 0.1 -0.9*" "all weight on key 2: answer: " --force-key 2
blind "$adding" "$folder/feed-forward1" "0.3 0.5*" "1 numbers are marked"
"$adding" "${short[@]}" --task recall --model lstmn --steps 1 --out "$folder/asked" >/dev/null 2>&1
looks "$adding" "$folder/asked" "0.3@5 -0.5@7 @5" "as trained: answer: "
for bad in "0.3@5" "@5" "0.3@5 @6" "0.3@64 @64" "0.3 @5"; do blind "$adding" "$folder/asked" "$bad" "--look"; done
echo "adding_run: all promises kept"
