#!/usr/bin/env bash
# copy_run.sh PROGRAM: what examples/copy promises of a run.
#   1,000 steps give the same checkpoint, bit for bit, with 1, 2 and 4 threads
#   a run that was stopped by Ctrl-C and resumed is the uninterrupted one: checkpoint and metrics.csv
#   a run that is killed again and again, while it saves after every step, is the uninterrupted one
#   the run folder is complete and summary.json has its keys; bad flags are refused with exit code 2
set -euo pipefail
copy=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "copy_run: $*" >&2; exit 1; }
short=(--quiet --test-sequences 20 --test-lengths 5)

for threads in 1 2 4; do
  "$copy" "${short[@]}" --steps 1000 --threads "$threads" --out "$folder/t$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
for threads in 2 4; do
  cmp "$folder/t1/last.safetensors" "$folder/t$threads/last.safetensors" || fail "checkpoints differ at 1 and $threads threads"
  cmp "$folder/t1/metrics.csv" "$folder/t$threads/metrics.csv" || fail "metrics differ at 1 and $threads threads"
done

"$copy" "${short[@]}" --steps 400 --out "$folder/whole" >/dev/null 2>&1
"$copy" "${short[@]}" --steps 150 --out "$folder/parts" >/dev/null 2>&1
"$copy" --resume "$folder/parts" --steps 400 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/whole/last.safetensors" "$folder/parts/last.safetensors" || fail "the resumed run is not the uninterrupted one"
cmp "$folder/whole/metrics.csv" "$folder/parts/metrics.csv" || fail "the resumed run has other metrics"

# Killed at any moment, at worst while it saves, it goes on from what it saved last.
"$copy" "${short[@]}" --steps 400 --save-every 0 --out "$folder/killed" >/dev/null 2>&1 &
running=$!
for delay in 0.3 0.05 0.11 0.17 0.23 0.29; do
  sleep "$delay"
  kill -KILL "$running" 2>/dev/null || true
  wait "$running" 2>/dev/null || true
  "$copy" --resume "$folder/killed" --steps 400 --save-every 0 --quiet >/dev/null 2>"$folder/log" &
  running=$!
done
wait "$running" || { cat "$folder/log" >&2; fail "a killed run cannot be resumed"; }
cmp "$folder/whole/last.safetensors" "$folder/killed/last.safetensors" || fail "a killed run is not the uninterrupted one"
cmp "$folder/whole/metrics.csv" "$folder/killed/metrics.csv" || fail "a killed run has other metrics"
[ "$(find "$folder/killed" -name '*.tmp*' -o -name '.*.safetensors*' | wc -l)" -le 1 ] || fail "kills leave temporary files"

"$copy" "${short[@]}" --steps 100000000 --out "$folder/stopped" >/dev/null 2>"$folder/log" &
running=$!
for _ in $(seq 200); do [ -s "$folder/stopped/metrics.csv" ] && [ "$(wc -l <"$folder/stopped/metrics.csv")" -gt 2 ] && break; sleep 0.05; done
kill -INT "$running"
code=0; wait "$running" || code=$?
[ "$code" -eq 130 ] || fail "Ctrl-C ended with $code, expected 130"
grep -q -- --resume "$folder/log" || fail "Ctrl-C does not say how to resume"
[ -s "$folder/stopped/last.safetensors" ] || fail "Ctrl-C did not save"

for file in config.toml metrics.csv last.safetensors summary.json heads.png answer.png memory.png loss.png; do
  [ -s "$folder/whole/$file" ] || fail "$file is missing"
done
for key in example task seed threads steps seconds parameters metrics wrong_bits_percent wrong_sequences_percent; do
  grep -q "\"$key\"" "$folder/whole/summary.json" || fail "summary.json has no $key"
done
for task in repeat-copy recall ngrams sort; do
  "$copy" --task "$task" --controller ff --steps 4 --length 8 --quiet --test-sequences 10 --test-lengths 8 --out "$folder/$task" \
    >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "task $task failed"; }
done
for bad in "--heads 0" "--memory 12" "--task swim" "--optimizer none" "--steps -1" "--nonsense"; do
  code=0
  # shellcheck disable=SC2086
  "$copy" $bad --out "$folder/bad" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -ne 0 ] && [ -s "$folder/log" ] || fail "$bad was accepted"
done
echo "copy_run: all promises kept"
