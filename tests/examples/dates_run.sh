#!/usr/bin/env bash
# dates_run.sh PROGRAM: what examples/dates promises of a run.
#   the same checkpoint, bit for bit, with 1, 2 and 4 threads; a resumed run is the uninterrupted one
#   the run folder is complete; a trained model converts what it is given, and names a character that no date has
#   bad flags and what is no run folder are refused
set -euo pipefail
dates=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "dates_run: $*" >&2; exit 1; }
short=(--quiet --test-size 20 --hidden 16 --embedding 8 --batch 16 --validate-every 60)

for threads in 1 2 4; do
  "$dates" "${short[@]}" --steps 100 --threads "$threads" --out "$folder/t$threads" >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; fail "training with $threads threads failed"; }
done
for threads in 2 4; do
  cmp "$folder/t1/last.safetensors" "$folder/t$threads/last.safetensors" || fail "checkpoints differ at 1 and $threads threads"
  cmp "$folder/t1/metrics.csv" "$folder/t$threads/metrics.csv" || fail "metrics differ at 1 and $threads threads"
done

"$dates" "${short[@]}" --steps 40 --out "$folder/parts" >/dev/null 2>&1
"$dates" --resume "$folder/parts" --steps 100 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/t1/last.safetensors" "$folder/parts/last.safetensors" || fail "the resumed run is not the uninterrupted one"
cmp "$folder/t1/metrics.csv" "$folder/parts/metrics.csv" || fail "the resumed run has other metrics"

for file in config.toml metrics.csv last.safetensors best.safetensors summary.json attention.png loss.png; do
  [ -s "$folder/t1/$file" ] || fail "$file is missing"
done
for key in example task seed threads steps seconds parameters metrics exact_percent exact_percent_by_form; do
  grep -q "\"$key\"" "$folder/t1/summary.json" || fail "summary.json has no $key"
done

# So few steps teach nothing: only that one answer a date comes out.
said=$("$dates" --run "$folder/t1" --convert "3 May 1979") || fail "--convert failed"
[ "$(wc -l <<<"$said")" -eq 1 ] || fail "--convert says: $said"
# One line out for each line in: a byte order mark, CRLF, a blank line, a no-break space, no line end at the end.
convert() { "$dates" --run "$folder/t1" --convert - 2>"$folder/log"; }
printf '\xEF\xBB\xBF3 May 1979\r\n\n3\xC2\xA0May 1979\n \t\r\n3 May  1979' | convert >"$folder/lines" || fail "--convert - failed"
[ "$(cat "$folder/lines"; echo x)" = "$(printf '%s\n\n%s\n\n%s\nx' "$said" "$said" "$said")" ] || fail "--convert - says: $(cat "$folder/lines")"
code=0
printf '3 May 1979!\n\xFF\n3 May 1979\n' | convert >"$folder/lines" || code=$?
[ "$code" -eq 1 ] || fail "lines that are no dates ended with $code"
[ "$(cat "$folder/lines"; echo x)" = "$(printf '\n\n%s\nx' "$said")" ] || fail "after lines that are no dates: $(cat "$folder/lines")"
grep -q "stdin:1: .*'!'" "$folder/log" && grep -q "stdin:2: byte 1 is not UTF-8" "$folder/log" || fail "the lines are not named"
"$dates" --run "$folder/t1" --convert "3 May 1979!" >/dev/null 2>"$folder/log" && fail "an unknown character was accepted"
grep -q "'!'" "$folder/log" || fail "the message does not name the unknown character"

for bad in "--hidden 1" "--cell swim" "--score dot" "--nonsense" "--convert x" "--run $folder" "--run $folder --convert x"; do
  code=0
  # shellcheck disable=SC2086
  "$dates" $bad --out "$folder/bad" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq 2 ] && [ -s "$folder/log" ] || fail "$bad ended with $code, expected 2"
  [ ! -e "$folder/bad" ] || fail "$bad left a folder behind"
done
echo "dates_run: all promises kept"
