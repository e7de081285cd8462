#!/usr/bin/env bash
# sort_run.sh PROGRAM: what examples/sort promises of a run.
#   the same checkpoint, bit for bit, with 1, 2 and 4 threads
#   a run that was stopped by Ctrl-C and resumed is the uninterrupted one: checkpoint and metrics.csv
#   every task with every model leaves a complete folder; bad flags are refused
set -euo pipefail
sort=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "sort_run: $*" >&2; exit 1; }
short=(--quiet --test-size 20 --hidden 32 --batch 16 --decay-every 20 --validate-every 40)

for threads in 1 2 4; do
  "$sort" "${short[@]}" --steps 60 --batch 64 --hidden 64 --threads "$threads" --out "$folder/t$threads" \
    >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
for threads in 2 4; do
  cmp "$folder/t1/last.safetensors" "$folder/t$threads/last.safetensors" || fail "checkpoints differ at 1 and $threads threads"
  cmp "$folder/t1/metrics.csv" "$folder/t$threads/metrics.csv" || fail "metrics differ at 1 and $threads threads"
done

"$sort" "${short[@]}" --task hull --steps 100 --out "$folder/whole" >/dev/null 2>&1
"$sort" "${short[@]}" --task hull --steps 30 --out "$folder/parts" >/dev/null 2>&1
"$sort" --resume "$folder/parts" --steps 100 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/whole/last.safetensors" "$folder/parts/last.safetensors" || fail "the resumed run is not the uninterrupted one"
cmp "$folder/whole/metrics.csv" "$folder/parts/metrics.csv" || fail "the resumed run has other metrics"

"$sort" "${short[@]}" --steps 100000000 --out "$folder/stopped" >/dev/null 2>"$folder/log" &
running=$!
for _ in $(seq 200); do [ -s "$folder/stopped/metrics.csv" ] && [ "$(wc -l <"$folder/stopped/metrics.csv")" -gt 2 ] && break; sleep 0.05; done
kill -INT "$running"
code=0; wait "$running" || code=$?
[ "$code" -eq 130 ] || fail "Ctrl-C ended with $code, expected 130"
typed=$(sed -n 's/^go on with: //p' "$folder/log")
bash -c "$typed --steps 1 --quiet" >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "what Ctrl-C says does not go on: $typed"; }
[ -s "$folder/stopped/last.safetensors" ] || fail "Ctrl-C did not save"

for task in sort hull tsp; do
  for model in "pointer" "read-process-write --process-steps 2" "pointer --glimpse --allow-repeats --items 4 --beam 3"; do
    # shellcheck disable=SC2086
    "$sort" "${short[@]}" --task $task --model $model --steps 41 --out "$folder/each" >"$folder/log" 2>&1 ||
      { cat "$folder/log" >&2; fail "task $task, model $model failed"; }
    files=(config.toml metrics.csv last.safetensors best.safetensors summary.json attention.png loss.png)
    [ "$task" = sort ] || files+=(answers.png)
    for file in "${files[@]}"; do [ -s "$folder/each/$file" ] || fail "$task, $model: $file is missing"; done
    keys=(example task seed threads steps seconds parameters metrics exact_percent)
    [ "$task" != hull ] || keys+=(area_percent not_simple_percent)
    [ "$task" != tsp ] || keys+=(tour_length optimal_tour_length)
    for key in "${keys[@]}"; do grep -q "\"$key\"" "$folder/each/summary.json" || fail "$task: summary.json has no $key"; done
    rm -rf "$folder/each"
  done
done
for bad in "--items -1" "--task tsp --items 13" "--task tsp --items 1" "--task hull --items 2" "--task swim" "--model bag" "--hidden -1" "--clip 0" \
  "--process-steps -1" "--process-steps 2" "--glimpse=maybe" "--beam x" "--nonsense" "--resume $folder/nowhere"; do
  code=0
  # shellcheck disable=SC2086
  "$sort" --out "$folder/bad" --steps 1 $bad >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done
code=0
"$sort" --out "$folder/whole" --steps 1 >/dev/null 2>"$folder/log" || code=$?
[ "$code" -eq 1 ] && grep -q "another run" "$folder/log" || fail "another run's folder ended with $code, expected 1"
for task in sort hull; do
  "$sort" --task $task --steps 3 --quiet --test-size 10 --out "$folder/look-$task" >/dev/null 2>&1 || fail "$task failed"
  "$sort" --run "$folder/look-$task" --look "0.3 0.1 0.9 0.5, 0.2 0.8" >"$folder/looked" 2>"$folder/log" || fail "--look at $task failed: $(cat "$folder/log")"
  grep -q "^as trained: points to: " "$folder/looked" || fail "--look at $task does not answer"
done
echo "sort_run: all promises kept"
