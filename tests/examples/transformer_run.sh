#!/usr/bin/env bash
# transformer_run.sh PROGRAM: what examples/transformer promises of a run.
#   every task runs; the checkpoint is the same, bit for bit, with 1, 2 and 4 threads
#   a run that was stopped by Ctrl-C and resumed is the uninterrupted one: checkpoint and metrics.csv
#   --positions and --scale act, and stand in config.toml
#   the run folder is complete and summary.json has its keys
#   a few hundred steps teach it to copy short strings that it has never seen
#   bad flags and a missing text are refused with clear messages
set -euo pipefail
transformer=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "transformer_run: $*" >&2; exit 1; }
tiny=(--quiet --embed-dim 16 --heads 2 --layers 1 --batch 8)
small=("${tiny[@]}" --test-size 20)

for threads in 1 2 4; do
  "$transformer" "${small[@]}" --task reverse --dropout 0.1 --steps 60 --threads "$threads" --out "$folder/t$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
for threads in 2 4; do
  cmp "$folder/t1/last.safetensors" "$folder/t$threads/last.safetensors" || fail "checkpoints differ at 1 and $threads threads"
  cmp "$folder/t1/metrics.csv" "$folder/t$threads/metrics.csv" || fail "metrics differ at 1 and $threads threads"
done

"$transformer" "${small[@]}" --task reverse --dropout 0.1 --steps 25 --out "$folder/parts" >/dev/null 2>&1
"$transformer" --resume "$folder/parts" --steps 60 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/t1/last.safetensors" "$folder/parts/last.safetensors" || fail "the resumed run is not the uninterrupted one"
cmp "$folder/t1/metrics.csv" "$folder/parts/metrics.csv" || fail "the resumed run has other metrics"

"$transformer" "${small[@]}" --steps 100000000 --out "$folder/stopped" >/dev/null 2>"$folder/log" &
running=$!
for _ in $(seq 200); do [ -s "$folder/stopped/metrics.csv" ] && [ "$(wc -l <"$folder/stopped/metrics.csv")" -gt 2 ] && break; sleep 0.05; done
kill -INT "$running"
code=0; wait "$running" || code=$?
[ "$code" -eq 130 ] || fail "Ctrl-C ended with $code, expected 130"
typed=$(sed -n 's/^go on with: //p' "$folder/log")
bash -c "$typed --steps 1 --quiet" >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "what Ctrl-C says does not go on: $typed"; }

for other in "--positions none" "--positions learned" "--scale off"; do
  # shellcheck disable=SC2086
  "$transformer" "${small[@]}" --task reverse --dropout 0.1 --steps 60 --threads 1 $other --out "$folder/other" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "$other failed"; }
  ! cmp -s "$folder/t1/metrics.csv" "$folder/other/metrics.csv" || fail "$other changes nothing"
  grep -q "^${other:2:5}[a-z]* = \"${other##* }\"$" "$folder/other/config.toml" || fail "$other is not in config.toml"
  rm -rf "$folder/other"
done
"$transformer" "${tiny[@]}" --task copy --positions learned --min-length 600 --max-length 600 --batch 1 --test-size 1 --steps 1 --out "$folder/long" \
  >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "learned positions end before the strings do"; }

for task in copy sort addition; do
  "$transformer" "${small[@]}" --task "$task" --norm post --steps 20 --validate-every 10 --out "$folder/$task" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "task $task failed"; }
done
"$transformer" --resume "$folder/addition" --ablate --quiet >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "--ablate of a run failed"; }
for figure in "tens.hundreds" "layer1.head2.units"; do
  [ "$(grep -c "\"$figure\"" "$folder/addition/summary.json")" -eq 2 ] || fail "summary.json has no $figure, right and wrong carry"
done
for file in config.toml metrics.csv last.safetensors best.safetensors summary.json attention.png encoder.png loss.png; do
  [ -s "$folder/sort/$file" ] || fail "$file is missing"
done
for key in example task seed threads steps seconds parameters metrics token_percent exact_percent; do
  grep -q "\"$key\"" "$folder/sort/summary.json" || fail "summary.json has no $key"
done

"$transformer" --quiet --task copy --min-length 4 --max-length 6 --embed-dim 32 --steps 700 --anneal 700 --warmup 100 --learning-rate 0.004 --batch 32 \
  --threads 1 --test-size 200 --out "$folder/copied" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "copying failed"; }
right=$(sed -n 's/.*"token_percent": \([0-9]*\).*/\1/p' "$folder/copied/summary.json")
[ "$right" -ge 95 ] || fail "copied $right % of the tokens; expected 95"

mkdir -p "$folder/data/text"
for i in $(seq 400); do echo "To be, or not to be, line $((i * 7919 % 1000)): that is the question."; done >"$folder/data/text/tinyshakespeare.txt"
"$transformer" "${tiny[@]}" --task shakespeare --data "$folder/data" --context 16 --steps 30 --validate-every 15 --out "$folder/text" \
  >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "shakespeare failed"; }
grep -q '"validation_loss"' "$folder/text/summary.json" || fail "summary.json has no validation_loss"
[ -s "$folder/text/attention.png" ] || fail "shakespeare drew no attention"
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
looks "$transformer" "$folder/text" "To be" "foretold: " --data "$folder/data" # it goes with what the run was trained on
looks "$transformer" "$folder/text" "to be: that is" "without keys 1: foretold: " --mask-keys 1
# The first character may see itself alone: without it, it sees nothing.
grep -A1 "without keys 1: decoder.layers.0.self_attn" "$folder/looked" | tail -1 | grep -q '^ *$' || fail "a masked key is attended: $(cat "$folder/looked")"
blind "$transformer" "$folder/text" "{}" "byte 123 does not occur"

# refused EXIT-CODE TEXT-OF-THE-MESSAGE ARGUMENTS...
refused() {
  local wanted=$1 expected=$2 code=0
  shift 2
  "$transformer" "$@" --out "$folder/bad" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq "$wanted" ] || fail "ended with $code, expected $wanted: $*"
  grep -q -- "$expected" "$folder/log" || { cat "$folder/log" >&2; fail "no \"$expected\" in the message of: $*"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
refused 2 "--ablate goes with --task addition; here --task is copy" --task copy --ablate
refused 1 "char-rnn" --task shakespeare --data "$folder"
refused 2 "--heads is 4, which does not divide --embed-dim 10; the nearest that do are 2 and 5" --embed-dim 10 --heads 4
refused 2 "--max-length is 8 and --min-length 12" --min-length 12 --max-length 8
refused 2 "--anneal is 50 and --warmup 50" --warmup 50 --anneal 50
refused 2 "--context goes with --task shakespeare; here --task is copy" --context 8
refused 2 "--answer goes with --task addition" --task sort --answer backwards
refused 2 "--max-length goes with --task copy, reverse or sort" --task addition --max-length 30
refused 2 "--data goes with --task shakespeare" --data "$folder"
refused 2 "--task" --task swim
refused 2 "--norm" --norm middle
refused 2 "--positions" --positions relative
refused 2 "--scale" --scale half
refused 2 "--steps" --steps -1
refused 2 "beginning is empty" --task shakespeare --beginning ""
refused 1 "byte 35 does not occur" --task shakespeare --data "$folder/data" --context 16 --beginning "#"
: >"$folder/data/text/tinyshakespeare.txt"
refused 1 "0 characters" --task shakespeare --data "$folder/data"
echo "transformer_run: all promises kept"
