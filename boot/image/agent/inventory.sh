# What the machine is made of, as records; an absent fact is an absent field.
dmi() { cat "/sys/class/dmi/id/$1" 2>/dev/null; }

take_inventory() {
  begin
  {
    rec put system vendor "$(dmi sys_vendor)" product "$(dmi product_name)" serial "$(dmi product_serial)" \
      uuid "$(dmi product_uuid)" sku "$(dmi product_sku)" board_serial "$(dmi board_serial)" \
      bios_version "$(dmi bios_version)" firmware "$(firmware)"
    list_cpus
    awk '/^MemTotal/ { printf "memory mib=%d\n", $2 / 1024 }' /proc/meminfo
    list_dimms
    for disk in $(disks); do describe_disk "$disk"; done
    list_omitted
    list_nics
    list_accelerators
    list_watchdogs
    list_tpms
    list_bmc
  } >/run/inventory
  inventory_seconds=$(seconds_since "$step_began")
  lldp_heard
  lldp_took=$(seconds_since "$step_began")
  cat /run/lldp.records >>/run/inventory
  if ! ask /agent/inventory /run/inventory; then
    fail inventory '' "the inventory was refused: $(refusal)"
    return 0
  fi
  say "inventory: $(cut -d' ' -f1 /run/inventory | sort | uniq -c | awk '{ printf "%s%d %s", n++ ? ", " : "", $1, $2 }')"
  report /agent/step step name inventory state done seconds "$inventory_seconds"
  report /agent/step step name lldp state done seconds "$lldp_took" device "$boot_if" \
    message "$(lldp_words | awk 'NR > 1 { printf "; " } { printf "%s", $0 }')"
}

# Between fields on their way to a record: the unit separator, which dmidecode and the kernel never print.
unit=$(printf '\037')

list_cpus() {
  awk -v u="$unit" -F'[ \t]*: ' '
    function flush() { if (seen) print socket u model u cores u threads; seen = 0 }
    /^processor/ { flush(); socket = 0; cores = 1; threads = 1; model = "unknown"; seen = 1 }
    /^model name/ { model = $2 } /^physical id/ { socket = $2 } /^cpu cores/ { cores = $2 } /^siblings/ { threads = $2 }
    END { flush() }' /proc/cpuinfo | sort -u -t"$unit" -k1,1n >/run/cpus
  while IFS=$unit read -r socket model cores threads; do
    rec put cpu socket "$socket" model "$model" cores "$cores" threads "$threads"
  done </run/cpus
}

# Flash and other read-only memory, and persistent memory, are in SMBIOS among the DIMMs and are none.
list_dimms() {
  dmidecode -q -t 17 2>/dev/null | awk -v u="$unit" '
    function flush() { if (slot != "" && mib > 0 && !other) print slot u mib u serial u part u speed }
    function value() { sub(/^[^:]*: */, ""); return $0 }
    /^Memory Device/ { flush(); slot = ""; mib = 0; serial = ""; part = ""; speed = ""; other = 0 }
    /^\tSize:/ { split(value(), s, " "); mib = s[2] == "GB" ? s[1] * 1024 : s[2] == "MB" ? s[1] : s[2] == "TB" ? s[1] * 1048576 : 0 }
    /^\tLocator:/ { slot = value() }
    /^\tType:/ { if (value() ~ /Flash|ROM|[Nn]on-volatile|VRAM|CDRAM/) other = 1 }
    /^\tMemory Technology:/ { if (value() ~ /NVDIMM|[Pp]ersistent|Optane/) other = 1 }
    /^\tSerial Number:/ { serial = value() } /^\tPart Number:/ { part = value() } /^\tSpeed:/ { split(value(), s, " "); speed = s[1] + 0 }
    END { flush() }' >/run/dimms
  while IFS=$unit read -r slot mib serial part speed; do
    [ "$speed" != 0 ] || speed=
    case $serial in 'Not Specified' | Unknown | 'NO DIMM') serial= ;; esac
    case $part in 'Not Specified' | Unknown | 'NO DIMM') part= ;; esac
    rec put dimm slot "$slot" mib "$mib" serial "$serial" part "$part" speed "$speed"
  done </run/dimms
}

describe_disk() {
  mark=$(read_mark "$1")
  content=farrier
  [ -n "$mark" ] || content=$(content_of "$1")
  rec put disk name "$1" serial "$(disk_serial "$1")" model "$(cat "/sys/block/$1/device/model" 2>/dev/null)" \
    wwid "$(disk_wwid "$1")" nguid "$(hex_of "$1" nguid)" eui "$(hex_of "$1" eui)" nsid "$(cat "/sys/block/$1/nsid" 2>/dev/null)" \
    transport "$(disk_transport "$1")" paths "$(other_paths "$1")" \
    bytes $(($(cat "/sys/block/$1/size") * 512)) rotational "$(cat "/sys/block/$1/queue/rotational")" \
    content "$content" mark "$mark"
}

# content_of DISK: `blank` only when both ends were read to the last byte and hold nothing, and no known signature is
# found. What cannot be read is `unreadable`, what cannot be named `unknown`.
content_of() {
  ends=$(erase look "/dev/$1" $(($(cat "/sys/block/$1/size") * 512)) 2>/dev/null) || { echo unreadable; return; }
  known=$(blkid -p -o export "/dev/$1" 2>/run/blkid.err)
  code=$?
  type=$(echo "$known" | sed -n 's/^TYPE=//p')
  [ -n "$type" ] || type=$(echo "$known" | sed -n 's/^PTTYPE=//p')
  # 2: nothing was found, or an error, which it says; 8: several signatures that contradict each other.
  case $code:$type in 0:?* | 2:) [ ! -s /run/blkid.err ] || ends=unknown ;; *) type= ends=unknown ;; esac
  [ "$ends" != used ] || ends=unknown
  echo "${type:-$ends}"
}

list_nics() {
  for nic in /sys/class/net/*; do
    [ -e "$nic/device" ] || continue
    rec put nic name "${nic##*/}" mac "$(cat "$nic/address")" driver "$(driver_of "${nic##*/}")" \
      pci "$(readlink -f "$nic/device" | tr / '\n' | grep '^[0-9a-f]\{4\}:' | tail -1)" \
      speed "$(cat "$nic/speed" 2>/dev/null | grep '^[1-9]')" carrier "$(cat "$nic/carrier" 2>/dev/null)"
  done
}

# PCI classes: 0302 3D controller, 0380 display without VGA, 1200 processing accelerator
list_accelerators() {
  for device in /sys/bus/pci/devices/*; do
    case $(cat "$device/class" 2>/dev/null) in
      0x0302* | 0x0380* | 0x1200*)
        rec put accelerator pci "${device##*/}" vendor "$(cut -c3- "$device/vendor")" device "$(cut -c3- "$device/device")" ;;
    esac
  done
}

list_watchdogs() {
  for dog in /sys/class/watchdog/watchdog*; do
    [ ! -e "$dog" ] || rec put watchdog name "$(cat "$dog/identity" 2>/dev/null)" timeout "$(cat "$dog/timeout" 2>/dev/null)"
  done
}

list_tpms() {
  for chip in /sys/class/tpm/tpm*; do
    [ ! -e "$chip" ] || rec put tpm version "$(cat "$chip/tpm_version_major")" \
      pcr0 "$(cat "$chip/pcr-sha256/0" 2>/dev/null)" pcr4 "$(cat "$chip/pcr-sha256/4" 2>/dev/null)"
  done
}

list_bmc() { [ ! -c /dev/ipmi0 ] || bmc /dev/ipmi0 2>/dev/null; }
