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
  for nic in /sys/class/net/*; do
    [ -e "$nic/device" ] || continue
    ip link set "${nic##*/}" up 2>/dev/null
    lldp "${nic##*/}" "$lldp_seconds" >"/run/lldp/${nic##*/}" 2>/dev/null &
    [ "${nic##*/}" != "$boot_if" ] || lldp_pid=$!
  done
  until udhcpc -i "$boot_if" -s /usr/lib/farrier/lease -q -n -t 10 -T 2 >/dev/null 2>&1; do
    alive 120
    say "no DHCP server answers on $boot_if; asking again"
    sleep 2
  done
  early network done "$boot_if" "$(ip -4 -o addr show dev "$boot_if" | awk '{ print $4; exit }')"
}

# lldp_heard: waits for the boot NIC's listener; the others had as long
lldp_heard() {
  begin
  alive $((lldp_seconds + 60))
  wait "$lldp_pid"
  cat /run/lldp/* >/run/lldp.records
}
