# look.sh, for tests to read in, with $folder and fail: what a run makes of what is typed.
#   looks PROGRAM RUN TEXT WORDS [FLAGS...]      stdout has WORDS, and a new folder has the page
#   blind PROGRAM RUN TEXT WORDS [FLAGS...]      is refused, stderr has WORDS, and no folder is left
folders() { find "$1" -maxdepth 1 -name 'look-*' | wc -l; }
looks() {
  local program=$1 run=$2 text=$3 words=$4 before
  shift 4
  before=$(folders "$run")
  "$program" --run "$run" --look "$text" "$@" >"$folder/looked" 2>"$folder/log" ||
    fail "--look '$text' failed: $(cat "$folder/log")"
  grep -q -- "$words" "$folder/looked" || fail "--look '$text' does not say '$words': $(cat "$folder/looked")"
  [ "$(folders "$run")" -eq $((before + 1)) ] && [ -s "$run/look-$((before + 1))/report.html" ] || fail "--look '$text' left no page"
}
blind() {
  local program=$1 run=$2 text=$3 words=$4 before code=0
  shift 4
  before=$(folders "$run")
  "$program" --run "$run" --look "$text" "$@" >/dev/null 2>"$folder/log" || code=$?
  [ "$code" -ne 0 ] && grep -q -- "$words" "$folder/log" || fail "--look '$text' ended with $code: $(cat "$folder/log")"
  [ "$(folders "$run")" -eq "$before" ] || fail "--look '$text' left a folder behind"
}
# A grey image of a bar: `picture FILE SIDE`.
picture() {
  { printf 'P5\n%d %d\n255\n' "$2" "$2"
    awk -v n="$2" 'BEGIN { for (i = 0; i < n; ++i) for (j = 0; j < n; ++j) printf "%s", (i > n / 3 && i < n / 2 ? "z" : "!") }'
  } >"$1"
}
