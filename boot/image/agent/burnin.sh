# Burn-in: stress and benchmark of CPU, memory, disks (reads only) and network, within the directive's time.
burn_in() {
  begin
  [ "$fast" != 1 ] || { fail burnin '' 'the fast image does no burn-in'; return 0; }
  stress=$(given stress) cap=$(given cap)
  report /agent/step step name burnin state running
  : >/run/parts
  run_probes "$stress" &
  probes=$!
  cut=0
  while kill -0 $probes 2>/dev/null; do
    sleep 2
    alive 120
    took=$(seconds_since "$step_began")
    report /agent/progress progress percent "$(awk -v t="$took" -v s="$stress" 'BEGIN { p = 100 * t / (s + 4); printf "%d", p > 99 ? 99 : p }')"
    if [ "${took%.*}" -ge "$cap" ]; then
      cut=1
      kill $probes
      killall probe fetch 2>/dev/null
      break
    fi
  done
  wait $probes 2>/dev/null
  took=$(seconds_since "$step_began")
  # A probe that was cut leaves half a line.
  grep ' seconds=[0-9.]*\( message=[^ ]*\)\{0,1\}$' /run/parts >/run/burnin
  rec put burnin seconds "$took" cut $cut >>/run/burnin
  ask /agent/burnin /run/burnin || { fail burnin '' "the result was refused: $(refusal)"; return 0; }
  step burnin done '' "$(grep -c ok=1 /run/parts) parts passed, $(grep -c ok=0 /run/parts) failed"
}

# run_probes SECONDS: the time is shared 4 : 3 : 2 between CPU, memory and disks; the network gets two seconds
run_probes() {
  share() { awk -v s="$1" -v n="$2" -v d="$3" 'BEGIN { x = s * n / d; printf "%.1f", x < 1 ? 1 : x }'; }
  probe cpu "$(share "$1" 4 9)" >>/run/parts
  mib=$(awk '/^MemAvailable/ { m = $2 / 1024 * 0.7; printf "%d", m < 16 ? 16 : m }' /proc/meminfo)
  probe memory "$(share "$1" 3 9)" "$mib" >>/run/parts
  count=$(disks | wc -l)
  for disk in $(disks); do
    serial=$(disk_serial "$disk")
    probe disk "/dev/$disk" "$(rec put d v "${serial:-$disk}" | cut -d= -f2)" "$(share "$1" 2 $((9 * count)))" >>/run/parts
  done
  probe_network >>/run/parts
}

probe_network() {
  bytes=0 began=$(uptime_now) good=1 message=
  until [ "$(seconds_since "$began" | cut -d. -f1)" -ge 2 ]; do
    fetch --timeout 30 --out /run/network.probe "$files/files/boot/initrd" 2>/run/network.err || { good=0 message=$(cat /run/network.err); break; }
    bytes=$((bytes + $(stat -c %s /run/network.probe)))
  done
  rm -f /run/network.probe
  took=$(seconds_since "$began")
  rec put part kind benchmark subject network device "$boot_if" ok $good \
    value "$(awk -v b=$bytes -v t="$took" 'BEGIN { printf "%.2f", b / 1048576 / (t > 0 ? t : 1) }')" unit MiB/s seconds "$took" message "$message"
}
