#!/usr/bin/env bash
# reverse_run.sh PROGRAM: what examples/reverse promises of a run.
#   the same checkpoint, bit for bit, with 1, 2 and 4 threads; a resumed run is the uninterrupted one, hard attention too
#   what is stopped by Ctrl-C draws what needs no test, and goes on
#   --reference changes losses by rounding alone, is recorded, and is refused where a resumed run went without it
#   every task, model, score and alignment runs; the run folder is complete; bad flags are refused
set -euo pipefail
reverse=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "reverse_run: $*" >&2; exit 1; }
short=(--quiet --test-size 10 --test-lengths 3,6 --hidden 16 --embedding 8 --batch 8 --length 6 --validate-every 40)

for threads in 1 2 4; do
  "$reverse" "${short[@]}" --steps 120 --threads "$threads" --out "$folder/t$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
for threads in 2 4; do
  cmp "$folder/t1/last.safetensors" "$folder/t$threads/last.safetensors" || fail "checkpoints differ at 1 and $threads threads"
  cmp "$folder/t1/metrics.csv" "$folder/t$threads/metrics.csv" || fail "metrics differ at 1 and $threads threads"
done

# agree ONE OTHER: the losses of two metrics.csv, to five digits.
agree() {
  paste -d, "$1" "$2" | awk -F, -v half=$(($(head -1 "$1" | tr -cd , | wc -c) + 1)) '
    NR > 1 { d = $2 - $(half + 2); if (d < 0) d = -d; if (d > 1e-5 * $2) bad = 1; ++n }
    END { exit bad || n == 0 }'
}
"$reverse" "${short[@]}" --steps 120 --reference --out "$folder/plain" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "--reference failed"; }
agree "$folder/t1/metrics.csv" "$folder/plain/metrics.csv" || fail "the losses with --reference are others"
! cmp -s "$folder/t1/last.safetensors" "$folder/plain/last.safetensors" || fail "--reference changes not even the rounding: does it act?"
grep -q '^reference = true$' "$folder/plain/config.toml" || fail "--reference is not in config.toml"
! "$reverse" --resume "$folder/t1" --steps 130 --reference --quiet >/dev/null 2>"$folder/log" || fail "a resumed run changed to --reference"
grep -q -- "--reference" "$folder/log" || fail "what refuses --reference in a resumed run does not name it"

for align in "soft" "hard --baseline leave-one-out --warmup 30" "hard --warmup 30"; do
  # shellcheck disable=SC2206
  own=("${short[@]}" --align $align)
  rm -rf "$folder/whole" "$folder/parts"
  "$reverse" "${own[@]}" --steps 90 --out "$folder/whole" >/dev/null 2>&1
  "$reverse" "${own[@]}" --steps 50 --out "$folder/parts" >/dev/null 2>&1
  "$reverse" --resume "$folder/parts" --steps 90 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
  cmp "$folder/whole/last.safetensors" "$folder/parts/last.safetensors" || fail "$align: the resumed run is another"
  cmp "$folder/whole/metrics.csv" "$folder/parts/metrics.csv" || fail "$align: the resumed run has other metrics"
done

for file in config.toml metrics.csv last.safetensors best.safetensors summary.json attention.png loss.png accuracy.png gradients.png; do
  [ -s "$folder/t1/$file" ] || fail "$file is missing"
done
for key in example task seed threads steps seconds parameters metrics exact_percent alignment_percent exact_percent_without_attention \
  gradient_untrained_with_attention gradient_untrained_without_attention gradient_trained_with_attention gradient_trained_without_attention; do
  grep -q "\"$key\"" "$folder/t1/summary.json" || fail "summary.json has no $key"
done
grep -q '"gradient_variance"' "$folder/whole/summary.json" || fail "summary.json of hard attention has no gradient_variance"

"$reverse" "${short[@]}" --steps 100000000 --out "$folder/stopped" >/dev/null 2>"$folder/log" &
running=$!
for _ in $(seq 200); do [ -s "$folder/stopped/metrics.csv" ] && [ "$(wc -l <"$folder/stopped/metrics.csv")" -gt 2 ] && break; sleep 0.05; done
kill -TERM "$running"
code=0; wait "$running" || code=$?
[ "$code" -eq 130 ] || fail "a signal ended the run with $code, expected 130"
[ -s "$folder/stopped/attention.png" ] && [ -s "$folder/stopped/loss.png" ] || fail "a run that was stopped did not draw"
[ ! -e "$folder/stopped/accuracy.png" ] || fail "a run that was not tested drew its accuracy"
"$reverse" --resume "$folder/stopped" --steps 1 --quiet >/dev/null 2>"$folder/log" || fail "a run that was stopped and drawn does not go on: $(cat "$folder/log")"
[ -s "$folder/stopped/accuracy.png" ] || fail "a run that went on did not draw its accuracy"

few=("${short[@]}" --steps 2 --no-compare)
number=0
while read -r flags; do
  number=$((number + 1))
  # shellcheck disable=SC2086
  "$reverse" "${few[@]}" $flags --out "$folder/few$number" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "$flags failed"; }
done <<'FLAGS'
--task copy --model luong --align local-m --cell lstm
--task sort --model luong --no-feeding --score general
--model luong --align local-p --score concat --layers 2
--model transformer --compare
--model encoder-decoder --cell lstm --layers 2
--score dot --align straight-through
--score scaled-dot --align gumbel
--score cosine
--align ntm
--score location
--score location --length 300 --first-length 300
FLAGS

"$reverse" "${short[@]}" --steps 2 --model encoder-decoder --out "$folder/blind" >"$folder/log" 2>&1 || fail "encoder-decoder failed"
grep -q "strings right$" "$folder/log" || fail "encoder-decoder does not say how many strings are right"
[ ! -e "$folder/blind/gradients.png" ] || fail "encoder-decoder drew gradients of a model with attention"
! grep -q "nan" "$folder/log" || fail "encoder-decoder tells of weights that it does not have"
! grep -q "null\|alignment" "$folder/blind/summary.json" || fail "summary.json tells of weights that a model does not have"
! grep -q "in proportion" "$folder/log" || fail "a recipe in proportion where all was given"
"$reverse" "${short[@]}" --steps 180 --align hard --no-compare --out "$folder/hasty" >/dev/null 2>"$folder/log" || fail "a short run failed"
grep -q "recipe is for 18000 steps.* --warmup 60 --halve 45" "$folder/log" || fail "a short run does not say that it never draws: $(cat "$folder/log")"

for bad in "--hidden 0" "--model swim" "--score swim" "--align swim" "--task swim" "--draws 1" "--entropy -1" "--nonsense" \
  "--score dot --hidden 7" "--model transformer --hidden 18" \
  "--model transformer --align hard" "--model transformer --score dot" "--model encoder-decoder --score dot" "--window 3" \
  "--model luong --encoder 8" "--score dot --encoder 8" "--no-feeding" "--model luong --no-embeddings" "--layers 2" \
  "--baseline none" "--warmup 5" "--model encoder-decoder --compare" "--model transformer --no-compare --cell lstm"; do
  code=0
  # shellcheck disable=SC2086
  "$reverse" $bad --out "$folder/bad" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done

# --look: the trained run on what is typed, as it is and changed; what is refused leaves no folder.
"$reverse" --run "$folder/t1" --look abc --force-key 2 >"$folder/looked" 2>"$folder/log" || { cat "$folder/log" >&2; fail "--look failed"; }
grep -q "^as trained: answer: " "$folder/looked" && grep -q "^all weight on key 2: answer: " "$folder/looked" || fail "--look does not answer twice"
for file in report.html attention.weights.svg attention.weights.npy attention.scores_gradient.npy changed/attention.weights.npy; do
  [ -s "$folder/t1/look-1/$file" ] || fail "--look left no $file"
done
for bad in "--look ab?" "--look abc --mask-keys 4" "--look abc --heads-off 2" "--look abc --only attention" "--watch --look abc" \
  "--look abc --mask-keys 1,2,3" "--look abc --only nothing --force-key 2"; do
  # shellcheck disable=SC2086
  ! "$reverse" --run "$folder/t1" $bad >/dev/null 2>"$folder/log" || fail "--run with $bad was not refused"
  [ ! -e "$folder/t1/look-2" ] || fail "$bad left a folder behind"
done
grep -q "there are: attention" "$folder/log" || fail "--only does not say which attentions there are: $(cat "$folder/log")"
! "$reverse" --run "$folder/t1" --look "" >/dev/null 2>"$folder/log" && grep -q "look is empty" "$folder/log" || fail "an empty --look: $(cat "$folder/log")"
# A drawing of a million cells cannot be looked at, and takes minutes; the numbers are there.
"$reverse" --run "$folder/t1" --look "$(printf 'abcde%.0s' {1..80})" >/dev/null 2>"$folder/log" || fail "a long --look failed: $(cat "$folder/log")"
[ -s "$folder/t1/look-2/attention.weights.npy" ] && [ ! -e "$folder/t1/look-2/attention.weights.svg" ] || fail "a long --look: $(ls "$folder/t1/look-2")"
for bad in "--look abc" "--mask-keys 2" "--watch-address 127.0.0.1" "--watch-port 8080" "--run $folder/t1" "--watch --watch-address 192.0.2.1"; do
  # shellcheck disable=SC2086
  ! "$reverse" $bad --out "$folder/bad" >/dev/null 2>"$folder/log" || fail "$bad was not refused"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done
! "$reverse" --watch --watch-address "" --steps 1 --out "$folder/bad" >/dev/null 2>&1 || fail "an empty --watch-address was not refused"
[ ! -e "$folder/bad" ] || fail "an empty --watch-address left a folder behind"
echo "reverse_run: all promises kept"
