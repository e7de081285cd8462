#!/usr/bin/env bash
# copy_run.sh PROGRAM: what examples/copy promises of a run.
#   1,000 steps give the same checkpoint, bit for bit, with 1, 2 and 4 threads
#   a run that was stopped by Ctrl-C and resumed is the uninterrupted one: checkpoint and metrics.csv
#   a run that is killed again and again, while it saves after every step, is the uninterrupted one
#   a run that is killed before its first checkpoint begins again where it is resumed
#   sort trains with defaults of its own, which flags overrule; resumed in its curriculum it is the uninterrupted run
#   after Ctrl-C the pictures are of the weights that there are
#   what Ctrl-C says goes on with the run, typed as it stands; other lengths may be tested after a resume
#   weights are drawn anew after the validated ones are kept
#   a differentiable neural computer and an LSTM run as the Neural Turing Machine does
#   --shift 0 takes the shifts away, and is refused where there are none
#   with --beside the costs of two runs stand in one picture
#   the run folder is complete and summary.json has its keys; bad flags are refused with exit code 2 and leave no folder
set -euo pipefail
copy=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "copy_run: $*" >&2; exit 1; }
short=(--quiet --test-size 20 --test-lengths 5)

for threads in 1 2 4; do
  "$copy" "${short[@]}" --steps 1000 --threads "$threads" --out "$folder/t$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
for threads in 2 4; do
  cmp "$folder/t1/last.safetensors" "$folder/t$threads/last.safetensors" || fail "checkpoints differ at 1 and $threads threads"
  cmp "$folder/t1/metrics.csv" "$folder/t$threads/metrics.csv" || fail "metrics differ at 1 and $threads threads"
done

"$copy" "${short[@]}" --steps 40 --out "$folder/t40" >/dev/null 2>&1
for shift in 0 3; do
  "$copy" "${short[@]}" --shift $shift --steps 40 --out "$folder/shift$shift" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "--shift $shift failed"; }
  grep -q "^shift = $shift$" "$folder/shift$shift/config.toml" || fail "--shift $shift is not in config.toml"
  ! cmp -s "$folder/shift$shift/last.safetensors" "$folder/t40/last.safetensors" || fail "--shift $shift changes nothing"
done
for bad in "--shift 1 --model dnc" "--shift 1 --model lstm" "--shift 8 --memory 16x4" "--shift -1"; do
  code=0
  # shellcheck disable=SC2086
  "$copy" $bad --out "$folder/bad" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && grep -q -- "--shift" "$folder/log" || fail "$bad ended with $code, expected 2: $(cat "$folder/log")"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done

for model in dnc lstm; do
  for threads in 1 3; do
    "$copy" "${short[@]}" --model $model --hidden 12 --steps 40 --batch 3 --validate-every 20 --length 5 --threads $threads \
      --out "$folder/$model$threads" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "--model $model failed"; }
  done
  cmp "$folder/${model}1/last.safetensors" "$folder/${model}3/last.safetensors" || fail "$model: checkpoints differ"
  [ -s "$folder/${model}1/answer.png" ] || fail "$model: answer.png is missing"
done
[ -s "$folder/dnc1/heads.png" ] || fail "dnc: heads.png is missing"
[ ! -e "$folder/lstm1/heads.png" ] || fail "an LSTM has no heads to be shown"

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

for left in "config.toml" "config.toml metrics.csv"; do
  rm -rf "$folder/early"
  mkdir "$folder/early"
  for file in $left; do head -n 1 "$folder/whole/$file" >"$folder/early/$file"; done
  cp "$folder/whole/config.toml" "$folder/early"
  "$copy" --resume "$folder/early" --steps 400 --quiet >/dev/null 2>"$folder/log" ||
    { cat "$folder/log" >&2; fail "a run with $left alone cannot be resumed"; }
  grep -q "begins at step 0" "$folder/log" || fail "nothing says that a run without a checkpoint begins at step 0"
  cmp "$folder/whole/last.safetensors" "$folder/early/last.safetensors" || fail "a run that began again is not the uninterrupted one"
  cmp "$folder/whole/metrics.csv" "$folder/early/metrics.csv" || fail "a run that began again has other metrics"
done
rm "$folder/early/last.safetensors"
"$copy" --resume "$folder/early" --quiet >/dev/null 2>"$folder/log" && fail "a run that lost its checkpoint began again over its best model"

"$copy" --resume "$folder/whole" --test-lengths 2,3 --test-size 10 --quiet >/dev/null 2>"$folder/log" ||
  { cat "$folder/log" >&2; fail "a resumed run cannot test other lengths"; }
grep -q '"2":' "$folder/whole/summary.json" && grep -q '"3":' "$folder/whole/summary.json" || fail "the lengths asked for were not tested"
cmp "$folder/whole/last.safetensors" "$folder/parts/last.safetensors" || fail "testing other lengths changed the run"

# A folder in which a run goes on is not touched, and timeout(1), which signals twice at once, does not keep it from saving.
stopped_at() { # CODE COMMAND...: waits until the run in $folder/busy has rows, does COMMAND, and wants the run to end with CODE
  local wanted=$1
  shift
  for _ in $(seq 200); do [ -s "$folder/busy/metrics.csv" ] && [ "$(wc -l <"$folder/busy/metrics.csv")" -gt 2 ] && break; sleep 0.05; done
  "$@"
  code=0; wait "$running" || code=$?
  [ "$code" -eq "$wanted" ] || fail "$* ended the run with $code, expected $wanted"
}
refused_while_busy() {
  for again in "--resume $folder/busy" "--seed 2 --out $folder/busy"; do
    before=$(head -n 3 "$folder/busy/metrics.csv" | cksum; cksum <"$folder/busy/config.toml")
    code=0
    # shellcheck disable=SC2086
    "$copy" $again --steps 3 --quiet >/dev/null 2>"$folder/log" || code=$?
    [ "$code" -eq 1 ] && grep -q "busy is in use by process $running;" "$folder/log" || fail "$again beside a run ended with $code: $(cat "$folder/log")"
    [ "$before" = "$(head -n 3 "$folder/busy/metrics.csv" | cksum; cksum <"$folder/busy/config.toml")" ] || fail "$again changed the folder of a run that goes on"
  done
}
signalled_at_once() { refused_while_busy; kill -TERM "$running"; kill -TERM "$running"; }
"$copy" "${short[@]}" --steps 100000000 --out "$folder/busy" >/dev/null 2>"$folder/said" &
running=$!
stopped_at 130 signalled_at_once
grep -q "saved in" "$folder/said" || fail "two signals at once end a run without saving"
step=$(sed -n 's/^stopped after step \([0-9]*\),.*/\1/p' "$folder/said")
[ "$(wc -l <"$folder/busy/metrics.csv")" -eq $((step / 20 + 1)) ] || fail "rows of metrics.csv are missing after step $step"
[ ! -e "$folder/busy/lock" ] || fail "a run that ended holds its folder"
for file in heads.png answer.png memory.png loss.png; do
  [ -s "$folder/busy/$file" ] || fail "a run that was stopped did not draw $file"
done
[ ! -e "$folder/busy/summary.json" ] || fail "a run that was stopped has been tested"
code=0
timeout --preserve-status 2 "$copy" --resume "$folder/busy" --quiet >/dev/null 2>"$folder/said" || code=$?
[ "$code" -eq 130 ] && grep -q "saved in" "$folder/said" || fail "timeout ended a run with $code and $(cat "$folder/said")"
"$copy" --resume "$folder/busy" --quiet >/dev/null 2>&1 &
running=$!
twice() { sleep 0.5; kill -INT "$running"; sleep 0.2; kill -INT "$running" 2>/dev/null || true; }
stopped_at 130 twice

code=0
"$copy" "${short[@]}" --steps 2 --out "$folder/full" >/dev/full 2>"$folder/log" || code=$?
[ "$code" -eq 1 ] && grep -q "cannot write to standard output: No space left" "$folder/log" || fail "a run that could not print ended with $code"
printf '\xEF\xBB\xBFsteps = 2\r\n' >"$folder/marked.toml"
"$copy" "${short[@]}" --config "$folder/marked.toml" --out "$folder/marked" >/dev/null 2>&1 || fail "a byte order mark is not read over"

mkdir "$folder/a b"
"$copy" "${short[@]}" --steps 100000000 --out "$folder/a b/stopped" >/dev/null 2>"$folder/log" &
running=$!
ln -s "$folder/a b/stopped" "$folder/stopped"
for _ in $(seq 200); do [ -s "$folder/stopped/metrics.csv" ] && [ "$(wc -l <"$folder/stopped/metrics.csv")" -gt 2 ] && break; sleep 0.05; done
kill -INT "$running"
code=0; wait "$running" || code=$?
[ "$code" -eq 130 ] || fail "Ctrl-C ended with $code, expected 130"
typed=$(sed -n 's/^go on with: //p' "$folder/log")
bash -c "$typed --steps 1 --quiet" >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "what Ctrl-C says does not go on: $typed"; }
[ -s "$folder/stopped/summary.json" ] || fail "what Ctrl-C says went on with another run: $typed"
grep -qx "steps = 100000000" "$folder/stopped/config.toml" || fail "config.toml has fewer steps than the run has made"
FOVEA_COMMAND="../dev run copy" "$copy" --steps -1 >/dev/null 2>"$folder/log" || true
grep -q -- "^see ../dev run copy --help" "$folder/log" || fail "the program does not say how ./dev calls it"
[ -s "$folder/stopped/last.safetensors" ] || fail "Ctrl-C did not save"

for file in config.toml metrics.csv last.safetensors summary.json heads.png answer.png memory.png loss.png; do
  [ -s "$folder/whole/$file" ] || fail "$file is missing"
done
for key in example task seed threads steps seconds parameters metrics wrong_bits_percent wrong_sequences_percent; do
  grep -q "\"$key\"" "$folder/whole/summary.json" || fail "summary.json has no $key"
done
for task in repeat-copy recall ngrams sort copies store; do
  "$copy" --task "$task" --controller ff --steps 4 --length 8 --quiet --test-size 10 --test-lengths 8 --out "$folder/$task" \
    >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "task $task failed"; }
done

"$copy" --task recall --model lstm --hidden 8 --steps 40 --length 3 --quiet --test-size 10 --test-lengths 3 --beside "$folder/recall" \
  --out "$folder/recall-lstm" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "--beside failed"; }
[ -s "$folder/recall-lstm/beside.png" ] || fail "beside.png is missing"

# Sort has defaults of its own, which flags overrule and a resumed run keeps.
small=(--task sort --quiet --length 4 --batch 2 --memory 6x5 --curriculum 20 --validate-every 10 --test-size 10 --test-lengths 4)
"$copy" "${small[@]}" --steps 60 --out "$folder/sort-whole" >/dev/null 2>&1
"$copy" "${small[@]}" --steps 15 --out "$folder/sort-parts" >/dev/null 2>&1
"$copy" --resume "$folder/sort-parts" --steps 60 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "sort cannot be resumed"; }
cmp "$folder/sort-whole/last.safetensors" "$folder/sort-parts/last.safetensors" || fail "a resumed sort is not the uninterrupted one"
for line in 'controller = "ff"' 'heads = 5' 'memory-start = "learned"' 'decay-after = "every"' 'optimizer = "adam"' 'batch = 2'; do
  grep -qx "$line" "$folder/sort-whole/config.toml" || fail "sort did not take $line"
done
grep -qx 'memory-start = "constant"' "$folder/whole/config.toml" || fail "copy does not begin with a constant memory"
for other in "--curriculum 0" "--memory-start constant" "--decay-after perfect"; do
  # shellcheck disable=SC2086
  "$copy" "${small[@]}" $other --steps 60 --out "$folder/other" >/dev/null 2>&1 || fail "sort $other failed"
  cmp -s "$folder/sort-whole/last.safetensors" "$folder/other/last.safetensors" && fail "sort ignores $other"
  rm -rf "$folder/other"
done

help=$("$copy" --help | tr -s ' \n' ' ')
for choices in "lstm, ff" "copy, repeat-copy, recall, ngrams, sort, copies, store" "sgd, rmsprop, rmsprop-graves, adam, adamw"; do
  [[ $help == *"$choices"* ]] || fail "--help does not name the choices $choices"
done
for eps in 1e-4 1e-2; do
  "$copy" "${short[@]}" --steps 4 --optimizer rmsprop-graves --eps $eps --out "$folder/graves$eps" >/dev/null 2>&1 || fail "--eps $eps failed"
done
cmp -s "$folder/graves1e-4/last.safetensors" "$folder/graves1e-2/last.safetensors" && fail "rmsprop-graves ignores --eps"
while read -r bad; do
  code=0
  # shellcheck disable=SC2086
  "$copy" $bad --steps 1 --out "$folder/bad" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done <<'FLAGS'
--heads 0
--memory 12
--memory 12x
--memory 128x20x
--memory -1x20
--memory 0x20
--memory 99999999999x20
--memory 99999999999999999999x20
--memory 1048577x1
--controller gru
--task swim
--optimizer none
--memory-start random
--decay-after never
--curriculum -1
--optimizer sgd --eps 1e-3
--task recall --length 1
--task recall --test-lengths 1
--task ngrams --length 3
--task ngrams --test-lengths 6
--task sort --test-lengths 4,1
--test-lengths=
--save-every -1
--nonsense
--resume /nowhere
--config /nowhere
--curriculum 5
--optimizer sgd --eps 0
FLAGS
# Weights are drawn anew after the validated ones are kept.
for patience in 0 20; do
  "$copy" --steps 40 --validate-every 20 --patience $patience --test-size 5 --test-lengths 5 --quiet \
    --out "$folder/patience$patience" >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "--patience $patience failed"; }
done
cmp -s "$folder/patience0/last.safetensors" "$folder/patience20/last.safetensors" && fail "--patience 20 drew no weights"
"$copy" --steps 20 --validate-every 20 --patience 20 --test-size 5 --test-lengths 5 --quiet \
  --out "$folder/kept" >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "a run that ends where weights are drawn failed"; }
"$copy" --steps 20 --validate-every 20 --patience 0 --test-size 5 --test-lengths 5 --quiet \
  --out "$folder/plain" >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "--patience 0 failed"; }
cmp "$folder/plain/best.safetensors" "$folder/kept/best.safetensors" || fail "fresh weights were kept in place of the validated ones"
"$copy" --steps -1 --out "$folder/bad" >/dev/null 2>&1 && fail "--steps -1 was accepted"
. "$(dirname "${BASH_SOURCE[0]}")/look.sh"
looks "$copy" "$folder/t1" "10110010 01101001" "answers: [01]\{8\} [01]\{8\}; wrong bits: "
blind "$copy" "$folder/t1" "1011" "need 8 bits"
echo "copy_run: all promises kept"
