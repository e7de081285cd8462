#!/usr/bin/env bash
# bandit_run.sh PROGRAM: what examples/bandit promises of a run.
#   the same checkpoint, bit for bit, with 1 and 4 threads
#   a resumed run ends as the uninterrupted one; every model leaves a complete folder; bad flags are refused
set -euo pipefail
bandit=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "bandit_run: $*" >&2; exit 1; }
short=(--quiet --test-size 20 --hidden 8 --pulls 6 --arms 3 --batch 8 --validate-every 20)

for threads in 1 4; do
  "$bandit" "${short[@]}" --steps 41 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/4/last.safetensors" || fail "checkpoints differ at 1 and 4 threads"
"$bandit" "${short[@]}" --steps 20 --out "$folder/parts" >/dev/null 2>&1
"$bandit" --resume "$folder/parts" --steps 41 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/1/best.safetensors" "$folder/parts/best.safetensors" || fail "a resumed run is another"
for model in snail lstm; do
  "$bandit" "${short[@]}" --model $model --steps 21 --out "$folder/$model" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "model $model failed"; }
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json episode.png loss.png; do
    [ -s "$folder/$model/$file" ] || fail "$model: $file is missing"
  done
  grep -q gittins_reward "$folder/$model/summary.json" || fail "summary.json has no gittins_reward"
done
for bad in "--model swim" "--arms 1" "--discount 2" "--nonsense"; do
  code=0
  # shellcheck disable=SC2086
  "$bandit" --out "$folder/bad" --steps 1 $bad >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
looks "$bandit" "$folder/1" "0.1 0.9 0.5" "pulled: "
blind "$bandit" "$folder/1" "0.1" "1 numbers"
blind "$bandit" "$folder/1" "0.1 1.9 0.5" "pays from 0 to 1"
echo "bandit_run: all promises kept"
