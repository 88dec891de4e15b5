# Which block devices are disks, by what names each is known, and what of the machine's storage cannot be seen.

# kind_of BLOCK: `disk`, or why it is none. Never by the kernel's removable flag alone: CF cards on AHCI have it, and the
# volumes of some RAID drivers.
kind_of() {
  case ${1##*/} in
    loop* | ram* | zram* | dm-* | md* | nbd* | mtdblock*) echo virtual; return ;;
    sr*) echo optical; return ;;
    fd*) echo floppy; return ;;
    mmcblk*boot* | mmcblk*rpmb) echo firmware; return ;;
  esac
  # A node that only the kernel uses: one path of a drive that another node stands for.
  [ "$(cat "$1/hidden" 2>/dev/null)" != 1 ] || { echo path; return; }
  case $(readlink -f "$1"):$(readlink -f "$1/device") in
    */usb[0-9]*) echo usb; return ;;
    */devices/virtual/block/*) echo virtual; return ;;
  esac
  [ "$(cat "$1/device/type" 2>/dev/null)" != 5 ] || { echo optical; return; }
  [ "$(cat "$1/size" 2>/dev/null)" -gt 0 ] 2>/dev/null && { echo disk; return; }
  if [ "$(cat "$1/removable" 2>/dev/null)" = 1 ]; then echo empty; else echo unreadable; fi
}

# all_paths: every disk, once for each way to it, with what tells that two ways lead to the same: `<key> <name>`
all_paths() {
  for block in /sys/block/*; do
    [ ! -e "$block" ] || [ "$(kind_of "$block")" != disk ] || echo "$(path_key "${block##*/}") ${block##*/}"
  done
}

# disks: names of what could hold a system or somebody's data, each disk once
disks() { all_paths | awk '!($1 in seen) { print $2 } $1 != "-" { seen[$1] }'; }

# other_paths NAME: further names of the same disk, with commas between
other_paths() { all_paths | awk -v n="$1" '{ key[$2] = $1 } $1 != "-" { all[$1] = all[$1] " " $2 }
  END { split(all[key[n]], s, " "); for (i = 1; i in s; i++) if (s[i] != n) out = out (out ? "," : "") s[i]; print out }'; }

# path_key NAME: alike for two paths to one disk, and `-` where nothing shows that surely: SATA disks have one port, and
# fillers and names made of vendor and serial number are the same on drives of a batch.
path_key() {
  id=$(disk_wwid "$1") file=/sys/block/$1
  case $id in naa.* | eui.* | uuid.*) ;; *) echo -; return ;; esac
  case $(cat "$file/device/vendor" 2>/dev/null) in ATA*) echo -; return ;; esac
  case $(readlink -f "$file/device") in */ata[0-9]*) echo -; return ;; esac
  echo "$id/$(disk_serial "$1")/$(cat "$file/size")/$(cat "$file/device/subsysnqn" 2>/dev/null)" | tr ' ' _
}

# raw_serial NAME: what the disk says, whatever it is
raw_serial() {
  for file in serial device/serial; do
    if [ -s "/sys/block/$1/$file" ]; then tr -cd '\040-\176' <"/sys/block/$1/$file" | trimmed; return; fi
  done
  # SCSI and SATA tell it in vital product data page 0x80, behind a header of four bytes; sysfs gives its size as 0.
  [ ! -e "/sys/block/$1/device/vpd_pg80" ] || dd if="/sys/block/$1/device/vpd_pg80" bs=1 skip=4 2>/dev/null | tr -cd '\040-\176' | trimmed
}

trimmed() { tr '\n' ' ' | sed 's/  */ /g; s/^ //; s/ $//'; }

# disk_serial NAME: empty for what stands where a serial number should be
disk_serial() {
  serial_text=$(raw_serial "$1" | tr -d ' ')
  is_filler "$serial_text" || echo "$serial_text"
}

# is_filler TEXT: one character or two again and again, a sequence that counts, words that say that nothing was filled in
filler_words='to|be|filled|by|oem|more|default|string|system|serial|number|not|specified|available|applicable|set|none|null|nil|unknown|undefined|empty|invalid|na|sernum|tbd|no|disk|drive'
is_filler() {
  bare=$(echo "$1" | tr -cd '[:alnum:]' | tr '[:upper:]' '[:lower:]')
  bare=${bare#0x}
  case $bare in '' | 0123456789* | 123456789* | 1234 | 12345 | 123456 | 1234567 | 12345678 | abcdef*) return 0 ;; esac
  [ ${#bare} -lt 2 ] || echo "$bare" | grep -qE "^(.)\1+$|^(..)\2{3,}$|^[a-z]{0,4}0{5,}$|^($filler_words)+$"
}

# disk_wwid NAME: the name that is to be single in the world, `naa.…`, `eui.…`, `uuid.…`; `t10.…` and `nvme.…` are made
# of vendor, model and serial number
disk_wwid() {
  for file in wwid device/wwid; do
    [ -s "/sys/block/$1/$file" ] || continue
    id=$(tr -cd '\040-\176' <"/sys/block/$1/$file" | trimmed)
    case $id in naa.* | eui.* | uuid.*) digits=${id#*.} && ! is_filler "${digits#?}" || id= ;; esac
    echo "$id"
    return
  done
}

# hex_of NAME FILE: an identifier of NVMe without dashes and blanks; empty for zeros
hex_of() {
  # The shell itself would complain of a file that is not there.
  [ -r "/sys/block/$1/$2" ] || return 0
  digits=$(tr -cd '[:xdigit:]' <"/sys/block/$1/$2" 2>/dev/null | tr '[:upper:]' '[:lower:]')
  [ -z "$(echo "$digits" | tr -d 0)" ] || echo "$digits"
}

disk_transport() {
  for file in "/sys/block/$1/device/transport" "/sys/block/$1"/device/nvme*/transport; do
    if [ -s "$file" ]; then cat "$file"; return; fi
  done
  case $1:$(readlink -f "/sys/block/$1/device") in
    nvme*) echo pcie ;;
    */ata[0-9]*) echo sata ;;
    */end_device-*) echo sas ;;
    */rport-*) echo fc ;;
    */session[0-9]*) echo iscsi ;;
    */mmc*) echo mmc ;;
    */virtio[0-9]*) echo virtio ;;
  esac
}

# find_disk WORD: the one disk that is known by it: its serial number, a name that is single in the world, or, as
# `no-serial:NAME`, that it is the only one without a serial number. Two that answer to it are none, and /run/find says why.
find_disk() {
  found= count=0
  for one in $(disks); do
    case $1 in
      no-serial:*) [ -n "$(disk_serial "$one")" ] || { found=$one count=$((count + 1)); } ;;
      ?*) ! disk_names "$one" | grep -qxF -e "$1" || { found=$one count=$((count + 1)); } ;;
    esac
  done
  echo "there is no disk with this serial" >/run/find
  [ $count -lt 2 ] || echo "$count disks answer to $1, and nothing tells which is meant" >/run/find
  case $1 in no-serial:*) [ "$found" = "${1#no-serial:}" ] || count=0 ;; esac
  [ $count = 1 ] && echo "$found"
}

disk_names() {
  disk_serial "$1"
  disk_wwid "$1"
  hex_of "$1" nguid
  hex_of "$1" eui
}

# list_omitted: what of the machine's storage is no disk of the inventory, and why. `unproven`: somebody's data may be
# there that this image cannot see, so nobody may say of the machine that it is clean.
list_omitted() {
  for block in /sys/block/*; do
    [ -e "$block" ] || continue
    unproven=0
    case $(kind_of "$block") in
      usb) reason='it is on USB' ;;
      optical) reason='it is an optical drive' ;;
      floppy) reason='it is a floppy drive' ;;
      firmware) reason='it holds firmware of the card beside it' ;;
      empty) reason='there is no medium in it' ;;
      unreadable) reason='its size cannot be read: it is broken, or locked' unproven=1 ;;
      *) continue ;;
    esac
    rec put omitted name "${block##*/}" what disk reason "$reason" unproven $unproven
  done
  for device in /sys/bus/pci/devices/*; do omit_controller "$device"; done
}

# omit_controller DEVICE: PCI classes 01 mass storage, 0c04 fibre channel, 0805 SD cards
omit_controller() {
  class=$(cat "$1/class" 2>/dev/null)
  case $class in 0x01* | 0x0c04* | 0x0805*) ;; *) return ;; esac
  hidden=$(cat "$1/remapped_nvme" 2>/dev/null)
  if [ ! -e "$1/driver" ] && [ ! -L "$1/driver" ]; then reason='no driver of this image drives it: what is behind it is not seen'
  elif [ "${hidden:-0}" != 0 ]; then reason="it hides $hidden NVMe drives behind itself: switch it from RAID to AHCI"
  else return; fi
  rec put omitted name "${1##*/}" what controller class "${class#0x}" \
    id "$(cut -c3- "$1/vendor"):$(cut -c3- "$1/device")" reason "$reason" unproven 1
}
