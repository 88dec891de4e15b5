# The NIC that booted gets its address by DHCP; LLDP is heard on every NIC meanwhile.
boot_nic() {
  for nic in /sys/class/net/*; do
    [ -e "$nic/device" ] || continue
    if [ "$(cat "$nic/address")" = "$mac" ]; then boot_if=${nic##*/}; return 0; fi
  done
  return 1
}

network_up() {
  begin
  boot_if=
  wait_for boot_nic || give_up "no NIC has the MAC $mac that booted"
  mkdir -p /run/lldp
  : >/run/lldp.firmware
  for nic in /sys/class/net/*; do
    [ -e "$nic/device" ] || continue
    nic=${nic##*/}
    stop_firmware_lldp "$nic"
    message=$(ip link set "$nic" up 2>&1) ||
      say "$nic ($(driver_of "$nic")) cannot be brought up: $message$(lacks_firmware "$nic")"
    lldp "$nic" "$lldp_seconds" >"/run/lldp/$nic" 2>/dev/null &
    [ "$nic" != "$boot_if" ] || lldp_pid=$!
  done
  ask_dhcp
  early network done "$boot_if" "$(ip -4 -o addr show dev "$boot_if" | awk '{ print $4; exit }')"
}

# ask_dhcp: until there is an address. The client stays and renews the lease: a burn-in may take longer than what a
# server lends an address for.
ask_dhcp() {
  until udhcpc -i "$boot_if" -s /usr/lib/farrier/lease -p /run/udhcpc.pid -O mtu -O staticroutes -n -t 10 -T 2 >/dev/null 2>&1; do
    alive 120
    say "no DHCP server answers on $boot_if; asking again"
    sleep 2
  done
}

driver_of() { basename "$(readlink "/sys/class/net/$1/device/driver")"; }

# Of the drivers in this image one does nothing without firmware that Debian keeps apart.
lacks_firmware() {
  case $(driver_of "$1") in
    bnx2) echo '; it needs firmware, which is in the image when it is built where apt offers firmware-bnx2 (non-free-firmware)' ;;
  esac
}

# Firmware of some NICs speaks LLDP itself, and keeps what the switch says to itself.
stop_firmware_lldp() {
  message=$(fwlldp "$1" 2>&1)
  case $? in
    0) echo "the LLDP agent in the firmware of $1 was stopped" ;;
    1) echo "the LLDP agent in the firmware of $1 runs on: $message" ;;
  esac >>/run/lldp.firmware
}

# lldp_heard: waits for the boot NIC's listener; the others had as long
lldp_heard() {
  begin
  alive $((lldp_seconds + 60))
  wait "$lldp_pid"
  cat /run/lldp/* >/run/lldp.records
}

# lldp_words: the switch, and what was done with NICs that hear it in our place
lldp_words() {
  heard=$(rec get /run/lldp.records lldp system || rec get /run/lldp.records lldp chassis)
  echo "${heard:-no switch was heard in $lldp_seconds s}"
  cat /run/lldp.firmware
}

# stop_dhcp: the lease is not renewed any more; what comes next has an address of its own
stop_dhcp() { [ ! -s /run/udhcpc.pid ] || kill "$(cat /run/udhcpc.pid)" 2>/dev/null; }
