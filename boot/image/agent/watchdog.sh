# First of all steps: a hardware watchdog that resets the machine when the agent hangs.
feeder=
arm_watchdog() {
  begin
  alive 300
  dog=$(ls /sys/class/watchdog 2>/dev/null | head -1)
  if [ -n "$dog" ] && wait_for test -c "/dev/$dog"; then
    feed "/dev/$dog" /run/alive 2>/run/feed.err &
    feeder=$!
    usleep 300000
    if kill -0 $feeder 2>/dev/null; then
      early watchdog done "$(cat "/sys/class/watchdog/$dog/identity" 2>/dev/null)"
    else
      feeder=
      early watchdog done '' "the watchdog cannot be armed: $(cat /run/feed.err)"
    fi
  else
    early watchdog done '' 'this machine has no hardware watchdog'
  fi
}

# A reboot that we mean must not be cut short while the firmware tests memory.
disarm() { [ -z "$feeder" ] || { kill "$feeder" && wait "$feeder"; feeder=; } 2>/dev/null; }

# early NAME STATE [DEVICE] [MESSAGE]: a step before there is a session to report it to
early() {
  say "$1 $2${3:+ $3}${4:+: $4}"
  rec put step name "$1" state "$2" seconds "$(seconds_since "$step_began")" device "${3:-}" message "${4:-}" >>/run/early
}
