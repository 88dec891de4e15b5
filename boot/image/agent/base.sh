# What every stage uses: kernel arguments, the conversation with the agent API, and reports of steps.

session=/run/session
answer=/run/answer
name=agent.farrier.internal

read_arguments() {
  url= files= mac= boot_token= clock_hint= fast= root_mark= lldp_seconds=35
  for argument in $(cat /proc/cmdline); do
    value=${argument#*=}
    case $argument in
      farrier.url=*) url=$value ;;
      farrier.files=*) files=$value ;;
      farrier.mac=*) mac=$value ;;
      farrier.token=*) boot_token=$value ;;
      farrier.time=*) clock_hint=$value ;;
      farrier.fast=*) fast=$value ;;
      farrier.lldp=*) lldp_seconds=$value ;;
      farrier.root=mark:*) root_mark=${value#mark:} ;;
    esac
  done
}

uptime_now() { cut -d' ' -f1 /proc/uptime; }
seconds_since() { awk -v a="$1" -v b="$(uptime_now)" 'BEGIN { printf "%.2f", b - a }'; }
firmware() { [ -d /sys/firmware/efi ] && echo uefi || echo bios; }

# alive SECONDS: the watchdog may stay quiet that much longer
alive() {
  awk -v s="$1" '{ printf "%d\n", $1 + s }' /proc/uptime >/run/alive.new && mv /run/alive.new /run/alive
}

give_up() {
  say "$1; rebooting in 10 s"
  sync
  sleep 10
  disarm
  reboot -f
}

# ask PATH [BODY_FILE]: one request of the session, insisted on until there is an answer; the answer is in $answer.
# Returns 1 when it is refused, with the reason on the console.
ask() {
  pause=1
  while :; do
    alive 120
    rm -f /run/status
    fetch --ca /etc/farrier/ca.pem --name "$name" --token "$session" ${2:+--post "$2"} --max 65536 --idle 30 \
      --timeout 45 --status /run/status --out "$answer" "$url$1" 2>/run/fetch.err
    case $?:$(cat /run/status 2>/dev/null) in
      0:*) return 0 ;;
      4:401) give_up "the session is no longer known ($1: $(refusal))" ;;
      4:429 | 4:5*) : ;;
      4:*)
        say "refused: $1: $(refusal)"
        return 1
        ;;
      *) say "no answer from $url$1: $(cat /run/fetch.err)" ;;
    esac
    sleep $pause
    [ $pause -ge 10 ] || pause=$((pause * 2))
  done
}

refusal() { rec get "$answer" error reason 2>/dev/null || cat /run/fetch.err; }

# report PATH KIND KEY VALUE…: one record posted
report() {
  report_path=$1
  shift
  rec put "$@" >/run/report
  ask "$report_path" /run/report
}

# step NAME STATE [DEVICE] [MESSAGE]: seconds count from the last `begin`
begin() { step_began=$(uptime_now); }
step() {
  say "$1 $2${3:+ $3}${4:+: $4}"
  report /agent/step step name "$1" state "$2" seconds "$(seconds_since "$step_began")" device "${3:-}" message "${4:-}"
}

# fail STEP DEVICE MESSAGE: reported; the caller returns to asking for directives
fail() {
  step "$1" failed "$2" "$(echo "$3" | tr '\n\t' '  ' | cut -c1-300)"
  return 1
}

hello() {
  [ -s /etc/farrier/ca.pem ] || give_up 'this image holds no CA: its site overlay is missing'
  [ -n "$url" ] && [ -n "$boot_token" ] || give_up 'the kernel arguments hold no farrier.url and farrier.token'
  (umask 077 && echo "$boot_token" >"$session")
  boot_id=$(cat /proc/sys/kernel/random/boot_id)
  report /agent/hello agent version 1 firmware "$(firmware)" boot "$boot_id" || give_up 'the boot token is refused'
  token=$(rec get "$answer" session token) || give_up 'the answer to hello holds no session'
  (umask 077 && echo "$token" >"$session")
  token= boot_token=
}

agent() {
  arm_watchdog
  set_clock
  network_up
  hello
  while read -r early; do
    echo "$early" >/run/report
    ask /agent/step /run/report
  done </run/early
  take_inventory
  seq=0
  while :; do
    alive 120
    ask "/agent/next?seq=$seq&wait=25" || { sleep 5; continue; }
    cp "$answer" /run/directive
    act_on
  done
}

given() { rec get /run/directive directive "$1"; }

act_on() {
  order=$(given do)
  new=$(given seq)
  [ "$new" != "$seq" ] || return 0
  seq=$new
  case $order in
    wait) : ;;
    hold) say "held: $(given reason)" ;;
    burnin) burn_in ;;
    erase) erase_disks ;;
    install) install_system ;;
    handover) hand_over ;;
    reboot)
      disarm
      sync
      reboot -f
      ;;
    *) say "a directive that this agent does not know: $order" ;;
  esac
}
