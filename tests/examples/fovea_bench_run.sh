#!/usr/bin/env bash
# fovea_bench_run.sh PROGRAM COMPARE PEER: what bench/ promises of its flags; nothing of how fast anything is.
#   flags that cannot be are refused with exit code 2 before anything is measured
#   a workload is measured, printed with four digits however short it is, and written as JSON
#   every workload has its row in the peer's benchmark
#   compare.py --beside measures while something else runs, which ends with it
#   compare.py sets both sides beside each other, says what each is, and gives the peer fovea's OpenBLAS kernels
set -euo pipefail
bench=$1 compare=$2 peer=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "fovea_bench_run: $*" >&2; exit 1; }
# refused EXIT-CODE TEXT-OF-THE-MESSAGE COMMAND...
refused() {
  local wanted=$1 expected=$2 code=0
  shift 2
  "$@" >"$folder/out" 2>"$folder/log" || code=$?
  [ "$code" -eq "$wanted" ] || { cat "$folder/log" >&2; fail "ended with $code, expected $wanted: $*"; }
  grep -q -- "$expected" "$folder/log" || { cat "$folder/log" >&2; fail "no \"$expected\" in the message of: $*"; }
  grep -q "median ms\|Traceback" "$folder/out" "$folder/log" && fail "measured, or broke down: $*"
  return 0
}
"$bench" --list >"$folder/out"
while read -r name; do
  grep -q "^def $name()" "$(dirname "$peer")"/*.py || fail "$name has no row in $peer"
done <"$folder/out"
tiny=$(grep -m 1 small_graph "$folder/out") || fail "--list does not name the small graph"

refused 2 "regular expression" "$bench" --filter '['
refused 2 "matches none" "$bench" --filter no_such_workload
refused 2 "matches none" "$bench" --filter no_such_workload --list
for number in abc 0 -1 2x 99999999999 ""; do refused 2 '--threads is "' "$bench" --filter "$tiny" --threads "$number"; done
for number in abc -1 1s nan ""; do refused 2 '--seconds is "' "$bench" --filter "$tiny" --seconds "$number"; done
refused 2 "cannot write" "$bench" --filter "$tiny" --json "$folder/none/results.json"
refused 2 "unknown flag" "$bench" --nonsense
refused 2 "needs a value" "$bench" --filter
[[ $("$bench" --help) == *--filter* ]] || fail "--help does not name --filter"

"$bench" --filter "^$tiny\$" --seconds 0.02 --json "$folder/ours.json" >"$folder/out" || fail "measuring failed"
grep -q '"median_ms"' "$folder/ours.json" || fail "the JSON has no median"
for key in version compiler flags BLAS kernels threads; do
  grep -q "\"$key\"" "$folder/ours.json" || fail "the JSON does not say $key"
done
read -r _ median _ < <(grep "^$tiny" "$folder/out")
awk -v m="$median" 'BEGIN { gsub(/e.*/, "", m); gsub(/[.]/, "", m); sub(/^0*/, "", m); exit length(m) < 3 }' ||
  fail "\"$median\" ms tells too little"
if [ -e /dev/full ]; then
  code=0
  "$bench" --filter "^$tiny\$" --seconds 0.02 --json /dev/full >/dev/null 2>&1 || code=$?
  [ "$code" -eq 1 ] || fail "a full disk ended with $code, expected 1"
fi

command -v python3 >/dev/null || { echo "fovea_bench_run: all promises kept; no python3, so nothing of compare.py"; exit 0; }
# Both sides as stubs, which write down the core they are given.
cat >"$folder/side" <<'STUB'
#!/usr/bin/env bash
echo "$(basename "$0") ${OPENBLAS_CORETYPE-none}" >>"$(dirname "$0")/cores"
about='{"version": "stub of '$(basename "$0")'", "kernels": "Zen"}'
while [ $# -gt 0 ]; do
  case $1 in
    --list) printf 'quick\nslow\n' ;;
    --seconds) if [ "$2" = 1000000.0 ]; then echo second >>"$(dirname "$0")/cores"; echo begun; exec sleep 60; fi ;;
    --json) printf '{"about": %s, "rows": {"quick": {"median_ms": 0.0000543}}}' "$about" >"$2" ;;
  esac
  shift
done
STUB
chmod +x "$folder/side"
cp "$folder/side" "$folder/fovea"
cp "$folder/side" "$folder/peer"
compared=(python3 "$compare" --ours "$folder/fovea" --peer "$folder/peer")
refused 2 "regular expression" "${compared[@]}" --filter '['
refused 2 "matches none" "${compared[@]}" --filter no_such_workload
refused 2 "no such program" python3 "$compare" --ours "$folder/none" --peer "$folder/peer"
refused 2 "--json" "${compared[@]}" --json "$folder/none/results.json"
refused 2 "more than 0" "${compared[@]}" --rounds 0
refused 2 "invalid int" "${compared[@]}" --threads abc

# cores FLAGS...: compares one round and prints the last core that each side was given
cores() {
  rm -f "$folder/cores"
  OPENBLAS_CORETYPE=Haswell "${compared[@]}" --filter quick --rounds 1 "$@" >"$folder/out" 2>/dev/null || fail "$* failed"
  echo "$(grep fovea "$folder/cores" | tail -1), $(grep peer "$folder/cores" | tail -1)"
}
found=$(cores --json "$folder/both.json")
[ "$found" = "fovea none, peer Zen" ] || fail "the peer's kernels are not fovea's: $found"
grep -q "5.43e-05 *5.43e-05 *1.000" "$folder/out" || { cat "$folder/out" >&2; fail "not both sides, or too few digits"; }
for side in fovea peer; do grep -q "^$side: *version stub of $side, kernels Zen" "$folder/out" || fail "$side's version is missing"; done
grep -q "without a peer's row: none" "$folder/out" || fail "rows without a peer are not named"
grep -q '"ratio": 1.0' "$folder/both.json" || fail "the comparison's JSON has no ratio"
grep -q "saved in $folder/both.json" "$folder/out" || fail "the comparison does not say where it is saved"
found=$(cores --peer-core SkylakeX)
[ "$found" = "fovea none, peer SkylakeX" ] || fail "--peer-core does not reach the peer alone: $found"
found=$(cores --peer-core own)
[ "$found" = "fovea none, peer none" ] || fail "--peer-core own leaves no choice: $found"
found=$(cores --beside busy --json "$folder/both.json")
[ "$found" = "fovea none, peer Zen" ] || fail "--beside busy does not measure both sides: $found"
grep -q '"beside": "busy"' "$folder/both.json" || fail "the JSON does not say what ran beside"
cores --beside itself >"$folder/found"
[ "$(grep -c second "$folder/cores")" -eq 2 ] || fail "--beside itself does not run each side twice"
refused 2 "invalid choice" "${compared[@]}" --beside nobody
python3 "$compare" --ours "$folder/fovea" --peer "$folder/none" --filter quick --rounds 1 >"$folder/out" 2>&1 || fail "alone: failed"
grep -q "fovea alone" "$folder/out" || fail "alone: does not say so"
[[ $(python3 "$compare" --help) == *--peer-core* ]] || fail "--help does not name --peer-core"
echo "fovea_bench_run: all promises kept"
