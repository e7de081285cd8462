#!/usr/bin/env bash
# extend_run.sh PROGRAM: an attention from outside the library has a right gradient and learns retrieval to 100 %.
set -euo pipefail
extend=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "extend_run: $*" >&2; exit 1; }

for seed in 1 2; do
  "$extend" --seed $seed --out "$folder/$seed" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "seed $seed failed"; }
  grep -q "agrees with differences" "$folder/log" || fail "the gradient was not checked"
  grep -q "100.00 % of the keys found" "$folder/log" || { cat "$folder/log" >&2; fail "seed $seed does not find every key"; }
done
for key in example task seed threads steps seconds parameters metrics exact_percent; do
  grep -q "\"$key\"" "$folder/1/summary.json" || fail "summary.json has no $key"
done
"$extend" --steps 70 --out "$folder/whole" >/dev/null 2>&1
for steps in 30 70; do "$extend" --steps $steps --out "$folder/parts" >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "--out cannot be gone on with"; }; done
cmp "$folder/whole/last.safetensors" "$folder/parts/last.safetensors" || fail "a run gone on with is not the uninterrupted one"
for threads in 1 2; do OMP_NUM_THREADS=$threads "$extend" --steps 50 >"$folder/t$threads"; done
cmp "$folder/t1" "$folder/t2" || fail "results differ at 1 and 2 threads"
[[ $("$extend" --help) == *--steps* ]] || fail "--help does not name --steps"
touch "$folder/file"
for bad in "--seed x" "--steps -1" "--nonsense 1" "--seed"; do
  code=0
  # shellcheck disable=SC2086
  "$extend" $bad >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
done
code=0
"$extend" --steps 0 --out "$folder/file/below" >/dev/null 2>"$folder/log" || code=$?
[ "$code" -eq 1 ] && [ -s "$folder/log" ] || fail "a folder that cannot be ended with $code, expected 1"
echo "extend_run: all promises kept"
