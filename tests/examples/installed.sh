#!/usr/bin/env bash
# installed.sh CMAKE BUILD: what the installed command `fovea` promises, from a prefix that was moved and has a space in it.
#   every program is there by its name and answers; no build tree is needed
#   what a program says to type to go on is what was typed, and goes on; so are a look, a report and a sweep
#   a word that it does not know is answered by the nearest, with exit code 2
set -euo pipefail
cmake=$1 build=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "installed: $*" >&2; [ ! -s "$folder/log" ] || cat "$folder/log" >&2; exit 1; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

"$cmake" --install "$build" --prefix "$folder/first" --component programs >"$folder/log" 2>&1 || fail "the programs are not installed"
mv "$folder/first" "$folder/moved prefix"
prefix="$folder/moved prefix"
mkdir "$folder/bin" "$folder/work"
ln -s "$prefix/bin/fovea" "$folder/bin/fovea"
export PATH="$folder/bin:$PATH"
unset FOVEA_COMMAND FOVEA_TOOL
cd "$folder/work"

[ "$(fovea --list)" = "$(cd "$root/examples" && printf '%s\n' */main.cpp | sed 's,/.*,,')" ] || fail "--list: $(fovea --list)"
for name in $(fovea --list); do
  fovea "$name" --help >"$folder/log" 2>&1 || fail "$name --help ended with $?"
done
fovea >"$folder/log" || fail "no help"
for word in $(sed -n 's/^  *\([a-z-]*\)) *$/\1/p; s/^  \([a-z]*\)) exec.*/\1/p' "$prefix/bin/fovea"); do
  grep -q "fovea $word" "$folder/log" || fail "the help does not name $word"
done
fovea --version | grep -qx "fovea [0-9.]*" || fail "--version"

refused() { # WORDS ARGUMENT...
  local words=$1 code=0
  shift
  fovea "$@" >"$folder/log" 2>&1 || code=$?
  [ $code -eq 2 ] && grep -q -- "$words" "$folder/log" || fail "$* ended with $code, not with 2 and \"$words\""
}
refused "no program cpoy; did you mean copy?" cpoy
refused "did you mean report?" reprot
refused "there are: adding babi" swim
refused "no program tools" tools
refused "no program ../copy" ../copy
refused "no program cpoy to sweep; did you mean copy?" sweep cpoy
refused "look at what?" look
refused "need the folder of a run" look "$folder" text
refused "report of what?" report
refused "no flag --sede" copy --sede 1

# Stopped, and on with what it says.
fovea copy --quiet --test-size 20 --steps 100000 --no-record --out "a run" >/dev/null 2>"$folder/log" &
for ((n = 0; n < 300; ++n)); do [ ! -s "a run/metrics.csv" ] || break; sleep 0.1; done
kill -TERM $!
wait $! && fail "a stopped run ended with 0"
hint=$(sed -n 's/^go on with: //p' "$folder/log")
[ "$hint" = "fovea copy --resume 'a run'" ] || fail "it says to go on with: $hint"
steps=$(($(sed -n 's/^stopped after step \([0-9]*\),.*/\1/p' "$folder/log") + 1))
eval "$hint --steps $steps --quiet" >/dev/null 2>"$folder/log" || fail "it does not go on"
[ -s "a run/summary.json" ] || fail "a run that went on has no summary"
"$prefix/bin/fovea" translate --data nowhere >"$folder/log" 2>&1 && fail "translate has data from nowhere"
grep -qF "'$prefix/bin/fovea' data fetches it" "$folder/log" || fail "it does not say how to call it by its path"

fovea reverse --quiet --length 4 --steps 5 --test-size 20 --out r >/dev/null 2>"$folder/log" || fail "reverse"
rm r/report.html
fovea report r >"$folder/log" 2>&1 && [ -s r/report.html ] || fail "report"
fovea look r abcd >"$folder/log" 2>&1 || fail "look"
compgen -G "r/look-*/report.html" >/dev/null || fail "a look has no page"
fovea sweep reverse --seeds 1-2 --length 4 --steps 5 --test-size 20 --out s >"$folder/log" 2>&1 || fail "sweep"
grep -q "<code>fovea sweep reverse --seeds 1-2 " s/sweep.html || fail "the sweep's page does not say how to do it again"
FOVEA_DATA=$folder/data fovea data --list >"$folder/log" 2>&1 && grep -q mnist "$folder/log" || fail "data --list"
fovea data --help | grep -q "^  fovea data mnist" || fail "the help of data names another command"
for n in demo demo-2; do
  fovea demo --quiet --steps 3 --test-size 20 >/dev/null 2>"$folder/log" && grep -qx "seed = 4" "runs/$n/config.toml" || fail "demo"
done
[ -z "$(find "$prefix" -name __pycache__)" ] || fail "files came into the prefix"
echo "installed: all promises kept"
