#!/usr/bin/env bash
# mpi_namespaces.sh COPY TRANSLATE: ranks in network namespaces of their own, as on four machines with one file system:
# what they say goes over TCP through veth pairs and a bridge, and their weights are those of one process.
#   mpi_namespaces.sh --run RATE RANKS COMMAND...      COMMAND alone, over links of this rate (1gbit), or as they are (full)
# Needs root; where no namespace can be made it says why and is skipped (exit code 77).
set -euo pipefail
folder=$(mktemp -d)
run=fovea$$
skip() { echo "mpi_namespaces: skipped: $*"; exit 77; }
fail() { echo "mpi_namespaces: $*" >&2; tail -n 40 "$folder"/*.log >&2; exit 1; }

command -v mpirun >/dev/null || skip "there is no mpirun"
command -v ip >/dev/null || skip "there is no ip; install iproute2"
[ "$(id -u)" -eq 0 ] || skip "only root makes network namespaces"
cleanup() {
  local i
  for i in 0 1 2 3; do ip netns del "$run-$i" 2>/dev/null || true; done
  ip link del "br$$" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
ip netns add "$run-0" 2>"$folder/why" || skip "ip netns: $(cat "$folder/why")"
ip link add "br$$" type bridge 2>"$folder/why" || skip "no bridge: $(cat "$folder/why")"
ip link set "br$$" up
hosts=()
for i in 0 1 2 3; do
  [ "$i" -eq 0 ] || ip netns add "$run-$i"
  ip link add "v$$-$i" type veth peer name eth0 netns "$run-$i" 2>"$folder/why" || skip "no veth: $(cat "$folder/why")"
  ip link set "v$$-$i" master "br$$" up
  ip -n "$run-$i" addr add "10.77.0.$((i + 1))/24" dev eth0
  ip -n "$run-$i" link set eth0 up
  ip -n "$run-$i" link set lo up
  hosts+=("10.77.0.$((i + 1)):1")
done

# In place of ssh: `agent HOST COMMAND...` runs it in the namespace of that address, under a host name of its own.
cat >"$folder/agent" <<AGENT
#!/bin/sh
i=\$((\${1##*.} - 1))
shift
exec ip netns exec "$run-\$i" unshare --uts sh -c "hostname node\$i; \$*"
AGENT
chmod +x "$folder/agent"
# across RANKS COMMAND...
across() {
  local ranks=$1 list
  shift
  list=$(IFS=, && echo "${hosts[*]:0:ranks}")
  ip netns exec "$run-0" unshare --uts sh -c 'hostname node0; exec "$@"' sh \
    mpirun --allow-run-as-root --mca plm_rsh_agent "$folder/agent" --host "$list" -n "$ranks" --bind-to none \
    --mca pml ob1 --mca btl tcp,self --mca btl_tcp_if_include eth0 --mca oob_tcp_if_include eth0 "$@"
}
if [ "$1" = --run ]; then
  [ "$2" = full ] || for i in 0 1 2 3; do ip netns exec "$run-$i" tc qdisc add dev eth0 root tbf rate "$2" burst 256kb latency 50ms; done
  across "${@:3}"
  exit
fi
copy=$1 translate=$2
across 2 sh -c 'hostname; ip -o -4 addr show eth0' >"$folder/hosts.log" 2>&1 || fail "no rank starts"
for i in 0 1; do grep -q "^node$i$" "$folder/hosts.log" || fail "no rank on node$i"; done

small=(--batch 8 --micro-batches 4 --steps 60 --validate-every 30 --length 5 --memory 16x8 --hidden 20 --quiet --no-record)
"$copy" "${small[@]}" --out "$folder/copy-1" >"$folder/copy-1.log" 2>&1 || fail "copy on one process"
for n in 2 4; do
  across "$n" "$copy" "${small[@]}" --out "$folder/copy-$n" >"$folder/copy-$n.log" 2>&1 || fail "copy on $n machines"
  for file in last.safetensors best.safetensors metrics.csv; do
    cmp "$folder/copy-1/$file" "$folder/copy-$n/$file" || fail "copy: $file on $n machines is another"
  done
done
for i in 1 2 3 4; do for j in 1 2 3 4 5 6 7 8 9; do echo "word$i says word$j	mot$j dit mot$i"; done; done >"$folder/pairs.txt"
small=(--pairs "$folder/pairs.txt" --model transformer --hidden 16 --heads 2 --batch 8 --micro-batches 4 --steps 40
  --validate-every 20 --validation-size 4 --test-size 4 --quiet --no-record)
"$translate" "${small[@]}" --out "$folder/translate-1" >"$folder/translate-1.log" 2>&1 || fail "translate on one process"
across 4 "$translate" "${small[@]}" --out "$folder/translate-4" >"$folder/translate-4.log" 2>&1 || fail "translate on 4"
cmp "$folder/translate-1/last.safetensors" "$folder/translate-4/last.safetensors" || fail "translate: another last"

# A machine that goes ends the job.
across 2 "$copy" "${small[@]:0:0}" --batch 8 --steps 1000000 --length 5 --memory 16x8 --quiet --no-record --save-every 0.2 \
  --out "$folder/gone" >"$folder/gone.log" 2>&1 &
job=$!
for ((i = 0; i < 100; ++i)); do [ -e "$folder/gone/metrics.csv" ] && break; sleep 0.1; done
sleep 1
began=$SECONDS
kill -KILL "$(ip netns pids "$run-1" | while read -r pid; do [ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$copy")" ] && echo "$pid"; done | head -1)"
! wait "$job" || fail "the job goes on without its second machine"
[ $((SECONDS - began)) -lt 20 ] || fail "the job ended $((SECONDS - began)) seconds after its second machine"
grep -q "rank 1" "$folder/gone.log" || fail "nobody says which rank is gone"
"$copy" --resume "$folder/gone" --steps 1 --quiet >"$folder/resume.log" 2>&1 || fail "what was saved is lost"
echo "mpi_namespaces: the same bits on 1 process, 2 and 4 machines"
