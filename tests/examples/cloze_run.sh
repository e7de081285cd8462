#!/usr/bin/env bash
# cloze_run.sh PROGRAM: what examples/cloze promises of a run.
#   the same checkpoint, bit for bit, with 1 and 4 threads; a run that was killed and resumed is the uninterrupted one
#   every reader leaves a complete folder; a trained one answers what it is asked; bad flags are refused
set -euo pipefail
cloze=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "cloze_run: $*" >&2; exit 1; }
short=(--quiet --test-size 20 --hidden 8 --embedding 8 --batch 8 --sentences 3 --validate-every 20)
few=(--change-weights 2)

for threads in 1 4; do
  "$cloze" "${short[@]}" "${few[@]}" --steps 41 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/4/last.safetensors" || fail "checkpoints differ at 1 and 4 threads"
"$cloze" "${short[@]}" "${few[@]}" --steps 200 --out "$folder/whole" >/dev/null 2>&1 || fail "training failed"
"$cloze" "${short[@]}" "${few[@]}" --steps 200 --save-every 0 --out "$folder/parts" >/dev/null 2>&1 &
running=$!
until [ "$(cat "$folder/parts/metrics.csv" 2>/dev/null | wc -l)" -ge 3 ]; do sleep 0.01; done
kill -9 $running 2>/dev/null || fail "the run was over before it was killed"
wait $running 2>/dev/null || true
"$cloze" --resume "$folder/parts" --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/whole/last.safetensors" "$folder/parts/last.safetensors" || fail "the resumed run is not the uninterrupted one"
cmp "$folder/whole/metrics.csv" "$folder/parts/metrics.csv" || fail "the resumed run has other metrics"

for model in attentive impatient uniform; do
  [ $model = attentive ] || few=()
  "$cloze" "${short[@]}" "${few[@]}" --model $model --steps 60 --out "$folder/$model" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "$model failed"; }
  for file in config.toml metrics.csv last.safetensors best.safetensors summary.json attention.png loss.png; do
    [ -s "$folder/$model/$file" ] || fail "$model: $file is missing"
  done
  for key in example seed threads steps seconds parameters metrics accuracy_percent; do
    grep -q "\"$key\"" "$folder/$model/summary.json" || fail "$model: summary.json has no $key"
  done
  said=$("$cloze" --run "$folder/$model" --ask "Ann sold the lamp to Bob. @x sold the lamp to Bob.") || fail "$model: --ask failed"
  [ "$said" = Ann ] || [ "$said" = Bob ] || fail "$model says: $said"
done
for key in permuted_tvd permuted_same_percent uniform_tvd uniform_same_percent adversarial_jsd tau_gradient tau_leave_one_out; do
  grep -q "\"$key\": [0-9-]" "$folder/attentive/summary.json" || fail "summary.json has no figure $key"
done
! grep -q permuted_tvd "$folder/impatient/summary.json" || fail "weights were changed of the impatient reader"
grep -q uniform_accuracy_percent "$folder/impatient/summary.json" || fail "nothing was compared"
! grep -q uniform_accuracy_percent "$folder/uniform/summary.json" || fail "the uniform reader was compared with itself"
"$cloze" "${short[@]}" --change-weights 0 --no-compare --steps 21 --out "$folder/alone" >/dev/null 2>&1 || fail "--no-compare failed"
! grep -q uniform_accuracy_percent "$folder/alone/summary.json" || fail "--no-compare was compared"
! grep -q permuted_tvd "$folder/alone/summary.json" || fail "weights were changed unasked"

code=0
"$cloze" --run "$folder/attentive" --ask "Ann ate the lamp. @x sold the lamp." >/dev/null 2>"$folder/log" || code=$?
[ "$code" -ne 0 ] && grep -q '"ate"' "$folder/log" || fail "an unknown word ended with $code: $(cat "$folder/log")"
for bad in "--model swim" "--sentences 0" "--entities 7" "--gain 0" "--model uniform --compare" "--model uniform --gain 2" "--model impatient --change-weights 5" "--change-weights -1" "--nonsense" "--ask x"; do
  code=0
  # shellcheck disable=SC2086
  "$cloze" $bad --out "$folder/bad" --steps 1 >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
looks "$cloze" "$folder/attentive" "Ann sold the lamp to Bob. Eve lent the drum to Ann. @x lent the drum to Ann." "answer: \(Ann\|Bob\|Eve\)"
looks "$cloze" "$folder/impatient" "Ann sold the lamp to Bob. @x sold the lamp to Bob." "answer: " --scale-scores 0
blind "$cloze" "$folder/attentive" "Ann sold the lamp to Bob." "question"
echo "cloze_run: all promises kept"
