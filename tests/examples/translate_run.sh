#!/usr/bin/env bash
# translate_run.sh PROGRAM: what examples/translate promises of a run.
#   every model trains, and its checkpoint is the same, bit for bit, with 1 and 2 threads
#   a run that was stopped and resumed is the uninterrupted one: checkpoint and metrics.csv
#   the run folder is complete and summary.json has its keys
#   a trained model translates sentences given as an argument and on stdin, with notices of what it does not know
#   bad pairs, bad text and bad flags are refused with clear messages
set -euo pipefail
translate=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "translate_run: $*" >&2; exit 1; }

# Sentences of a small language: "the red dog sees a cat" -> "un chat voit le chien rouge"; the third column is none of
# its business.
colours=(red green blue black white) names=(dog cat bird fish horse)
couleurs=(rouge vert bleu noir blanc) noms=(chien chat oiseau poisson cheval)
for c in 0 1 2 3 4; do for a in 0 1 2 3 4; do for b in 0 1 2 3 4; do
  printf 'The %s %s sees a %s.\tUn %s voit le %s %s.\tno one\n' \
    "${colours[c]}" "${names[a]}" "${names[b]}" "${noms[b]}" "${noms[a]}" "${couleurs[c]}"
done; done; done >"$folder/pairs.tsv"

tiny=(--pairs "$folder/pairs.tsv" --quiet --batch 16 --hidden 16 --test-size 10 --validation-size 10 --validate-every 20)
small=("${tiny[@]}" --embedding 16)
for model in encoder-decoder rnnsearch luong transformer; do
  for threads in 1 2; do
    own=("${small[@]}")
    [ $model != transformer ] || own=("${tiny[@]}")
    "$translate" "${own[@]}" --model "$model" --steps 40 --threads "$threads" --out "$folder/$model$threads" >"$folder/log" 2>&1 ||
      { cat "$folder/log" >&2; fail "$model failed"; }
  done
  cmp "$folder/${model}1/last.safetensors" "$folder/${model}2/last.safetensors" || fail "$model differs at 1 and 2 threads"
  cmp "$folder/${model}1/metrics.csv" "$folder/${model}2/metrics.csv" || fail "metrics of $model differ at 1 and 2 threads"
done

"$translate" "${small[@]}" --model luong --teacher-forcing 10 --steps 40 --threads 1 --out "$folder/scheduled" >"$folder/log" 2>&1 ||
  { cat "$folder/log" >&2; fail "scheduled sampling failed"; }
cmp -s "$folder/luong1/last.safetensors" "$folder/scheduled/last.safetensors" && fail "scheduled sampling changes nothing"

"$translate" "${tiny[@]}" --model transformer --steps 25 --threads 1 --out "$folder/parts" >/dev/null 2>&1
"$translate" --resume "$folder/parts" --steps 40 --quiet >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; fail "resume failed"; }
cmp "$folder/transformer1/last.safetensors" "$folder/parts/last.safetensors" || fail "the resumed run is not the uninterrupted one"
cmp "$folder/transformer1/metrics.csv" "$folder/parts/metrics.csv" || fail "the resumed run has other metrics"

for file in config.toml metrics.csv last.safetensors best.safetensors summary.json source_words.txt target_words.txt loss.png attention.png; do
  [ -s "$folder/rnnsearch1/$file" ] || fail "$file is missing"
done
[ ! -e "$folder/encoder-decoder1/attention.png" ] || fail "a model without attention drew some"
for key in example task seed threads steps seconds parameters metrics bleu; do
  grep -q "\"$key\"" "$folder/rnnsearch1/summary.json" || fail "summary.json has no $key"
done

# Learned well enough to be right about a sentence that was not among the pairs it learned from.
"$translate" "${small[@]}" --model rnnsearch --embedding 32 --hidden 32 --learning-rate 0.01 --steps 250 --warmup 50 \
  --threads 1 --out "$folder/good" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "training failed"; }
bleu=$(sed -n 's/.*"bleu": \([0-9]*\).*/\1/p' "$folder/good/summary.json")
[ "$bleu" -ge 90 ] || fail "BLEU $bleu on a language of five sentences' kind; expected 90"
said=$("$translate" --run "$folder/good" --translate "The blue  HORSE sees a fish ." 2>"$folder/log")
[ "$said" = "un poisson voit le cheval bleu." ] || fail "translated as \"$said\""
printf 'The red dog sees a cat.\n\nThe red unicorn sees a cat.\n' >"$folder/typed"
"$translate" --run "$folder/good" --translate - --beam 2 <"$folder/typed" >"$folder/said" 2>"$folder/log"
[ "$(wc -l <"$folder/said")" -eq 3 ] || fail "3 lines in, $(wc -l <"$folder/said") lines out"
[ -z "$(sed -n 2p "$folder/said")" ] || fail "an empty line was translated"
grep -q 'stdin:3: "unicorn" is none of' "$folder/log" || fail "no notice of an unknown word"
"$translate" --run "$folder/good" --translate "the the the the the the the the the the the the" >/dev/null 2>"$folder/log"
grep -q '12 words, and the model learned from at most 10' "$folder/log" || fail "no notice of a long sentence"

# refused EXIT-CODE TEXT-OF-THE-MESSAGE ARGUMENTS...
refused() {
  local wanted=$1 expected=$2 code=0
  shift 2
  [[ $* == *--run* ]] || set -- "$@" --out "$folder/bad"
  "$translate" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -eq "$wanted" ] || fail "ended with $code, expected $wanted: $*"
  grep -q -- "$expected" "$folder/log" || { cat "$folder/log" >&2; fail "no \"$expected\" in the message of: $*"; }
  [ ! -e "$folder/bad" ] || fail "$* left a folder behind"
}
printf 'a\tb\nonly one column\n' >"$folder/one.tsv"
printf 'a\tb\nc\tcaf\351\n' >"$folder/latin1.tsv"
printf 'a\tb\n' >"$folder/single.tsv"
refused 1 "one.tsv:2: one column" --pairs "$folder/one.tsv"
refused 1 "latin1.tsv:2: byte 6 of the line is not UTF-8" --pairs "$folder/latin1.tsv"
refused 1 "leave none to learn from" --pairs "$folder/single.tsv"
refused 1 "manythings.org" --pairs "$folder/none.tsv" --data "$folder"
refused 2 "must be one of\|model" --model swim --pairs "$folder/pairs.tsv"
refused 2 "--hidden" --hidden 0 --pairs "$folder/pairs.tsv"
refused 2 "config.toml" --run "$folder/nowhere" --translate "a"
refused 2 "--teacher-forcing is 0.5" "${small[@]}" --model luong --teacher-forcing 0.5
refused 2 "needs --run" --translate "a"
refused 1 "not UTF-8" --run "$folder/good" --translate $'caf\351'
refused 2 "--heads is 4, which does not divide --hidden 18; the nearest that do are 3 and 6" "${tiny[@]}" --model transformer --hidden 18
refused 2 "--heads goes with --model transformer; here --model is rnnsearch" --heads 8
refused 2 "--embedding goes with" "${small[@]}" --model transformer
refused 2 "--teacher-forcing goes with" "${tiny[@]}" --model transformer --teacher-forcing 10
refused 2 "--out does not go with --run" --run "$folder/good" --translate "a" --out "$folder/bad"
refused 2 "--resume does not go with --run" --run "$folder/good" --translate "a" --resume "$folder/good"
refused 2 "nonsense" --nonsense
echo "translate_run: all promises kept"
