#!/usr/bin/env bash
# counting_run.sh PROGRAM: what examples/counting promises of a run.
#   the same checkpoint, bit for bit, with 1 and 4 threads; a resumed run is the uninterrupted one, over a restart too
#   every language with every network leaves a complete folder; bad flags are refused
set -euo pipefail
counting=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "counting_run: $*" >&2; exit 1; }
short=(--quiet --hidden 8 --window 20 --batch 4 --longest 4 --test-longest 5 --test-size 3 --validate-every 15 --restart-after 20 --restarts 2)
stacks=(--stacks 2 --capacity 16)

for threads in 1 4; do
  "$counting" "${short[@]}" "${stacks[@]}" --steps 35 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/4/last.safetensors" || fail "checkpoints differ at 1 and 4 threads"
for model in stack lstm; do
  flags=("${short[@]}" --model $model --task anbmcnm)
  "$counting" "${flags[@]}" --steps 40 --out "$folder/whole-$model" >/dev/null 2>&1
  "$counting" "${flags[@]}" --steps 13 --out "$folder/parts-$model" >/dev/null 2>&1
  "$counting" --resume "$folder/parts-$model" --steps 40 --quiet >/dev/null 2>"$folder/log" ||
    { cat "$folder/log" >&2; fail "resume failed"; }
  for file in last.safetensors metrics.csv; do
    cmp "$folder/whole-$model/$file" "$folder/parts-$model/$file" || fail "$model: the resumed run has another $file"
  done
done
for task in anbn anbncn anbncndn anb2n anbmcnm memorisation addition; do
  for model in stack list rnn lstm; do
    [ $model = stack ] || [ $task = anbn ] || [ $task = addition ] || continue
    "$counting" "${short[@]}" --task $task --model $model --steps 21 --out "$folder/each" >"$folder/log" 2>&1 ||
      { cat "$folder/log" >&2; fail "task $task, model $model failed"; }
    for file in config.toml metrics.csv last.safetensors best.safetensors summary.json solved.png loss.png; do
      [ -s "$folder/each/$file" ] || fail "$task, $model: $file is missing"
    done
    case $model in stack | list) [ -s "$folder/each/stacks.png" ] || fail "$task, $model: stacks.png is missing" ;; esac
    for key in solved_percent restarts "\"$task\""; do
      grep -q "$key" "$folder/each/summary.json" || fail "summary.json has no $key"
    done
    grep -q "restarts" "$folder/log" || fail "$task, $model: the restarts are not printed"
    rm -rf "$folder/each"
  done
done
for bad in "--task swim" "--model bag" "--hidden 0" "--restarts 0" "--model lstm --stacks 2" "--model list --actions 2" "--noise -1" "--nonsense"; do
  code=0
  # shellcheck disable=SC2086
  "$counting" --out "$folder/bad" --steps 1 $bad >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
looks "$counting" "$folder/1" aabba "foretold: "
blind "$counting" "$folder/1" aax "'x' is no symbol"
blind "$counting" "$folder/1" a "two symbols"
echo "counting_run: all promises kept"
