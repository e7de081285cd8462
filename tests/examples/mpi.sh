#!/usr/bin/env bash
# mpi.sh COPY TRANSLATE ALONE [STEPS]: programs under mpirun on one machine. 1, 2 and 4 ranks end in the same bits, also
# when a run goes on on another number of them; a rank that dies ends the job, which says so and keeps what was saved.
# ALONE is a program that trains on no ranks.
set -euo pipefail
copy=$1 translate=$2 alone=$3 steps=${4-30}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "mpi: $*" >&2; tail -n 40 "$folder"/log >&2; exit 1; }
ranks() { # RANKS COMMAND...
  local n=$1
  shift
  OMP_NUM_THREADS=1 mpirun --allow-run-as-root --oversubscribe --bind-to none -n "$n" "$@" >"$folder/log" 2>&1
}
same() { # A B
  local file
  for file in last.safetensors best.safetensors metrics.csv; do
    cmp "$folder/$1/$file" "$folder/$2/$file" || fail "$file of $2 is not that of $1"
  done
}
refused() { # WORDS RANKS COMMAND...
  local words=$1
  shift
  ! ranks "$@" || fail "${*:2} was taken on $1 ranks"
  grep -q -- "$words" "$folder/log" || fail "${*:2} on $1 ranks is not answered by \"$words\""
}
# Without mpirun: the same program, and the same bits.
one() { "$@" >"$folder/log" 2>&1; }

for i in 1 2 3 4; do for j in 1 2 3 4 5 6 7 8 9; do echo "word$i says word$j	mot$j dit mot$i"; done; done >"$folder/pairs.txt"
common=(--micro-batches 4 --batch 6 --validate-every $((steps / 2)) --quiet --no-record)
copies=(--length 5 --memory 16x8 --hidden 20 "${common[@]}")
pairs=(--pairs "$folder/pairs.txt" --model transformer --hidden 16 --heads 2 --validation-size 4 --test-size 4 "${common[@]}")
for name in copy translate; do
  program=$copy options=("${copies[@]}")
  [ $name = copy ] || program=$translate options=("${pairs[@]}")
  one "$program" "${options[@]}" --steps "$steps" --out "$folder/$name-1" || fail "$name without mpirun"
  for n in 2 4; do
    ranks $n "$program" "${options[@]}" --steps "$steps" --out "$folder/$name-$n" || fail "$name on $n ranks"
    same $name-1 $name-$n
  done
  ranks 2 "$program" "${options[@]}" --steps $((steps / 2 + 1)) --out "$folder/$name-on" || fail "$name on 2 ranks"
  ranks 4 "$program" --resume "$folder/$name-on" --steps $((steps - 2)) --quiet || fail "$name goes on on 4 ranks"
  one "$program" --resume "$folder/$name-on" --steps "$steps" --quiet || fail "$name goes on without mpirun"
  same $name-1 $name-on
done

refused "the same program, options" 2 sh -c 'exec "$@" --seed $((1 + OMPI_COMM_WORLD_RANK))' sh \
  "$copy" "${copies[@]}" --steps 5 --out "$folder/unlike"
refused "power of two" 3 "$copy" "${copies[@]}" --out "$folder/three"
refused "does not train on several ranks" 2 "$alone" --out "$folder/alone"
refused "does not train on several ranks\|trains nothing" 2 "$copy" --run "$folder/copy-1" --look 1011
refused "a larger --batch" 2 "$copy" --batch 1 --out "$folder/rows"
refused "contradicts the run" 2 "$copy" --resume "$folder/copy-1" --micro-batches 2
[ "$(grep -c "contradicts the run" "$folder/log")" -eq 1 ] || fail "each rank tells of what all have"

# A loss that is not finite: whose it is.
refused "step [0-9]*: " 2 "$translate" "${pairs[@]}" --steps 500 --learning-rate 1e30 --out "$folder/nan"
grep -q "rank [01] of 2 cannot go on" "$folder/log" || fail "nobody says which rank cannot go on"

# Killed at any moment.
ranks 2 "$copy" "${copies[@]}" --steps 1000000 --save-every 0.1 --out "$folder/killed" &
job=$!
for ((i = 0; i < 100; ++i)); do [ -e "$folder/killed/best.safetensors" ] && break; sleep 0.1; done
began=$SECONDS
of_job() { # the processes of the program below the shell of the job
  local child
  for child in $(ps -o pid= --ppid "$1"); do
    [ "$(readlink "/proc/$child/exe")" != "$(readlink -f "$copy")" ] || echo "$child"
    of_job "$child"
  done
}
kill -KILL "$(of_job $job | tail -1)"
! wait $job || fail "the job goes on without a rank"
[ $((SECONDS - began)) -lt 20 ] || fail "the job ended $((SECONDS - began)) seconds after its rank"
grep -q "process rank [01]" "$folder/log" || fail "nobody says which rank was killed"
one "$copy" --resume "$folder/killed" --steps 1 --quiet || fail "what was saved is lost"
echo "mpi: 1, 2 and 4 ranks end in the same bits after $steps steps"
