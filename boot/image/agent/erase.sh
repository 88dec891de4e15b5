# Erasing: the disks that the directive lists, each by the method named for it, and no other. All are asked first whether
# they can; when one cannot, none is touched. What is reported of each is what shows that it was erased.

erase_disks() {
  begin
  alive 900
  leave_disk
  rm -rf /run/erase
  mkdir -p /run/erase
  seed=$(given seed) failure=
  report /agent/step step name erase state running
  each_disk ask_disk
  [ -n "$failure" ] || { each_disk erase_disk; await_disks; each_disk settle_disk; }
  each_disk close_disk
  [ -z "$failure" ] || { fail erase "$failed_disk" "$failure"; return 0; }
  # Keys of a disk that was erased in another way have nothing left to open.
  drop_key 2>/dev/null
  report /agent/erased erased seq "$seq" seconds "$(seconds_since "$step_began")" || { fail erase '' "refused: $(refusal)"; return 0; }
  step erase done '' "$((number - 1)) disks"
}

# each_disk FUNCTION: once for each record diskN of the directive, with its variables set
each_disk() {
  number=1
  while serial=$(rec get /run/directive "disk$number" serial); do
    method=$(rec get /run/directive "disk$number" method) || method=
    begun=$(rec get /run/directive "disk$number" begun) || begun=0
    disk=$(find_disk "$serial") || disk=
    why=$(cat /run/find)
    device=/dev/$disk disk_name="${disk:-disk} (serial $serial)" work=/run/erase/$number
    "$1"
    number=$((number + 1))
  done
}

# report_disk STATE [KEY VALUE]…
report_disk() {
  disk_state=$1
  shift
  report /agent/erased disk serial "$serial" name "${disk:-absent}" method "$method" state "$disk_state" "$@"
}

# not_erased refused|failed REASON: reported, and the reason why the step fails
not_erased() {
  reason=$(echo "$2" | tr '\n\t' '  ' | cut -c1-250)
  report_disk "$1" words "$reason"
  [ -n "$failure" ] || failed_disk=$disk_name failure="$method: $reason"
}

ask_disk() {
  [ -n "$disk" ] || { not_erased refused "$why"; return; }
  case $method in
    crypto) message=$(ask_crypto 2>&1) ;;
    filesystems) message=$(erase can overwrite "$device" 2>&1) ;;
    *) message=$(erase can "$method" "$device" 2>&1) ;;
  esac || not_erased refused "$message"
}

# Marks first, so that what is looked for afterwards is known to have been there; then it is reported; then it is erased.
erase_disk() {
  uptime_now >$work.began
  [ "$method" != crypto ] || { erase_keys; return; }
  # A disk whose erase was cut short may be locked until it is erased; it carries the marks of the first try.
  message=$(erase mark "$device" "$seed" 2>&1) || [ "$begun" = 1 ] || { not_erased failed "$message"; return; }
  report_disk begun || { not_erased failed "refused: $(refusal)"; return; }
  {
    if [ "$method" = filesystems ]; then remake_file_systems; else erase do "$method" "$device"; fi >$work.out 2>$work.err
    echo $? >$work.code
  } &
}

await_disks() {
  pause=1
  while :; do
    alive 120
    running=0
    for out in /run/erase/*.out; do [ ! -e "$out" ] || [ -e "${out%.out}.code" ] || running=1; done
    [ $running = 1 ] || return 0
    sleep $pause
    [ $pause -ge 30 ] || pause=$((pause + 1))
    report /agent/progress progress percent "$(awk '/^progress/ { p[FILENAME] = $2 } /^words/ { p[FILENAME] = 100 }
      END { for (f in p) { sum += p[f]; n++ } printf "%d", n ? sum / n : 0 }' /run/erase/*.out)"
  done
}

settle_disk() {
  [ -e $work.code ] || return 0
  [ "$(cat $work.code)" = 0 ] || { not_erased failed "$(cat $work.err)"; return; }
  found=$(erase check "$device" "$seed" 2>$work.err) && blank_ends 2>$work.err || { not_erased failed "$(cat $work.err)"; return; }
  report_done "$(sed -n 's/^words //p' $work.out)"
}

# report_done WORDS [KEY VALUE]…
report_done() {
  words=$1
  shift
  # shellcheck disable=SC2046 # fields of a record already: blocks=… sampled=… survived=… blank=…
  report_disk done words "$words" seconds "$(seconds_since "$(cat $work.began)")" $(echo "$found" | tr '=' ' ') "$@" ||
    not_erased failed "refused: $(refusal)"
}

disk_bytes() { echo $(($(cat "/sys/block/$disk/size") * 512)); }

# Whatever a method leaves there, nobody shall take the ends for a partition table, a member of an array or a mark.
blank_ends() {
  erase ends "$device" || return 1
  left=$(content_of "$disk")
  [ "$left" = blank ] || { echo "its ends were wiped and something is still there: $left" >&2; return 1; }
}

remake_file_systems() {
  parts=$(cd "/sys/block/$disk" && ls -d "$disk"* 2>/dev/null)
  for part in ${parts:-$disk}; do /bin/mke2fs -q -F -t ext4 "/dev/$part" 1>&2 || return 1; done
  blank_ends 1>&2 || return 1
  echo "words file systems re-made on $(echo ${parts:-$disk} | tr '\n' ' '); what they held can still be dug up"
}

# ── Discarding keys ───────────────────────────────────────────────────────────────────────────────────────

has_key() { [ "$(read_key 2>/dev/null | wc -c)" = 64 ]; }

# The disk must be one that the machine's key opens now: discarding a key proves nothing of any other.
ask_crypto() {
  if ! has_key; then
    # Gone by this order's own doing, when it had begun.
    [ "$begun" != 1 ] || return 0
    echo 'there is no disk key in this machine'
    return 1
  fi
  [ "$(read_key | sha256sum | cut -c1-32)" = "$(given key)" ] || { echo "the machine's disk key is not the one that the MDB knows"; return 1; }
  [ "$(read_mark "$disk")" = "$(given mark)" ] || { echo "the disk does not carry this machine's mark"; return 1; }
  part=$(partition_of "$disk" 2)
  test -b "$part" || { echo 'the disk has no second partition'; return 1; }
  opened=$(read_key | crypt open "clean$number" "$part" "$device") || return 1
  wait_for test -b "$opened"
  echo "$opened" >$work.opened
  # Marks of a first try lie where the file system's own begins.
  [ "$(blkid -p -o value -s TYPE "$opened")" = ext4 ] || erase check "$opened" "$seed" | grep -q ' survived=16 ' ||
    { echo "the machine's key does not open the disk"; return 1; }
}

close_disk() { [ ! -e $work.opened ] || crypt close "clean$number" 2>/dev/null; }

erase_keys() {
  part=$(partition_of "$disk" 2)
  if [ -e $work.opened ]; then
    message=$(erase mark "$(cat $work.opened)" "$seed" 2>&1) || { not_erased failed "$message"; return; }
    report_disk begun opened 1 || { not_erased failed "refused: $(refusal)"; return; }
    crypt close "clean$number"
    message=$(drop_key 2>&1) || { not_erased failed "the key cannot be discarded: $message"; return; }
  fi
  ! has_key || { not_erased failed 'the key is still there after it was discarded'; return; }
  if [ -b "$part" ]; then looked=$part; else looked=$device; fi
  found=$(erase check "$looked" "$seed" 2>$work.err) && blank_rest 2>$work.err && blank_ends 2>$work.err || { not_erased failed "$(cat $work.err)"; return; }
  report_done "disk keys discarded; $((plain / 1048576)) MiB outside of the encrypted partition overwritten" key_gone 1
}

# What was never encrypted, /boot and all that lies outside of the root, is overwritten.
blank_rest() {
  plain=0
  [ -b "$part" ] || return 0
  first=$(($(cat "/sys/class/block/${part#/dev/}/start") * 512))
  after=$((first + $(cat "/sys/class/block/${part#/dev/}/size") * 512))
  plain=$((first + $(disk_bytes) - after))
  erase zero "$device" "$after" "$(disk_bytes)" && erase zero "$device" 0 "$first"
}
