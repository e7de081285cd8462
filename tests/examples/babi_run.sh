#!/usr/bin/env bash
# babi_run.sh PROGRAM: what examples/babi promises of a run.
#   the same checkpoint, bit for bit, with 1 and 2 threads; a resumed run is the uninterrupted one, restarts and all
#   the run folder is complete and summary.json has its keys
#   a trained network answers the questions of a file and lines from stdin
#   broken files and bad flags are refused, with file and line, and leave no folder
set -euo pipefail
babi=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "babi_run: $*" >&2; exit 1; }

# Stories of people who go from room to room, as the first task has them.
mkdir -p "$folder/data/babi/en"
stories() {
  awk -v seed="$1" -v count="$2" 'BEGIN {
    srand(seed); split("Mary John Sandra Daniel", people, " "); split("kitchen garden office bedroom", rooms, " ")
    for (s = 0; s < count; ++s) {
      n = 0; delete at; delete from
      for (move = 1; move <= 4; ++move) {
        p = people[1 + int(4 * rand())]; r = rooms[1 + int(4 * rand())]
        print ++n " " p " went to the " r "."; at[p] = r; from[p] = n
        do p = people[1 + int(4 * rand())]; while (!(p in at))
        if (move % 2 == 0) print ++n " Where is " p "? \t" at[p] "\t" from[p]
      }
    }
  }'
}
stories 1 300 >"$folder/data/babi/en/qa1_rooms_train.txt"
stories 2 50 >"$folder/data/babi/en/qa1_rooms_test.txt"
small=(--data "$folder/data" --tasks 1 --quiet --patience 1)
short=("${small[@]}" --validate-every 20 --linear-start 20)

for threads in 1 2; do
  "$babi" "${short[@]}" --restarts 2 --steps 120 --threads "$threads" --out "$folder/$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
cmp "$folder/1/last.safetensors" "$folder/2/last.safetensors" || fail "checkpoints differ at 1 and 2 threads"
cmp "$folder/1/metrics.csv" "$folder/2/metrics.csv" || fail "metrics differ at 1 and 2 threads"
for file in config.toml metrics.csv last.safetensors best.safetensors summary.json words.txt loss.png attention.png; do
  [ -s "$folder/1/$file" ] || fail "$file is missing"
done
for key in mean_error_percent failed_tasks error_percent '1'; do
  grep -q "\"$key\"" "$folder/1/summary.json" || fail "summary.json has no $key"
done

# Killed in the second run from fresh weights, and again in the midst of a linear start.
for optimizer in sgd adam; do
  one=("${short[@]}" --restarts 2 --steps 120 --threads 1 --optimizer $optimizer)
  "$babi" "${one[@]}" --out "$folder/whole-$optimizer" >/dev/null 2>&1
  "$babi" "${one[@]}" --save-every 0.001 --out "$folder/parts-$optimizer" >/dev/null 2>&1 & pid=$!
  for _ in $(seq 400); do
    [ "$(tail -n 1 "$folder/parts-$optimizer/metrics.csv" 2>/dev/null | cut -d, -f1)" = 60 ] && break
    sleep 0.01
  done
  kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
  "$babi" --resume "$folder/parts-$optimizer" --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
  cmp "$folder/whole-$optimizer/last.safetensors" "$folder/parts-$optimizer/last.safetensors" ||
    fail "the resumed run with $optimizer is not the uninterrupted one"
  cmp "$folder/whole-$optimizer/metrics.csv" "$folder/parts-$optimizer/metrics.csv" || fail "the resumed run has other metrics"
done

# Every choice trains.
for own in "--hops 1" "--tying layer-wise" "--encoding bag --noise 0"; do
  # shellcheck disable=SC2086
  "$babi" "${short[@]}" --steps 25 --threads 1 $own --out "$folder/own" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "$own failed"; }
  rm -r "$folder/own"
done

"$babi" "${small[@]}" --steps 25 --threads 1 --linear-start 0 --out "$folder/soft" >"$folder/log" 2>&1 ||
  { cat "$folder/log" >&2; fail "no linear start failed"; }

# Learned well enough to say where people are.
"$babi" "${small[@]}" --steps 1500 --linear-start 300 --validate-every 50 --threads 1 --out "$folder/good" >"$folder/log" 2>&1 ||
  { cat "$folder/log" >&2; fail "training failed"; }
error=$(sed -n 's/.*"mean_error_percent": \([0-9]*\).*/\1/p' "$folder/good/summary.json")
[ "$error" -le 5 ] || fail "$error % wrong on stories of four moves; expected at most 5"
printf '1 Mary went to the office.\r\n2 John went to the garden.\r\n3 Where is John?\r\n4 Where is Mary?\toffice\t1\r\n' >"$folder/asked.txt"
said=$("$babi" --run "$folder/good" --ask "$folder/asked.txt" 2>"$folder/log") || { cat "$folder/log" >&2; fail "no answer"; }
[ "$said" = $'garden\noffice' ] || fail "answered \"$said\""
printf 'Mary went to the office.\n\nWhere is Mary?\n1 Mary went to the zoo garden.\nWhere is Mary?\n2 Where is Mary?\n' >"$folder/typed"
code=0
"$babi" --run "$folder/good" --ask - <"$folder/typed" >"$folder/said" 2>"$folder/log" || code=$?
[ "$code" -eq 1 ] || fail "lines that cannot be read ended with $code, expected 1"
[ "$(wc -l <"$folder/said")" -eq 6 ] || fail "6 lines in, $(wc -l <"$folder/said") lines out"
[ "$(sed -n 3p "$folder/said")" = office ] || fail "answered \"$(sed -n 3p "$folder/said")\""
grep -q 'stdin:4: a number, and the lines above have none' "$folder/log" || fail "no word of the number"

# refused EXIT-CODE TEXT-OF-THE-MESSAGE ARGUMENTS...
refused() {
  local wanted=$1 expected=$2 code=0
  shift 2
  [[ $* == *--run* ]] || set -- "$@" --out "$folder/bad"
  "$babi" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq "$wanted" ] || { cat "$folder/log" >&2; fail "ended with $code, expected $wanted: $*"; }
  grep -q -- "$expected" "$folder/log" || { cat "$folder/log" >&2; fail "no \"$expected\" in the message of: $*"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
mkdir -p "$folder/broken/babi/en"
sed 's/^6 .*/6 Where is Mary?/' "$folder/data/babi/en/qa1_rooms_train.txt" >"$folder/broken/babi/en/qa1_rooms_train.txt"
cp "$folder/data/babi/en/qa1_rooms_test.txt" "$folder/broken/babi/en"
printf '1 Mary went home.\n' >"$folder/none.txt"
refused 1 "qa1_rooms_train.txt:6: a question without an answer" --data "$folder/broken" --tasks 1 --steps 1 --linear-start 0
refused 1 "no file qa2_\*_train.txt" --data "$folder/data" --tasks 1,2
refused 1 "DIR/babi/en" --data "$folder" --tasks 1
refused 1 "none.txt: no question" --run "$folder/good" --ask "$folder/none.txt"
refused 1 "nowhere.txt" --run "$folder/good" --ask "$folder/nowhere.txt"
refused 2 "--tasks has 1 twice" "${small[@]}" --tasks 1,1
refused 2 "--tasks" "${small[@]}" --tasks 21
refused 2 "--hops" "${small[@]}" --hops 0
refused 2 "--restarts is 7, which does not divide --steps 120" "${short[@]}" --steps 120 --restarts 7
refused 2 "--linear-start is 20; it must be less than the 20 steps" "${short[@]}" --steps 20
refused 2 "needs --run" --ask "$folder/asked.txt"
refused 2 "nonsense" --nonsense
echo "babi_run: all promises kept"
